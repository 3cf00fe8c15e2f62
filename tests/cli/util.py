from typing import Any

from spacy.cli import app
from typer.testing import CliRunner

BAR_AT_ONCE = """
from spacy_windowner.cli import _util as _progress
_progress._DELAY = 0.0
from spacy.cli import setup_cli
setup_cli()
"""
"""A program of spaCy's whose bars don't wait for two seconds."""


def run_command(command: str, *args: Any, **settings: Any) -> tuple[int, str]:
    """Run a command of the package. Returns the exit code and what is printed, its white space
    made one."""
    result = CliRunner().invoke(app, ["windowner", command, *map(str, args)], **settings)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())
