"""The check of the estimate of `train-curve`."""

from types import SimpleNamespace

import forecast
import pytest
import typer
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from typer.testing import CliRunner

from .util import TRAIN, write_corpus

app = typer.Typer()
app.command()(forecast.main)


def test_rules_find_their_own_law():
    sizes = [100, 200, 300, 400]
    by_power = forecast.gains(sizes, [1 - 0.8 * n**-0.2 for n in sizes])
    gain = 0.8 * 400**-0.2 - 0.8 * 800**-0.2
    assert by_power["power law"] == pytest.approx(gain)
    assert by_power["of three sizes"] == pytest.approx(gain)
    by_line = forecast.gains(sizes, [0.2 + 0.05 * x for x in (0, 1, 1.58496, 2)])
    assert by_line["line of F1"] == pytest.approx(0.05, abs=1e-5)
    assert by_line["last doubling"] == pytest.approx(0.05)


def test_the_table(tmp_path, monkeypatch):
    """Its corpora are samples, and the range is that of the first four trainings."""
    paths = write_corpus(tmp_path / "bc5cdr", train=TRAIN * 5)
    for part in ("train", "dev"):
        (paths / f"{part}.conll").rename(paths / f"{part}.tsv")

    def train_curve(config, shares):
        docs = list(DocBin().from_disk(config["paths"]["train"]).get_docs(Vocab()))
        sizes = [len(docs) * share / 100 for share in shares]
        assert len(docs) == 24 and config["system"]["seed"] == 3
        scores = [0.5, 0.55, 0.57, 0.6, 0.66]
        points = map(
            dict, ((("documents", n), ("f", f)) for n, f in zip(sizes, scores, strict=True))
        )
        return SimpleNamespace(points=[SimpleNamespace(**point) for point in points])

    monkeypatch.setattr(forecast, "train_curve", train_curve)
    monkeypatch.setattr(forecast, "use_one_thread", lambda: None)
    args = ["--data", str(tmp_path), "--corpora", "bc5cdr", "--seed", "3"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    cells = result.output.splitlines()[-1].strip("| ").split(" | ")
    assert cells[:7] == ["bc5cdr", "50.0", "55.0", "57.0", "60.0", "66.0", "+6.0"]
    assert " to +" in cells[7] and cells[-1] == "+5.0"
