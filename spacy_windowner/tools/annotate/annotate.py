"""Annotates a corpus of any size, shard by shard, and continues after an interruption."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, NamedTuple

from ...errors import check_setting
from ...files import MAX_LINE
from ..errors import Errors, Warnings
from ..pipelines import load_pipeline
from ..reading import require_pyarrow
from .local_engine import annotate_here, annotate_in_processes
from .output import REJECTS, STANDARD_OUTPUT, Output, OutputFolder, Totals, open_output
from .ray_engine import annotate_with_ray
from .read import read_sources
from .records import Columns
from .sources import (
    INPUT_FORMATS,
    STANDARD_INPUT,
    Shard,
    cut_into_shards,
    find_sources,
    require_columns_for,
    require_readable,
)
from .tagger import ENCODERS, Annotated, Tagger, TaggerSettings

SHARD_SIZE = 1_000_000
ENGINES = ("local", "ray")
_BLOCK = 2**20  # bytes read at a time


class Status(NamedTuple):
    """The progress after a shard.

    size (int): The size of all files on the disk, in bytes. 0 for standard input.
    n_bytes (int): The bytes that the shard was read from.
    words (int): The number of tokens in the shard.
    is_new (bool): Whether this run annotated the shard, rather than an earlier one.
    """

    size: int
    n_bytes: int
    words: int
    is_new: bool


class Summary(NamedTuple):
    """The result of a run.

    totals (Totals): The contents of the output.
    new_shards (int): The number of shards that this run annotated.
    other_files (int): The number of files in the input folder that were skipped because they have
        other formats.
    """

    totals: Totals
    new_shards: int
    other_files: int


def annotate(
    model: str | Path,
    source: str | Path,
    output: str | Path | IO[bytes],
    *,
    n_process: int | None = None,
    format: str = "jsonl",
    text_column: str | None = None,
    id_column: str | None = None,
    input_format: str | None = None,
    shard_size: int = SHARD_SIZE,
    max_line: int = MAX_LINE,
    component: str | None = None,
    engine: str = "local",
    ray_address: str | None = None,
    code: str | Path | None = None,
    on_shard: Callable[[Status], None] | None = None,
) -> Summary:
    """Annotate a corpus, shard by shard, with memory use that doesn't depend on its size. The
    contents of the shards depend only on the corpus, the pipeline and the settings, not on the
    number of processes. If the run is interrupted at any moment, even by a power failure, a second
    call with the same arguments continues after the finished shards.

    With more than one process, call it below `if __name__ == "__main__":`.

    model (Union[str, Path]): Folder or package of the pipeline.
    source (Union[str, Path]): A file (.txt with one document per line or .jsonl, optionally
        followed by .gz, or .parquet), a folder of such files, or "-" for standard input.
    output (Union[str, Path, IO[bytes]]): The folder to write, created if necessary, see
        `OutputFolder`. Or "-" for standard output, or another binary stream: it gets only the rows,
        as JSON, and an interrupted run can't be continued.
    n_process (Optional[int]): The number of processes. None for 1 or, with Ray, for one per
        processor.
    format (str): The output format: rows as "jsonl" or "parquet", or documents as "spacy".
    text_column (Optional[str]): The key or column of the text, "text" if None.
    id_column (Optional[str]): The key or column of the document's ID, which every document must
        have. If None, "id" where there is one, otherwise file and line, as in "news.txt:17".
    input_format (Optional[str]): The format of standard input, "jsonl" or "txt". None for "jsonl".
    shard_size (int): The size of a shard, in characters of text.
    max_line (int): The maximum size of a line, or of a text in a Parquet file, in bytes. Longer
        ones are rejected and never completely in memory.
    component (Optional[str]): The component whose entities are written. None for all of doc.ents.
    engine (str): "local", or "ray" for a Ray cluster, which needs the extra `ray`.
    ray_address (Optional[str]): The cluster's address. None for this machine.
    code (Optional[Union[str, Path]]): Python file that all processes import first, see
        `load_pipeline`.
    on_shard (Optional[Callable[[Status], None]]): Called after each shard.
    RETURNS (Summary): The result.
    RAISES (ValueError): If an argument isn't valid, if the corpus can't be read, or if the folder
        has shards of another pipeline, corpus or settings.
    RAISES (ImportError): If an extra is missing.
    RAISES (OSError): If the output can't be written.
    RAISES (RuntimeError): If a process ends unexpectedly.
    """
    _check_choices(n_process, format, input_format, shard_size, max_line, engine, ray_address)
    is_stream = output == STANDARD_OUTPUT or not isinstance(output, str | Path)
    why = "Standard output supports only jsonl."
    check_setting(not is_stream or format == "jsonl", "format", format, why)
    sources, other_files = find_sources(source, input_format)
    require_columns_for((text_column, id_column), sources)
    if format == "parquet" or any(one.format == "parquet" for one in sources):
        require_pyarrow()
    if isinstance(output, str | Path) and not is_stream:
        _require_outside(Path(output), source)
    tagger = Tagger(load_pipeline(model, code), format, component)
    settings: dict[str, Any] = {
        "model": fingerprint(Path(tagger.nlp.path)),
        "code": None if code is None else fingerprint(Path(code)),
        "versions": {name: version(name) for name in ("spacy-windowner", "spacy")},
        "format": format,
        "component": component,
        "text_column": text_column,
        "id_column": id_column,
        "shard_size": shard_size,
        "max_line": max_line,
    }
    # Other processes may have another working directory.
    place = str(Path(model).resolve() if Path(model).exists() else model)
    file = None if code is None else str(Path(code).resolve())
    of_others = TaggerSettings(place, settings["model"], file, format, component)
    with closing(open_output(output, settings, format)) as opened:
        items = read_sources(sources, Columns.named(text_column, id_column), max_line)
        work = _Work(opened, sum(one.size for one in sources), on_shard)
        shards = work.unfinished(cut_into_shards(require_readable(items, str(source)), shard_size))
        if engine == "ray":
            annotated = annotate_with_ray(of_others, n_process, ray_address, shards, is_stream)
        elif n_process in (None, 1):
            annotated = annotate_here(tagger, shards)
        else:
            del tagger
            annotated = annotate_in_processes(of_others, n_process, shards, is_stream)
        with closing(annotated):  # ends the processes if a shard can't be saved
            for shard, result in annotated:
                work.save(shard, result)
        totals = opened.finish(work.n_shards)
    if totals.rejects:
        first = min(shard for shard in opened.finished.values() if shard.rejects).first_reject
        path = opened.path / REJECTS if isinstance(opened, OutputFolder) else None
        lines = totals.rejects + totals.docs
        message = Warnings.WW110 if path else Warnings.WW112
        message = message.format(rejects=totals.rejects, lines=lines, path=path, first=first)
        warnings.warn(message, stacklevel=2)
    if isinstance(opened, OutputFolder) and opened.changed:
        n, first = len(opened.changed), opened.changed[0].name
        message = Warnings.WW111.format(n=n, path=opened.path, first=first)
        warnings.warn(message, stacklevel=2)
    return Summary(totals, work.n_new, other_files)


def _check_choices(
    n_process: int | None,
    format: str,
    input_format: str | None,
    shard_size: int,
    max_line: int,
    engine: str,
    ray_address: str | None,
) -> None:
    numbers = {"n_process": n_process, "shard_size": shard_size, "max_line": max_line}
    for name, number in numbers.items():
        check_setting(number is None or number >= 1, name, number, "It must be at least 1.")
    for name, value, known in (
        ("format", format, tuple(ENCODERS)),
        ("input_format", input_format, (None, *INPUT_FORMATS)),
        ("engine", engine, ENGINES),
    ):
        why = f"Choose one of {', '.join(one for one in known if one is not None)}."
        check_setting(value in known, name, value, why)
    is_used = ray_address is None or engine == "ray"
    check_setting(is_used, "ray_address", ray_address, "It needs the engine ray.")


def _require_outside(output: Path, source: str | Path) -> None:
    """RAISES (ValueError): If the output is inside the input folder."""
    if str(source) == STANDARD_INPUT or not Path(source).is_dir():
        return
    if output.resolve().is_relative_to(Path(source).resolve()):
        why = f"it is inside the input folder, {source}"
        raise ValueError(Errors.WN111.format(path=output, why=why))


def fingerprint(place: Path) -> str:
    """Compute a hash that identifies a saved pipeline or a file.

    place (Path): The pipeline's folder, or the file.
    RETURNS (str): A hash of the names and contents of all files.
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


class _Work:
    """Selects the unfinished shards, saves the annotated ones, and counts both.

    output (Output): The output.
    size (int): The size of all input files, in bytes.
    on_shard (Optional[Callable[[Status], None]]): Called after each shard.
    """

    def __init__(
        self, output: Output, size: int, on_shard: Callable[[Status], None] | None
    ) -> None:
        self.n_shards = self.n_new = 0
        self._output = output
        self._size = size
        self._on_shard = on_shard

    def unfinished(self, shards: Iterable[Shard]) -> Iterator[Shard]:
        """YIELDS (Shard): The shards that weren't finished by an earlier run."""
        for shard in shards:
            self.n_shards += 1
            if self._output.is_finished(shard):
                self._tell(shard, is_new=False)
            else:
                yield shard

    def save(self, shard: Shard, annotated: Annotated) -> None:
        """Save an annotated shard."""
        self._output.save(shard, annotated)
        self.n_new += 1
        self._tell(shard, is_new=True)

    def _tell(self, shard: Shard, is_new: bool) -> None:
        if self._on_shard is not None:
            words = self._output.finished[shard.number].words
            self._on_shard(Status(self._size, shard.n_bytes, words, is_new))
