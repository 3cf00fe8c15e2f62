import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from spacy.language import Language
from spacy.util import load_model
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


def load_pipeline(model: str) -> Language:
    """Load a pipeline, or say why it can't be loaded, and exit.

    model (str): Its folder or package.
    RETURNS (Language): The pipeline.
    """
    try:
        return load_model(model)
    except OSError as error:  # no such pipeline
        msg.fail("Can't load the pipeline", str(error), exits=1)
        raise
