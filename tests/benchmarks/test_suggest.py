"""The benchmark of suggestions, on a corpus of a few sentences."""

import json

import pytest
import suggest as benchmark

from .util import DEV, TEST, TRAIN, write_corpus

pytestmark = pytest.mark.filterwarnings("ignore:.*WW06[02]")  # it is calibrated on a few entities


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(tmp_path / "conll", train=TRAIN * 2, dev=DEV * 2, test=TEST * 2)


def run(corpus, folder, **settings):
    benchmark.main(corpus, folder, shares="20,40,100", seeds=1, steps=20, **settings)


@pytest.mark.slow
def test_both_arms_annotate_until_all_is_annotated(corpus, tmp_path, capsys, monkeypatch):
    run(corpus, tmp_path / "work", part="test", picture=None)
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in table[2:]] == ["20%", "40%", "100%"]
    rows = json.loads((tmp_path / "work" / "results.json").read_text())
    by_arm = {arm: [row for row in rows if row["arm"] == arm] for arm in ("random", "suggest")}
    for own in by_arm.values():
        assert [row["docs"] for row in own] == [2, 4, 10]
        assert all(0.0 <= row[part] <= 100.0 for row in own for part in ("dev", "test"))
    n_words = sum(sentence.count("\n") for sentence in TRAIN * 2)
    assert [own[-1]["words"] for own in by_arm.values()] == [n_words, n_words]
    first, last = ([own[i] for own in by_arm.values()] for i in (0, -1))
    assert first[0] == {**first[1], "arm": "random"}
    assert [row["dev"] for row in last] == [last[0]["dev"]] * 2  # the same documents and seed
    # All is done.
    monkeypatch.setattr(benchmark, "train_and_score", None)
    run(corpus, tmp_path / "work", part="dev", picture=None)
    assert json.loads((tmp_path / "work" / "results.json").read_text()) == rows


def test_the_table():
    rows = [
        {"arm": arm, "share": 0.05, "dev": f1, "words": 1000 + f1, "entities": 100}
        for arm, f1 in [("random", 50.0), ("random", 60.0), ("suggest", 70.0)]
    ]
    line = benchmark.report(rows, "dev").splitlines()[-1]
    assert line == "| 5% | 55.0 ± 7.1 | 1,055 | 100 | 70.0 | 1,070 | 100 |"


def test_the_picture(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is an extra: benchmarks")
    from suggest_plot import draw

    rows = [
        {"arm": arm, "seed": seed, "share": share, "test": 60 + 10 * share, "words": 1e5 * share}
        for arm in ("random", "suggest")
        for seed in range(2)
        for share in (0.05, 0.25)
    ]
    path = draw(rows, "test", tmp_path / "images" / "suggest.svg")
    text = path.read_text()
    for shown in ("suggested by margin", "random choice", "words annotated", "F1 (test)"):
        assert shown in text
    assert draw(rows, "test", tmp_path / "again.svg").read_text() == text
