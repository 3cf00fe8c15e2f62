"""Finds the files to convert, and recognizes the format of each from its content."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from spacy.vocab import Vocab

from ..errors import Errors
from .binary_files import SUFFIX, is_doc_bin, open_doc_bin, open_parquet
from .json_records import open_json_array, open_json_lines
from .json_values import is_json_array, is_json_lines
from .records import AUTO, Options, Reading
from .schemes import is_tag
from .tables import find_layout, open_table
from .text_file import TextFile
from .text_formats import (
    ANN,
    TXT,
    is_brat,
    is_inline,
    open_brat,
    open_conll,
    open_inline,
    split_columns,
)

_OPENERS: dict[str, Callable[[TextFile, Options], Reading]] = {
    "jsonl": open_json_lines,
    "json": open_json_array,
    "label-studio": open_json_array,
    "conll": open_conll,
    "iob": open_inline,
    "csv": open_table,
    "tsv": open_table,
    "brat": open_brat,
    "parquet": open_parquet,
}
FORMATS = (*_OPENERS, "spacy")
"""The formats of annotated files."""
SUFFIXES = (".jsonl", ".json", ".conll", ".conll2003", ".iob", ".bio", ".txt", ".tsv", ".csv",
            ".parquet", ".spacy", ".ann")  # fmt: skip
"""Suffixes of the files that are read from a folder. They may be followed by .gz."""
_OTHERS = ("dataset_info.json", "dataset_dict.json", "state.json", "meta.json")
_GZIP = ".gz"
_PARQUET = b"PAR1"
_SAMPLE = 200  # lines from which the format is recognized


class Input(NamedTuple):
    """A file to convert.

    path (Path): The file. For a pair of brat's files it is the text.
    format (str): The format, if other files in the folder show it, otherwise "auto".
    unit (Path): The input that becomes one output file: the file or, for brat, its folder.
    name (str): The name of the unit, without the suffix of its format.
    """

    path: Path
    format: str
    unit: Path
    name: str


def find_inputs(source: Path) -> tuple[list[Input], int]:
    """Find the files of a source, always in the same order.

    source (Path): A file or folder.
    RETURNS (Tuple[List[Input], int]): The files, and how many files in the folder were skipped
        because of their suffix.
    RAISES (ValueError): If there are none.
    """
    try:
        if source.is_dir():
            found = sorted(_walk(source))
            known = [path for path in found if _is_known(path)]
            if not known:
                why = f"the names of files in a folder must end in one of {', '.join(SUFFIXES)}"
                raise ValueError(Errors.WN180.format(path=source, why=why))
            return _pair(known, source), len(found) - len(known)
        if not source.exists():
            why = "there is no such file or folder"
            raise ValueError(Errors.WN180.format(path=source, why=why))
        if not source.is_file():
            why = "it is a pipe or a device, not a file"
            raise ValueError(Errors.WN180.format(path=source, why=why))
    except OSError as error:
        raise ValueError(Errors.WN180.format(path=source, why=error)) from error
    return _pair([source], None), 0


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not is_hidden and path.is_file():
            yield path


def _is_known(path: Path) -> bool:
    return path.name.removesuffix(_GZIP).endswith(SUFFIXES) and path.name not in _OTHERS


def _pair(paths: Sequence[Path], root: Path | None) -> list[Input]:
    """Keep the text of each of brat's pairs. In a folder with .ann files all texts are brat's."""
    folders = {path.parent for path in paths if path.suffix == ANN}
    inputs: dict[Path, Input] = {}
    for path in paths:
        is_brat = path.suffix in (TXT, ANN) and path.parent in folders
        if path.suffix == ANN and path.with_suffix(TXT).is_file():
            path = path.with_suffix(TXT)
        unit = path.parent if is_brat and root is not None else path
        name = _stem(unit, root)
        inputs.setdefault(path, Input(path, "brat" if is_brat else AUTO, unit, name))
    return list(inputs.values())


def _stem(path: Path, root: Path | None) -> str:
    """The name of a file or folder, without the suffix of the format. In a folder it is a relative
    path."""
    if path == root:
        return path.resolve().name
    name = path.relative_to(root).as_posix() if root is not None else path.name
    if path.is_dir():
        return name
    name = name.removesuffix(_GZIP)
    end = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
    return name.removesuffix(end) or name


def recognize(file: TextFile, options: Options, vocab: Vocab) -> Reading:
    """Recognize the format of a file.

    file (TextFile): The file.
    options (Options): The options.
    vocab (Vocab): The vocabulary of the documents.
    RETURNS (Reading): How to read the file.
    RAISES (ValueError): If the format can't be recognized, or isn't the one in the options.
    """
    name = options.format if options.format != AUTO else _format(file, options)
    if name == "spacy":
        return open_doc_bin(file, vocab)
    return _OPENERS[name](file, options)


def _format(file: TextFile, options: Options) -> str:
    head = file.head(len(_PARQUET))
    if head == _PARQUET:
        return "parquet"
    if is_doc_bin(head) or file.path.suffix == SUFFIX:
        return "spacy"
    if is_brat(file):
        return "brat"
    if is_json_array(file):  # may be a single line of any length
        return "json"
    lines = list(islice((line for _, line in file.lines() if line.strip()), _SAMPLE))
    if not lines:
        raise ValueError(Errors.WN188.format(path=file.name, why="The file is empty."))
    if is_json_lines(file):
        return "jsonl"
    if 2 * sum(map(is_inline, lines)) >= len(lines):
        return "iob"
    if find_layout(file, options) is not None:
        return "csv"
    rows = [line for line in lines if line[0] != "#"] or lines  # others may be comments
    if 2 * sum(map(_has_tag, rows)) >= len(rows):
        return "conll"
    formats = ", ".join(FORMATS)
    line = lines[0].rstrip("\r\n")
    raise ValueError(Errors.WN181.format(path=file.name, line=line, formats=formats))


def _has_tag(line: str) -> bool:
    """Whether a line may be CoNLL: any column after the first is a tag."""
    return any(map(is_tag, split_columns(line)[1:]))
