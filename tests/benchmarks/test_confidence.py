"""The benchmark of confidence: its metrics, by hand, and its rows and report on a tiny corpus."""

import confidence
import confidence_rows
import numpy
import pytest
import spacy
import srsly
import typer
from accuracy_rows import BEAM, Job, make_config
from confidence_metrics import measure, risks
from confidence_report import LINES, report
from confidence_rows import (
    CROSS_ENTROPY,
    MARGIN,
    OURS,
    PROBABILITY,
    SCORE,
    SOFTMAX,
    measure_row,
)
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_windowner.confidence.metrics import Judged

from .util import TRAIN, write_corpus

app = typer.Typer()
app.command()(confidence.main)


def test_risks():
    judged = Judged.of([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0])
    assert risks(judged).tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    found = measure(judged)
    assert found["aurc"] == pytest.approx((1 / 2 + 1 / 3 + 2 / 4) / 4)
    assert found["aurc_ideal"] == pytest.approx((1 / 3 + 2 / 4) / 4)
    assert found["best_half"] == 0.5


def test_risks_of_ties_are_those_of_the_mean_order():
    found = measure(Judged.of([0.5, 0.5, 0.5], [1, 0, 1]))
    assert found["aurc"] == pytest.approx(1 / 3)
    assert found["aurc_ideal"] == pytest.approx(1 / 9)
    # Of three the half is two.
    assert found["best_half"] == pytest.approx(2 / 3)


@pytest.fixture
def command(tmp_path, short, monkeypatch):
    """Call the command, with files in tmp_path."""
    monkeypatch.setattr(confidence, "use_one_thread", lambda: None)
    folder = write_corpus(tmp_path / "tiny", dev=TRAIN)

    def call(*args: object, corpora=(folder,)) -> dict:
        paths = ["--output", tmp_path / "out.json", "--models", tmp_path / "models"]
        result = CliRunner().invoke(app, [str(arg) for arg in [*corpora, *paths, *args]])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        call.output = result.output
        return srsly.read_json(tmp_path / "out.json") if result.exit_code == 0 else {}

    return call


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*WW06")
def test_all_rows(command, tmp_path):
    docs = tmp_path / "docs.md"
    docs.write_text("<!-- confidence-tables -->\n<!-- /confidence-tables -->", encoding="utf8")
    results = command("--docs", docs)
    rows = {row["row"]: row for row in results["rows"]}
    assert not [row["error"] for row in rows.values() if "error" in row]
    kinds = {OURS: {PROBABILITY, MARGIN}, CROSS_ENTROPY: {PROBABILITY, SOFTMAX}, BEAM: {SCORE}}
    for name, expected in kinds.items():
        assert set(rows[name]["confidences"]) == set(rows[name]["measures"]) == expected
        for values in rows[name]["confidences"].values():
            assert len(values) == len(rows[name]["right"])
            assert all(0.0 <= value <= 1.00001 for value in values)
    text = docs.read_text("utf8")
    assert all(f"| {title} |" in text for title in LINES.values())
    assert "### Thresholds" in text and "### tiny" in text

    # What is done isn't done again, unless it is asked for: here with the models that are there.
    assert command() == results
    again = command("--rows", OURS, "--again", "--skip-training")
    assert next(r for r in again["rows"] if r["row"] == OURS)["right"] == rows[OURS]["right"]


def test_unknown_row(command):
    assert command("--rows", "window_ner,ner") == {}
    assert "There is no ner" in command.output


def test_models_that_are_not_there(command):
    [row] = command("--rows", OURS, "--skip-training")["rows"]
    assert "Can't find model" in row["error"]
    assert "Failed: tiny, window_ner" in command.output


def test_uncalibrated_model():
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner")
    with pytest.raises(ValueError, match="isn't calibrated"):
        confidence_rows.rate_by_margin(nlp, [])


def test_model_that_finds_nothing(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner").cfg["calibration"] = {}  # type: ignore[attr-defined]
    DocBin().to_disk(tmp_path / "test.spacy")
    with pytest.raises(ValueError, match="finds no entity"):
        measure_row(OURS, nlp, tmp_path / "test.spacy")


def test_beam_ner_config(tmp_path):
    config = make_config(Job(BEAM, tmp_path / "tiny", tmp_path))
    assert config["components"]["ner"]["factory"] == "beam_ner"
    assert config["nlp"]["pipeline"] == ["tok2vec", "ner"]


def test_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    from confidence_plots import draw_all

    rng = numpy.random.default_rng(0)
    p = rng.random(5000)
    row = {"corpus": "a", "row": OURS, "right": (rng.random(5000) < p).astype(int).tolist(),
           "confidences": {PROBABILITY: p.tolist(), MARGIN: (p**2).tolist()}}  # fmt: skip
    results = {"corpora": {"a": {}, "empty": {}}, "rows": [row]}
    files = draw_all(results, tmp_path)
    assert [path.name for path in files] == ["reliability.svg", "risk-coverage.svg"]
    first = [path.read_bytes() for path in files]
    assert all(len(data) < 60_000 for data in first)
    assert [path.read_bytes() for path in draw_all(results, tmp_path)] == first
    assert b"#1f8fd6" in first[0]


def test_report_of_nothing():
    assert report({"corpora": {}, "rows": []}) == ""
