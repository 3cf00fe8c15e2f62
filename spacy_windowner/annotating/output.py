"""The folder that is written:

    manifest.json               the settings and, at the end, the totals
    finished.log                a line of JSON for each finished shard
    shard-000000.jsonl ...      the shards
    rejects/shard-000000.jsonl  what could not be read for a shard, if there was anything

A shard is finished when its line is in the log. Its files are whole before.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from json import dumps, loads
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import Errors
from ..files.atomic import PART, write_atomically
from ..files.lock import lock_folder
from .shards import Shard
from .sources import format_of
from .tagger import Annotated

MANIFEST = "manifest.json"
LOG = "finished.log"
REJECTS = "rejects"


class Finished(NamedTuple):
    """A finished shard.

    shard (int): Its number.
    digest (str): That of its input.
    docs (int): The documents annotated.
    words (int): Their tokens.
    entities (int): The entities found.
    rejects (int): What could not be read or annotated.
    first_reject (str): The first of that.
    """

    shard: int
    digest: str
    docs: int
    words: int
    entities: int
    rejects: int
    first_reject: str


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
        """Whether a shard was finished before.

        shard (Shard): The shard.
        RETURNS (bool): Whether it was.
        RAISES (ValueError): If it was made of other input.
        """
        before = self.finished.get(shard.number)
        is_other = before is not None and before.digest != shard.digest
        if is_other or (self._n_shards is not None and shard.number >= self._n_shards):
            raise ValueError(Errors.WN114.format(path=self.path, number=shard.number))
        return before is not None

    def save(self, shard: Shard, annotated: Annotated) -> None:
        """Write a shard.

        shard (Shard): The shard.
        annotated (Annotated): What was made of it.
        RAISES (OSError): If it can't be written. Then no file of it is left.
        """
        rejects = [*shard.rejects, *annotated.rejects]
        first = str(rejects[0]) if rejects else ""
        line = Finished(shard.number, shard.digest, annotated.docs, annotated.words,
                        annotated.entities, len(rejects), first)  # fmt: skip
        with explain_full_disk(self.path):
            if rejects:
                self.rejects_path(shard.number).parent.mkdir(exist_ok=True)
                lines = "".join(f"{dumps(reject.to_dict())}\n" for reject in rejects)
                write_atomically(self.rejects_path(shard.number), lines.encode("utf8"))
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
        shards = self.finished.values()
        totals = Totals(
            n_shards,
            sum(shard.docs for shard in shards),
            sum(shard.words for shard in shards),
            sum(shard.entities for shard in shards),
            sum(shard.rejects for shard in shards),
        )
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
                shard = Finished(**loads(line))
                if self.shard_path(shard.shard).exists():  # else somebody wants it anew
                    self.finished[shard.shard] = shard

    def _remove_unfinished(self) -> None:
        """Remove files that were written when the run was stopped."""
        keep = {self.shard_path(number) for number in self.finished}
        keep |= {self.rejects_path(number) for number in self.finished}
        for folder in (self.path, self.path / REJECTS):
            for path in [*folder.glob("shard-*"), *folder.glob(f"*{PART}")]:
                if path not in keep:
                    path.unlink(missing_ok=True)


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
