"""Makes Docs from records: aligns entities with tokens, converts tags, and renames labels."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans

from ...pipeline.checks import is_label_list
from ...pipeline.partial import LABELS_KEY
from ..errors import Errors
from .offsets import CHARACTERS, convert_offsets
from .records import (
    BLANK,
    EMPTY,
    MISALIGNED,
    OTHER_TEXT,
    OUTSIDE,
    OVERLAPPING,
    TOO_LONG,
    DocRecord,
    Entity,
    Kind,
    Skips,
    TextRecord,
    TokenRecord,
    at_line,
    quote,
)
from .schemes import to_iob2

ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
"""Invisible characters that aren't whitespace."""
_ANNOTATION = 2  # the first character of a label in a tag
OnSkip = Callable[[Kind, Entity], None]
"""Called with the reason why an entity is left out, and the entity."""


class DocMaker:
    """Makes documents.

    nlp (Language): The pipeline with the tokenizer.
    rename (Mapping[str, str]): New names for labels.
    skips (Skips): Counts what is left out.
    """

    def __init__(self, nlp: Language, rename: Mapping[str, str], skips: Skips) -> None:
        self.units: dict[str, str] = {}
        """Units of offsets other than characters, and where each occurred first."""
        self.labels = Labels(rename)
        self._nlp = nlp
        self._skips = skips

    def from_text(self, record: TextRecord, name: str, unit: str) -> Doc | None:
        """Make a document from raw text.

        record (TextRecord): The text and its entities.
        name (str): The name of the file.
        unit (str): The unit of the file's offsets.
        RETURNS (Optional[Doc]): The document, None if it has no words or is too long.
        """
        if len(record.text) > self._nlp.max_length:
            what = f"{len(record.text):,} characters: {quote(record.text)}"
            self._skips.add(TOO_LONG, at_line(name, record.line), what)
            return None
        doc = self._split(record)
        if all(is_blank(token.text) for token in doc):
            self._skips.add(EMPTY, at_line(name, record.line), quote(record.text))
            return None

        def name_of(entity: Entity) -> str:
            return self.labels.name(entity.label, at_line(name, entity.line or record.line))

        def on_skip(kind: Kind, entity: Entity) -> None:
            piece = entity.text or record.text[max(0, entity.start) : max(0, entity.end)]
            what = f"{quote(piece)} ({entity.label}, {entity.start} to {entity.end})"
            self._skips.add(kind, at_line(name, entity.line or record.line), what)

        unit = set_entities(doc, record, name_of, on_skip, unit)
        if unit != CHARACTERS:
            self.units.setdefault(unit, at_line(name, record.line))
        return doc

    def _split(self, record: TextRecord) -> Doc:
        if not record.tokens:
            return self._nlp.make_doc(record.text)
        words, spaces = words_and_spaces(record.text, record.tokens)
        return Doc(self._nlp.vocab, words=words, spaces=spaces)

    def from_tokens(self, records: Sequence[TokenRecord], name: str) -> Doc | None:
        """Make a document from one or more sentences whose tags have the same scheme.

        records (Sequence[TokenRecord]): The sentences.
        name (str): The name of the file.
        RETURNS (Optional[Doc]): The document, None if it has no words.
        """
        words: list[str] = []
        tags: list[str] = []
        starts: list[bool | int | None] = []
        for record in records:
            words += record.words
            tags += self._tags(record, name)
            starts += [number == 0 for number in range(len(record.words))]
        if all(map(is_blank, words)):
            self._skips.add(EMPTY, at_line(name, records[0].line), quote(" ".join(words)))
            return None
        sent_starts = starts if len(records) > 1 else None
        return Doc(self._nlp.vocab, words=words, ents=tags, sent_starts=sent_starts)

    def from_doc(self, record: DocRecord, name: str) -> Doc | None:
        """Rename the labels of a document from a .spacy file: those of its entities, of its other
        spans, and those that it says it is annotated for.

        record (DocRecord): The document.
        name (str): The name of the file.
        RETURNS (Optional[Doc]): The same document, None if it has no words.
        """
        doc = record.doc
        if all(is_blank(token.text) for token in doc):
            self._skips.add(EMPTY, at_line(name, record.line), quote(doc.text))
            return None
        where = f"{name}, document {record.line}"
        for ent in doc.ents:
            self.labels.name(ent.label_, where)  # raises an error if there can't be such a label
        ents = self._renamed(doc.ents, where)
        if ents != list(doc.ents):
            doc.set_ents(ents, default="unmodified")
        for key, group in doc.spans.items():
            spans = self._renamed(group, where)
            if spans != list(group):
                doc.spans[key] = SpanGroup(doc, name=group.name, attrs=group.attrs, spans=spans)
        annotated: Any = doc.user_data.get(LABELS_KEY)
        if is_label_list(annotated):
            names = (self._new_name(label, where) for label in annotated)
            doc.user_data[LABELS_KEY] = tuple(dict.fromkeys(names))
        return doc

    def _renamed(self, spans: Iterable[Span], where: str) -> list[Span]:
        return [
            Span(s.doc, s.start, s.end, new, kb_id=s.kb_id, span_id=s.id)
            if (new := self._new_name(s.label_, where)) != s.label_
            else s
            for s in spans
        ]

    def _new_name(self, label: str, where: str) -> str:
        """The new name of a label. Other spans than entities may have any label, or none."""
        return self.labels.name(label, where) if label in self.labels.rename else label

    def _tags(self, record: TokenRecord, name: str) -> list[str]:
        tags = to_iob2(record.tags)
        if any(map(is_blank, record.words)):
            tags = list(_trimmed(record.words, tags))
        for index, tag in enumerate(tags):
            if len(tag) > _ANNOTATION:
                line = record.lines[index] if record.lines else record.line
                label = self.labels.name(tag[_ANNOTATION:], at_line(name, line))
                tags[index] = tag[:_ANNOTATION] + label
        return tags


class Labels:
    """Renames labels, and rejects labels that would cause problems.

    rename (Mapping[str, str]): New names for labels.
    """

    def __init__(self, rename: Mapping[str, str]) -> None:
        self.rename = rename
        self._known: dict[str, str] = {}

    @property
    def missing(self) -> list[str]:
        """The labels to rename that didn't occur."""
        return [label for label in self.rename if label not in self._known]

    def name(self, label: str, where: str) -> str:
        """The name of a label.

        label (str): The label in the file.
        where (str): The file and line, for messages.
        RETURNS (str): The name.
        RAISES (ValueError): If the name is empty or has whitespace or unprintable characters.
        """
        known = self._known.get(label)
        if known is None:
            known = self.rename.get(label, label)
            if problem := problem_of(known):
                shown = Errors.WN186.format(
                    where=where, label=label, why=problem, fix=usable(known)
                )
                raise ValueError(shown.encode("utf8", "backslashreplace").decode("utf8"))
            self._known[label] = known
        return known


def problem_of(label: str) -> str:
    """What is wrong with a label, empty if nothing is."""
    if not label:
        return "is empty"
    if label.split() != [label]:
        return "has whitespace in it"
    return "" if label.isprintable() else "has unprintable characters"


def usable(label: str) -> str:
    """A label to use instead of one with whitespace or unprintable characters."""
    visible = "".join(letter if letter.isprintable() else " " for letter in label)
    return "_".join(visible.split()) or "OTHER"


def _trimmed(words: Sequence[str], tags: Sequence[str]) -> Iterator[str]:
    """Change tags to make entities begin and end with visible words."""
    begins = False
    for index, (word, tag) in enumerate(zip(words, tags, strict=True)):
        begins = tag[:1] == "B" or (begins and tag[:1] == "I")
        if len(tag) <= _ANNOTATION:
            yield tag
        elif is_blank(word) and (begins or _ends(words, tags, index)):
            yield "O"
        else:
            yield f"{'B' if begins else 'I'}{tag[1:]}"
            begins = False


def _ends(words: Sequence[str], tags: Sequence[str], index: int) -> bool:
    """Whether no visible word of an entity comes after a word."""
    for word, tag in zip(words[index + 1 :], tags[index + 1 :], strict=True):
        if tag[:1] != "I":
            return True
        if not is_blank(word):
            return False
    return True


def is_blank(word: str) -> bool:
    """Whether a word has no visible character."""
    return not word.strip().strip(ZERO_WIDTH)


def words_and_spaces(text: str, tokens: Sequence[tuple[int, int]]) -> tuple[list[str], list[bool]]:
    """Make the words of a text from its tokens. As in spaCy, a single space after a word belongs to
    it, and all other whitespace is a word.

    text (str): The text.
    tokens (Sequence[Tuple[int, int]]): The ranges of characters of its tokens, in order.
    RETURNS (Tuple[List[str], List[bool]]): The words, and whether a space follows each of them.
    """
    words: list[str] = []
    spaces: list[bool] = []
    at = 0
    for start, end in (*tokens, (len(text), len(text))):
        gap = text[at:start]
        if words and gap.startswith(" "):
            spaces[-1] = True
            gap = gap[1:]
        own = [word for word in (gap, text[start:end]) if word]
        words += own
        spaces += [False] * len(own)
        at = end
    return words, spaces


def set_entities(
    doc: Doc, record: TextRecord, name: Callable[[Entity], str], on_skip: OnSkip, expected: str
) -> str:
    """Set the entities of a document. If an entity can't be set, its tokens count as not annotated.

    doc (Doc): The document.
    record (TextRecord): The record that it was made from.
    name (Callable[[Entity], str]): Returns the label of an entity.
    on_skip (OnSkip): Called with each entity that is left out.
    expected (str): The unit of offsets if this document doesn't show it.
    RETURNS (str): The unit of the offsets, see `convert_offsets`.
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
    """A span of whole tokens, None unless the first and last are visible."""
    span = doc.char_span(start, end, label=label)
    if span is None or is_blank(span[0].text) or is_blank(span[-1].text):
        return None
    return span


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out invisible characters at both ends."""
    while start < end and is_blank(text[start]):
        start += 1
    while start < end and is_blank(text[end - 1]):
        end -= 1
    return start, end


def _places(text: str, piece: str) -> list[tuple[int, int]]:
    """All positions of a string in a text."""
    places, at = [], text.find(piece) if piece.strip() else -1
    while at >= 0:
        places.append((at, at + len(piece)))
        at = text.find(piece, at + len(piece))
    return places
