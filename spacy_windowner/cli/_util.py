import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from functools import partial
from typing import Annotated, Any

import tqdm
import typer
from spacy.cli._util import Opt
from spacy.util import logger
from wasabi import msg

from .. import __version__

MODEL = "Folder or package of a pipeline with a window_ner component"
CODE = "Python file to import first, with functions that the pipeline is made of"
COMPONENT = "Name of the component, if there are several"
HELP = """Commands of spacy-windowner, named entity recognition by window classification."""
_QUIET = "Print warnings, errors and what was asked for alone, and show no progress"
_VERBOSE = "Print what is shortened or left out otherwise, spaCy's log, and where errors come from"

Quiet = Annotated[bool, Opt("--quiet", "-q", help=_QUIET)]
Verbose = Annotated[bool, Opt("--verbose", "-V", help=_VERBOSE)]

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


@contextmanager
def explain_errors(verbose: bool = False, data_alone: bool = False) -> Iterator[None]:
    """Print the package's own errors and warnings, which are for the user to mend, without a
    traceback or a line of code; after an error, exit. Others pass.

    verbose (bool): Whether to print the traceback, too, and spaCy's log, on standard error.
    data_alone (bool): Whether all of it goes to standard error. Data goes to standard output.
    """
    level = logger.level
    if verbose:
        logger.setLevel(logging.DEBUG)
    try:
        with (
            redirect_stdout(sys.stderr) if data_alone else nullcontext(),
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
        with tqdm.tqdm.external_write_mode():  # beside the bar
            msg.warn(str(message))
    else:
        show(message, *args)
