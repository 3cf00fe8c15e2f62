import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from wasabi import msg

MODEL = "Folder or package of a pipeline with a window_ner component"
COMPONENT = "Name of the component, if there are several"
HELP = """Commands of spacy-windowner, named entity recognition by window classification."""

windowner_cli = typer.Typer(
    name="windowner", help=HELP, no_args_is_help=True, rich_markup_mode=None
)


@contextmanager
def explain_errors() -> Iterator[None]:
    """Print the package's own errors, which are for the user to mend, without a traceback, and
    exit. Other errors pass."""
    try:
        yield
    except (ValueError, ImportError, OSError, RuntimeError) as error:
        if not str(error).startswith("[WN"):
            raise
        msg.fail(str(error))
        sys.exit(1)
