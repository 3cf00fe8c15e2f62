from collections.abc import Sequence
from typing import NamedTuple

GOOD, INFO, TEXT, WARN, FAIL = "good", "info", "text", "warn", "fail"
"""How bad something is: the methods of `wasabi.Printer` that print it."""


class Finding(NamedTuple):
    """Something to tell of the data.

    kind (str): GOOD, INFO, TEXT, WARN or FAIL.
    text (str): What it is, as a sentence or so.
    examples (Sequence[str]): Where it is.
    rows (Sequence[Sequence[str]]): A table in place of the text, its head first.
    verbose (bool): Whether it is for those who ask for more.
    """

    kind: str
    text: str = ""
    examples: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    verbose: bool = False
