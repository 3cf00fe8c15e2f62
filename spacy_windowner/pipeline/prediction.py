"""Finds spans in Docs: scores their tags, decodes the scores, and rates the spans."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy
from spacy.tokens import Doc

from ..compiled import choose
from ..confidence.calibration import Calibration
from ..confidence.recall import Promise
from ..decoding.biases import Biases
from ..decoding.lattice import Scored
from ..decoding.spans import NO_SPANS, Spans, join
from ..decoding.tags import Scheme
from ..errors import Warnings
from ..scoring.scorer import Scorer
from .doc_io import read_words

if TYPE_CHECKING:
    from ..decoding import repeats_plain as repeats
else:
    repeats = choose("decoding.repeats_core", "decoding.repeats_plain")

REACH = 5.0
"""How far a near miss may be behind the best sequence, if nothing is promised."""
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
    candidates (Optional[Spans]): All entities, also those below the threshold, and the near
        misses, rated in the same way. None if they aren't wanted.
    calibrated (bool): Whether the ratings are probabilities.
    doubts (Optional[numpy.ndarray]): float64, the expected number of errors in each document. None
        without candidates or a calibration. Shape (n_docs,).
    redacted (Optional[Spans]): The entities to write to `doc.ents` instead of `entities`: the
        candidates, with overlapping ones merged. None without `redact`.
    """

    entities: Spans
    candidates: Spans | None
    calibrated: bool
    doubts: numpy.ndarray | None = None
    redacted: Spans | None = None


class Rating(NamedTuple):
    """How spans are rated, and which of them are kept.

    entities (Optional[numpy.ndarray]): The curves that turn the margins of entities into
        probabilities, see `Curves.of`. None without a calibration. Shape (2, n_labels).
    near_misses (Optional[numpy.ndarray]): The same for near misses.
    thresholds (Optional[numpy.ndarray]): The lowest probability for entities with each label. None
        without a calibration or thresholds. Shape (n_labels,).
    reach (Optional[numpy.ndarray]): How far behind the best sequence the near misses of each label
        may be. None if candidates aren't needed. Shape (n_labels,).
    redacts (bool): Whether to merge overlapping candidates for `doc.ents`.
    beyond (float): The expected number of entities per word that aren't among the candidates.
    wants_candidates (bool): Whether candidates are wanted as such.
    """

    entities: numpy.ndarray | None
    near_misses: numpy.ndarray | None
    thresholds: numpy.ndarray | None
    reach: numpy.ndarray | None
    redacts: bool = False
    beyond: float = 0.0
    wants_candidates: bool = True


class SpanFinder(NamedTuple):
    """Finds entities and near misses in scored documents.

    biases (Biases): How the scores are changed before decoding.
    rating (Optional[Rating]): How spans are rated. None means not at all.
    """

    biases: Biases
    rating: Rating | None

    def find_all(self, groups: Iterable[Scored]) -> Predictions:
        """Find the spans in groups of scored documents.

        groups (Iterable[Scored]): The groups.
        RETURNS (Predictions): What was found.
        """
        entities, candidates, doubts, n_before = [], [], [], 0
        rating = self.rating
        calibrated = rating is not None and rating.entities is not None
        for scored in groups:
            found, near = self.find(scored)
            entities.append(found.after(n_before))
            if near is not None:
                candidates.append(near.after(n_before))
                if calibrated:
                    doubts.append(self._doubts(scored, found, near))
            n_before += len(scored.lengths)
        if rating is None or rating.reach is None:
            return Predictions(join(entities), None, calibrated, None)
        of_docs = numpy.concatenate([numpy.zeros(0), *doubts]) if calibrated else None
        near = join(candidates)
        redacted = merge_overlapping(near) if rating.redacts else None
        if not rating.wants_candidates:
            return Predictions(join(entities), None, calibrated, None, redacted)
        return Predictions(join(entities), near, calibrated, of_docs, redacted)

    def find(self, scored: Scored) -> tuple[Spans, Spans | None]:
        """Find the entities and candidates in scored documents.

        scored (Scored): The documents.
        RETURNS (Tuple[Spans, Optional[Spans]]): The entities whose probability reaches the
            threshold, and the candidates if they are wanted: all entities, also those below the
            threshold, and the near misses. All are rated by their probability or, if it is unknown,
            by their margin. The margins of near misses are at most 0.
        """
        by_tag, rating = self.biases.as_float32, self.rating
        if self.biases.yielding:
            scored, by_tag = scored.adjust(self.biases), None
        if rating is None:
            return scored.best_spans(margins=False, biases=by_tag), None
        candidates = None
        if rating.reach is None:
            entities = scored.best_spans(biases=by_tag, curves=rating.entities)
        else:
            entities, candidates = scored.candidates(
                rating.reach, by_tag, rating.entities, rating.near_misses
            )
        if rating.thresholds is not None:
            entities = entities.select(entities.ratings >= rating.thresholds[entities.labels])
        return entities, candidates

    def _doubts(self, scored: Scored, entities: Spans, candidates: Spans) -> numpy.ndarray:
        """The expected number of errors in each document: an entity is wrong with the probability 1
        - p, and another candidate is a missed entity with the probability p."""
        n_docs = len(scored.lengths)
        missed = numpy.bincount(candidates.docs, candidates.ratings, n_docs).astype("float64")
        if self.rating is not None:
            missed += self.rating.beyond * scored.lengths
        return missed + numpy.bincount(entities.docs, 1.0 - 2.0 * entities.ratings, n_docs)


def merge_overlapping(spans: Spans) -> Spans:
    """Merge spans that overlap. The result has the words of all of them.

    spans (Spans): The spans, sorted by document and start.
    RETURNS (Spans): Spans that don't overlap, with the label and rating of the best one in each.
    """
    merged: list[tuple[int, int, int, int, float]] = []
    for doc, start, end, label, rating in zip(*(each.tolist() for each in spans), strict=True):
        if merged and merged[-1][0] == doc and start < merged[-1][2]:
            _, first, last, other, best = merged[-1]
            start, end = first, max(last, end)
            if best >= rating:
                label, rating = other, best
            merged.pop()
        merged.append((doc, start, end, label, rating))
    if not merged:
        return NO_SPANS
    docs, starts, ends, labels, ratings = (
        numpy.array(column) for column in zip(*merged, strict=True)
    )
    columns = (column.astype("int32") for column in (docs, starts, ends, labels))
    return Spans(*columns, ratings)  # type: ignore[call-arg]


def make_rating(
    cfg: dict[str, Any], calibration: Calibration | None, promise: Promise | None = None
) -> Rating | None:
    """Make the rating of a component.

    cfg (Dict[str, Any]): The settings of the component.
    calibration (Optional[Calibration]): The calibration of the component.
    promise (Optional[Promise]): The promise of the component.
    RETURNS (Optional[Rating]): The rating. None if ratings aren't needed because there is neither
        a calibration nor a `spans_key`.
    """
    labels, own = cfg["labels"], cfg["thresholds"]
    redacts = cfg["redact"] and promise is not None
    reach = reach_of(cfg, promise) if cfg["candidates"] or redacts else None
    if calibration is None:
        is_needed = cfg["spans_key"] is not None or redacts
        rating = Rating(None, None, None, reach, redacts, 0.0, cfg["candidates"])
        return rating if is_needed else None
    entities, near_misses = (curves.of(labels) for curves in calibration[:2])
    thresholds = None
    if has_thresholds(cfg):
        thresholds = numpy.array([own.get(label, cfg["threshold"]) for label in labels])
    beyond = calibration.beyond
    return Rating(entities, near_misses, thresholds, reach, redacts, beyond, cfg["candidates"])


def reach_of(cfg: dict[str, Any], promise: Promise | None) -> numpy.ndarray:
    """How far behind the best sequence the near misses of each label may be. A label that was added
    to the trained model and hasn't been learned has none, because it is close behind everywhere.

    cfg (Dict[str, Any]): The settings of the component.
    promise (Optional[Promise]): The promise of the component.
    RETURNS (numpy.ndarray): The distances. Shape (n_labels,).
    """
    labels = cfg["labels"]
    reach = numpy.full(len(labels), REACH) if promise is None else promise.of(labels, REACH)
    reach[[label in cfg["untrained_labels"] for label in labels]] = 0.0
    return reach


def lacks(cfg: dict[str, Any], name: str) -> set[str]:
    """Warnings about settings that have no effect yet.

    cfg (Dict[str, Any]): The settings of the component.
    name (str): The name of the component.
    """
    found = set()
    if cfg["calibration"] is None and has_thresholds(cfg):
        found.add(Warnings.WW061.format(name=name))
    if cfg["promise"] is None and cfg["redact"]:
        found.add(Warnings.WW188.format(name=name))
    return found


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
