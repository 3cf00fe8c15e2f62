"""The benchmark of annotating a corpus, on a small one."""

import sys

import annotate as benchmark
import pytest

from ..pipeline.util import make_nlp, train


def test_words_never_come_again():
    lines = list(benchmark.make_lines(["a b c d e"], 2000))
    new = [word for line in lines for word in line.split() if word.startswith("Xq")]
    assert len(new) == len(set(new)) == 2000 // benchmark.NEW_WORDS
    assert lines == list(benchmark.make_lines(["a b c d e"], 2000))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_tables(tmp_path, capsys):
    nlp = make_nlp()
    train(nlp)
    nlp.to_disk(tmp_path / "model")
    raw, docs = tmp_path / "raw.txt", tmp_path / "docs.md"
    raw.write_text("I like London and Berlin.\n\nWho is Shaka Khan?\n", "utf8")
    docs.write_text(f"<!-- {benchmark.MARKERS} -->\n<!-- /{benchmark.MARKERS} -->\n", "utf8")
    benchmark.main(
        tmp_path / "model", [raw], n_words=150_000, memory_words=300_000, processes="1,2",
        rounds=1, docs=docs,
    )  # fmt: skip
    printed = capsys.readouterr().out
    rows = [line.split("|")[1:-1] for line in printed.splitlines() if line.startswith("| ")]
    names = [row[0].strip() for row in rows]
    assert names == ["", "---", "nlp.pipe and rows", "annotate, 1 process",
                     "annotate, 2 processes", "processes", "---", "1", "2"]  # fmt: skip
    assert 0.1 < float(rows[4][2]) < 4.0 and rows[2][4].strip() == "100%"
    one, two = ([float(cell.replace(",", "")) for cell in row[2:]] for row in rows[-2:])
    assert all(20 < mb < 10_000 for mb in one) and max(two) > max(one)
    assert "annotate, 2 processes" in docs.read_text("utf8")
