"""Run the project's scripts and examples as their users do, but in this process: Python and spaCy
take seconds to start."""

from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

ROOT = Path(__file__).parent.parent


def run_script(name: str, *args: Any) -> tuple[int, str]:
    """Run `python NAME.py ARGS`. Returns the exit code and what is printed, its white space made
    one."""
    app = typer.Typer()
    app.command()(import_module(name).main)
    result = CliRunner().invoke(app, list(map(str, args)))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())
