"""The stopwatch: its files, and its table."""

import sys

import pytest
import stopwatch
import typer
from typer.testing import CliRunner

from spacy_windowner import convert

from ..tools.report.util import write_docs
from .util import write_corpus

app = typer.Typer()
app.command()(stopwatch.main)


@pytest.mark.parametrize("name", ["csv", "doccano"])
def test_files_have_all_entities(tmp_path, name):
    texts = [
        (f"Anna saw {x} in Rome", {"entities": [(0, 4, "PER"), (14, 18, "LOC")]}) for x in "abc"
    ]
    write_docs(tmp_path / "in.spacy", [*texts, ("Nobody came", {"entities": []})])
    (tmp_path / "in.spacy").rename(tmp_path / "train.spacy")
    docs = stopwatch.read_docs(tmp_path, ["train"])
    write = {"csv": stopwatch.write_csv, "doccano": stopwatch.write_doccano}[name]
    write(tmp_path / "out", docs)
    [part] = convert([tmp_path / "out"], tmp_path / "out.spacy").parts
    assert (part.n_docs, dict(part.labels)) == (4, {"PER": 3, "LOC": 3})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="times of child processes")
def test_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(stopwatch, "use_one_thread", lambda: None)
    for path in write_corpus(tmp_path / "btc").iterdir():
        path.rename(path.with_name(f"btc.{path.stem}"))
    args = ["--data", str(tmp_path), "--only", "conll", "--max-steps", "3"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    row = result.output.splitlines()[-1].split(" | ")
    assert row[0].startswith("| CoNLL ") and "--test btc.test --output model`" in row[1]
    assert float(row[2]) > 0 and float(row[3]) > 0
