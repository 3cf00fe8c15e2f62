"""Removes context words one at a time and checks whether an entity is still found."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy
from spacy.attrs import LEMMA, MORPH, NORM, POS, SENT_START, TAG
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ...decoding.words import of_tokens
from .explanation import Removal

_BATCH = 32  # documents scored at a time, to limit memory
# Annotation that tokens keep when another token is removed. Dependencies aren't kept because
# their heads would be at other indices. The pipeline sets them again.
_KEPT = [NORM, TAG, POS, MORPH, LEMMA]


class Decision(NamedTuple):
    """What a component predicts for a document.

    doc (Doc): The document as the component receives it.
    scores (numpy.ndarray): The scores with all biases, see `Biases`, 0 for whitespace tokens.
        Shape (n_tokens, n_tags).
    entities (List[Tuple[int, int, str]]): The start, end and label of each predicted entity.
    """

    doc: Doc
    scores: numpy.ndarray
    entities: list[tuple[int, int, str]]


class Decider:
    """Runs a component of a pipeline and the components before it. Only the documents it is given
    are changed.

    nlp (Language): The pipeline.
    name (str): The component's name.
    """

    def __init__(self, nlp: Language, name: str) -> None:
        self.nlp = nlp
        self.component: Any = nlp.get_pipe(name)
        self._later = nlp.pipe_names[nlp.pipe_names.index(name) :]

    def decide(self, docs: Iterable[Doc]) -> Iterator[Decision]:
        """Run the components on documents without entities.

        docs (Iterable[Doc]): The documents. They share a vocabulary, and the earlier components
            annotate them.
        YIELDS (Decision): The prediction for each document.
        """
        ner = self.component
        before = self.nlp.pipe(docs, disable=self._later, batch_size=_BATCH)
        for batch in minibatch(before, _BATCH):
            parts: list[numpy.ndarray] = []
            for scored in ner.score_docs(batch, overwrite=True):
                adjusted = ner.biases.adjust(scored.scores.astype("float64"))
                group = batch[len(parts) : len(parts) + len(scored.lengths)]
                parts += of_tokens(group, adjusted)
            found = ner.pipe([doc.copy() for doc in batch])
            for doc, doc_scores, doc_found in zip(batch, parts, found, strict=True):
                yield Decision(doc, doc_scores, self._entities(doc, doc_found))

    def _entities(self, before: Doc, after: Doc) -> list[tuple[int, int, str]]:
        # The component keeps entities of earlier components unless it overwrites.
        kept = () if self.component.cfg["overwrite"] else before.ents
        others = {(ent.start, ent.end, ent.label_) for ent in kept}
        ents = [(ent.start, ent.end, ent.label_) for ent in after.ents]
        return [ent for ent in ents if ent not in others]


class Entity(NamedTuple):
    """An entity with its tags and its context.

    start (int): The first token.
    end (int): The token after the last one.
    label (str): The label.
    words (List[int]): The indices of its tokens, without whitespace tokens.
    tags (List[int]): The tag of each of these tokens.
    left (List[int]): The context words before the entity, the nearest first.
    right (List[int]): The context words after the entity, the nearest first.
    """

    start: int
    end: int
    label: str
    words: list[int]
    tags: list[int]
    left: list[int]
    right: list[int]

    def distance(self, token: int) -> int:
        """The distance in words from the entity to a context word, 1 for its neighbours."""
        return 1 + (self.left if token < self.start else self.right).index(token)


def find_removals(
    decider: Decider, doc: Doc, entities: Sequence[Entity], decision: Decision
) -> list[list[Removal]]:
    """Remove each context word, one at a time, and run the component on the rest.

    decider (Decider): Runs the component.
    doc (Doc): The document, without entities.
    entities (Sequence[Entity]): The entities found in the document.
    decision (Decision): The prediction for the whole document.
    RETURNS (List[List[Removal]]): For each entity the effect of each removal, sorted by the
        distance of the word, then by how much the margin drops.
    """
    contexts = [{*entity.left, *entity.right} for entity in entities]
    tokens = sorted({token for context in contexts for token in context})
    decisions = decider.decide(without_token(doc, token) for token in tokens)
    removals: list[list[Removal]] = [[] for _ in entities]
    for token, changed in zip(tokens, decisions, strict=True):
        for entity, context, found in zip(entities, contexts, removals, strict=True):
            if token in context:
                found.append(_removal(entity, doc, token, decision, changed))
    for entity, found in zip(entities, removals, strict=True):
        found.sort(key=partial(_nearest_first, entity))
    return removals


def _removal(
    entity: Entity, doc: Doc, token: int, decision: Decision, changed: Decision
) -> Removal:
    moved = int(token < entity.start)
    start, end = entity.start - moved, entity.end - moved
    words = numpy.array(entity.words)
    before = float(margins(decision.scores[words], entity.tags).sum())
    after = float(margins(changed.scores[words - moved], entity.tags).sum())
    overlapping = [ent for ent in changed.entities if ent[0] < end and ent[1] > start]
    return Removal(
        token=token,
        text=doc[token].text,
        margin=after,
        lowers_margin_by=before - after,
        flips=(start, end, entity.label) not in changed.entities,
        found=[(changed.doc[first:last].text, label) for first, last, label in overlapping],
    )


def _nearest_first(entity: Entity, removal: Removal) -> tuple[int, float]:
    return entity.distance(removal.token), -removal.lowers_margin_by


def margins(scores: numpy.ndarray, tags: Sequence[int]) -> numpy.ndarray:
    """The score of each token's tag minus the score of the best other tag. Shapes as in
    `best_others`."""
    tokens = numpy.arange(len(scores))
    return scores[tokens, tags] - scores[tokens, best_others(scores, tags)]


def best_others(scores: numpy.ndarray, tags: Sequence[int]) -> numpy.ndarray:
    """The best tag of each token other than its own.

    scores (numpy.ndarray): Scores. Shape (n_tokens, n_tags).
    tags (Sequence[int]): The tag of each token. Shape (n_tokens,).
    RETURNS (numpy.ndarray): The best other tags. Shape (n_tokens,).
    """
    others = scores.copy()
    others[numpy.arange(len(others)), tags] = -numpy.inf
    return others.argmax(axis=1)


def without_entities(doc: Doc) -> Doc:
    """Copy a document without its entities and blocked tokens.

    doc (Doc): The document.
    RETURNS (Doc): The copy.
    """
    copy = doc.copy()
    copy.set_ents([], default="missing")
    return copy


def without_token(doc: Doc, removed: int) -> Doc:
    """Copy a document without one token, with the annotation of the other tokens and the sentence
    starts. If the removed token started a sentence, the next one starts it.

    doc (Doc): The document.
    removed (int): The index of the token to leave out.
    RETURNS (Doc): The copy. It has no tensor and no dependencies.
    """
    kept = numpy.arange(len(doc)) != removed
    words = [token.text for token in doc if token.i != removed]
    spaces = [bool(token.whitespace_) for token in doc if token.i != removed]
    copy = Doc(doc.vocab, words=words, spaces=spaces)
    if not words:
        return copy
    copy.from_array(_KEPT, doc.to_array(_KEPT)[kept])
    if doc.has_annotation("SENT_START"):
        starts = doc.to_array(SENT_START)
        if starts[removed] == 1 and removed + 1 < len(doc):
            starts[removed + 1] = 1
        copy.from_array([SENT_START], starts[kept])
    return copy
