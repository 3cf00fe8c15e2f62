import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import typer
from wasabi import msg

MODEL = "Folder or package of a pipeline with a window_ner component"
CODE = "Python file to import first, with functions that the pipeline is made of"
COMPONENT = "Name of the component, if there are several"
HELP = """Commands of spacy-windowner, named entity recognition by window classification."""

windowner_cli = typer.Typer(
    name="windowner", help=HELP, no_args_is_help=True, rich_markup_mode=None
)


@contextmanager
def explain_errors() -> Iterator[None]:
    """Print the package's own errors and warnings, which are for the user to mend, without a
    traceback or a line of code; after an error, exit. Others pass."""
    with warnings.catch_warnings():
        warnings.showwarning = partial(_show, warnings.showwarning)
        try:
            yield
        except (ValueError, ImportError, OSError, RuntimeError) as error:
            if not str(error).startswith("[WN"):
                raise
            msg.fail(str(error))
            sys.exit(1)


def _show(show: Callable, message: Warning | str, *args: Any) -> None:
    if str(message).startswith("[WW"):
        msg.warn(str(message))
    else:
        show(message, *args)
