"""The command `annotate`."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer, msg

from ..files import MAX_LINE
from ..progress import Stage
from ..tools.annotate.annotate import ENGINES, SHARD_SIZE, Status, annotate
from ..tools.annotate.output import STANDARD_OUTPUT
from ..tools.annotate.sources import FORMATS, INPUT_FORMATS, STANDARD_INPUT
from ..tools.annotate.tagger import ENCODERS
from ..tools.errors import Errors
from ._util import CODE, MODEL, Bar, Quiet, Verbose, counted, explain_errors, windowner_cli

_INPUT = (
    f"File of documents ({', '.join(FORMATS)}), a folder of such files, or - for standard input. "
    "In a .txt file, each line is a document"
)
_OUTPUT = (
    "Folder to write. If it has shards of an interrupted run, this run continues after them. Or - "
    "for rows as jsonl on standard output"
)
_N_PROCESS = "Number of processes. By default 1 or, with Ray, one per processor"
_TEXT = "Key or column of the text. By default text"
_ID = "Key or column of the ID, which all documents must have. By default id, else file and line"
_SHARD = "Characters of text in a shard. Shards are kept in memory"
_LINE = "Maximum bytes of a line, or of a text in a .parquet file. Longer ones are rejected"
_STRICT = "Exit with 1 if any document was rejected"
_COMPONENT = "Write only the entities of this window_ner component. By default all of doc.ents"
_ADDRESS = "Address of a Ray cluster, as host:port. By default this machine"
_GOES_ON = ". The same command continues after the finished shards"
_BROKEN_PIPE = 128 + 13  # the exit code for SIGPIPE, which Windows doesn't have


@windowner_cli.command("annotate")
def annotate_cli(
    model: Annotated[str, Arg(help=MODEL)],
    source: Annotated[str, Arg(help=_INPUT, metavar="INPUT")],
    output: Annotated[str, Arg(help=_OUTPUT)],
    n_process: Annotated[int | None, Opt("--n-process", "-j", help=_N_PROCESS)] = None,
    format: Annotated[
        str, Opt("--format", "-f", help=f"Output format: one of {', '.join(ENCODERS)}")
    ] = "jsonl",
    text_column: Annotated[str | None, Opt(help=_TEXT)] = None,
    id_column: Annotated[str | None, Opt(help=_ID)] = None,
    input_format: Annotated[
        str | None, Opt(help=f"Format of standard input: {' (default) or '.join(INPUT_FORMATS)}")
    ] = None,
    shard_size: Annotated[int, Opt(help=_SHARD)] = SHARD_SIZE,
    max_line: Annotated[int, Opt(help=_LINE)] = MAX_LINE,
    strict: Annotated[bool, Opt("--strict", help=_STRICT)] = False,
    component: Annotated[str | None, Opt(help=_COMPONENT)] = None,
    engine: Annotated[str, Opt(help=f"Engine: one of {', '.join(ENGINES)}")] = "local",
    ray_address: Annotated[str | None, Opt(help=_ADDRESS)] = None,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Annotate a corpus of any size.

    Writes rows of document ID, start, end, label, text and score as .jsonl or .parquet, or .spacy
    documents, in shards. Memory use doesn't depend on the size of the corpus. If the run is
    stopped or killed, the same command continues after the finished shards. Input that can't be
    read is counted and kept in OUTPUT/rejects. The exit code is 0 nevertheless, unless you use
    --strict.

    EXAMPLE:

      \b
      python -m spacy windowner annotate model/model-best corpus/ annotated/ \\
        --n-process 4

      \b
      zcat news.jsonl.gz | \\
        python -m spacy windowner annotate model/model-best - - | gzip > rows.gz
    """
    begin = time.monotonic()
    is_endless = source == STANDARD_INPUT
    goes_on = "" if output == STANDARD_OUTPUT else _GOES_ON
    with (
        _reserve_stdout(output) as place,
        explain_errors(verbose),
        _explain_stop(goes_on),
        Bar(quiet, threaded=False) as bar,
    ):
        progress = _Progress(bar, is_endless)
        done = annotate(
            model,
            source,
            place,
            n_process=n_process,
            format=format,
            text_column=text_column,
            id_column=id_column,
            input_format=input_format,
            shard_size=shard_size,
            max_line=max_line,
            component=component,
            engine=engine,
            ray_address=ray_address,
            code=code,
            on_shard=progress,
        )
        bar.clear()
        totals, out = done.totals, Printer(no_print=quiet)
        if done.other_files:
            out.info(f"Skipped {counted(done.other_files, 'file')} of other formats")
        if done.new_shards < totals.shards:
            out.info(f"{totals.shards - done.new_shards:,} of the shards were already finished")
        seconds = time.monotonic() - begin
        rejects = f", and {totals.rejects:,} rejected" if totals.rejects else ""
        out.good(
            f"{counted(totals.entities, 'entity', 'entities')} in "
            f"{counted(totals.docs, 'document')} of {counted(totals.words, 'word')}{rejects}",
            f"{'Standard output' if output == STANDARD_OUTPUT else output}: "
            f"{counted(totals.shards, 'shard')}. This run: {counted(progress.words, 'word')} in "
            f"{seconds:.0f} s",
        )
        if strict and totals.rejects:
            lines = totals.rejects + totals.docs
            raise ValueError(Errors.WN124.format(rejects=totals.rejects, lines=lines))


@contextmanager
def _reserve_stdout(output: str) -> Iterator[str | IO[bytes]]:
    """Reserve standard output for rows if they are written there: everything that this process and
    its child processes print goes to standard error. If the reader closes the pipe, exit silently,
    as usual.

    output (str): The output.
    YIELDS (Union[str, IO[bytes]]): The same, or a stream to standard output.
    """
    if output != STANDARD_OUTPUT or sys.stdout is None:
        yield output
        return
    number = sys.stdout.fileno()
    rows = os.fdopen(os.dup(number), "wb")
    os.dup2(sys.stderr.fileno(), number)
    try:
        yield rows
    except BrokenPipeError:
        sys.exit(_BROKEN_PIPE)
    finally:
        sys.stdout.flush()
        os.dup2(rows.fileno(), number)
        with suppress(OSError):  # a failed write has already been reported
            rows.close()


@contextmanager
def _explain_stop(goes_on: str) -> Iterator[None]:
    """Print how to continue after Ctrl+C or SIGTERM, and exit with the usual code."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    except (KeyboardInterrupt, _Terminated) as error:
        msg.warn(f"Stopped{goes_on}")
        sys.exit(128 + (signal.SIGTERM if isinstance(error, _Terminated) else signal.SIGINT))
    finally:
        signal.signal(signal.SIGTERM, before)


class _Terminated(BaseException):
    """Raised on SIGTERM."""


def _end(number: int, frame: FrameType | None) -> None:
    raise _Terminated


class _Progress:
    """Shows the progress of the shards in a bar.

    bar (Bar): The bar.
    is_endless (bool): Whether the size of the input is unknown.
    """

    def __init__(self, bar: Bar, is_endless: bool) -> None:
        self.words = 0  # annotated by this run
        self._bar = bar
        self._is_endless = is_endless
        self._begin = time.monotonic()
        self._done = self._before = 0

    def __call__(self, status: Status) -> None:
        self.words += status.words if status.is_new else 0
        self._done += status.n_bytes
        self._before += 0 if status.is_new else status.n_bytes  # not used to estimate the time left
        speed = self.words / max(1e-9, time.monotonic() - self._begin)
        text = f"{self.words:,} words, {speed:,.0f}/s"
        size = 0 if self._is_endless else status.size
        self._bar(Stage(text, self._done, size), self._before)
