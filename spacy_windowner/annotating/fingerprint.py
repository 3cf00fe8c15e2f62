"""What tells pipelines apart."""

from hashlib import blake2b
from pathlib import Path

_BLOCK = 2**20  # bytes read at a time


def fingerprint(place: Path) -> str:
    """What tells a saved pipeline, or a file, from any other.

    place (Path): Its folder, or the file.
    RETURNS (str): A hash of the contents of all its files and of their names in the folder.
    """
    digest = blake2b(digest_size=16)
    for path in [place] if place.is_file() else sorted(place.rglob("*")):
        if path.is_file():
            name = path.relative_to(place).as_posix()
            digest.update(f"{name!r} {path.stat().st_size}\n".encode())
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
    return digest.hexdigest()
