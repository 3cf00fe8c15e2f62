"""The benchmark of explanations, on a corpus of a few sentences."""

import explain as benchmark
import pytest

from ..tools.explain.util import trained_nlp
from .util import write_corpus

pytest.importorskip("starlette", reason="the extra `serve` isn't installed")
pytest.importorskip("uvicorn", reason="the extra `serve` isn't installed")


def test_all_are_timed(tmp_path, capsys):
    trained_nlp(steps=80, recall_bias=1.0).to_disk(tmp_path / "model")
    test = ["I O\nlike O\nLondon B-LOC\n", "Who O\nis O\nShaka B-PERSON\nKhan I-PERSON\n"]
    corpus = write_corpus(tmp_path / "conll", test=test)
    benchmark.main(tmp_path / "model", corpus, words=7, overlong=30, repeats=2)
    table = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    rows = {row[0].strip("| "): row[1:] for row in table[2:]}
    assert list(rows) == [
        "an entity of 7 words", "the same through the server", "an entity of 30 tokens",
    ]  # fmt: skip
    assert all(float(cell.strip("| ")) > 0 for row in rows.values() for cell in row)
