"""Reads JSON records of documents: one per line or in an array, and tasks of Label Studio."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import srsly

from ..errors import Errors
from ..reading import is_unicode, kind_of
from .json_values import first_value, read_array, read_lines
from .records import (
    NO_OFFSETS,
    NO_RECORD,
    NO_UNICODE,
    NO_WORD,
    NOT_ANNOTATED,
    OTHER_ANNOTATIONS,
    OTHER_TOKENS,
    REJECTED,
    TAGS_AND_ENTITIES,
    Entity,
    Kind,
    Options,
    Reading,
    Record,
    Skip,
    TextRecord,
    TokenRecord,
    quote,
)
from .schemes import MISSING
from .text_file import TextFile

ENTITIES = ("spans", "entities", "label", "labels")
"""Keys of entities. The first key that has entities is used. An empty list or null means that there
are none."""
TAGS = ("ner_tags", "tags", "labels", "ner")
"""Keys of tags."""
_STARTS = ("start", "start_offset")
_ENDS = ("end", "end_offset")
_IGNORED = -100  # the number for no annotation
_INFO = "dataset_info.json"  # written by the library `datasets`
_ANNOTATIONS = ("annotations", "completions")  # "completions" up to version 1.0


def open_json_lines(file: TextFile, options: Options) -> Reading:
    """Open a file with one document per line.

    file (TextFile): The file.
    options (Options): The options.
    RETURNS (Reading): How to read the file.
    """
    names = options.tag_names or _known_names(file.path)

    def read() -> Iterator[Record]:
        for line, value in read_lines(file):
            if isinstance(value, Skip):
                yield value
            else:
                yield from read_fields(value, line, names, file.where(line))

    return Reading("jsonl", "JSON, one document per line", read)


def open_json_array(file: TextFile, options: Options) -> Reading:
    """Open a file with an array of documents, or of tasks of Label Studio.

    file (TextFile): The file.
    options (Options): The options.
    RETURNS (Reading): How to read the file.
    """
    names = options.tag_names or _known_names(file.path)
    is_export = is_task(first_value(file)) or options.format == "label-studio"

    def read() -> Iterator[Record]:
        for line, value in read_array(file):
            if is_export:
                yield from read_task(value, line)
            else:
                yield from read_fields(value, line, names, file.where(line))

    if is_export:
        return Reading("label-studio", "Label Studio's JSON", read)
    return Reading("json", "a JSON array of documents", read)


def names_of_features(info: Any) -> Sequence[str]:
    """Find the names of tags in the info of a data set of the library `datasets`.

    info (Any): The info, a dict with "features".
    RETURNS (Sequence[str]): The names, empty if there are none.
    """
    features = info.get("features") if isinstance(info, dict) else None
    for key in ("ner_tags", "tags", "labels"):
        feature = features.get(key) if isinstance(features, dict) else None
        inner = feature.get("feature", feature) if isinstance(feature, dict) else None
        names = inner.get("names") if isinstance(inner, dict) else None
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return names
    return ()


def _known_names(path: Path) -> Sequence[str]:
    try:
        return names_of_features(srsly.read_json(path.with_name(_INFO)))
    except (OSError, ValueError):
        return ()


def read_fields(value: Any, line: int, tag_names: Sequence[str], where: str) -> Iterator[Record]:
    """Read a document.

    value (Any): The fields or, as in spaCy 2, the text and a dict with "entities".
    line (int): The line.
    tag_names (Sequence[str]): The names of tags that are given as numbers.
    where (str): The file and line, for messages.
    YIELDS (Record): The document, or why it was left out.
    RAISES (ValueError): If the name of a number isn't known.
    """
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict):
        value = {"text": value[0], **value[1]}
    if not isinstance(value, dict):
        yield Skip(line, NO_RECORD, f"{kind_of(value)}, not an object")
    elif value.get("answer") not in (None, "accept"):
        yield Skip(line, REJECTED, f"{value['answer']}: {quote(str(value.get('text', '')))}")
    elif isinstance(value.get("tokens"), list) and (key := _tags_key(value)):
        if _has_entities(value):
            yield Skip(line, TAGS_AND_ENTITIES, quote(" ".join(map(str, value["tokens"]))))
        yield from _read_tokens(value["tokens"], value[key], line, tag_names, where)
    elif isinstance(value.get("text"), str):
        yield from _read_text(value, line)
    else:
        yield Skip(line, NO_RECORD, f'no "text", but {quote(", ".join(value) or "nothing")}')


def _read_text(value: Mapping[str, Any], line: int) -> Iterator[Record]:
    text = value["text"]
    found = [value[key] for key in ENTITIES if isinstance(value.get(key, ""), list | None)]
    if not found and value.get("answer") != "accept":  # Prodigy may leave the key out
        yield Skip(line, NOT_ANNOTATED, quote(text))
        return
    items: list[Any] = next(filter(None, found), [])
    record = text_record(text, items, line, value.get("_is_binary") is True)
    if isinstance(record, TextRecord) and _has_token_objects(value):
        tokens = _read_offsets(value["tokens"], text)
        if tokens is None:
            yield Skip(line, OTHER_TOKENS, quote(text))
        else:
            record = record._replace(tokens=tokens)
    yield record


def _has_token_objects(value: Mapping[str, Any]) -> bool:
    """Whether there are tokens as Prodigy writes them, in addition to a text."""
    tokens = value.get("tokens")
    return isinstance(tokens, list) and any(isinstance(token, dict) for token in tokens)


def _read_offsets(tokens: list[Any], text: str) -> list[tuple[int, int]] | None:
    """Read the offsets of tokens.

    tokens (List[Any]): The tokens, as dicts with "start", "end" and perhaps "text".
    text (str): The text.
    RETURNS (Optional[List[Tuple[int, int]]]): The offsets, None if they don't fit the text.
    """
    offsets: list[tuple[int, int]] = []
    at = 0
    for token in tokens:
        if not isinstance(token, dict):
            return None
        start, end = to_offset(token.get("start")), to_offset(token.get("end"))
        if start is None or end is None or not at <= start < end <= len(text):
            return None
        if text[at:start].strip() or token.get("text") not in (None, text[start:end]):
            return None
        offsets.append((start, end))
        at = end
    return None if text[at:].strip() else offsets


def text_record(
    text: str, items: Sequence[Any], line: int, is_partial: bool = False
) -> TextRecord | Skip:
    """Make a document from a text and its entities.

    text (str): The text.
    items (Sequence[Any]): The entities, as lists or dicts.
    line (int): The line.
    is_partial (bool): Whether all other tokens count as not annotated.
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


def read_entity(value: Any) -> list[Entity] | None:
    """Read an entity.

    value (Any): A list of start, end and label, or a dict.
    RETURNS (Optional[List[Entity]]): An entity for each label, None if the value isn't an entity.
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


def to_offset(value: Any) -> int | None:
    """Convert a value to a whole number. None if it isn't one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _tags_key(value: Mapping[str, Any]) -> str | None:
    """The key of a list of tags. A list with lists or dicts is a list of entities."""
    if _has_token_objects(value):
        return None
    return next(
        (
            key
            for key in TAGS
            if isinstance(value.get(key), list)
            and not any(isinstance(tag, list | dict) for tag in value[key])
        ),
        None,
    )


def _has_entities(value: Mapping[str, Any]) -> bool:
    """Whether a list has entities, rather than tags or the names of categories."""
    lists = [value[key] for key in ENTITIES if isinstance(value.get(key), list)]
    return any(isinstance(item, list | dict) for items in lists for item in items)


def _read_tokens(
    words: list[Any], tags: list[Any], line: int, tag_names: Sequence[str], where: str
) -> Iterator[Record]:
    if len(words) != len(tags):
        yield Skip(line, NO_RECORD, f"{len(words)} words, but {len(tags)} tags")
        return
    if not all(isinstance(word, str) for word in words):
        yield Skip(line, NO_RECORD, "a word that isn't a string")
        return
    names = [_tag(tag, tag_names, where) for tag in tags]
    if kind := _problem([*words, *names]):
        yield Skip(line, kind, quote(ascii(" ".join(words))))
        return
    pairs = [(word, tag) for word, tag in zip(words, names, strict=True) if word]
    if len(pairs) < len(words):
        yield Skip(line, NO_WORD, quote(" ".join(words)))
    has_numbers = any(name not in (tag, MISSING) for name, tag in zip(names, tags, strict=True))
    kept, kept_tags = [word for word, _ in pairs], [tag for _, tag in pairs]
    yield TokenRecord(line, kept, kept_tags, has_numbers=has_numbers)


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


def read_task(value: Any, line: int) -> Iterator[Record]:
    """Read a task of Label Studio. Of several annotations, the ground truth is used or, if there is
    none, the first one. Cancelled annotations are ignored.

    value (Any): The task.
    line (int): The line.
    YIELDS (Record): The document, or why it was left out.
    """
    text = _text(value["data"]) if is_task(value) else None
    if text is None:
        yield Skip(line, NO_RECORD, f"no text in its data: {quote(str(value))}")
        return
    found = next(value[key] for key in _ANNOTATIONS if isinstance(value.get(key), list))
    usable = [one for one in found if isinstance(one, dict) and not one.get("was_cancelled")]
    if not usable:
        yield Skip(line, NOT_ANNOTATED, quote(text))
        return
    usable.sort(key=lambda one: not one.get("ground_truth"))
    for _ in usable[1:]:
        yield Skip(line, OTHER_ANNOTATIONS, quote(text))
    results = usable[0].get("result")
    values = [
        result.get("value")
        for result in (results if isinstance(results, list) else [])
        if isinstance(result, dict)
        and result.get("type", "labels") in ("labels", "hypertextlabels")
    ]
    yield text_record(text, values, line)


def is_task(value: Any) -> bool:
    """Whether a value is a task with annotations."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("data"), dict)
        and any(isinstance(value.get(key), list) for key in _ANNOTATIONS)
    )


def _text(data: dict[str, Any]) -> str | None:
    """The text of a task: "text", or the only string."""
    if isinstance(data.get("text"), str):
        return data["text"]
    texts = [value for value in data.values() if isinstance(value, str)]
    return texts[0] if len(texts) == 1 else None
