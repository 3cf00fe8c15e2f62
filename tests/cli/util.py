from typing import Any

from spacy.cli import app
from typer.testing import CliRunner


def run_command(command: str, *args: Any, **settings: Any) -> tuple[int, str]:
    """Run a command of the package. Returns the exit code and what is printed, its white space
    made one."""
    result = CliRunner().invoke(app, ["windowner", command, *map(str, args)], **settings)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())
