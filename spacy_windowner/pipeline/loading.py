from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import srsly

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


def read_cfg(source: Path | bytes, exclude: Iterable[str]) -> dict[str, Any] | None:
    """Read the cfg of a saved component, which says what shape its model has.

    source (Union[Path, bytes]): The component's directory, or what `to_bytes` returned.
    exclude (Iterable[str]): Names of parts that are not to be loaded.
    RETURNS (Optional[Dict[str, Any]]): The cfg. None if it isn't saved, or excluded.
    """
    if "cfg" in exclude:
        return None
    if isinstance(source, Path):
        return dict(srsly.read_json(source / "cfg"))
    saved = srsly.msgpack_loads(source)
    return dict(srsly.json_loads(saved["cfg"])) if "cfg" in saved else None
