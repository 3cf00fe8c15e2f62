"""What all commands have in common."""

import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import spacy
from click import Context
from spacy.cli import app
from spacy.tokens import DocBin
from typer.main import get_command
from typer.testing import CliRunner

from spacy_windowner import __version__

from ..pipeline.util import make_examples
from .util import run_command

DOCS = Path(__file__).parents[2] / "docs" / "commands.md"
COMMANDS = ["annotate", "calibrate", "convert", "debug-data", "explain", "init", "pretrain"]
COMMANDS += ["report", "serve", "suggest", "train", "train-curve"]


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


AS_USERS = """
import runpy
import sys

for name in sys.argv[1:]:
    sys.argv = ["spacy", "windowner", name, "--help"]
    try:
        runpy.run_module("spacy", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        assert not end.code, name
"""


def test_as_users_call_them():
    """As `python -m spacy` does, one after the other: a process takes seconds to start."""
    command = [sys.executable, "-c", AS_USERS, *COMMANDS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    for name in COMMANDS:
        assert f"python -m spacy windowner {name} " in shown
    assert "EXAMPLE: python -m spacy windowner report model/model-best test.spacy" in shown
    assert "EXAMPLE: python -m spacy windowner debug-data config.cfg" in shown
    assert "python -m spacy windowner pretrain raw.txt words" in shown


def save_pipeline(path):
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner").add_label("LOC")
    nlp.initialize()
    nlp.to_disk(path)


@pytest.fixture(
    params=["meta.json", "config.cfg", "vocab/strings.json", "window_ner/model", "no folder"]
)
def damaged(request, tmp_path):
    path = tmp_path / "model"
    save_pipeline(path)
    if request.param == "no folder":
        return tmp_path / "other"
    (path / request.param).write_bytes((path / request.param).read_bytes()[:5])
    return path


def calls(model, raw, data, out):
    """Of all commands that load a pipeline."""
    return {
        "annotate": partial(run_command, "annotate", model, raw, out),
        "calibrate": partial(run_command, "calibrate", model, data, "--output", out),
        "explain": partial(run_command, "explain", model, "I like London."),
        "report": partial(run_command, "report", model, data, out),
        "serve": partial(run_command, "serve", model, "--no-open"),
        "suggest": partial(run_command, "suggest", model, raw, out.with_suffix(".jsonl")),
    }


def test_damaged_pipelines_give_no_traceback(damaged, tmp_path):
    raw = tmp_path / "raw.txt"
    raw.write_text("I like London.", encoding="utf8")
    for run in calls(damaged, raw, raw, tmp_path / "out").values():
        code, output = run()
        assert code == 1 and "[WN" in output, output
    assert sorted(tmp_path.iterdir()) == sorted({raw, tmp_path / "model"} & {*tmp_path.iterdir()})


def test_pipelines_that_are_not_trained_give_no_traceback(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner").add_label("LOC")
    nlp.to_disk(tmp_path / "model")
    raw = tmp_path / "raw.txt"
    raw.write_text("I like London.", encoding="utf8")
    for run in calls(tmp_path / "model", raw, raw, tmp_path / "out").values():
        code, output = run()
        assert code == 1 and "[WN098]" in output, output
    assert sorted(tmp_path.iterdir()) == [tmp_path / "model", raw]


CODE = """
from spacy.util import registry

@registry.tokenizers("{name}")
def make_tokenizer():
    return registry.tokenizers.get("spacy.Tokenizer.v1")()
"""


@pytest.mark.parametrize(
    ("name", "args", "then"),
    [
        ("annotate", [], "1 document "),
        pytest.param("annotate", ["--n-process", "2"], "1 document ", marks=pytest.mark.slow),
        ("calibrate", [], "WN060"),  # which is about the data
        ("explain", [], "No entities are found"),
        ("report", [], "WN093"),
        ("serve", ["--component", "other"], "WN050"),
        ("suggest", [], "Suggested 1"),
    ],
    ids=str,
)
def test_pipelines_with_code_of_ones_own(name, args, then, tmp_path):
    model, raw, code = tmp_path / "model", tmp_path / "raw.txt", tmp_path / "code.py"
    raw.write_text("I like London.", encoding="utf8")
    save_pipeline(model)
    config = (model / "config.cfg").read_text("utf8")
    tokenizer = f"test.{name}_{len(args)}.v1"  # known from one test to the next
    config = config.replace("spacy.Tokenizer.v1", tokenizer)
    (model / "config.cfg").write_text(config, encoding="utf8")
    DocBin(docs=[spacy.blank("en")("I like London.")]).to_disk(tmp_path / "data.spacy")
    run = calls(model, raw, tmp_path / "data.spacy", tmp_path / "out")[name]
    exit_code, output = run(*args)
    assert exit_code == 1 and "WN121" in output and "--code" in output
    code.write_text("1 / 0", encoding="utf8")
    exit_code, output = run(*args, "--code", code)
    assert exit_code == 1 and "WN136" in output and "ZeroDivisionError" in output
    code.write_text(CODE.format(name=tokenizer), encoding="utf8")
    exit_code, output = run(*args, "--code", code)
    assert then in output
    assert exit_code == (1 if then.startswith("WN") else 0)


def options_of(name):
    """The options of a command: their names, and their letters."""
    command = get_command(app).commands["windowner"].commands[name]
    for option in command.params:
        if option.param_type_name == "option":
            names = [*option.opts, *option.secondary_opts]
            yield (
                {one for one in names if one.startswith("--")},
                [one for one in names if not one.startswith("--")],
            )


def test_a_letter_means_one_thing():
    """In all commands, and nothing else than in spaCy's own, where these have it."""
    meanings = {"-o": {"--output"}, "-c": {"--code"}, "-V": {"--verbose"}, "-g": {"--gpu-id"}}
    for name in COMMANDS:
        for names, letters in options_of(name):
            for letter in letters:
                meanings[letter] = meanings.get(letter, names) & names
                assert meanings[letter], (name, letter)
    assert {"-q", "-n", "-j", "-x", "-f"} <= set(meanings)


@pytest.mark.parametrize("name", COMMANDS)
def test_options_that_all_commands_have(name):
    options = {option: letters for names, letters in options_of(name) for option in names}
    assert options["--quiet"] == ["-q"] and options["--verbose"] == ["-V"]
    assert options.get("--code", ["-c"]) == ["-c"]
    listed = DOCS.read_text("utf8").partition("## Letters")[2].partition("\n## ")[0]
    for names, letters in options_of(name):
        for letter in letters:
            assert f"| `{letter}` | `{max(names, key=len)}`" in listed or any(
                f"| `{letter}` | `{one}`" in listed for one in names
            ), letter


def test_the_version():
    result = CliRunner().invoke(app, ["windowner", "--version"])
    assert (result.exit_code, result.output) == (0, f"spacy-windowner {__version__}\n")


def test_quiet_commands_print_nothing(folder, tmp_path):
    raw, data = tmp_path / "raw.txt", tmp_path / "data.spacy"
    raw.write_text("I like London.\n", encoding="utf8")
    examples = make_examples(spacy.load(folder)) * 30
    DocBin(docs=[example.reference for example in examples]).to_disk(data)
    run = calls(folder, raw, data, tmp_path / "out")
    for name in ("annotate", "calibrate", "report", "suggest"):
        assert run[name]("--quiet") == (0, ""), name
        (tmp_path / "again").mkdir(exist_ok=True)
        again = calls(folder, raw, data, tmp_path / "again" / name)[name]
        assert again("--verbose")[1], name
    text = run["explain"]("-q")[1]
    assert "London" in text and text == run["explain"]()[1]


def test_verbose_tells_where_an_error_comes_from(folder):
    for args, told in [((), False), (("-V",), True), (("-q", "-V"), True)]:
        code, output = run_command("explain", folder, "I.", "--component", "other", *args)
        assert code == 1 and "[WN050]" in output
        assert ("Traceback" in output) is told
