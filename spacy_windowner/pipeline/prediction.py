"""From Docs to the spans that are found in them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc

from ..confidence.calibration import Calibration, rate
from ..decoding.biases import Biases as Leaning
from ..decoding.lattice import Scored
from ..decoding.spans import NO_SPANS, Spans, join
from ..decoding.tags import Scheme
from ..scoring.scorer import Scorer
from .doc_io import read_words

# Tokens that are scored and decoded at a time, unless a single document has more.
_GROUP = 2**14
MOST_BEHIND = 5.0
"""How far behind the best tag sequence those of a candidate may be."""


def score_docs(
    docs: Sequence[Doc],
    scorer: Scorer,
    scheme: Scheme,
    transitions: numpy.ndarray | None,
    overwrite: bool,
    crosses_lines: bool,
) -> Iterator[Scored]:
    """Score the tags of documents.

    docs (Sequence[Doc]): The documents.
    scorer (Scorer): Scores their tokens' tags.
    scheme (Scheme): The scheme of the tags.
    transitions (Optional[numpy.ndarray]): What one tag after another scores, too. Shape
        (n_tags, n_tags).
    overwrite (bool): Whether entities may be where there are some already.
    crosses_lines (bool): Whether an entity may go on after a line end.
    YIELDS (Scored): A group of the documents, in their order.
    """
    if transitions is not None:
        tags = scheme.spread(len(transitions))
        transitions = transitions[numpy.ix_(tags, tags)].astype("float64", order="C")
    for group in _groups(docs):
        words = read_words(group, overwrite, crosses_lines)
        scores = numpy.zeros((0, 1), dtype="float32")
        if len(words.orths):
            scores = scorer.scores(group, words)
        yield Scored(words.lengths, words.places, scores, scheme, transitions, words.positions)


class Rating(NamedTuple):
    """How spans are rated, and which of them are kept.

    entities (Optional[numpy.ndarray]): From the margins of entities to probabilities, see
        `Curves.of`, if it is known.
    candidates (Optional[numpy.ndarray]): From those of candidates.
    thresholds (Optional[numpy.ndarray]): The probability that entities of each label must have, if
        any is wanted and it is known. Shape (n_labels,).
    wants_candidates (bool): Whether candidates are wanted, too: spans that nearly were entities.
    """

    entities: numpy.ndarray | None
    candidates: numpy.ndarray | None
    thresholds: numpy.ndarray | None
    wants_candidates: bool


def has_thresholds(cfg: dict[str, Any]) -> bool:
    """Whether the settings of a component drop entities that aren't probable enough."""
    return any((cfg["threshold"], *cfg["thresholds"].values()))


def make_rating(cfg: dict[str, Any], calibration: Calibration | None) -> Rating | None:
    """How a component rates spans.

    cfg (Dict[str, Any]): Its settings.
    calibration (Optional[Calibration]): Its calibration.
    RETURNS (Optional[Rating]): The rating. None if nobody asks for one: without a calibration, and
        without a group of spans.
    """
    labels, own = cfg["labels"], cfg["thresholds"]
    if calibration is None:
        has_group = cfg["spans_key"] is not None
        return Rating(None, None, None, cfg["candidates"]) if has_group else None
    entities, candidates = (curves.of(labels) for curves in calibration)
    thresholds = None
    if has_thresholds(cfg):
        thresholds = numpy.array([own.get(label, cfg["threshold"]) for label in labels])
    return Rating(entities, candidates, thresholds, cfg["candidates"])


class Predictions(NamedTuple):
    """What was found in documents.

    entities (Spans): The entities, rated by their probability or, if the component isn't
        calibrated, by their margin.
    candidates (Optional[Spans]): The spans that nearly were entities, if wanted.
    """

    entities: Spans
    candidates: Spans | None


class Decision(NamedTuple):
    """How spans are found in scored documents.

    leaning (Leaning): What is made of the scores.
    rating (Optional[Rating]): How spans are rated, None if they aren't.
    """

    leaning: Leaning
    rating: Rating | None

    def find(self, scored: Scored) -> tuple[Spans, Spans | None]:
        """Find the entities of scored documents, and how sure they are.

        scored (Scored): The documents.
        RETURNS (Tuple[Spans, Optional[Spans]]): The entities that are sure enough; and the
            candidates if wanted, which include those that are not. They are rated by their
            probability or, if it is unknown, by their margin, which is negative for candidates.
        """
        biases, rating = self.leaning.added, self.rating
        if self.leaning.yielding:
            scored, biases = scored.lean(self.leaning), None
        if rating is None:
            return scored.best_spans(margins=False, biases=biases), None
        entities = scored.best_spans(biases=biases, curves=rating.entities)
        kept, unsure = entities, NO_SPANS
        if rating.thresholds is not None:
            is_unsure = entities.ratings < rating.thresholds[entities.labels]
            kept, unsure = entities.select(~is_unsure), entities.select(is_unsure)
        if not rating.wants_candidates:
            return kept, None
        near = scored.lean(self.leaning) if biases is not None else scored
        candidates = near.near_spans(MOST_BEHIND).without(entities)
        if rating.candidates is not None:
            candidates = rate(candidates, rating.candidates)
        return kept, join([candidates, unsure]).ordered()


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
