"""Texts to try, and to rehearse."""

import gzip

import pytest
import spacy

from spacy_windowner.tools.serve.samples import read_texts, samples_of
from spacy_windowner.tools.serve.tagger import Tagger


def test_of_a_file(tmp_path, served):
    path = tmp_path / "raw.txt"
    path.write_text("One text\n\nTwo words\n", "utf8")
    nlp = spacy.blank("en")
    assert read_texts(path, nlp) == ["One text", "Two words"]
    many = tmp_path / "many.jsonl.gz"
    with gzip.open(many, "wt") as file:
        file.writelines(f'{{"text": "number {i}"}}\n' for i in range(3000))
    texts = read_texts(many, nlp)
    assert len(set(texts)) == 1000 and texts == read_texts(many, nlp)
    numbers = [int(text.split()[1]) for text in texts]
    assert 1300 < sum(numbers) / 1000 < 1700  # from the whole file
    samples = samples_of(texts, Tagger(served))
    assert len(samples) == 20 and set(samples) <= set(texts)
    short = [*texts, "x" * 101]
    assert "x" * 101 not in samples_of(short[-20:], Tagger(served, max_chars=100))


def test_lines_that_can_not_be_used_are_told(tmp_path):
    nlp = spacy.blank("en")
    nlp.max_length = 20
    path = tmp_path / "raw.txt"
    path.write_text(f"One text\n{'x' * 21}\n", "utf8")
    with pytest.warns(UserWarning, match=r"WW040.*1 of 2 lines.*line 2"):
        assert read_texts(path, nlp) == ["One text"]


def test_files_without_texts(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text("\n \n", "utf8")
    with pytest.raises(ValueError, match="WN041"):
        read_texts(path, spacy.blank("en"))
    with pytest.raises(ValueError, match="WN040"):
        read_texts(tmp_path / "raw.doc", spacy.blank("en"))


@pytest.mark.parametrize("lang", ["en", "de", "qq"])
def test_those_of_spacy(served, lang, monkeypatch):
    monkeypatch.setattr(served, "lang", lang)
    samples = samples_of([], Tagger(served))
    assert bool(samples) == (lang != "qq")
    assert all(isinstance(text, str) for text in samples)
