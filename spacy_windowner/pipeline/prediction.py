"""From Docs to the spans that are found in them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from ..confidence.calibration import NumberedCurves
from ..decoding.lattice import Scored
from ..decoding.leaning import Leaning
from ..decoding.spans import Spans, join
from ..decoding.tags import Scheme
from ..scoring.scorer import Scorer
from .doc_io import read_tokens

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
) -> Iterator[Scored]:
    """Score the tags of documents.

    docs (Sequence[Doc]): The documents.
    scorer (Scorer): Scores their tokens' tags.
    scheme (Scheme): The scheme of the tags.
    transitions (Optional[numpy.ndarray]): What one tag after another scores, too. Shape
        (n_tags, n_tags).
    overwrite (bool): Whether entities may be where there are some already.
    YIELDS (Scored): A group of the documents, in their order.
    """
    if transitions is not None:
        tags = scheme.spread(len(transitions))
        transitions = transitions[numpy.ix_(tags, tags)].astype("float64", order="C")
    for group in _groups(docs):
        lengths, words, places = read_tokens(group, overwrite)
        scores = numpy.zeros((0, 1), dtype="float32")
        if len(words):
            scores = scorer.scores(group, words, lengths)
        yield Scored(lengths, places, scores, scheme, transitions)


class Rating(NamedTuple):
    """How spans are rated, and which of them are kept.

    entities (Optional[NumberedCurves]): From the margins of entities to probabilities, if known.
    candidates (Optional[NumberedCurves]): From those of candidates.
    thresholds (numpy.ndarray): The probability that entities of each label must have, if it is
        known. Shape (n_labels,).
    wants_candidates (bool): Whether candidates are wanted, too: spans that nearly were entities.
    """

    entities: NumberedCurves | None
    candidates: NumberedCurves | None
    thresholds: numpy.ndarray
    wants_candidates: bool


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
        scored = scored.lean(self.leaning)
        entities = scored.best_spans(margins=self.rating is not None)
        if self.rating is None:
            return entities, None
        curves, of_candidates, thresholds, wants_candidates = self.rating
        unsure = numpy.zeros(len(entities.docs), dtype=bool)
        if curves is not None and len(unsure):
            entities = curves.rate(entities)
            unsure = entities.ratings < thresholds[entities.labels]
        candidates = None
        if wants_candidates:
            candidates = scored.near_spans(MOST_BEHIND).without(entities)
            if of_candidates is not None:
                candidates = of_candidates.rate(candidates)
            candidates = join([candidates, entities.select(unsure)]).ordered()
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
