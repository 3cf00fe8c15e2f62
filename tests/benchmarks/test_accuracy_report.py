"""The tables of the benchmark of accuracy."""

import pytest
from accuracy_report import group, reached, report, spread
from tables import fill, make_table, number, words


def make_row(row="window_ner", seed=0, vectors=None, f=50.0, dev_f=60.0, **changes):
    every = {"p": f, "r": f, "f": f, "true": 100}
    return {
        **{"corpus": "btc", "row": row, "vectors": vectors, "seed": seed},
        **{"dev_f": dev_f, "dev": {}, "curve": [(5.0, 30.0), (10.0, round(dev_f, 3))]},
        "test": {"all": every, "seen": {**every, "true": 40}, "unseen": {**every, "f": None}},
        **{"seconds_to_best": 10.0, "seconds": 20.0, "bytes": 3_500_000, "date": "2026-11-23"},
        "tokens_per_second": {"pipeline": 25_000.0, "component": 30_000.0},
        "machine": {"cpu": "A CPU", "cores": 2, "versions": {"spacy": "3.8"}},
        **changes,
    }


ABOUT = {
    "lang": "en",
    "parts": {part: {"docs": 1000, "tokens": 20, "entities": 3} for part in ("train", "test")},
    "labels": ["LOC"],
    "notes": ["There is no dev part."],
}


def cells(text: str, start: str) -> list[str]:
    """The cells of the line of a table that starts so."""
    [line] = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_spread():
    assert spread([1.0, 2.0, 4.0]) == "2.3 ± 1.5"
    assert spread([2.0]) == "2.0"
    assert spread([None, None]) == "-"


def test_groups_are_in_order():
    rows = [
        *[make_row("average"), make_row("window_ner", 1), make_row("ner efficiency", vectors="v")],
        *[
            make_row("gone"),
            make_row("crfsuite"),
            make_row("window_ner", 0),
            make_row("ner accuracy"),
        ],
    ]
    found = [[(row["row"], row["vectors"], row["seed"]) for row in rows] for rows in group(rows)]
    assert found == [
        [("crfsuite", None, 0)],
        [("ner accuracy", None, 0)],
        [("window_ner", None, 0), ("window_ner", None, 1)],
        [("average", None, 0)],
        [("gone", None, 0)],
        [("ner efficiency", "v", 0)],
    ]


def test_reached_is_by_the_peer_of_the_same_seed():
    peers = [make_row("ner efficiency", seed, dev_f=f) for seed, f in enumerate([60.0, 70.0])]
    rows = [make_row(seed=0, dev_f=65.0), make_row(seed=1, dev_f=65.0), make_row(seed=2)]
    assert reached(rows[:1], peers) == "10"
    assert reached(rows, peers) == "10 (1 of 2)"
    assert reached(rows[1:2], peers) == "never"
    assert reached(rows[2:], peers) == "-"
    # A peer reaches its own, though curves are rounded.
    assert reached(peers[:1], [make_row(dev_f=60.00049)]) == "10"
    assert reached([make_row(dev_f=66.66666)], [make_row(dev_f=66.66666)]) == "10"


def test_report():
    rows = [
        *[make_row(seed=seed, f=f) for seed, f in enumerate([50.0, 52.0, 54.0])],
        make_row("crfsuite", date="2026-11-20"),
        make_row("ner efficiency", seconds=100.0),
        {"corpus": "btc", "row": "average", "vectors": None, "seed": 0, "error": "OSError: full"},
    ]
    text = report({"corpora": {"btc": ABOUT, "other": ABOUT}, "rows": rows})
    assert text.startswith("2026-11-20 to 2026-11-23, A CPU, 2 cores, one thread. spacy 3.8.\n")
    assert "Train 1,000 documents, 20 tokens, 3 entities; test" in text
    assert "1 label. 40% of the entities of the test part are seen" in text
    assert "There is no dev part." in text
    assert "Failed: `average`, none, seed 0: OSError: full" in text
    scores, costs = text.split("| CPU seconds")
    assert cells(scores, "`window_ner`") == [
        *["`window_ner`", "none", "3", "52.0 ± 2.0", "52.0 ± 2.0", "52.0 ± 2.0"],
        *["52.0 ± 2.0", "52.0 ± 2.0", "52.0 ± 2.0", "-", "60.0 ± 0.0"],
    ]
    assert cells(scores, "CRFsuite")[2] == "1, not random"
    assert cells(costs, "spaCy `ner`, efficiency") == [
        *["spaCy `ner`, efficiency", "none", "10", "10", "100", "25 k", "30 k", "3.5"]
    ]


def test_report_of_nothing():
    assert report({"corpora": {}, "rows": []}) == ""
    assert report({"corpora": {"btc": ABOUT}, "rows": []}).startswith("### btc")


def test_fill(tmp_path):
    path = tmp_path / "doc.md"
    path.write_text("a\n<!-- some -->\nold\n<!-- /some -->\n<!-- other -->\n", encoding="utf8")
    fill(path, "some", r"new \1")
    filled = "a\n<!-- some -->\nnew \\1\n<!-- /some -->\n<!-- other -->\n"
    assert path.read_text(encoding="utf8") == filled
    with pytest.raises(ValueError, match="0 places for the tables, between <!-- other -->"):
        fill(path, "other", "new")


def test_cells():
    assert [number(value) for value in (None, 1234.5, 12.345, 0.01234)] == [
        *["-", "1,234", "12.3", "0.0123"]
    ]
    assert [words(value) for value in (123_456.0, 9_999.0)] == ["123 k", "9,999"]
    assert make_table(["a", "b"], [["x", None]]) == "| a | b |\n| --- | ---: |\n| x | - |"
