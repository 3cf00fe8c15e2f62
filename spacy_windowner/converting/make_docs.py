"""Documents of spaCy from what is read."""

from collections.abc import Iterator, Mapping, Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span

from .align import is_blank, set_entities
from .json_values import quote
from .kinds import EMPTY, TOO_LONG, Kind
from .labels import Labels
from .offsets import CHARACTERS
from .records import DocRecord, Entity, TextRecord, TokenRecord
from .schemes import to_iob2
from .skips import Skips

_ANNOTATION = 2  # the first character of a label in a tag


class DocMaker:
    """Makes documents.

    nlp (Language): The pipeline, whose tokenizer is used.
    rename (Mapping[str, str]): Labels that get another name.
    skips (Skips): Counts what is left out.
    """

    def __init__(self, nlp: Language, rename: Mapping[str, str], skips: Skips) -> None:
        self.units: dict[str, str] = {}
        """What offsets counted other than characters, and where first."""
        self._nlp = nlp
        self._labels = Labels(rename)
        self._skips = skips

    def from_text(self, record: TextRecord, name: str, unit: str) -> Doc | None:
        """A document of raw text.

        record (TextRecord): The text and its entities.
        name (str): The file.
        unit (str): What offsets of the file count.
        RETURNS (Optional[Doc]): The document, None if it has no word or is too long.
        """
        if len(record.text) > self._nlp.max_length:
            what = f"{len(record.text):,} characters: {quote(record.text)}"
            self._skips.add(TOO_LONG, _where(name, record.line), what)
            return None
        doc = self._nlp.make_doc(record.text)
        if all(is_blank(token.text) for token in doc):
            self._skips.add(EMPTY, _where(name, record.line), quote(record.text))
            return None

        def name_of(entity: Entity) -> str:
            return self._labels.name(entity.label, _where(name, entity.line or record.line))

        def on_skip(kind: Kind, entity: Entity) -> None:
            piece = entity.text or record.text[max(0, entity.start) : max(0, entity.end)]
            what = f"{quote(piece)} ({entity.label}, {entity.start} to {entity.end})"
            self._skips.add(kind, _where(name, entity.line or record.line), what)

        unit = set_entities(doc, record, name_of, on_skip, unit)
        if unit != CHARACTERS:
            self.units.setdefault(unit, _where(name, record.line))
        return doc

    def from_tokens(self, records: Sequence[TokenRecord], name: str) -> Doc | None:
        """A document of one sentence or several, whose tags are of one scheme.

        records (Sequence[TokenRecord]): The sentences.
        name (str): The file.
        RETURNS (Optional[Doc]): The document, None if it has no word.
        """
        words: list[str] = []
        tags: list[str] = []
        starts: list[bool | int | None] = []
        for record in records:
            words += record.words
            tags += self._tags(record, name)
            starts += [number == 0 for number in range(len(record.words))]
        if all(map(is_blank, words)):
            self._skips.add(EMPTY, _where(name, records[0].line), quote(" ".join(words)))
            return None
        sent_starts = starts if len(records) > 1 else None
        return Doc(self._nlp.vocab, words=words, ents=tags, sent_starts=sent_starts)

    def from_doc(self, record: DocRecord, name: str) -> Doc | None:
        """A document that is one already.

        record (DocRecord): The document.
        name (str): The file.
        RETURNS (Optional[Doc]): The same, None if it has no word.
        """
        doc = record.doc
        if all(is_blank(token.text) for token in doc):
            self._skips.add(EMPTY, _where(name, record.line), quote(doc.text))
            return None
        renamed: list[Span] = []
        for ent in doc.ents:
            label = self._labels.name(ent.label_, f"{name}, document {record.line}")
            if label != ent.label_:
                copy = Span(doc, ent.start, ent.end, label, kb_id=ent.kb_id, span_id=ent.id)
                renamed.append(copy)
        if renamed:
            doc.set_ents(renamed, default="unmodified")
        return doc

    def _tags(self, record: TokenRecord, name: str) -> list[str]:
        tags = to_iob2(record.tags)
        if any(map(is_blank, record.words)):
            tags = list(_trimmed(record.words, tags))
        for index, tag in enumerate(tags):
            if len(tag) > _ANNOTATION:
                line = record.lines[index] if record.lines else record.line
                label = self._labels.name(tag[_ANNOTATION:], _where(name, line))
                tags[index] = tag[:_ANNOTATION] + label
        return tags


def _trimmed(words: Sequence[str], tags: Sequence[str]) -> Iterator[str]:
    """Tags by which no entity begins or ends with a word that isn't seen."""
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
    """Whether nothing that is seen of an entity comes after a word."""
    for word, tag in zip(words[index + 1 :], tags[index + 1 :], strict=True):
        if tag[:1] != "I":
            return True
        if not is_blank(word):
            return False
    return True


def _where(name: str, line: int) -> str:
    return f"{name}, line {line}" if line else name
