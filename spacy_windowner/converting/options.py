from collections.abc import Mapping, Sequence
from typing import NamedTuple

AUTO = "auto"
"""Tell it from the content."""


class Options(NamedTuple):
    """How files are to be read.

    format (str): Their format, one of `recognize.FORMATS`, or "auto".
    encoding (Optional[str]): Their encoding. If None UTF-8 or, after its mark, UTF-16.
    scheme (str): The scheme of tags, one of `schemes.SCHEMES`, or "auto".
    word_column (Optional[int]): The column of words, from 1, or from -1 at the end.
    tag_column (Optional[int]): The column of tags, likewise.
    tag_names (Sequence[str]): What numbers stand for.
    rename (Mapping[str, str]): Labels that get another name.
    """

    format: str = AUTO
    encoding: str | None = None
    scheme: str = AUTO
    word_column: int | None = None
    tag_column: int | None = None
    tag_names: Sequence[str] = ()
    rename: Mapping[str, str] = {}
