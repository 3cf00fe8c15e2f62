"""From annotated files to a pipeline, by commands."""

import re
import warnings
from contextlib import redirect_stderr

import pytest
import spacy
from spacy.cli import app
from typer.testing import CliRunner

from spacy_windowner.cli import _util
from spacy_windowner.cli.train import train_cli

from ..tools.report.util import write_docs
from ..tools.train.test_train import write
from .test_progress import Terminal
from .util import run_command

# There is little to calibrate on.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[WW060\]")


@pytest.mark.filterwarnings(r"always:\[WW186\]")
def test_init(tmp_path):
    write_docs(tmp_path / "train.spacy", [("Anna came", {"entities": [(0, 4, "PER")]})])
    two = {"entities": [(0, 4, "PER"), (5, 9, "LOC")]}
    write_docs(tmp_path / "two.spacy", [("Anna Rome", two)])
    out = tmp_path / "a folder" / "x.cfg"
    code, output = run_command("init", out, "--lang", "de", "--train", tmp_path / "train.spacy")
    assert code == 0, output
    assert "the recipe default, for 2 words of training data" in output
    assert f"Next: python -m spacy train '{out}' --output model --paths.dev dev.spacy" in output
    config = spacy.util.load_config(out)
    assert config["nlp"]["lang"] == "de" and config["training"]["patience"] == 600
    code, output = run_command("init", out)
    assert code == 1 and "exists" in output and "--force" in output
    code, output = run_command("init", out, "--force", "--recipe", "softmax")
    assert code == 0 and "softmax" in out.read_text()
    code, output = run_command(
        "init", out, "--force", "--recipe", "binary", "--train", tmp_path / "two.spacy"
    )
    assert code == 0 and 'labels = ["PER"]' in out.read_text()
    assert "WW186" in output and "LOC" in output
    code, output = run_command("init", out, "--force", "--recipe", "grow")
    assert code == 0 and "--paths.base trained" in output and "new labels" in output
    raw = write(tmp_path / "raw.jsonl")
    for wrong, message in (
        (("--lang", "qq"), "WN220"),
        (("--recipe", "best"), "WN001"),
        (("--train", raw), "WN255"),
    ):
        code, output = run_command("init", tmp_path / "y.cfg", *wrong)
        assert code == 1 and message in output and not (tmp_path / "y.cfg").exists()
    code, output = run_command("init", raw / "y.cfg")
    assert code == 1 and "WN094" in output


@pytest.mark.parametrize("quiet", [False, True])
def test_train(tmp_path, quiet):
    file = write(tmp_path / "a.jsonl")
    out = tmp_path / "out"
    args = [str(file), "--output", str(out), "--max-steps", "30", *["--quiet"] * quiet]
    result = CliRunner().invoke(app, ["windowner", "train", *args])
    assert result.exit_code == 0, result.output
    assert (out / "model-best").is_dir() and (out / "report" / "report.html").is_file()
    told = " ".join(result.output.split())
    if quiet:
        assert "Training pipeline" not in told and "Next" not in told
        return
    assert f"{file}: JSON, one document per line" in told
    assert "60 documents with 60 entities" in told and "Training pipeline" in told
    assert "all labels" in told and "PER" in told
    # In one line, so that it can be pasted.
    assert f"Next: python -m spacy windowner serve {out}/model-best\n" in result.output
    again = CliRunner().invoke(app, ["windowner", "train", *args])
    assert "was already trained" in " ".join(again.output.split())


@pytest.mark.slow
def test_raw_text(tmp_path):
    file = write(tmp_path / "a.jsonl")
    raw = tmp_path / "raw.txt"
    raw.write_text("Zoe came to town\n" * 100, encoding="utf8")
    out = tmp_path / "out"
    args = (file, "--output", out, "--max-steps", "60", "--raw-text", raw)
    code, output = run_command("train", *args)
    told = " ".join(output.split())
    assert code == 0, output
    assert re.search(r"found \d+ entities in 400 words of raw text.* annotated documents\.", told)
    assert re.search(rf"Without the raw text: F1 [\d.]+, {out}/teacher/model-best", told)


@pytest.mark.parametrize("quiet", [False, True])
def test_warnings_are_shown_quiet_or_not(tmp_path, quiet):
    """Of what can't be used, and of little data."""
    file = write(tmp_path / "a.jsonl")
    lines = file.read_text(encoding="utf8") + '{"text": "Ann came", "spans": [[1, 3, "PER"]]}\n'
    file.write_text(lines, encoding="utf8")
    args = [str(file), "--output", str(tmp_path / "out"), "--max-steps", "3"]
    with warnings.catch_warnings():
        warnings.filterwarnings("always", r"\[WW060\]")
        result = CliRunner().invoke(app, ["windowner", "train", *args, *["--quiet"] * quiet])
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "WW180" in told and "line 61" in told and "WW060" in told
    assert ("Training pipeline" in told) != quiet


def test_rows_are_above_the_bar(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_util, "_DELAY", 0.0)
    monkeypatch.setattr(_util, "_EVERY", 0.0)
    with redirect_stderr(Terminal()) as terminal:
        train_cli([write(tmp_path / "a.jsonl")], tmp_path / "out", max_steps=3)
    shown = terminal.getvalue()
    for part in ("60 documents [", "Initializing the pipeline [", "Best score 0.0 at step 0 ["):
        assert part in shown
    assert re.search(r" 67%\|.*\| Best score", shown) and shown.endswith("\r")
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["0", "0"] in [row[:2] for row in rows]


def test_errors_are_short(tmp_path):
    code, output = run_command("train", tmp_path / "no.jsonl", "--output", tmp_path / "out")
    assert code == 1 and "WN180" in output and "Traceback" not in output
    data = write(tmp_path / "a.jsonl")
    code, output = run_command("train", data, "--output", tmp_path / "out", "--keep-labels")
    assert code == 1 and "WN001" in output and "keep_labels" in output
    args = ("train", data, "--output", tmp_path / "out", "--base", "en_none")
    code, output = run_command(*args)
    assert code == 1 and "WN121" in output and "en_none" in output
