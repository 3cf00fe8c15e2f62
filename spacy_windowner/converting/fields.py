"""Documents as objects of JSON or rows of Parquet: raw text with entities, or words with tags."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..annotating.columns import is_unicode, kind_of
from ..errors import Errors
from .json_values import quote
from .kinds import NO_OFFSETS, NO_RECORD, NO_UNICODE, NO_WORD, NOT_ANNOTATED, REJECTED, Kind
from .records import Entity, Record, Skip, TextRecord, TokenRecord
from .schemes import MISSING

ENTITIES = ("spans", "entities", "label", "labels")
"""Keys of entities. The first is taken that holds some or, without any, a list or null."""
_TAGS = ("ner_tags", "tags", "labels", "ner")
_STARTS = ("start", "start_offset")
_ENDS = ("end", "end_offset")
_IGNORED = -100  # the number of no tag


def read_fields(value: Any, line: int, tag_names: Sequence[str], where: str) -> Iterator[Record]:
    """Read a document.

    value (Any): Its fields or, as in spaCy 2, its text and a dict of "entities".
    line (int): Its line.
    tag_names (Sequence[str]): What numbers of tags stand for.
    where (str): Its place, for messages.
    YIELDS (Record): The document, or why it was left out.
    RAISES (ValueError): If it isn't known what a number stands for.
    """
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):
        value = {"text": value[0], **value[1]}
    if not isinstance(value, dict):
        yield Skip(line, NO_RECORD, f"{kind_of(value)}, not an object")
    elif value.get("answer") not in (None, "accept"):
        yield Skip(line, REJECTED, f"{value['answer']}: {quote(str(value.get('text', '')))}")
    elif isinstance(value.get("tokens"), list) and (key := _tags_key(value)):
        yield from _read_tokens(value["tokens"], value[key], line, tag_names, where)
    elif isinstance(value.get("text"), str):
        yield _read_text(value, line)
    else:
        yield Skip(line, NO_RECORD, f'no "text", but {quote(", ".join(value) or "nothing")}')


def to_offset(value: Any) -> int | None:
    """A whole number, None if it is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_entity(value: Any) -> list[Entity] | None:
    """An entity: a list of start, end and label, or a dict.

    value (Any): The list or the dict.
    RETURNS (Optional[List[Entity]]): One for each of its labels, None if it is none.
    """
    text: Any = None
    if isinstance(value, list | tuple) and len(value) >= 3:
        start, end, labels = value[:3]
    elif isinstance(value, dict):
        start = next((value[key] for key in _STARTS if key in value), None)
        end = next((value[key] for key in _ENDS if key in value), None)
        labels, text = value.get("label", value.get("labels")), value.get("text")
    else:
        return None
    first, last = to_offset(start), to_offset(end)
    labels = [labels] if isinstance(labels, str) else labels
    if first is None or last is None or not isinstance(labels, list) or not labels:
        return None
    if not all(isinstance(label, str) for label in labels):
        return None
    text = text if isinstance(text, str) else None
    return [Entity(first, last, label, text) for label in labels]


def text_record(
    text: str, items: Sequence[Any], line: int, is_partial: bool = False
) -> TextRecord | Skip:
    """A document of a text and its entities.

    text (str): The text.
    items (Sequence[Any]): Its entities, as lists or dicts.
    line (int): Its line.
    is_partial (bool): Whether it isn't known what all else is.
    RETURNS (Union[TextRecord, Skip]): The document, or why it was left out.
    """
    entities: list[Entity] = []
    for item in items:
        found = read_entity(item)
        if found is None:
            return Skip(line, NO_OFFSETS, quote(str(item)))
        entities += found
    if kind := _problem([text, *(entity.label for entity in entities)]):
        return Skip(line, kind, quote(ascii(text)))
    return TextRecord(line, text, entities, is_partial=is_partial)


def _read_text(value: Mapping[str, Any], line: int) -> TextRecord | Skip:
    text = value["text"]
    found = [value[key] for key in ENTITIES if isinstance(value.get(key, ""), list | None)]
    if not found and value.get("answer") != "accept":  # Prodigy may leave the key out
        return Skip(line, NOT_ANNOTATED, quote(text))
    items: list[Any] = next(filter(None, found), [])
    return text_record(text, items, line, value.get("_is_binary") is True)


def _tags_key(value: Mapping[str, Any]) -> str | None:
    """The key of a list of tags, which holds no lists or dicts, as one of entities does."""
    if any(isinstance(word, dict) for word in value["tokens"]):
        return None  # Prodigy's, beside a text
    return next(
        (
            key
            for key in _TAGS
            if isinstance(value.get(key), list)
            and not any(isinstance(tag, list | dict) for tag in value[key])
        ),
        None,
    )


def _read_tokens(
    words: list[Any], tags: list[Any], line: int, tag_names: Sequence[str], where: str
) -> Iterator[Record]:
    if len(words) != len(tags):
        yield Skip(line, NO_RECORD, f"{len(words)} words, but {len(tags)} tags")
        return
    if not all(isinstance(word, str) for word in words):
        yield Skip(line, NO_RECORD, "a word that is no string")
        return
    names = [_tag(tag, tag_names, where) for tag in tags]
    if kind := _problem([*words, *names]):
        yield Skip(line, kind, quote(ascii(" ".join(words))))
        return
    pairs = [(word, tag) for word, tag in zip(words, names, strict=True) if word]
    if len(pairs) < len(words):
        yield Skip(line, NO_WORD, quote(" ".join(words)))
    yield TokenRecord(line, [word for word, _ in pairs], [tag for _, tag in pairs])


def _tag(tag: Any, names: Sequence[str], where: str) -> str:
    if isinstance(tag, str) and not (names and tag.isdecimal()):
        return tag
    number = int(tag) if isinstance(tag, str) else to_offset(tag)
    if number == _IGNORED or tag is None:
        return MISSING
    if number is None or not 0 <= number < len(names):
        raise ValueError(Errors.WN189.format(where=where, tag=tag))
    return names[number]


def _problem(texts: Sequence[str]) -> Kind | None:
    return None if all(map(is_unicode, texts)) else NO_UNICODE
