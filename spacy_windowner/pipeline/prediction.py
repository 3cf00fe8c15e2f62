from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from ..confidence.calibration import Calibration
from ..confidence.rating import Rated, rate_candidates, rate_entities
from ..runtime.scorer import Scorer
from ..tagging.decoding import decode
from ..tagging.lattice import Lattice, Places
from ..tagging.leaning import Leaning
from ..tagging.scheme import Scheme
from ..tagging.spans import spans_by_doc
from ..tagging.viterbi import viterbi
from .annotation import Entities, read_tokens

# Tokens that are scored and decoded at a time, unless a single document has more.
_GROUP = 2**14


class Scored(NamedTuple):
    """Documents with scores of their tokens' tags.

    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    places (Places): What constrains the tokens' tags.
    scores (numpy.ndarray): One row a tag. Shape (n_tags, n_tokens).
    """

    lengths: numpy.ndarray
    places: Places
    scores: numpy.ndarray

    def lean(self, leaning: Leaning) -> "Scored":
        """The same with the scores that decisions are made by."""
        return self._replace(scores=leaning.lean(self.scores))


def score_docs(docs: Sequence[Doc], scorer: Scorer, overwrite: bool) -> Iterator[Scored]:
    """Score the tags of documents.

    docs (Sequence[Doc]): The documents.
    scorer (Scorer): Scores their tokens' tags.
    overwrite (bool): Whether entities may be where there are some already.
    YIELDS (Scored): A group of the documents, in their order.
    """
    for group in _groups(docs):
        lengths, words, places = read_tokens(group, overwrite)
        if len(words):
            scores = scorer.scores(group, words, lengths)
        else:
            scores = numpy.zeros((1, 0), dtype="float32")
        yield Scored(lengths, places, scores)


def find_entities(
    scored: Scored, search: Callable[[Lattice], numpy.ndarray], scheme: Scheme
) -> list[Entities]:
    """Find the entities of scored documents.

    scored (Scored): The documents.
    search (Callable[[Lattice], numpy.ndarray]): Chooses tags.
    scheme (Scheme): The scheme of the tags.
    RETURNS (List[Entities]): The entities of each document.
    """
    tagged = decode(scored.scores, scored.places, search, scheme)
    return spans_by_doc(scored.lengths, *scheme.spans_from_tags(*tagged))


class Predictions(NamedTuple):
    """What was found in documents: the rows of each, (start, end, label number), and after these,
    if they are rated, the probability, or the margin if it isn't calibrated.

    entities (List[Entities]): The entities.
    candidates (Optional[List[Entities]]): The spans that nearly were entities, if wanted.
    """

    entities: list[Entities]
    candidates: list[Entities] | None


class Rating(NamedTuple):
    """How entities are rated, and which of them are kept.

    labels (Sequence[str]): The labels.
    calibration (Optional[Calibration]): From margins to probabilities.
    thresholds (numpy.ndarray): The probability that entities of each label must have, if it is
        known. Shape (n_labels,).
    candidates (bool): Whether candidates are wanted, too.
    """

    labels: Sequence[str]
    calibration: Calibration | None
    thresholds: numpy.ndarray
    candidates: bool


def find_rated_entities(
    scored: Scored,
    search: Callable[[Lattice], numpy.ndarray],
    scheme: Scheme,
    rating: Rating,
) -> tuple[Rated, Rated | None]:
    """Find the entities of scored documents, and how sure they are.

    scored (Scored): The documents.
    search (Callable[[Lattice], numpy.ndarray]): Chooses tags.
    scheme (Scheme): The scheme of the tags.
    rating (Rating): How they are rated.
    RETURNS (Tuple[Rated, Optional[Rated]]): The entities that are sure enough; and the candidates
        if wanted, which include those that are not.
    """
    labels, calibration, thresholds, wants_candidates = rating
    tagged = decode(scored.scores, scored.places, search, scheme)
    curves = None if calibration is None else calibration.entities
    lattice = scored.scores, scored.places, scheme
    entities = rate_entities(*lattice, tagged, search is viterbi, curves, labels)
    unsure = numpy.zeros(len(entities.labels), dtype=bool)
    if curves is not None:
        unsure = entities.ratings < thresholds[entities.labels]
    candidates = None
    if wants_candidates:
        curves = None if calibration is None else calibration.candidates
        others = rate_candidates(*lattice, entities, curves, labels)
        candidates = others.join(entities.select(unsure))
    return entities.select(~unsure) if unsure.any() else entities, candidates


def _groups(docs: Sequence[Doc]) -> Iterator[Sequence[Doc]]:
    """Split a batch, so that what is computed of its tokens needs little memory, and that no
    document is embedded with the vocabulary of another."""
    start = size = 0
    for stop, doc in enumerate(docs):
        is_other_vocab = doc.vocab is not docs[start].vocab
        if is_other_vocab or (size and size + len(doc) > _GROUP):
            yield docs[start:stop]
            start, size = stop, 0
        size += len(doc)
    if start < len(docs):
        yield docs[start:]
