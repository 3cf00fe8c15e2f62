"""Where what was found is written: standard output, for the rows alone, or a folder:

    manifest.json               the settings and, at the end, the totals
    finished.log                a line of JSON for each finished shard
    shard-000000.jsonl ...      the shards
    rejects/shard-000000.jsonl  what could not be read for a shard, if there was anything

A shard is finished when its line is in the log. Its files are whole before, and as long as they are
those that the line tells of, they stay.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from json import dumps, loads
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from ...errors import Errors
from ...files import PART, lock_folder, write_atomically
from .sources import Shard, format_of
from .tagger import Annotated

STANDARD_OUTPUT = "-"
MANIFEST = "manifest.json"
LOG = "finished.log"
REJECTS = "rejects"


class Content(NamedTuple):
    """What tells the content of a file from any other.

    size (int): Its bytes.
    hash (str): A hash of them.
    """

    size: int
    hash: str

    @classmethod
    def of(cls, data: bytes) -> "Content":
        """RETURNS (Content): That of these bytes."""
        return cls(len(data), blake2b(data, digest_size=16).hexdigest())

    def is_in(self, path: Path) -> bool:
        """Whether a file has it.

        path (Path): The file.
        RETURNS (bool): Whether it has. False if it can't be read.
        """
        try:
            return path.stat().st_size == self.size and Content.of(path.read_bytes()) == self
        except OSError:
            return False


class Finished(NamedTuple):
    """A finished shard.

    shard (int): Its number.
    digest (str): That of its input.
    docs (int): The documents annotated.
    words (int): Their tokens.
    entities (int): The entities found.
    rejects (int): What could not be read or annotated.
    first_reject (str): The first of that.
    content (Content): That of its file.
    rejects_content (Optional[Content]): That of its file of rejects, None if it has none.
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
        """RETURNS (Finished): The shard of a line of the log."""
        fields = loads(line)
        for name in ("content", "rejects_content"):
            fields[name] = None if fields[name] is None else Content(*fields[name])
        return cls(**fields)


class Totals(NamedTuple):
    """What a finished folder holds.

    shards (int): Shards.
    docs (int): Documents annotated.
    words (int): Their tokens.
    entities (int): Entities found.
    rejects (int): What could not be read or annotated.
    """

    shards: int
    docs: int
    words: int
    entities: int
    rejects: int

    @classmethod
    def of(cls, shards: Iterable[Finished]) -> "Totals":
        """RETURNS (Totals): Those of finished shards."""
        counts = [(1, one.docs, one.words, one.entities, one.rejects) for one in shards]
        return cls(*map(sum, zip(*counts, strict=True))) if counts else cls(0, 0, 0, 0, 0)


class Output(Protocol):
    """Where shards are written.

    finished (Dict[int, Finished]): The shards that are finished, by their numbers.
    """

    finished: dict[int, Finished]

    def is_finished(self, shard: Shard) -> bool:
        """RETURNS (bool): Whether a shard was finished by an earlier run."""

    def save(self, shard: Shard, annotated: Annotated) -> None:
        """Write a shard."""

    def finish(self, n_shards: int) -> Totals:
        """RETURNS (Totals): What was written, now that it is all."""

    def close(self) -> None:
        """End the run."""


class OutputFolder:
    """The folder that is written, by one run at a time: close it at the end.

    path (Union[str, Path]): The folder, made if necessary. If it holds finished shards, they stay,
        and files of others are removed.
    settings (Dict[str, Any]): What the shards depend on. Plain JSON values.
    format (str): The format of the shards.
    RAISES (ValueError): If it can't be used, or another run is writing to it, or its shards were
        made with other settings.
    RAISES (OSError): If it can't be written.
    """

    def __init__(self, path: str | Path, settings: dict[str, Any], format: str) -> None:
        self.path = Path(path)
        self.finished: dict[int, Finished] = {}
        self.changed: list[Path] = []  # files of finished shards, which are made anew
        self._settings = settings
        self._format = format
        self._n_shards: int | None = None  # known when all are finished
        self._check_place()
        with ExitStack() as lock, explain_full_disk(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if not lock.enter_context(lock_folder(self.path)):
                why = "another run is writing to it. Wait for its end, or stop it"
                raise ValueError(Errors.WN111.format(path=self.path, why=why))
            if (self.path / MANIFEST).exists():
                self._read_log()
                self._read_manifest()
                self._remove_unfinished()
            if not self.finished:
                self._n_shards = None
                self._write_manifest(None)
            self._lock = lock.pop_all()

    def close(self) -> None:
        """Let other runs write to it."""
        self._lock.close()

    def shard_path(self, number: int) -> Path:
        """The file of a shard."""
        return self.path / f"shard-{number:06}.{self._format}"

    def rejects_path(self, number: int) -> Path:
        """The file of what could not be read for a shard."""
        return self.path / REJECTS / f"shard-{number:06}.jsonl"

    def is_finished(self, shard: Shard) -> bool:
        """Whether a shard was finished before, and its files are still the same.

        shard (Shard): The shard.
        RETURNS (bool): Whether it was.
        RAISES (ValueError): If it was made of other input.
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
        annotated (Annotated): What was made of it.
        RAISES (OSError): If it can't be written. Then no file of it is left.
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
                log.write(f"{dumps(line._asdict())}\n".encode())
                log.flush()
                os.fsync(log.fileno())
        self.finished[shard.number] = line

    def finish(self, n_shards: int) -> Totals:
        """Note that all shards are finished.

        n_shards (int): How many there are.
        RETURNS (Totals): What the folder holds.
        RAISES (ValueError): If more were finished before, of other input.
        RAISES (OSError): If it can't be written.
        """
        beyond = [number for number in self.finished if number >= n_shards]
        if beyond:
            raise ValueError(Errors.WN114.format(path=self.path, number=min(beyond)))
        totals = Totals.of(self.finished.values())
        with explain_full_disk(self.path):
            self._write_manifest(totals._asdict())
        return totals

    def _check_place(self) -> None:
        path, why = self.path, ""
        if path.is_file() or (not path.exists() and _is_file_name(path.name)):
            why = "it must be a folder, for there is a file in it for each shard"
        elif path.exists() and not (path / MANIFEST).exists() and self._others():
            why = f"it holds files, and no {MANIFEST} of an earlier run"
        if why:
            raise ValueError(Errors.WN111.format(path=path, why=why))

    def _others(self) -> list[Path]:
        """The files there but what is left if the very first was being written."""
        return [path for path in self.path.iterdir() if path.name != f"{MANIFEST}{PART}"]

    def _write_manifest(self, totals: dict[str, int] | None) -> None:
        manifest = {"settings": self._settings, "finished": totals}
        data = dumps(manifest, indent=2, ensure_ascii=False)
        write_atomically(self.path / MANIFEST, data.encode("utf8"))

    def _read_manifest(self) -> None:
        path = self.path / MANIFEST
        with _explain_damage(path):
            manifest = loads(path.read_bytes())
            before, totals = dict(manifest["settings"]), manifest["finished"]
            self._n_shards = None if totals is None else int(totals["shards"])
        now = self._settings
        if not self.finished:
            return  # nothing was made with other settings
        names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
        if names:
            differences = ", ".join(
                f"{name} was {before.get(name)!r} and is {now.get(name)!r}" for name in names
            )
            raise ValueError(Errors.WN112.format(path=self.path, differences=differences))

    def _read_log(self) -> None:
        path = self.path / LOG
        data = path.read_bytes() if path.exists() else b""
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:  # stopped in the middle of a line
            write_atomically(path, whole)
        with _explain_damage(path):
            for line in whole.splitlines():
                shard = Finished.from_line(line)
                if self.shard_path(shard.shard).exists():  # else somebody wants it anew
                    self.finished[shard.shard] = shard

    def _remove_unfinished(self) -> None:
        """Remove files that were written when the run was stopped."""
        keep = {self.shard_path(number) for number in self.finished}
        keep |= {self.rejects_path(one.shard) for one in self.finished.values() if one.rejects}
        for folder in (self.path, self.path / REJECTS):
            for path in [*folder.glob("shard-*"), *folder.glob(f"*{PART}")]:
                if path not in keep:
                    path.unlink(missing_ok=True)


class OutputStream:
    """A stream that rows are written to, shard after shard in the order of the corpus. No other run
    goes on after them, and what could not be read is only counted.

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
        annotated (Annotated): What was made of it.
        RAISES (BrokenPipeError): If nobody reads them any more.
        RAISES (OSError): If they can't be written.
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
        """Nothing is left to do: the stream stays open."""


def open_output(
    place: str | Path | IO[bytes], settings: dict[str, Any], format: str
) -> OutputFolder | OutputStream:
    """Open what is to be written.

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
    """RAISES (OSError): With what to do, if writing to the folder fails."""
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
