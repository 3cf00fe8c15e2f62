from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Errors


@contextmanager
def explain_damage(name: str, source: str | Path) -> Iterator[None]:
    """Turn what deserialization raises on damaged data into an error that says so.

    name (str): The component's name.
    source (Union[str, Path]): Where the data comes from.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError) as error:
        reason = str(error) or type(error).__name__
        raise ValueError(Errors.WN009.format(name=name, path=source, reason=reason)) from error


def require_files(name: str, path: Path, files: Iterable[str]) -> None:
    """Reject a directory that lacks a file.

    name (str): The component's name.
    path (Path): Its directory.
    files (Iterable[str]): The files it must have.
    RAISES (ValueError): If one is missing.
    """
    for file in files:
        if not (path / file).is_file():
            raise ValueError(Errors.WN008.format(name=name, path=path, file=file))
