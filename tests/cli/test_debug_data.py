import re
import shlex

import pytest
import spacy
from spacy.cli import app
from typer.testing import CliRunner

from ..pipeline.util import make_nlp
from ..tools.debug_data.test_debug_data import MANY
from ..tools.report.util import write_docs
from .util import run_command


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    make_nlp(name="ner").config.to_disk(path / "config.cfg")
    write_docs(path / "good.spacy", MANY)
    write_docs(
        path / "dev.spacy", [("Eve went to Rome", {"entities": [(0, 3, "PER"), (12, 16, "LOC")]})]
    )
    white = [(f"Rome {i}\nis", {"entities": [(6, 7, "LOC")]}) for i in range(7)]
    write_docs(path / "white.spacy", [*MANY, *white])
    edges = [(f"Rome {i}\nis", {"entities": [(0, 7, "LOC")]}) for i in range(7)]
    write_docs(path / "edges.spacy", [*MANY, *edges])
    return path


def run(folder, train, *args):
    paths = ["--paths.train", folder / train, "--paths.dev", folder / "dev.spacy"]
    code, output = run_command("debug-data", folder / "config.cfg", *paths, *args)
    return code, re.sub(r"\x1b\[[0-9;]*m", "", output)


def test_good_data(folder):
    code, output = run(folder, "good.spacy")
    assert code == 0, output
    assert "Named Entity Recognition: ner" in output and "LOC 120 1 2,000" in output
    assert "10 checks passed" in output and "warning" not in output
    assert "1 of 2 entities of the dev data (50%)" in output
    assert f"python -m spacy train {folder / 'config.cfg'} --paths.train" in output
    assert "10 most common words" not in output
    assert "10 most common words" in run(folder, "dev.spacy", "--verbose")[1]


def test_the_next_command_can_be_pasted(folder):
    args = ["--paths.train", str(folder / "good.spacy"), "--paths.dev", str(folder / "dev.spacy")]
    args = [str(folder / "config.cfg"), *args, "--components.ner.spans_key", "it's  [a]"]
    result = CliRunner().invoke(app, ["windowner", "debug-data", *args])
    command = result.output.splitlines()[-1].removeprefix("Next: ")
    assert shlex.split(command) == ["python", "-m", "spacy", "train", *args, "--output", "model"]


def test_errors_in_the_data(folder):
    code, output = run(folder, "white.spacy")
    assert code == 1, output
    assert "7 invalid whitespace entity spans in the train data" in output
    assert "document 2120: '\\n' (LOC), 6:7" in output and "document 2124" in output
    assert "document 2125" not in output and "and 2 more, with --verbose" in output
    assert "1 error" in output and "Next: correct the offsets" in output
    assert "document 2126" in run(folder, "white.spacy", "--verbose")[1]


def test_entities_that_are_trimmed(folder):
    code, output = run(folder, "edges.spacy")
    assert code == 0, output
    assert "7 entities in the train data begin or end with whitespace" in output
    assert "document 2120: 'Rome 0\\n' (LOC), 0:7" in output and "1 warning" in output
    assert "WW163" not in output


def test_warnings_can_be_ignored(folder):
    write_docs(folder / "shared.spacy", [*MANY, ("Eve went to Rome", {"entities": []})])
    code, output = run(folder, "shared.spacy")
    assert code == 0 and "1 training examples also in evaluation data 'Eve went" in output
    code, output = run(folder, "shared.spacy", "--ignore-warnings", "--no-format")
    assert code == 0 and "also in evaluation data" not in output and "'Eve went" not in output


def test_errors_are_short(folder, tmp_path):
    assert run(folder, "missing.spacy")[0] == 1
    assert "[WN096]" in run(folder, "missing.spacy")[1]
    nlp = spacy.blank("en")
    nlp.config.to_disk(tmp_path / "config.cfg")
    result = CliRunner().invoke(app, ["windowner", "debug-data", str(tmp_path / "config.cfg")])
    assert result.exit_code == 1 and "[WN095]" in result.output
    result = CliRunner().invoke(app, ["windowner", "debug-data", str(tmp_path / "no.cfg")])
    assert result.exit_code == 2
    code, output = run(folder, "good.spacy", "--components.ner.table_size", "many")
    assert code == 1 and "'many' is not <class 'int'>" in output


def test_code(folder, tmp_path):
    (tmp_path / "code.py").write_text(
        "import spacy\n"
        "@spacy.registry.misc('made_for_this_test')\n"
        "def made(): return None\n"
        "print('imported')\n"
    )
    assert "imported" in run(folder, "good.spacy", "--code", tmp_path / "code.py")[1]


def test_quiet_prints_problems_alone(folder):
    assert run(folder, "good.spacy", "--quiet") == (0, "")
    code, output = run(folder, "white.spacy", "-q")
    assert code == 1 and "document 2120" in output and "7 invalid whitespace" in output
    assert "Training data" not in output and "1 error" not in output and "Next" not in output
