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
@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_stays_flat(tmp_path):
    """New words that never end, after few that may be kept. Kept, each would take half a kB:
    200 MB in the last two thirds. spaCy's tables keep some 50 bytes of it after a zone."""
    from annotate_worker import Meter

    from spacy_windowner.tools.annotate.annotate import annotate

    nlp = make_nlp()
    train(nlp)
    nlp.to_disk(tmp_path / "model")
    path, n_words = tmp_path / "corpus.txt", 900_000
    with path.open("w", encoding="utf8") as file:
        for i in range(0, n_words, 10):
            words = " ".join(benchmark.made_up_word(j) for j in range(i, i + 7))
            file.write(f"London {words} Shaka Khan\n")
    meter = Meter(n_words)
    annotate(
        tmp_path / "model", path, tmp_path / "out", shard_size=200_000,
        on_shard=lambda status: meter.add(status.words),
    )  # fmt: skip
    first, _, third = meter.result()["peaks"]
    assert third < first + 60
