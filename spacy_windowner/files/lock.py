import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_folder(path: Path) -> Iterator[bool]:
    """Have a folder for this process alone, as far as others ask by this function, too. The system
    ends it with the process, however that ends.

    path (Path): The folder.
    YIELDS (bool): Whether nobody else has it. True where the system can't tell.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield True
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_free = True
    except BlockingIOError:
        is_free = False
    except OSError:  # a file system without locks
        is_free = True
    try:
        yield is_free
    finally:
        os.close(descriptor)
