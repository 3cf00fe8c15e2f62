"""The code blocks of a page of Markdown, and how each is run."""

import json
import os
import re
import subprocess
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import srsly
from spacy.util import registry

from ..scripts import ROOT

PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
SHELL = "bash"

_FENCE = re.compile(r"(\s*)(`{3,})(\w*)")
_COMMENT = re.compile(r"\s*<!-- (.*) -->")
_NOT_RUN, _IF_INSTALLED = "not run:", "run if installed:"


class Block(NamedTuple):
    """A code block.

    page (str): Its page.
    line (int): The line of its fence.
    language (str): Its language, empty if it shows output.
    code (str): What is in it.
    reason (Optional[str]): Why it isn't run.
    needs (Sequence[str]): Modules without which it isn't run.
    """

    page: str
    line: int
    language: str
    code: str
    reason: str | None
    needs: tuple[str, ...]

    @property
    def is_run(self) -> bool:
        return self.reason is None and all(map(find_spec, self.needs))


def blocks_of(page: str) -> list[Block]:
    """The code blocks of a page, without those that show output."""
    lines = (ROOT / page).read_text("utf8").splitlines()
    found, opened = [], None
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if not fence:
            continue
        if opened is None:
            opened = number, fence
        elif fence[2] == opened[1][2] and not fence[3]:
            start, (indent, _, language) = opened[0], opened[1].groups()
            opened = None
            if language:
                code = "\n".join(each.removeprefix(indent) for each in lines[start + 1 : number])
                found.append(Block(page, start + 1, language, code, *_marks(lines[:start])))
    assert opened is None, f"{page}: a code block doesn't end"
    return found


def _marks(before: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """What the comments right above a block say."""
    reason, needs = None, ()
    for line in reversed(before):
        comment = _COMMENT.fullmatch(line)
        if comment is None:
            break
        if comment[1].startswith(_NOT_RUN):
            reason = comment[1].removeprefix(_NOT_RUN).strip()
        if comment[1].startswith(_IF_INSTALLED):
            needs = tuple(re.findall(r"\w+", comment[1].removeprefix(_IF_INSTALLED)))
    return reason, needs


def run(block: Block, scope: dict[str, Any], env: dict[str, str]) -> None:
    """Run a block in the working directory."""
    place = f"{block.page}:{block.line}"
    match block.language:
        case "python" | "py":
            code = "\n" * block.line + block.code
            exec(compile(code, str(ROOT / block.page), "exec"), scope)
        case "bash":
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.code],
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, f"{place}\n{done.stdout}\n{done.stderr}"
        case "ini":
            _check_config(block.code, place)
        case "json":
            _read_json(block.code)
        case "yaml":
            assert srsly.yaml_loads(block.code), place
        case other:
            raise AssertionError(f"{place}: nobody knows how to run {other}")


def _check_config(code: str, place: str) -> None:
    """Every value is one of a config, and every function is registered."""
    parser = ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(code)
    assert parser.sections(), place
    for section in parser.sections():
        for name, value in parser.items(section):
            if not value.startswith("${"):
                value = json.loads(value)
            if name.startswith("@"):
                assert registry.has(name[1:], value), f"{place}: there is no {value}"


def _read_json(code: str) -> None:
    try:
        json.loads(code)
    except json.JSONDecodeError:  # an object a line
        for line in code.splitlines():
            json.loads(line)


def write_programs(folder: Path, python: str) -> Path:
    """Programs that blocks call: `python` is the one that runs the tests, and `pip` has nothing to
    do, for what a page installs is what the tests run with."""
    folder.mkdir()
    for name, command in (("python", f'exec "{python}" "$@"'), ("pip", "exit 0")):
        (folder / name).write_text(f"#!/bin/sh\n{command}\n")
        (folder / name).chmod(0o755)
    return folder
