"""Entities of a text as spans of tokens."""

from collections.abc import Callable, Sequence

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from .kinds import BLANK, MISALIGNED, OTHER_TEXT, OUTSIDE, OVERLAPPING, Kind
from .offsets import convert_offsets
from .records import Entity, TextRecord

ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
"""Characters that aren't seen, and that aren't white space."""

OnSkip = Callable[[Kind, Entity], None]
"""Called with why an entity is left out, and the entity."""


def set_entities(
    doc: Doc, record: TextRecord, name: Callable[[Entity], str], on_skip: OnSkip, expected: str
) -> str:
    """Set the entities of a document. Where one can't be set, its tokens count as not annotated.

    doc (Doc): The document.
    record (TextRecord): What it was made of.
    name (Callable[[Entity], str]): The label of an entity.
    on_skip (OnSkip): Called with what is left out.
    expected (str): What offsets count if that can't be told from this document alone.
    RETURNS (str): What the offsets count, see `offsets`.
    """
    text = record.text
    unit, entities, others = convert_offsets(text, record.entities, expected)
    unknown = list(record.unknown)
    for entity in others:
        on_skip(OTHER_TEXT if _is_inside(text, entity) else OUTSIDE, entity)
        unknown += [(entity.start, entity.end), *_places(text, entity.text or "")]
    found: dict[tuple[int, int, str], tuple[Span, Entity]] = {}
    for entity in entities:
        label = name(entity)
        if not _is_inside(text, entity):
            on_skip(OUTSIDE, entity)
            unknown.append((entity.start, entity.end))
            continue
        start, end = _trim(text, entity.start, entity.end)
        if start >= end:
            on_skip(BLANK, entity)
            continue
        span = _span(doc, entity.start, entity.end, label) or _span(doc, start, end, label)
        if span is None:
            on_skip(MISALIGNED, entity)
            unknown.append((start, end))
        else:
            found.setdefault((span.start, span.end, label), (span, entity))
    kept = filter_spans([span for span, _ in found.values()])
    chosen = {(span.start, span.end, span.label_) for span in kept}
    for key, (span, entity) in found.items():
        if key not in chosen:
            on_skip(OVERLAPPING, entity)
            unknown.append((span.start_char, span.end_char))
    _set(doc, kept, unknown, record.is_partial)
    return unit


def is_blank(word: str) -> bool:
    """Whether nothing of a word is seen."""
    return not word.strip().strip(ZERO_WIDTH)


def _set(
    doc: Doc, ents: Sequence[Span], unknown: Sequence[tuple[int, int]], is_partial: bool
) -> None:
    taken = {token.i for ent in ents for token in ent}
    missing: set[int] = set()
    for start, end in unknown:
        covered = _expanded(doc, max(0, start), min(end, len(doc.text)))
        missing.update(token.i for token in covered or ())
    spans = [doc[i : i + 1] for i in sorted(missing - taken)]
    doc.set_ents(list(ents), missing=spans, default="missing" if is_partial else "outside")


def _expanded(doc: Doc, start: int, end: int) -> Span | None:
    return doc.char_span(start, end, alignment_mode="expand") if start < end else None


def _is_inside(text: str, entity: Entity) -> bool:
    return 0 <= entity.start < entity.end <= len(text)


def _span(doc: Doc, start: int, end: int, label: str) -> Span | None:
    """A span of whole tokens, of which the first and the last are seen."""
    span = doc.char_span(start, end, label=label)
    if span is None or is_blank(span[0].text) or is_blank(span[-1].text):
        return None
    return span


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out what isn't seen at both ends."""
    while start < end and is_blank(text[start]):
        start += 1
    while start < end and is_blank(text[end - 1]):
        end -= 1
    return start, end


def _places(text: str, piece: str) -> list[tuple[int, int]]:
    """Where a piece is found in a text."""
    places, at = [], text.find(piece) if piece.strip() else -1
    while at >= 0:
        places.append((at, at + len(piece)))
        at = text.find(piece, at + len(piece))
    return places
