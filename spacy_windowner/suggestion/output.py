from collections.abc import Iterable
from json import dumps  # srsly's rounds numbers
from pathlib import Path
from typing import Any

from ..errors import Errors
from ..files.atomic import PART, write_atomically

_SUFFIX = ".jsonl"


class Output:
    """A file of JSON lines, which is written as a whole or not at all. That it can be written is
    tried at once, before there is anything to write.

    path (Path): The file. Its folder is made if necessary.
    inputs (Iterable[Path]): Files that must not be overwritten.
    RAISES (ValueError): If it can't be written.
    """

    def __init__(self, path: Path, inputs: Iterable[Path]) -> None:
        self.path = path
        if path.suffix != _SUFFIX:
            raise self._error(f"its name doesn't end in {_SUFFIX}")
        if path.resolve() in [other.resolve() for other in inputs]:
            raise self._error("documents are read from it")
        if path.is_dir():
            raise self._error("it is a folder")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}{PART}")
            beside.touch()
            beside.unlink()
        except OSError as error:
            raise self._error(str(error)) from error

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write the file.

        rows (Iterable[Dict[str, Any]]): What its lines hold.
        RAISES (ValueError): If it can't be written. What was there before stays.
        """
        try:
            lines = "".join(f"{dumps(row, ensure_ascii=False)}\n" for row in rows)
            write_atomically(self.path, lines.encode("utf8"))
        except OSError as error:
            raise self._error(str(error)) from error

    def _error(self, why: str) -> ValueError:
        return ValueError(Errors.WN082.format(path=self.path, why=why))
