"""The nearest flip: the word of the context without which an entity isn't found any more."""

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

_BATCH = 32  # documents scored at a time, which bounds the memory
# What a token may have been given by hand, and keeps when another one is removed. Dependencies
# would point to places that have moved, and are left to the pipeline.
_KEPT = [NORM, TAG, POS, MORPH, LEMMA]


class Decision(NamedTuple):
    """What a component makes of a document.

    doc (Doc): The document as the component gets it.
    scores (numpy.ndarray): The scores it decides by, see `Leaning`, 0 for whitespace tokens. Shape
        (n_tokens, n_tags).
    entities (List[Tuple[int, int, str]]): The start, end and label of the entities it finds.
    """

    doc: Doc
    scores: numpy.ndarray
    entities: list[tuple[int, int, str]]


class Decider:
    """Runs a component of a pipeline, after those before it. It changes nothing but the documents
    it is given.

    nlp (Language): The pipeline.
    name (str): The component's name.
    """

    def __init__(self, nlp: Language, name: str) -> None:
        self.nlp = nlp
        self.component: Any = nlp.get_pipe(name)
        self._later = nlp.pipe_names[nlp.pipe_names.index(name) :]

    def decide(self, docs: Iterable[Doc]) -> Iterator[Decision]:
        """Run the components on documents without entities.

        docs (Iterable[Doc]): The documents, of one vocabulary, which the components before this
            one annotate.
        YIELDS (Decision): What is found in each.
        """
        ner = self.component
        before = self.nlp.pipe(docs, disable=self._later, batch_size=_BATCH)
        for batch in minibatch(before, _BATCH):
            parts: list[numpy.ndarray] = []
            for scored in ner.score_docs(batch, overwrite=True):
                leaned = ner.leaning.lean(scored.scores.astype("float64"))
                group = batch[len(parts) : len(parts) + len(scored.lengths)]
                parts += of_tokens(group, leaned)
            found = ner.pipe([doc.copy() for doc in batch])
            for doc, doc_scores, doc_found in zip(batch, parts, found, strict=True):
                yield Decision(doc, doc_scores, self._entities(doc, doc_found))

    def _entities(self, before: Doc, after: Doc) -> list[tuple[int, int, str]]:
        # Entities of components before this one are kept as they are, unless all are replaced.
        kept = () if self.component.cfg["overwrite"] else before.ents
        others = {(ent.start, ent.end, ent.label_) for ent in kept}
        ents = [(ent.start, ent.end, ent.label_) for ent in after.ents]
        return [ent for ent in ents if ent not in others]


class Entity(NamedTuple):
    """An entity, and the tags that make it one.

    start (int): Its first token.
    end (int): The token after its last one.
    label (str): Its label.
    words (List[int]): Its tokens that are words, and not whitespace.
    tags (List[int]): The tag of each of its words.
    left (List[int]): The words before it in the windows of its words, the nearest first.
    right (List[int]): Those after it.
    """

    start: int
    end: int
    label: str
    words: list[int]
    tags: list[int]
    left: list[int]
    right: list[int]

    def distance(self, token: int) -> int:
        """How many words a word of the context is away from the entity: 1 for its neighbours."""
        return 1 + (self.left if token < self.start else self.right).index(token)


def find_removals(
    decider: Decider, doc: Doc, entities: Sequence[Entity], decision: Decision
) -> list[list[Removal]]:
    """Remove each word of the entities' context, one at a time, and see what is found.

    decider (Decider): Runs the component.
    doc (Doc): The document, without entities.
    entities (Sequence[Entity]): The entities found in it.
    decision (Decision): The component's decision on it.
    RETURNS (List[List[Removal]]): What the removal of each word does to each entity, by the words'
        distance from it, then by the loss of margin.
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
    """The score of each token's tag minus that of the best other one. Shapes as above."""
    tokens = numpy.arange(len(scores))
    return scores[tokens, tags] - scores[tokens, best_others(scores, tags)]


def best_others(scores: numpy.ndarray, tags: Sequence[int]) -> numpy.ndarray:
    """The best tag of each token but for the one it has.

    scores (numpy.ndarray): Scores. Shape (n_tokens, n_tags).
    tags (Sequence[int]): The tag of each token. Shape (n_tokens,).
    RETURNS (numpy.ndarray): The tags. Shape (n_tokens,).
    """
    others = scores.copy()
    others[numpy.arange(len(others)), tags] = -numpy.inf
    return others.argmax(axis=1)


def without_entities(doc: Doc) -> Doc:
    """Copy a document, without its entities and blocked tokens.

    doc (Doc): The document.
    RETURNS (Doc): The copy.
    """
    copy = doc.copy()
    copy.set_ents([], default="missing")
    return copy


def without_token(doc: Doc, removed: int) -> Doc:
    """Copy the words of a document but for one, with what is known of each of them and of
    sentences. If a sentence started with the removed one, it starts with the next.

    doc (Doc): The document.
    removed (int): The number of the token to leave out.
    RETURNS (Doc): The copy. What was computed of the document as a whole is not copied.
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
