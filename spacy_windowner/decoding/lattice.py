"""The best tag sequence of a document, and sums over all valid ones.

Everything is computed in the BILUO scheme, in which different tag sequences always have different
entities. A tag sequence y of a document has the score

    s(y) = sum_t S[t, y[t]] + sum_t A[y[t-1], y[t]]

with scores S and learned transitions A, which are zero unless they were trained.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy

from ..compiled import choose
from .biases import Biases
from .spans import Spans
from .tags import Scheme
from .words import constrain

if TYPE_CHECKING:
    from . import plain as core
else:
    core = choose("decoding.core", "decoding.plain")

# Lower scores are raised to this before exp is taken, so the product of two results isn't 0.
_LOWEST = -300.0


class Scored(NamedTuple):
    """The words of a batch, one document after the other, with everything that their tags depend
    on. Words are all tokens except whitespace, which has no tag. Spans have offsets in tokens.

    lengths (numpy.ndarray): int32, the number of words of each document. Shape (n_docs,).
    places (numpy.ndarray): uint8, what each word's place rules out: the bits `BREAK` and `TAKEN` of
        `words.py`. Shape (n_words,).
    scores (numpy.ndarray): S, float32, one row per word, one column per tag of the scheme. Shape
        (n_words, n_tags).
    scheme (Scheme): The scheme of the tags.
    transitions (Optional[numpy.ndarray]): A, float64, for the columns of `Scheme.spread`. None if
        there are no transitions.
    positions (Optional[numpy.ndarray]): int32, the index of each word among the tokens of its
        document. Shape (n_words,). None if all tokens are words.
    repeats (Optional[numpy.ndarray]): float32, the part of the scores of each label's tags that
        comes from the word's other occurrences, see `add_repeats`. Shape (n_words, n_labels). None
        if there is none.
    """

    lengths: numpy.ndarray
    places: numpy.ndarray
    scores: numpy.ndarray
    scheme: Scheme
    transitions: numpy.ndarray | None = None
    positions: numpy.ndarray | None = None
    repeats: numpy.ndarray | None = None

    def adjust(self, biases: Biases) -> "Scored":
        """The same words with adjusted scores, as used for decoding."""
        return self._replace(scores=biases.adjust(self.scores))

    def best_spans(
        self,
        margins: bool = True,
        biases: numpy.ndarray | None = None,
        curves: numpy.ndarray | None = None,
    ) -> Spans:
        """The entities of the valid tag sequence with the highest score, found by Viterbi's
        algorithm. The margin of an entity e is how much better that sequence is than the best one
        without e:

            m(e) = max_y s(y) - max_{y without e} s(y)

        A sequence is without e if its tag differs at some token of e, so if it has no entity of
        exactly the same tokens and label.

        margins (bool): Whether to compute the margins, as ratings. Otherwise they are 0.
        biases (Optional[numpy.ndarray]): float32, added to the scores of each tag. Shape (n_tags,).
        curves (Optional[numpy.ndarray]): float64, the slope and the bias of the curve that maps
            each label's margins to probabilities. With curves, ratings are probabilities. Shape
            (2, n_labels).
        RETURNS (Spans): The entities, in text order. Margins are at least 0.
        """
        return self._find(margins, biases, curves, None, None)[0]

    def candidates(
        self,
        reach: numpy.ndarray,
        biases: numpy.ndarray | None = None,
        curves: numpy.ndarray | None = None,
        near_curves: numpy.ndarray | None = None,
    ) -> tuple[Spans, Spans]:
        """The entities, as `best_spans` finds them, and all candidates: the entities and the near
        misses. A near miss is a labelled span that isn't an entity of the best sequence, but one of
        a sequence whose score is at most `reach` below the best score. Its margin, 0 or less, is
        the score of the best such sequence minus the best score.

        The search tries each first word that begins an entity of a sequence within reach, and from
        there each last word, as long as some sequence that continues from there is within reach.

        reach (numpy.ndarray): float64, at least 0, how far behind the near misses of each label may
            be. Shape (n_labels,).
        biases (Optional[numpy.ndarray]): See `best_spans`.
        curves (Optional[numpy.ndarray]): The curves for entities, see `best_spans`.
        near_curves (Optional[numpy.ndarray]): The same for near misses.
        RETURNS (Tuple[Spans, Spans]): The entities, and the candidates, sorted by document, start,
            end and label. All are rated by their margin or, with curves, by their probability.
        """
        return self._find(True, biases, curves, reach, near_curves)

    def _find(
        self,
        margins: bool,
        biases: numpy.ndarray | None,
        curves: numpy.ndarray | None,
        reach: numpy.ndarray | None,
        near_curves: numpy.ndarray | None,
    ) -> tuple[Spans, Spans]:
        entities, candidates = core.find_spans(
            self.lengths,
            self.places,
            self.scores,
            self.scheme,
            self.transitions,
            margins,
            biases,
            curves,
            reach,
            near_curves,
        )
        return self._in_tokens(entities), self._in_tokens(candidates)

    def _in_tokens(self, spans: Spans) -> Spans:
        """Convert offsets in words to offsets in tokens."""
        if self.positions is None or not len(spans.docs):
            return spans
        before = (numpy.cumsum(self.lengths) - self.lengths)[spans.docs]
        starts = self.positions[before + spans.starts]
        return spans._replace(starts=starts, ends=self.positions[before + spans.ends - 1] + 1)

    def behind(self, spans: Spans) -> numpy.ndarray:
        """How much worse than the best sequence the best one with each span is.

        spans (Spans): Labelled spans of words, with offsets in tokens.
        RETURNS (numpy.ndarray): float64, at least 0, infinite if no valid sequence has the span.
            Shape (n_spans,).
        """
        S, forward, backward = self.max_marginals()
        n = self.scheme.n_labels(self.scores.shape[1])
        A = numpy.zeros((S.shape[1],) * 2) if self.transitions is None else self.transitions
        offsets = numpy.cumsum(self.lengths) - self.lengths
        found = numpy.zeros(len(spans.docs))
        for i, (doc, *row) in enumerate(zip(*(each.tolist() for each in spans), strict=True)):
            start, end, label, _ = row
            first, last = int(offsets[doc]) + start, int(offsets[doc]) + end - 1
            if self.positions is not None:
                of_doc = self.positions[offsets[doc] : offsets[doc] + self.lengths[doc]]
                first, last = offsets[doc] + numpy.searchsorted(of_doc, [start, end - 1])
            kinds = [3] if first == last else [0, *[1] * (last - first - 1), 2]
            tags = 1 + label + n * numpy.array(kinds)
            total = forward[first, tags[0]] + backward[last, tags[-1]]
            total += S[numpy.arange(first + 1, last + 1), tags[1:]].sum()
            total += A[tags[:-1], tags[1:]].sum()
            found[i] = max((forward[first] + backward[first]).max() - total, 0.0)
        return found

    def word_margins(self) -> numpy.ndarray:
        """How certain the tag of each word is: how much better the best valid sequence is than the
        best one in which this word has another tag. The tag also differs if the entity has another
        boundary here.

            m[t] = max_y M[t, y] - second_y M[t, y],    M[t, y] = max_{z with z[t] = y} s(z)

        RETURNS (numpy.ndarray): float64, at least 0, infinite where only O is possible. Shape
            (n_words,).
        """
        _, forward, backward = self.max_marginals()
        if forward.shape[1] == 1:
            return numpy.full(len(forward), numpy.inf)
        second, best = numpy.partition(forward + backward, -2, axis=1).T[-2:]
        return best - second

    def max_marginals(self) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """S in BILUO, see `constrain`, and the scores of the best paths to each tag (S included)
        and from it. Shapes (n_words, 1 + 4 * n_labels)."""
        S = constrain(self.scores, self.lengths, self.places, self.scheme)
        forward, backward, _ = core.forward_backward(S, self.lengths, self.transitions, False)
        return S, forward, backward


class Marginals(NamedTuple):
    """The probabilities of tags, if each valid sequence has a probability proportional to
    exp(s(y)).

    log_total (float): log sum_y exp(s(y)), summed over the documents.
    tags (numpy.ndarray): The probability of each tag of each token. Shape (n_tokens, n_tags).
    pairs (Optional[numpy.ndarray]): The expected number of times that each tag follows each other
        one, if there are transitions. Shape (n_tags, n_tags).
    """

    log_total: float
    tags: numpy.ndarray
    pairs: numpy.ndarray | None


def tag_marginals(
    scores: numpy.ndarray,
    lengths: numpy.ndarray,
    scheme: Scheme,
    transitions: numpy.ndarray | None = None,
) -> Marginals:
    """Compute marginals with the forward-backward algorithm.

    scores (numpy.ndarray): S. Shape (n_tokens, n_tags).
    lengths (numpy.ndarray): int32, the number of tokens of each document. Shape (n_docs,).
    scheme (Scheme): The scheme of the tags.
    transitions (Optional[numpy.ndarray]): A, of the scheme's tags. Shape (n_tags, n_tags).
    RETURNS (Marginals): The marginals.

    Source: Rabiner (1989), with scaled forward and backward sums.
    """
    n_tags = scores.shape[1]
    own = scheme.spread(n_tags)
    lengths = lengths.astype("int32")
    S = constrain(scores, lengths, numpy.zeros(len(scores), dtype="uint8"), scheme)
    highest = S.max(axis=1, keepdims=True, initial=-numpy.inf)
    p = numpy.where(numpy.isneginf(S), 0.0, numpy.exp(numpy.maximum(S - highest, _LOWEST)))
    E = None
    if transitions is not None:
        E = numpy.exp(transitions[numpy.ix_(own, own)], dtype="float64", order="C")
    forward, backward, scale = core.forward_backward(p, lengths, E, True)
    joint = forward * backward
    total = joint.sum(axis=1, keepdims=True)
    marginals = numpy.zeros(scores.shape)
    numpy.add.at(marginals.T, own, (joint / total).T)
    stops = numpy.cumsum(lengths)[lengths > 0]
    log_total = float(highest.sum() + numpy.log(scale).sum())
    log_total += float(numpy.log(joint[stops - 1].sum(axis=1)).sum())
    if E is None:
        return Marginals(log_total, marginals, None)
    # The joint probabilities of two neighbours are forward[t-1, z] E[z, y] p[t, y] backward[t, y],
    # scaled.
    follows = numpy.ones(len(scores), dtype=bool)
    follows[stops[:-1]] = False
    follows[:1] = False
    later = numpy.flatnonzero(follows)
    q = (p * backward / (scale[:, None] * total))[later]
    pairs = numpy.zeros((n_tags, n_tags))
    sums = (forward[later - 1].T @ q) * E * may_follow(scheme.n_labels(n_tags))
    numpy.add.at(pairs, (own[:, None], own), sums)
    return Marginals(log_total, marginals, pairs)


def may_follow(n_labels: int) -> numpy.ndarray:
    """Which tag may follow which, in the columns of `Scheme.spread`: [z, y] is whether y may follow
    z. Shape (n_tags, n_tags)."""
    kinds = numpy.append("O", numpy.repeat(list("BILU"), n_labels))
    labels = numpy.append(-1, numpy.tile(numpy.arange(n_labels), 4))
    goes_on, continues = numpy.isin(kinds, ["B", "I"]), numpy.isin(kinds, ["I", "L"])
    same = goes_on[:, None] & continues & (labels[:, None] == labels)
    return same | ~(goes_on[:, None] | continues)
