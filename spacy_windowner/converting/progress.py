from collections.abc import Callable, Sequence
from typing import NamedTuple

from .records import Reading
from .text_file import TextFile


class Status(NamedTuple):
    """How far a conversion is.

    n_docs (int): Documents that are converted.
    done (int): Bytes that are read. All is read twice.
    size (int): Bytes to read.
    """

    n_docs: int
    done: int
    size: int


class OpenFile(NamedTuple):
    """A file that is converted.

    file (TextFile): The file.
    reading (Reading): How it is read.
    size (int): Its bytes.
    target (int): The number of the file that it goes to.
    """

    file: TextFile
    reading: Reading
    size: int
    target: int


class Progress:
    """Tells how far a conversion is.

    files (Sequence[OpenFile]): The files, which are read twice.
    tell (Optional[Callable[[Status], None]]): Called with how far it is.
    """

    def __init__(self, files: Sequence[OpenFile], tell: Callable[[Status], None] | None) -> None:
        self.n_docs = 0
        self._files = files
        self._done = 0
        self._size = 2 * sum(file.size for file in files)
        self._tell = tell

    def __call__(self, number: int) -> None:
        """Tell how far it is.

        number (int): The number of the file that is read.
        """
        if self._tell is not None:
            file = self._files[number]
            done = self._done + min(file.file.position, file.size)
            self._tell(Status(self.n_docs, done, self._size))

    def finish(self, number: int) -> None:
        """Count a file as read.

        number (int): Its number.
        """
        self._done += self._files[number].size
        self._files[number].file.position = 0
