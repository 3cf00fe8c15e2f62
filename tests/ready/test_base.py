"""The benchmark of trainings that start from a pipeline."""

from types import SimpleNamespace

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin

from spacy_windowner.tools.report.matching import Counts

from ..scripts import run_script


@pytest.fixture
def corpus(tmp_path):
    vocab = spacy.blank("en").vocab
    for part, size in (("train", 12), ("dev", 300), ("test", 3)):
        docs = [Doc(vocab, words=["Anna", str(i)], ents=["B-PER", "O"]) for i in range(size)]
        path = tmp_path / "tiny" / f"{part}.spacy"
        path.parent.mkdir(exist_ok=True)
        DocBin(docs=docs).to_disk(path)
    return tmp_path / "tiny"


def test_rows(corpus, tmp_path, monkeypatch):
    import ready_base

    calls = []

    def train(sources, output, *, dev, test, seed, **settings):
        sizes = [len(DocBin().from_disk(path)) for path in (*sources, dev, test)]
        calls.append((*sizes, seed, settings))
        # LOC is a label of the base, which the data doesn't have.
        labels = {"PER": Counts(3, 1, 0), "LOC": Counts(0, 9, 0)}
        return SimpleNamespace(report=SimpleNamespace(models=[SimpleNamespace(labels=labels)]))

    monkeypatch.setattr(ready_base, "train", train)
    output = tmp_path / "rows.json"
    args = ("base", corpus, output, "--sizes", "5,10", "--ways", "nothing,start,keep")
    code, told = run_script("ready_base", *args)
    assert code == 0, told
    assert [call[:3] for call in calls] == [(size, 200, 3) for size in (5, 5, 5, 10, 10, 10)]
    assert [call[4] for call in calls[:3]] == [
        {}, {"base": "base"}, {"base": "base", "keep_labels": True}
    ]  # fmt: skip
    rows = srsly.read_json(output)
    assert len(rows) == 6 and rows[0]["f"] == pytest.approx(100 * 6 / 7)
    assert run_script("ready_base", *args)[0] == 0
    assert len(calls) == 6  # what is finished isn't run again
