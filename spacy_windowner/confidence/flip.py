"""The nearest flip: the word of the context without which an entity isn't found any more."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from .decisions import Decider, Decision
from .explanation import Removal
from .removal import without_token


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


def best_others(scores: numpy.ndarray, tags: Sequence[int]) -> numpy.ndarray:
    """The best tag of each token but for the one it has.

    scores (numpy.ndarray): Scores. Shape (n_tokens, n_tags).
    tags (Sequence[int]): The tag of each token. Shape (n_tokens,).
    RETURNS (numpy.ndarray): The tags. Shape (n_tokens,).
    """
    others = scores.copy()
    others[numpy.arange(len(others)), tags] = -numpy.inf
    return others.argmax(axis=1)


def margins(scores: numpy.ndarray, tags: Sequence[int]) -> numpy.ndarray:
    """The score of each token's tag minus that of the best other one. Shapes as above."""
    tokens = numpy.arange(len(scores))
    return scores[tokens, tags] - scores[tokens, best_others(scores, tags)]


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


def _nearest_first(entity: Entity, removal: Removal) -> tuple[int, float]:
    return entity.distance(removal.token), -removal.lowers_margin_by


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
