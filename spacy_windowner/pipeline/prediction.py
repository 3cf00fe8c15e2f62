"""Finds spans in Docs: scores their tags, decodes the scores, and rates the spans."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy
from spacy.tokens import Doc

from ..compiled import choose
from ..confidence.calibration import Calibration, rate
from ..decoding.biases import Biases
from ..decoding.lattice import Scored
from ..decoding.spans import NO_SPANS, Spans, join
from ..decoding.tags import Scheme
from ..scoring.scorer import Scorer
from .doc_io import read_words

if TYPE_CHECKING:
    from ..decoding import repeats_plain as repeats
else:
    repeats = choose("decoding.repeats_core", "decoding.repeats_plain")

_MAX_BEHIND = 5.0
"""How far the best sequence with a candidate may score below the best one."""
MAX_BATCH = 64
"""The largest batch of documents for prediction with a table, which fits into the processor's
cache."""
_GROUP = 2**14
"""The number of tokens that are scored and decoded at a time, which bounds the memory. A longer
document is one group."""


class Predictions(NamedTuple):
    """The entities that were found in documents.

    entities (Spans): The entities, rated by their probability or, if the component isn't
        calibrated, by their margin.
    candidates (Optional[Spans]): The near misses, rated in the same way. None if they aren't
        wanted.
    calibrated (bool): Whether the ratings are probabilities.
    """

    entities: Spans
    candidates: Spans | None
    calibrated: bool


class Rating(NamedTuple):
    """How spans are rated, and which of them are kept.

    entities (Optional[numpy.ndarray]): The curves that turn the margins of entities into
        probabilities, see `Curves.of`. None without a calibration. Shape (2, n_labels).
    candidates (Optional[numpy.ndarray]): The same for candidates.
    thresholds (Optional[numpy.ndarray]): The lowest probability for entities with each label. None
        without a calibration or thresholds. Shape (n_labels,).
    wants_candidates (bool): Whether to find candidates as well: near misses.
    """

    entities: numpy.ndarray | None
    candidates: numpy.ndarray | None
    thresholds: numpy.ndarray | None
    wants_candidates: bool


class SpanFinder(NamedTuple):
    """Finds entities and near misses in scored documents.

    biases (Biases): How the scores are changed before decoding.
    rating (Optional[Rating]): How spans are rated. None means not at all.
    """

    biases: Biases
    rating: Rating | None

    def find(self, scored: Scored) -> tuple[Spans, Spans | None]:
        """Find the entities and candidates in scored documents.

        scored (Scored): The documents.
        RETURNS (Tuple[Spans, Optional[Spans]]): The entities whose probability reaches the
            threshold, and the candidates if they are wanted. The entities below the threshold are
            among the candidates. All are rated by their probability or, if it is unknown, by their
            margin. The margins of candidates are at most 0.
        """
        by_tag, rating = self.biases.as_float32, self.rating
        if self.biases.yielding:
            scored, by_tag = scored.adjust(self.biases), None
        if rating is None:
            return scored.best_spans(margins=False, biases=by_tag), None
        entities = scored.best_spans(biases=by_tag, curves=rating.entities)
        kept, unsure = entities, NO_SPANS
        if rating.thresholds is not None:
            is_unsure = entities.ratings < rating.thresholds[entities.labels]
            kept, unsure = entities.select(~is_unsure), entities.select(is_unsure)
        if not rating.wants_candidates:
            return kept, None
        near = scored.adjust(self.biases) if by_tag is not None else scored
        candidates = near.near_spans(_MAX_BEHIND).without(entities)
        if rating.candidates is not None:
            candidates = rate(candidates, rating.candidates)
        return kept, join([candidates, unsure]).ordered()


def make_rating(cfg: dict[str, Any], calibration: Calibration | None) -> Rating | None:
    """Make the rating of a component.

    cfg (Dict[str, Any]): The settings of the component.
    calibration (Optional[Calibration]): The calibration of the component.
    RETURNS (Optional[Rating]): The rating. None if ratings aren't needed because there is neither
        a calibration nor a `spans_key`.
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


def lacks_calibration(cfg: dict[str, Any]) -> bool:
    """Whether a component is set to drop unlikely entities, but has no probabilities."""
    return cfg["calibration"] is None and has_thresholds(cfg)


def has_thresholds(cfg: dict[str, Any]) -> bool:
    """Whether a component is set to drop entities with a low probability."""
    return any((cfg["threshold"], *cfg["thresholds"].values()))


def score_in_groups(
    docs: Sequence[Doc],
    scorer: Scorer,
    scheme: Scheme,
    transitions: numpy.ndarray | None,
    overwrite: bool,
    crosses_lines: bool,
    document_weight: float,
) -> Iterator[Scored]:
    """Score the tags of documents.

    docs (Sequence[Doc]): The documents.
    scorer (Scorer): Scores the tags of their words.
    scheme (Scheme): The scheme of the tags.
    transitions (Optional[numpy.ndarray]): Learned transition scores from tag to tag. Shape
        (n_tags, n_tags).
    overwrite (bool): Whether new entities may overlap with existing ones.
    crosses_lines (bool): Whether an entity may continue after a line end.
    document_weight (float): How much the other occurrences of a word in its document count.
    YIELDS (Scored): A group of consecutive documents.
    """
    if transitions is not None:
        tags = scheme.spread(len(transitions))
        transitions = transitions[numpy.ix_(tags, tags)].astype("float64", order="C")
    for group in _groups(docs):
        words = read_words(group, overwrite, crosses_lines)
        scores = numpy.zeros((0, 1), dtype="float32")  # without words, O is enough
        added = None
        if len(words.orths):
            scores = scorer.scores(group, words)
            if document_weight:
                of_words = words.lengths, words.lowers
                added = repeats.add_repeats(scores, *of_words, len(scheme.kinds), document_weight)
        lengths, places, positions = words.lengths, words.places, words.positions
        yield Scored(lengths, places, scores, scheme, transitions, positions, added)


def _groups(docs: Sequence[Doc]) -> Iterator[Sequence[Doc]]:
    """Split a batch into groups of documents that share a vocabulary. The groups are small, so that
    they need little memory."""
    start = size = 0
    for stop, doc in enumerate(docs):
        is_other_vocab = doc.vocab is not docs[start].vocab
        if is_other_vocab or (size and size + len(doc) > _GROUP):
            yield docs[start:stop]
            start, size = stop, 0
        size += len(doc)
    if start < len(docs):
        yield docs[start:]
