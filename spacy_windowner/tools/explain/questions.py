"""What may be asked about the entities of a text: why this one, why not another label, other bounds
or nothing, and why not an entity that wasn't found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
from spacy.tokens import Doc

from ...decoding.tags import O
from ...decoding.words import BREAK, TAKEN
from ..errors import Errors
from .sequences import Path, Sequences, Span

NOTHING = "none"
"""The rival without an entity."""
Versus = str | tuple[int, int] | tuple[int, int, str] | None
"""A rival of one's own, see `explain`."""
_SPAN = re.compile(r"(\d+):(\d+)(?::(.+))?", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A question about an entity.

    span (Span): The entity.
    found (bool): Whether it is found.
    is_best (bool): Whether the best sequence has it. If it isn't found then, its probability is
        below the threshold.
    rival_tags (Optional[Sequence[int]]): The tags of its words in the rival, as columns of
        `Scheme.spread`. None for the best sequence without the entity or, if the best sequence is
        without it, for the best one with it.
    margin (float): How much better the best sequence is than the rival.
    """

    span: Span
    found: bool
    is_best: bool
    rival_tags: Sequence[int] | None = None
    margin: float = 0.0

    @classmethod
    def about(
        cls, sequences: Sequences, span: Span, rival_tags: Sequence[int] | None = None
    ) -> "Question":
        """Ask about an entity of a document.

        sequences (Sequences): The tag sequences of the document.
        span (Span): The entity.
        rival_tags (Optional[Sequence[int]]): See `Question`.
        RETURNS (Question): The question.
        """
        asked = cls(span, span in sequences.found, span in sequences.spans, rival_tags)
        return replace(asked, margin=sequences.margin(asked.rival_in(sequences)))

    def rival_in(self, sequences: Sequences) -> Path:
        """The rival in the document that the question is about."""
        if not self.is_best:
            return sequences.best_with(self.span.start, self.span.tags(sequences.n_labels))
        if self.rival_tags is None:
            return sequences.best_without(self.span)
        return sequences.best_with(self.span.start, self.rival_tags)

    def margin_in(self, sequences: Sequences) -> float | None:
        """The margin if the words had the scores of another document. It may be below 0.

        sequences (Sequences): The tag sequences of the other document.
        RETURNS (Optional[float]): The margin. None if the entity or the rival isn't possible there.
        """
        if self.rival_tags is None:
            margin = sequences.lead(self.span)
        else:
            start, tags = self.span.start, self.span.tags(sequences.n_labels)
            margin = sequences.score_with(start, tags)
            margin -= sequences.score_with(start, self.rival_tags)
        if not numpy.isfinite(margin):
            return None
        return margin if self.is_best else -margin

    def moved(self, by: int) -> "Question":
        """The same question in a document in which the entity is some words further on."""
        start, stop, label = self.span
        return replace(self, span=Span(start + by, stop + by, label))


def questions_about(
    sequences: Sequences,
    labels: Sequence[str],
    versus: Versus,
    within: tuple[int, int] | None,
    name: str,
) -> list[Question]:
    """The questions that are asked about a document.

    sequences (Sequences): The tag sequences of the document.
    labels (Sequence[str]): The labels of the component.
    versus (Versus): The rival that the entities are compared with, see `explain`.
    within (Optional[Tuple[int, int]]): The part of the text whose entities are meant, in
        characters. None for all of it. Doesn't matter if `versus` is a span.
    name (str): The component's name, for errors.
    RETURNS (List[Question]): The questions, in the order of the text.
    RAISES (ValueError): If nothing can be compared with `versus`.
    """
    rival = _parse(versus, labels, sequences)
    if isinstance(rival, tuple):
        return [_about_span(sequences, labels, rival, name)]
    spans = []
    for span in sorted(sequences.found):
        tokens = sequences.tokens(span)
        if within is None or (within[0] <= tokens.start_char and tokens.end_char <= within[1]):
            spans.append(span)
    if rival is not None and rival in labels:
        number = labels.index(rival)
        others = [span for span in spans if span.label != number]
        if spans and not others:
            raise ValueError(Errors.WN245.format(label=rival, others=_others(labels, rival)))
        tags = [span._replace(label=number).tags(sequences.n_labels) for span in others]
        return [Question.about(sequences, *pair) for pair in zip(others, tags, strict=True)]
    if rival == NOTHING:
        return [Question.about(sequences, span, [O] * (span.stop - span.start)) for span in spans]
    return [Question.about(sequences, span) for span in spans]


def _parse(
    versus: Versus, labels: Sequence[str], sequences: Sequences
) -> str | tuple[int, int, str | None] | None:
    """Read `versus`: a label, `NOTHING`, or a span with or without a label."""
    match versus:
        case None:
            return None
        case str():
            if versus in labels or versus == NOTHING:
                return versus
            parts = _SPAN.fullmatch(versus)
            if parts is not None:
                return int(parts[1]), int(parts[2]), parts[3]
        case [int(start), int(end)]:
            return start, end, None
        case [int(start), int(end), str(label)]:
            return start, end, label
    example = "0:5"
    if sequences.found:
        tokens = sequences.tokens(min(sequences.found))
        example = f"{tokens.start_char}:{tokens.end_char}"
    raise ValueError(Errors.WN240.format(versus=versus, labels=", ".join(labels), example=example))


def _about_span(
    sequences: Sequences,
    labels: Sequence[str],
    asked: tuple[int, int, str | None],
    name: str,
) -> Question:
    """A question about a span. Without a label, the best one that isn't found there is meant."""
    start, end, label = asked
    if label is not None and label not in labels:
        raise ValueError(Errors.WN246.format(name=name, label=label, labels=", ".join(labels)))
    first, stop = _words_of(sequences, start, end)
    numbers = range(len(labels)) if label is None else [labels.index(label)]
    asked_about = [Span(first, stop, number) for number in numbers]
    _check_possible(sequences, asked_about[0], start, end)
    spans = [span for span in asked_about if span not in sequences.found]
    if not spans:
        text, label = sequences.text(asked_about[0]), labels[asked_about[0].label]
        others = _others(labels, label)
        raise ValueError(Errors.WN244.format(text=text, label=label, others=others))
    scores = [sequences.score_with(first, span.tags(sequences.n_labels)) for span in spans]
    return Question.about(sequences, spans[int(numpy.argmax(scores))])


def _words_of(sequences: Sequences, start: int, end: int) -> tuple[int, int]:
    """The words from one character to another: the first word, and the one after the last."""
    doc, words = sequences.doc, sequences.words
    text = doc.text
    is_inside = 0 <= start < end <= len(text)
    inside = _touched(doc, words, start, end) if is_inside else []
    if not inside:
        example = ""
        if len(words):
            token = doc[int(words[0])]
            example = f", e.g. {token.idx}:{token.idx + len(token)}"
        raise ValueError(Errors.WN241.format(start=start, end=end, n=len(text), example=example))
    first, last = doc[int(words[inside[0]])], doc[int(words[inside[-1]])]
    if start > first.idx or end < last.idx + len(last):
        near = doc[first.i : last.i + 1]
        raise ValueError(
            Errors.WN242.format(
                start=start, end=end, text=text[start:end],
                near=f"{near.start_char}:{near.end_char}", near_text=near.text,
            )
        )  # fmt: skip
    return inside[0], inside[-1] + 1


def _touched(doc: Doc, words: numpy.ndarray, start: int, end: int) -> list[int]:
    """The words that have a character of a span."""
    starts = [doc[int(i)].idx for i in words]
    ends = [at + len(doc[int(i)]) for at, i in zip(starts, words, strict=True)]
    pairs = enumerate(zip(starts, ends, strict=True))
    return [number for number, (first, stop) in pairs if first < end and start < stop]


def _check_possible(sequences: Sequences, span: Span, start: int, end: int) -> None:
    """Raise an error if no entity can have these words."""
    if numpy.isfinite(sequences.score_with(span.start, span.tags(sequences.n_labels))):
        return
    places = sequences.places[span.start : span.stop]
    is_taken = (places & TAKEN) > 0
    breaks = (places & BREAK) > 0
    # An entity may also begin at the first word of a line, and none ends or begins in another one.
    cuts = numpy.flatnonzero(breaks | is_taken | numpy.append(False, is_taken[:-1]))
    edges = sorted({0, *cuts.tolist(), len(places)})
    pieces = [
        sequences.tokens(Span(span.start + first, span.start + stop, span.label))
        for first, stop in zip(edges, edges[1:], strict=False)
        if not is_taken[first]
    ]
    why = (
        "an entity of another component is in it, or a blocked token"
        if is_taken.any()
        else "a sentence, a line or a blocked token ends in it"
    )
    shown = [f"{piece.start_char}:{piece.end_char} {piece.text!r:.50}" for piece in pieces]
    raise ValueError(
        Errors.WN243.format(
            start=start, end=end, text=sequences.doc.text[start:end], why=why,
            possible=", ".join(shown) or "nothing",
        )
    )  # fmt: skip


def _others(labels: Sequence[str], label: str) -> str:
    return ", ".join(other for other in labels if other != label) or "there is no other"
