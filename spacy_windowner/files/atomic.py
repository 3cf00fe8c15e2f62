import os
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file beside its place, then move it there, so that no reader ever sees half of it,
    even after a loss of power. If that fails, the place is as it was before.

    path (Path): The file. What was there is replaced.
    data (bytes): Its content.
    RAISES (OSError): If it can't be written, e.g. since the disk is full.
    """
    beside = path.with_name(f"{path.name}{PART}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:  # Ctrl+C, too
        with suppress(OSError):  # the first error says more than that it can't be removed, either
            beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the system note on the disk which files a folder holds.

    folder (Path): The folder.
    """
    if os.name != "posix":  # elsewhere folders can't be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


PART = ".part"
"""The end of the name of a file that is being written."""
