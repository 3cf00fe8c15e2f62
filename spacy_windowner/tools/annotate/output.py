"""Writes annotated shards to a stream, which gets only the rows, or to a folder:

    manifest.json               the settings and, at the end, the totals
    finished.log                a line of JSON for each finished shard
    shard-000000.jsonl ...      the shards
    rejects/shard-000000.jsonl  the rejects of a shard, if there are any

A shard is finished when its line is in the log, which is written after its files. A finished shard
isn't annotated again as long as its files match the hashes in that line.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from json import dumps, loads
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from ...files import PART, lock_folder, write_atomically
from ..errors import Errors
from .sources import Shard, format_of
from .tagger import Annotated

STANDARD_OUTPUT = "-"
MANIFEST = "manifest.json"
LOG = "finished.log"
REJECTS = "rejects"


class Content(NamedTuple):
    """The size and hash of a file's content.

    size (int): The number of bytes.
    hash (str): The hash.
    """

    size: int
    hash: str

    @classmethod
    def of(cls, data: bytes) -> "Content":
        """RETURNS (Content): The size and hash of some bytes."""
        return cls(len(data), blake2b(data, digest_size=16).hexdigest())

    def is_in(self, path: Path) -> bool:
        """Whether a file has this content.

        path (Path): The file.
        RETURNS (bool): Whether it has. False if the file can't be read.
        """
        try:
            return path.stat().st_size == self.size and Content.of(path.read_bytes()) == self
        except OSError:
            return False


class Finished(NamedTuple):
    """A finished shard.

    shard (int): The shard's number.
    digest (str): The digest of its input.
    docs (int): The number of annotated documents.
    words (int): The number of their tokens.
    entities (int): The number of entities found.
    rejects (int): The number of documents that couldn't be read or annotated.
    first_reject (str): The first reject.
    content (Content): The content of the shard's file.
    rejects_content (Optional[Content]): The content of its file of rejects, None if there is none.
    """

    shard: int
    digest: str
    docs: int
    words: int
    entities: int
    rejects: int
    first_reject: str
    content: Content
    rejects_content: Content | None

    @classmethod
    def from_line(cls, line: bytes) -> "Finished":
        """RETURNS (Finished): The shard that a line of the log describes."""
        fields = loads(line)
        for name in ("content", "rejects_content"):
            fields[name] = None if fields[name] is None else Content(*fields[name])
        return cls(**fields)

    def to_line(self) -> bytes:
        """RETURNS (bytes): The line of the log."""
        return f"{dumps(self._asdict())}\n".encode()


class Totals(NamedTuple):
    """The totals of an output.

    shards (int): The number of shards.
    docs (int): The number of annotated documents.
    words (int): The number of their tokens.
    entities (int): The number of entities found.
    rejects (int): The number of documents that couldn't be read or annotated.
    """

    shards: int
    docs: int
    words: int
    entities: int
    rejects: int

    @classmethod
    def of(cls, shards: Iterable[Finished]) -> "Totals":
        """RETURNS (Totals): The totals of finished shards."""
        counts = [(1, one.docs, one.words, one.entities, one.rejects) for one in shards]
        return cls(*map(sum, zip(*counts, strict=True))) if counts else cls(0, 0, 0, 0, 0)


class Output(Protocol):
    """Writes shards.

    finished (Dict[int, Finished]): The finished shards, by number.
    """

    finished: dict[int, Finished]

    def is_finished(self, shard: Shard) -> bool:
        """RETURNS (bool): Whether a shard was finished by an earlier run."""

    def save(self, shard: Shard, annotated: Annotated) -> None:
        """Write a shard."""

    def finish(self, n_shards: int) -> Totals:
        """RETURNS (Totals): The totals, after the last shard."""

    def close(self) -> None:
        """End the run."""


class OutputFolder:
    """Writes shards to a folder. Only one run at a time can write to it. Close it at the end.

    path (Union[str, Path]): The folder, created if necessary. Finished shards in it are kept, and
        files of unfinished ones are removed.
    settings (Dict[str, Any]): The settings that the shards depend on, as plain JSON values.
    format (str): The format of the shards.
    RAISES (ValueError): If the folder can't be used, if another run is writing to it, or if its
        shards were made with other settings.
    RAISES (OSError): If the folder can't be written.
    """

    def __init__(self, path: str | Path, settings: dict[str, Any], format: str) -> None:
        self.path = Path(path)
        self.finished: dict[int, Finished] = {}
        self.changed: list[Path] = []  # changed files of finished shards, which are annotated again
        self._settings = settings
        self._format = format
        self._n_shards: int | None = None  # known once all are finished
        self._check_place()
        with ExitStack() as lock, explain_full_disk(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if not lock.enter_context(lock_folder(self.path)):
                why = "another run is writing to it. Wait until it ends, or stop it"
                raise ValueError(Errors.WN111.format(path=self.path, why=why))
            if (self.path / MANIFEST).exists():
                before, format_before = self._read_manifest()
                self._read_log(format_before)
                self._require_same(before)
                self._remove_unfinished()
            if not self.finished:
                self._n_shards = None
                self._write_manifest(None)
            self._lock = lock.pop_all()

    def close(self) -> None:
        """Let other runs write to the folder."""
        self._lock.close()

    def shard_path(self, number: int) -> Path:
        """The file of a shard."""
        return self._path_in(self._format, number)

    def _path_in(self, format: str, number: int) -> Path:
        return self.path / f"shard-{number:06}.{format}"

    def rejects_path(self, number: int) -> Path:
        """The file of a shard's rejects."""
        return self.path / REJECTS / f"shard-{number:06}.jsonl"

    def is_finished(self, shard: Shard) -> bool:
        """Whether an earlier run finished a shard and its files are unchanged.

        shard (Shard): The shard.
        RETURNS (bool): Whether the shard is finished.
        RAISES (ValueError): If the finished shard was made from other input.
        """
        before = self.finished.get(shard.number)
        is_other = before is not None and before.digest != shard.digest
        if is_other or (self._n_shards is not None and shard.number >= self._n_shards):
            raise ValueError(Errors.WN114.format(path=self.path, number=shard.number))
        if before is None:
            return False
        path, rejects_path = self.shard_path(shard.number), self.rejects_path(shard.number)
        if not before.content.is_in(path):
            self.changed.append(path)
        elif before.rejects_content and not before.rejects_content.is_in(rejects_path):
            self.changed.append(rejects_path)
        else:
            return True
        del self.finished[shard.number]
        return False

    def save(self, shard: Shard, annotated: Annotated) -> None:
        """Write a shard.

        shard (Shard): The shard.
        annotated (Annotated): The shard's annotation.
        RAISES (OSError): If the shard can't be written. In that case, no part of it is left.
        """
        rejects = [dumps(one.to_dict()) for one in (*shard.rejects, *annotated.rejects)]
        lines = "".join(f"{reject}\n" for reject in rejects).encode("utf8")
        line = _finished(shard, annotated, Content.of(lines) if rejects else None)
        with explain_full_disk(self.path):
            if rejects:
                self.rejects_path(shard.number).parent.mkdir(exist_ok=True)
                write_atomically(self.rejects_path(shard.number), lines)
            write_atomically(self.shard_path(shard.number), annotated.data)
            with (self.path / LOG).open("ab") as log:
                log.write(line.to_line())
                log.flush()
                os.fsync(log.fileno())
        self.finished[shard.number] = line

    def finish(self, n_shards: int) -> Totals:
        """Record that all shards are finished.

        n_shards (int): The number of shards.
        RETURNS (Totals): The totals of the folder.
        RAISES (ValueError): If there are more finished shards, from other input.
        RAISES (OSError): If the manifest can't be written.
        """
        beyond = [number for number in self.finished if number >= n_shards]
        if beyond:
            raise ValueError(Errors.WN114.format(path=self.path, number=min(beyond)))
        totals = Totals.of(self.finished.values())
        with explain_full_disk(self.path):
            self._write_log()  # changed shards were added to it again
            self._write_manifest(totals._asdict())
        return totals

    def _check_place(self) -> None:
        path, why = self.path, ""
        if path.is_file() or (not path.exists() and _is_file_name(path.name)):
            why = "it must be a folder, because each shard is a file in it"
        elif path.exists() and not (path / MANIFEST).exists() and self._others():
            why = f"it has files, but no {MANIFEST} of an earlier run"
        if why:
            raise ValueError(Errors.WN111.format(path=path, why=why))

    def _others(self) -> list[Path]:
        """The files in the folder, except an unfinished manifest."""
        return [path for path in self.path.iterdir() if path.name != f"{MANIFEST}{PART}"]

    def _write_manifest(self, totals: dict[str, int] | None) -> None:
        manifest = {"settings": self._settings, "finished": totals}
        data = dumps(manifest, indent=2, ensure_ascii=False)
        write_atomically(self.path / MANIFEST, data.encode("utf8"))

    def _read_manifest(self) -> tuple[dict[str, Any], str]:
        """The settings of the earlier run, and its format."""
        path = self.path / MANIFEST
        with _explain_damage(path):
            manifest = loads(path.read_bytes())
            before, totals = dict(manifest["settings"]), manifest["finished"]
            self._n_shards = None if totals is None else int(totals["shards"])
            return before, str(before["format"])

    def _read_log(self, format: str) -> None:
        """Find the finished shards, which have the format of the earlier run."""
        path = self.path / LOG
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]  # without a line that was interrupted
        with _explain_damage(path):
            for line in whole.splitlines():
                shard = Finished.from_line(line)
                if self._path_in(format, shard.shard).exists():  # a deleted one is annotated again
                    self.finished[shard.shard] = shard

    def _require_same(self, before: dict[str, Any]) -> None:
        """RAISES (ValueError): If there are finished shards with other settings."""
        now = self._settings
        names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        if names and self.finished:
            differences = ", ".join(
                f"{name} was {before.get(name)!r} and is {now.get(name)!r}" for name in names
            )
            raise ValueError(Errors.WN112.format(path=self.path, differences=differences))

    def _remove_unfinished(self) -> None:
        """Remove files that were being written when the run was interrupted, and lines of the log
        whose shards are gone."""
        self._write_log()
        keep = {self.shard_path(number) for number in self.finished}
        keep |= {self.rejects_path(one.shard) for one in self.finished.values() if one.rejects}
        for folder in (self.path, self.path / REJECTS):
            for path in [*folder.glob("shard-*"), *folder.glob(f"*{PART}")]:
                if path not in keep:
                    path.unlink(missing_ok=True)

    def _write_log(self) -> None:
        """Make the log one line for each finished shard, if it isn't already."""
        path = self.path / LOG
        data = b"".join(one.to_line() for one in self.finished.values())
        if path.exists() and path.read_bytes() != data:
            write_atomically(path, data)


class OutputStream:
    """Writes rows to a stream, shard after shard in the order of the corpus. An interrupted run
    can't be continued, and rejects are only counted.

    file (Optional[IO[bytes]]): The stream, None if it is closed.
    RAISES (OSError): If it is closed.
    """

    def __init__(self, file: IO[bytes] | None) -> None:
        if file is None:
            raise OSError(Errors.WN123.format(reason="it is closed"))
        self.finished: dict[int, Finished] = {}
        self._file = file

    def is_finished(self, shard: Shard) -> bool:
        return False

    def save(self, shard: Shard, annotated: Annotated) -> None:
        """Write the rows of a shard.

        shard (Shard): The shard.
        annotated (Annotated): The shard's annotation.
        RAISES (BrokenPipeError): If the reader has closed the stream.
        RAISES (OSError): If the rows can't be written.
        """
        try:
            self._file.write(annotated.data)
            self._file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OSError(Errors.WN123.format(reason=error)) from error
        self.finished[shard.number] = _finished(shard, annotated, None)

    def finish(self, n_shards: int) -> Totals:
        return Totals.of(self.finished.values())

    def close(self) -> None:
        """Do nothing: the stream stays open."""


def open_output(
    place: str | Path | IO[bytes], settings: dict[str, Any], format: str
) -> OutputFolder | OutputStream:
    """Open the output.

    place (Union[str, Path, IO[bytes]]): The folder, "-" for standard output, or another stream.
    settings (Dict[str, Any]): See `OutputFolder`.
    format (str): The format of the shards.
    RETURNS (Union[OutputFolder, OutputStream]): The output.
    """
    if place == STANDARD_OUTPUT:
        return OutputStream(None if sys.stdout is None else sys.stdout.buffer)
    if isinstance(place, str | Path):
        return OutputFolder(place, settings, format)
    return OutputStream(place)


def _finished(shard: Shard, annotated: Annotated, rejects_content: Content | None) -> Finished:
    rejects = [*shard.rejects, *annotated.rejects]
    return Finished(
        shard.number,
        shard.digest,
        annotated.docs,
        annotated.words,
        annotated.entities,
        len(rejects),
        str(rejects[0]) if rejects else "",
        Content.of(annotated.data),
        rejects_content,
    )


def _is_file_name(name: str) -> bool:
    return format_of(name) is not None or name.endswith((".spacy", ".json", ".csv"))


@contextmanager
def explain_full_disk(path: Path) -> Iterator[None]:
    """RAISES (OSError): If writing to the folder fails, with advice."""
    try:
        yield
    except OSError as error:
        raise OSError(Errors.WN115.format(path=path, reason=error)) from error


@contextmanager
def _explain_damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(Errors.WN120.format(path=path, reason=reason)) from error
