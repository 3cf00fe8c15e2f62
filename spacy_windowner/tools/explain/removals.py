"""Removes context words one at a time and checks whether an entity is still found."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy
from spacy.attrs import LEMMA, MORPH, NORM, POS, SENT_START, TAG
from spacy.language import Language
from spacy.tokens import Doc

from ...pipeline.prediction import make_rating
from ..pipelines import get_window_ner, score_texts
from .explanation import Removal
from .questions import Question
from .sequences import Sequences, read_sequences

_BATCH = 32  # documents scored at a time, to limit memory
# Annotation that tokens keep when another token is removed. Dependencies aren't kept because
# their heads would be at other indices. The pipeline sets them again.
_KEPT = [NORM, TAG, POS, MORPH, LEMMA]


class Decider:
    """Runs a component of a pipeline and the components before it. Only the documents it is given
    are changed.

    nlp (Language): The pipeline.
    name (str): The component's name.
    """

    def __init__(self, nlp: Language, name: str) -> None:
        self.nlp = nlp
        self.name = name
        self.component = get_window_ner(nlp, name)

    def decide(self, docs: Iterable[Doc]) -> Iterator[Sequences]:
        """Run the components on documents without entities.

        docs (Iterable[Doc]): The documents. They share a vocabulary, and the earlier components
            annotate them.
        YIELDS (Sequences): The tag sequences of each document.
        """
        ner = self.component
        rating = make_rating({**ner.cfg, "candidates": False, "redact": False}, ner.calibration)
        for group, scored in score_texts(self.nlp, self.name, docs, _BATCH):
            yield from read_sequences(group, scored, ner.biases, rating)


class Context(NamedTuple):
    """A question about an entity, and the words around it.

    question (Question): The question.
    left (List[int]): The context words before the entity, as token indices, the nearest first.
    right (List[int]): The context words after it, the nearest first.
    """

    question: Question
    left: list[int]
    right: list[int]

    @classmethod
    def of(cls, question: Question, words: numpy.ndarray, window: int) -> "Context":
        """Find the words in the windows of an entity.

        question (Question): The question about the entity.
        words (numpy.ndarray): The token index of each word. Shape (n_words,).
        window (int): The number of words on either side of a window's centre.
        RETURNS (Context): The question with the context words.
        """
        start, stop = question.span[:2]
        left = words[max(start - window, 0) : start][::-1]
        return cls(question, left.tolist(), words[stop : stop + window].tolist())

    def distance(self, token: int) -> int:
        """The distance in words from the entity to a context word, 1 for its neighbours."""
        side = self.left if token in self.left else self.right
        return 1 + side.index(token)


def find_removals(
    decider: Decider, doc: Doc, contexts: Sequence[Context], labels: Sequence[str]
) -> list[list[Removal]]:
    """Remove each context word, one at a time, and run the component on the rest.

    decider (Decider): Runs the component.
    doc (Doc): The document, without entities.
    contexts (Sequence[Context]): The questions about its entities.
    labels (Sequence[str]): The component's labels.
    RETURNS (List[List[Removal]]): For each question the effect of each removal, sorted by the
        distance of the word, then by how much the margin drops.
    """
    tokens = sorted({token for context in contexts for token in (*context.left, *context.right)})
    decisions = decider.decide(map(WordRemover(doc).without, tokens))
    removals: list[list[Removal]] = [[] for _ in contexts]
    for token, changed in zip(tokens, decisions, strict=True):
        for context, found in zip(contexts, removals, strict=True):
            if token in context.left or token in context.right:
                found.append(_removal(context, doc, token, changed, labels))
    for context, found in zip(contexts, removals, strict=True):
        found.sort(key=partial(_nearest_first, context))
    return removals


def _removal(
    context: Context, doc: Doc, token: int, changed: Sequences, labels: Sequence[str]
) -> Removal:
    question = context.question
    moved = question.moved(-1) if token in context.left else question
    margin = moved.margin_in(changed)
    overlapping = [span for span in sorted(changed.found) if span.overlaps(moved.span)]
    return Removal(
        token=token,
        text=doc[token].text,
        margin=margin,
        lowers_margin_by=None if margin is None else question.margin - margin,
        flips=(moved.span in changed.found) != question.found,
        found=[(changed.text(span), labels[span.label]) for span in overlapping],
    )


def _nearest_first(context: Context, removal: Removal) -> tuple[int, float]:
    lowers = removal.lowers_margin_by
    return context.distance(removal.token), -numpy.inf if lowers is None else -lowers


class WordRemover:
    """Copies a document without one of its tokens, with the annotation of the other tokens and the
    sentence starts. If the removed token started a sentence, the next one starts it. The copies
    have no tensor and no dependencies.

    doc (Doc): The document.
    """

    def __init__(self, doc: Doc) -> None:
        self._vocab = doc.vocab
        self._words = [token.text for token in doc]
        self._spaces = [bool(token.whitespace_) for token in doc]
        self._kept: Any = doc.to_array(_KEPT)
        self._starts = doc.to_array(SENT_START) if doc.has_annotation("SENT_START") else None

    def without(self, removed: int) -> Doc:
        """Copy the document without one token.

        removed (int): The index of the token to leave out.
        RETURNS (Doc): The copy.
        """
        words = self._words[:removed] + self._words[removed + 1 :]
        spaces = self._spaces[:removed] + self._spaces[removed + 1 :]
        copy = Doc(self._vocab, words=words, spaces=spaces)
        if not words:
            return copy
        is_left: Any = numpy.arange(len(self._words)) != removed
        copy.from_array(_KEPT, self._kept[is_left])
        if self._starts is not None:
            starts = self._starts.copy()
            if starts[removed] == 1 and removed + 1 < len(starts):
                starts[removed + 1] = 1
            copy.from_array([SENT_START], starts[is_left])
        return copy
