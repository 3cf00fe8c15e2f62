"""What all commands have in common."""

import shlex
from functools import partial

import pytest
import spacy
from click import Context
from spacy.cli import app
from typer.main import get_command
from typer.testing import CliRunner

from .util import run_command

COMMANDS = ["annotate", "calibrate", "debug-data", "explain", "pretrain", "report", "serve"]
COMMANDS += ["suggest"]


def help_of(*command):
    result = CliRunner().invoke(app, ["windowner", *command, "--help"], terminal_width=80)
    assert result.exit_code == 0
    return result.output


def test_all_commands_are_listed():
    listed = get_command(app).commands["windowner"].commands
    assert sorted(listed) == COMMANDS
    assert all(f"  {name} " in help_of() for name in listed)


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_of_the_help_can_be_copied(name):
    """Lines aren't broken in a way that a shell doesn't understand, and commands are whole."""
    output = help_of(name)
    assert max(map(len, output.splitlines())) <= 80
    examples = output.partition("EXAMPLE:")[2].partition("\nArguments:")[0]
    lines = [example.replace("\\\n", " ") for example in examples.strip().split("\n\n")]
    assert not any("\n" in line for line in lines)
    prefix = ["python", "-m", "spacy"]
    own = 0
    for call in map(shlex.split, lines):
        call = call[call.index("|") + 1 :] if "|" in call else call
        assert call[:3] == prefix and "..." not in call[3:]
        if call[3] == "windowner":
            assert call[4] == name
            command = get_command(app).commands["windowner"].commands[name]
            context = Context(command, **command.context_settings)
            given = command.make_parser(context).parse_args(call[5:])[0]
            needed = [one.name for one in command.params if one.param_type_name == "argument"]
            assert all(given[argument] is not None for argument in needed)
            own += 1
    assert own


@pytest.fixture(
    params=["meta.json", "config.cfg", "vocab/strings.json", "window_ner/model", "no folder"]
)
def damaged(request, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner").add_label("LOC")
    nlp.initialize()
    path = tmp_path / "model"
    nlp.to_disk(path)
    if request.param == "no folder":
        return tmp_path / "other"
    (path / request.param).write_bytes((path / request.param).read_bytes()[:5])
    return path


def test_damaged_pipelines_give_no_traceback(damaged, tmp_path):
    raw = tmp_path / "raw.txt"
    raw.write_text("I like London.", encoding="utf8")
    for run in (
        partial(run_command, "annotate", damaged, raw, tmp_path / "out"),
        partial(run_command, "calibrate", damaged, raw, "--output", tmp_path / "out"),
        partial(run_command, "explain", damaged, "I like London."),
        partial(run_command, "report", damaged, raw, tmp_path / "out"),
        partial(run_command, "serve", damaged, "--no-open"),
        partial(run_command, "suggest", damaged, raw, tmp_path / "out.jsonl"),
    ):
        code, output = run()
        assert code == 1 and "[WN" in output, output
    assert sorted(tmp_path.iterdir()) == sorted({raw, tmp_path / "model"} & {*tmp_path.iterdir()})
