"""JSON files of documents: one a line, or in an array."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import srsly

from .fields import read_fields
from .json_values import first_value, read_array, read_lines
from .label_studio import is_task, read_task
from .options import Options
from .records import Reading, Record, Skip
from .text_file import TextFile

_INFO = "dataset_info.json"  # what the library `datasets` writes beside its files


def open_json_lines(file: TextFile, options: Options) -> Reading:
    """A file with a document a line.

    file (TextFile): The file.
    options (Options): How to read it.
    RETURNS (Reading): How it is read.
    """
    names = options.tag_names or _known_names(file.path)

    def read() -> Iterator[Record]:
        for line, value in read_lines(file):
            if isinstance(value, Skip):
                yield value
            else:
                yield from read_fields(value, line, names, file.where(line))

    return Reading("jsonl", "JSON, a document a line", read)


def open_json_array(file: TextFile, options: Options) -> Reading:
    """A file that is an array of documents, or of tasks of Label Studio.

    file (TextFile): The file.
    options (Options): How to read it.
    RETURNS (Reading): How it is read.
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
    """The names of tags in what the library `datasets` tells of a data set.

    info (Any): A dict of "features".
    RETURNS (Sequence[str]): The names, none if there are none.
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
