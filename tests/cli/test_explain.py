import json
import subprocess
import sys

import pytest
import spacy
from spacy.cli import app
from typer.testing import CliRunner

from spacy_windowner import explain, explanation_to_html, explanation_to_text

TEXT = "Who is Shaka Khan?"


def run(*args, **settings):
    return CliRunner().invoke(app, ["windowner", "explain", *map(str, args)], **settings)


def test_tables(folder):
    result = run(folder, TEXT)
    assert result.exit_code == 0, result.output
    assert result.output == explanation_to_text(explain(spacy.load(folder), TEXT)) + "\n"
    assert result.output.startswith("Shaka Khan  PERSON")


def test_colours_are_for_terminals_that_want_them(folder):
    assert "\x1b[38;5;2m" in run(folder, TEXT, color=True).output
    assert "\x1b" not in run(folder, TEXT, color=True, env={"NO_COLOR": "1"}).output


def test_all_words(folder):
    found = explain(spacy.load(folder), TEXT)
    assert run(folder, TEXT, "--all").output == explanation_to_text(found, all_words=True) + "\n"


@pytest.mark.parametrize("versus", ["none", "0:3", "13:17:PERSON"])
def test_a_rival_of_ones_own(folder, versus):
    result = run(folder, TEXT, "--versus", versus)
    assert result.exit_code == 0, result.output
    found = explain(spacy.load(folder), TEXT, versus=versus)
    assert result.output == explanation_to_text(found) + "\n"
    assert found != explain(spacy.load(folder), TEXT)


def test_json(folder, tmp_path):
    result = run(folder, TEXT, "--json", "--html", tmp_path / "why.html")
    assert result.exit_code == 0, result.output
    data = json.loads(result.output)
    assert data == json.loads(json.dumps(explain(spacy.load(folder), TEXT).to_dict()))
    assert (tmp_path / "why.html").exists()


def test_html(folder, tmp_path):
    path = tmp_path / "new" / "why.html"
    result = run(folder, TEXT, "--html", path)
    assert result.exit_code == 0, result.output
    assert "why.html" in result.output and "margin" not in result.output
    assert path.read_text(encoding="utf8") == explanation_to_html(explain(spacy.load(folder), TEXT))


@pytest.mark.parametrize("text", ["", "who is it?"])
def test_a_text_without_entities(folder, tmp_path, text):
    for args in ([], ["--html", tmp_path / "why.html"]):
        result = run(folder, text, *args)
        assert result.exit_code == 0, result.output
        assert "No entities are found in this text." in result.output
    assert json.loads(run(folder, text, "--json").output)["entities"] == []


def test_errors_are_short(folder, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    (tmp_path / "file").write_text("")
    for args, code in [
        ([tmp_path / "blank", TEXT], "[WN050]"),
        ([folder, TEXT, "--component", "other"], "[WN050]"),
        ([folder, TEXT, "--versus", "CITY"], "[WN240]"),
        ([folder, TEXT, "--versus", "0:2"], "[WN242]"),
        ([tmp_path / "missing", TEXT], "[E050]"),
        ([folder, "\udcff Anna"], "[WN247]"),
        ([folder, TEXT, "--versus", "\udcff"], "[WN240]"),
        ([folder, TEXT, "--html", tmp_path / "file" / "why.html"], "[WN094]"),
    ]:
        result = run(*args)
        assert result.exit_code == 1
        assert code in result.output
        assert isinstance(result.exception, SystemExit)


def test_as_users_call_it():
    command = [sys.executable, "-m", "spacy", "windowner", "explain", "--help"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "python -m spacy windowner explain model/model-best" in done.stdout
