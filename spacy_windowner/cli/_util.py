"""What all commands share: the Typer app, common options, error messages and the progress bar."""

import io
import logging
import shlex
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from functools import partial
from typing import Annotated, Any

import tqdm
import typer
from spacy.cli._util import Opt
from spacy.util import logger
from wasabi import msg

from .. import __version__
from ..progress import Stage

MODEL = "Folder or package of a pipeline with a window_ner component"
CODE = "Python file to import first, with functions that the pipeline needs"
COMPONENT = "Name of the component. Needed if there are several"
LANG = "Language of the text, e.g. de. xx for multiple languages"
VECTORS = "Folder or package of a pipeline with word vectors, e.g. from `spacy init vectors`"
LEXICON = "Lists of names: a .jsonl or .txt file, or a folder of these, see docs/lexicon.md"
CLUSTERS = (
    "Word clusters: spacy-lookups-data, a file, or a pipeline with some, see docs/clusters.md"
)
HELP = "Commands of spacy-windowner, named entity recognition by window classification."
_QUIET = "Print only warnings, errors and the requested output, and show no progress"
_VERBOSE = "Print what is otherwise shortened or left out, spaCy's log, and where errors come from"
Quiet = Annotated[bool, Opt("--quiet", "-q", help=_QUIET)]
Verbose = Annotated[bool, Opt("--verbose", "-V", help=_VERBOSE)]
_DELAY = 2.0  # seconds before the bar appears
_EVERY = 0.1  # seconds between two updates
_KNOWN = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}, {remaining} left]"
_UNKNOWN = "{desc} [{elapsed}]"
windowner_cli = typer.Typer(
    name="windowner", help=HELP, no_args_is_help=True, rich_markup_mode=None
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spacy-windowner {__version__}")
        raise typer.Exit


@windowner_cli.callback()
def main(
    version: Annotated[
        bool,
        Opt("--version", help="Print the version", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    pass


def suggest_next(command: Sequence[str], quiet: bool) -> None:
    """Print a command of spaCy to run next, in one line that can be pasted. wasabi would break it.

    command (Sequence[str]): Its arguments, the name of the command first.
    quiet (bool): Whether to print nothing.
    """
    if not quiet:
        typer.echo(f"Next: {shlex.join(['python', '-m', 'spacy', *command])}")


def counted(n: int, noun: str, plural: str = "") -> str:
    """A number with its noun, such as "1 file" or "2,000 entities".

    n (int): The number.
    noun (str): The noun in the singular.
    plural (str): Its plural, if it isn't the singular with an s.
    RETURNS (str): The text.
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


@contextmanager
def explain_errors(verbose: bool = False, text_to_stderr: bool = False) -> Iterator[None]:
    """Print the package's own errors and warnings, which the user can fix, without a traceback or
    source line. Exit after an error. Other errors and warnings aren't changed.

    verbose (bool): Whether to print the traceback and spaCy's log as well, on standard error.
    text_to_stderr (bool): Whether to redirect all printed text to standard error, because standard
        output is for data.
    """
    level = logger.level
    if verbose:
        logger.setLevel(logging.DEBUG)
    try:
        with (
            redirect_stdout(sys.stderr) if text_to_stderr else nullcontext(),
            warnings.catch_warnings(),
        ):
            warnings.showwarning = partial(_show, warnings.showwarning)
            try:
                yield
            except (ValueError, ImportError, OSError, RuntimeError) as error:
                if not str(error).startswith("[WN"):
                    raise
                if verbose:
                    traceback.print_exc()
                with tqdm.tqdm.external_write_mode():
                    msg.fail(str(error))
                sys.exit(1)
    finally:
        logger.setLevel(level)


def _show(show: Callable, message: Warning | str, *args: Any) -> None:
    if str(message).startswith("[WW"):
        with tqdm.tqdm.external_write_mode():  # keeps the bar intact
            msg.warn(str(message))
    else:
        show(message, *args)


class AboveBar(io.TextIOBase):
    """Writes to standard output above a progress bar."""

    def __init__(self) -> None:
        self._stream = sys.stdout

    def write(self, text: str) -> int:
        with tqdm.tqdm.external_write_mode():
            return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()


class Bar:
    """A progress bar on standard error. It appears if a command takes longer than two seconds and
    standard error is a terminal, and is removed at the end.

    quiet (bool): Whether to show no bar.
    threaded (bool): Whether a thread updates the bar while no progress is reported. Commands that
        start processes don't use it.
    """

    def __init__(self, quiet: bool = False, *, threaded: bool = True) -> None:
        self._stage = Stage("")
        self._initial = 0.0
        self._bar: tqdm.tqdm | None = None
        self._begin = time.time()  # the clock of tqdm
        self._drawn = 0.0
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._quiet = quiet or sys.stderr is None or not sys.stderr.isatty()
        self._threaded = threaded and not self._quiet

    def __enter__(self) -> "Bar":
        if self._threaded:
            threading.Thread(target=self._go_on, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.clear()

    def __call__(self, stage: Stage, initial: float = 0.0) -> None:
        """Show the progress.

        stage (Stage): The current stage.
        initial (float): How much of the stage an earlier run did. It doesn't count for the
            estimate of the remaining time.
        """
        self._stage, self._initial = stage, initial
        self._draw()

    def clear(self) -> None:
        """Remove the bar to print other lines. It reappears with the next update."""
        with self._lock:
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def _go_on(self) -> None:
        while not self._ended.wait(_EVERY):
            self._draw()

    def _draw(self) -> None:
        now = time.time()
        if self._quiet or now < self._begin + _DELAY or now < self._drawn + _EVERY:
            return
        with self._lock:
            if self._ended.is_set():
                return
            self._drawn = now
            text, done, total = self._stage
            shape = _KNOWN if total else _UNKNOWN
            if self._bar is None:
                self._bar = tqdm.tqdm(
                    desc=text,
                    total=total or None,
                    bar_format=shape,
                    smoothing=0.0,
                    leave=False,
                    delay=sys.float_info.max,  # show nothing before everything is set
                )
                self._bar.start_t, self._bar.delay = self._begin, 0
            self._bar.bar_format, self._bar.total = shape, total or None
            self._bar.initial, self._bar.n = self._initial, done
            self._bar.set_description_str(text, refresh=False)
            with suppress(BrokenPipeError):
                self._bar.refresh()
