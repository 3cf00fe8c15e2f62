"""The benchmark of probabilities and candidates, on a few documents."""

import candidates as benchmark
import pytest
import typer

from ..tools.report.util import trained_nlp, write_docs


@pytest.mark.slow
def test_all_are_timed(tmp_path, capsys, short):
    trained_nlp().to_disk(tmp_path / "model")
    (tmp_path / "raw.txt").write_text("I like London\n\nWho is Shaka Khan?\n")
    files = [write_docs(tmp_path / "test.spacy"), tmp_path / "raw.txt"]
    benchmark.main(tmp_path / "model", files, words=50, rounds=1)
    table, _ = capsys.readouterr().out.split("\n\n")
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines()]
    assert [row[0] for row in rows[2:]] == ["test.spacy", "200 words", "raw.txt", "200 words"]
    assert all(cell.endswith(" %") for row in rows[2:] for cell in row[2:])
    trained_nlp(calibrated=False, steps=1).to_disk(tmp_path / "model")
    with pytest.raises(typer.BadParameter, match="isn't calibrated"):
        benchmark.main(tmp_path / "model", files)


def test_what_is_lost():
    assert benchmark.lost({"plain": [3.0, 1.0], "x": [4.0, 2.0]}, "x") == "38 %"
