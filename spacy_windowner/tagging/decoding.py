"""From the scores of a batch to its tags. Most tokens are decided at a glance."""

from collections.abc import Callable

import numpy

from .candidates import candidates
from .lattice import Lattice, Places, make_lattice
from .scheme import O, Scheme


def decode(
    scores: numpy.ndarray,
    places: Places,
    search: Callable[[Lattice], numpy.ndarray],
    scheme: Scheme,
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Find the tags of all documents.

    If the best tags of a segment, taken token by token, make up a valid path, then it is the best
    path, and what any search would find. Only the other segments are searched.

    scores (numpy.ndarray): Scores, one row a tag. Shape (n_tags, n_tokens).
    places (Places): The tokens' places.
    search (Callable[[Lattice], numpy.ndarray]): The search, e.g. `viterbi`.
    scheme (Scheme): The scheme of the tags.
    RETURNS (Tuple[numpy.ndarray, numpy.ndarray]): The tokens in entities, by their ascending
        number, and their tags. Shapes (n,), (n,).
    """
    gain = gain_of_entities(scores)
    tokens = numpy.flatnonzero(gain > 0.0)
    if not len(tokens):
        return tokens, tokens
    tags = scores[O + 1 :, tokens].argmax(axis=0) + 1
    wrong = _breaks_rules(tokens, tags, places, scheme)
    if not wrong.any():
        return tokens, tags
    # Search the segments of candidates with a broken rule in them.
    kept = candidates(gain, places.is_doc_start, places.is_space, scheme)
    segment = numpy.cumsum(places.segments(kept).is_doc_start)
    is_wrong = numpy.zeros(len(kept) + 1, dtype=bool)
    is_wrong[segment[numpy.searchsorted(kept, tokens[wrong])]] = True
    kept = kept[is_wrong[segment]]
    found = search(make_lattice(scores[:, kept].T, places.segments(kept), scheme))
    all_tags = numpy.zeros(len(gain), dtype=tags.dtype)
    all_tags[tokens] = tags
    all_tags[kept] = found
    tokens = numpy.flatnonzero(all_tags)
    return tokens, all_tags[tokens]


def gain_of_entities(scores: numpy.ndarray) -> numpy.ndarray:
    """How much better than O the best other tag of each token is, `max_{y != O} S[y, t] - S[O, t]`.

    scores (numpy.ndarray): Scores, one row a tag. Shape (n_tags, n_tokens).
    RETURNS (numpy.ndarray): Shape (n_tokens,).
    """
    if len(scores) == 1:
        return numpy.full(scores.shape[1], -numpy.inf, dtype=scores.dtype)
    return scores[O + 1 :].max(axis=0) - scores[O]


def _breaks_rules(
    tokens: numpy.ndarray, tags: numpy.ndarray, places: Places, scheme: Scheme
) -> numpy.ndarray:
    """Whether a tag that isn't O may break a rule: it is on whitespace, on a token that is taken,
    goes on with an entity that isn't there, or leaves one open."""
    labels, begins = scheme.label_of_tag(tags), scheme.begins(tags)
    continues = numpy.zeros(len(tokens), dtype=bool)
    continues[1:] = (numpy.diff(tokens) == 1) & (labels[1:] == labels[:-1])
    continues &= ~(places.is_doc_start | places.is_sent_start)[tokens]
    wrong = (places.is_space | places.is_taken)[tokens]
    if scheme.ends_anywhere:
        return wrong | ~(continues | begins)
    continues[1:] &= scheme.goes_on(tags[:-1])
    continues &= ~begins
    is_continued = numpy.append(continues[1:], False)
    return wrong | ~(continues | begins) | ~(is_continued | scheme.may_end(tags))
