"""Tells the format of a file from its content."""

from collections.abc import Callable
from itertools import islice

from spacy.vocab import Vocab

from ..errors import Errors
from .brat import is_brat, open_brat
from .conll import open_conll, split_columns
from .doc_bins import SUFFIX, is_doc_bin, open_doc_bin
from .inline import is_inline, open_inline
from .json_files import open_json_array, open_json_lines
from .json_values import is_json_array, is_json_lines
from .options import AUTO, Options
from .records import Reading
from .schemes import is_tag
from .tables import find_layout, open_table
from .text_file import TextFile

_PARQUET = b"PAR1"
_SAMPLE = 200  # lines


def _open_parquet(file: TextFile, options: Options) -> Reading:
    from .parquet_files import open_parquet

    return open_parquet(file, options)


_OPENERS: dict[str, Callable[[TextFile, Options], Reading]] = {
    "jsonl": open_json_lines,
    "json": open_json_array,
    "label-studio": open_json_array,
    "conll": open_conll,
    "iob": open_inline,
    "csv": open_table,
    "tsv": open_table,
    "brat": open_brat,
    "parquet": _open_parquet,
}
FORMATS = (*_OPENERS, "spacy")
"""Formats of annotated files."""


def recognize(file: TextFile, options: Options, vocab: Vocab) -> Reading:
    """Find out how to read a file.

    file (TextFile): The file.
    options (Options): What is known of it.
    vocab (Vocab): The vocabulary of documents.
    RETURNS (Reading): How it is read.
    RAISES (ValueError): If the format can't be told, or the file isn't of the one it should be.
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
    if is_json_array(file):  # which may be a single line of any length
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
    """Whether it may be a line of CoNLL: a column after the first is a tag."""
    return any(map(is_tag, split_columns(line)[1:]))
