"""Annotated entities that can't be learned, or not as they are meant."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from spacy.tokens import Span
from spacy.training import Example

from ..decoding.tags import get_scheme
from ..pipeline.gold import MISALIGNED, ON_WHITESPACE, read_gold

TRIMMED = "begins or ends with whitespace"
CROSSING, OVERLAPPING = "crosses a sentence start", "overlaps another span"
PROBLEMS = (MISALIGNED, ON_WHITESPACE, TRIMMED, CROSSING, OVERLAPPING)


class Problem(NamedTuple):
    """A span with a problem.

    kind (str): One of PROBLEMS.
    doc (int): The number of its document.
    text (str): Its text.
    label (str): Its label.
    start (int): Its first character in the document.
    end (int): The character after its last one.
    """

    kind: str
    doc: int
    text: str
    label: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"document {self.doc}: {self.text!r} ({self.label}), {self.start}:{self.end}"


def find_problems(examples: Iterable[Example], ignored_keys: Collection[str]) -> list[Problem]:
    """Find entities that don't align with the tokens of the pipeline, that are whitespace, or begin
    or end with it, or that cross the start of a sentence; and, in `doc.spans`, spans that overlap
    with others, so that they can't all become entities. In `doc.ents` there are no overlaps: what
    would make them, an `Example` of a dictionary, is an error of spaCy's.

    examples (Iterable[Example]): The annotated documents.
    ignored_keys (Collection[str]): Keys of `doc.spans` whose spans are no entities.
    RETURNS (List[Problem]): The problems, in the order of the documents.
    """
    scheme = get_scheme("bio")
    problems = []
    for number, example in enumerate(examples):
        [notes] = read_gold([example], [], scheme).notes
        found = [(reason, ent) for ent, reason in notes.skipped]
        found += [(TRIMMED, ent) for ent in notes.trimmed]
        found += [(CROSSING, ent) for ent in example.reference.ents if _crosses(ent)]
        for key, group in example.reference.spans.items():
            if key not in ignored_keys:
                found += [(OVERLAPPING, span) for span in _overlapping(group)]
        problems += [
            Problem(kind, number, span.text, span.label_, span.start_char, span.end_char)
            for kind, span in found
        ]
    return problems


def _crosses(ent: Span) -> bool:
    return any(token.is_sent_start is True for token in ent[1:])


def _overlapping(group: Iterable[Span]) -> Iterator[Span]:
    """The spans that overlap with one before them."""
    end = 0
    different = {(span.start, span.end, span.label): span for span in group}
    for _, span in sorted(different.items()):
        if span.start < end:
            yield span
        end = max(end, span.end)
