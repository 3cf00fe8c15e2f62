"""Lexicons in files."""

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc

from spacy_windowner.layers.lexicon_features import find_lexicon
from spacy_windowner.models import lexicon_file
from spacy_windowner.models.lexicon_file import load_lexicon, read_lexicon


@pytest.fixture(scope="module")
def nlp():
    return spacy.blank("en")


def line(label, pattern, **other):
    return json.dumps({"label": label, "pattern": pattern, **other})


def read(nlp, path, text=None, attr="LOWER", **settings):
    if text is not None:
        path.write_text(text, encoding="utf8")
    return read_lexicon(Path(path), attr, nlp.vocab, **settings)


def found(lexicon, text):
    """The words of the phrases in a text."""
    doc = spacy.blank("en")(text)
    return [doc[i].text for i, mark in enumerate(lexicon.find([doc])) if mark]


def test_lines_as_for_the_entity_ruler(nlp, tmp_path):
    text = "\n".join([line("CITY", "New York"), "", line("NAME", "Anna's", id="x"),
                      line("CITY", " Zürich\n")])  # fmt: skip
    lexicon = read(nlp, tmp_path / "a.jsonl", f"\ufeff{text}")
    assert lexicon.classes == ("CITY", "NAME")
    text = "New York, Zürich and Anna's new house"
    assert found(lexicon, text) == ["New", "York", "Zürich", "Anna", "'s"]


def test_text_files(nlp, tmp_path):
    read(nlp, tmp_path / "CITY.txt", "New York\r\n\r\nBern\r\n")
    (tmp_path / "DRUG.txt.gz").write_bytes(gzip.compress(b"aspirin"))
    (tmp_path / "NAME.jsonl").write_text(line("NAME", "Anna"))
    (tmp_path / "README.md").write_text("?")
    assert read(nlp, tmp_path / "DRUG.txt.gz").classes == ("DRUG",)
    lexicon = read(nlp, tmp_path)
    assert lexicon.classes == ("CITY", "DRUG", "NAME")
    assert found(lexicon, "Aspirin for Anna in Bern") == ["Aspirin", "Anna", "Bern"]
    lexicon = read(nlp, tmp_path, attr="ORTH")
    assert found(lexicon, "Aspirin for anna in Bern") == ["Bern"]


def test_the_vocabulary_stays_as_it_is(nlp, tmp_path):
    size = len(nlp.vocab.strings)
    for tokenizer in (None, nlp.tokenizer):
        lexicon = read(nlp, tmp_path / "a.txt", "Xyzzy Plugh", tokenizer=tokenizer)
        assert found(lexicon, "xyzzy plugh") == ["xyzzy", "plugh"]
        assert len(nlp.vocab.strings) == size and "Plugh" not in nlp.vocab.strings
    with nlp.memory_zone():
        read(nlp, tmp_path / "a.txt", tokenizer=nlp.tokenizer)


def test_a_tokenizer_of_ones_own(nlp, tmp_path):
    def split(text):
        return Doc(nlp.vocab, words=text.split("|"))

    lexicon = read(nlp, tmp_path / "a.txt", "a|b c", tokenizer=split)
    assert lexicon.find([Doc(nlp.vocab, words=["A", "b c"])]).all()


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("a.csv", "x", "WN230.*a.csv.*another ending"),
        ("a.txt", "\n \n", "WN230.*no phrases"),
        ("a.jsonl", "", "WN230.*no phrases"),
        ("a.jsonl", line("A", "x") + "\n" + line("A", " "), "WN231.*line 2 .*phrase is empty"),
        ("a.jsonl", line("A", ""), "WN231.*line 1 .*phrase is empty"),
        ("a.jsonl", "\n" + line("", "x"), 'WN231.*line 2 .*"label" is empty'),
        ("a.jsonl", line("A", [{"LOWER": "x"}]), 'WN231.*line 1 .*"pattern" isn\'t a string'),
        ("a.jsonl", '{"pattern": "x"}', 'WN231.*line 1 .*"label" isn\'t a string'),
        ("a.jsonl", line("A", "x") + "\nx", "WN231.*line 2 .*isn't JSON"),
        ("a.jsonl", "[]", "WN231.*line 1 .*JSON object"),
        ("a.txt", "x\n" + "x " * 51, "WN231.*line 2 .*more than 50 words"),
        ("a.txt", "x\ny\n" + "x" * 200_000, "WN231.*line 3 .*longer than 100,000 bytes"),
        (
            "a.jsonl",
            "\n".join(line(f"C{n}", "x") for n in range(17)),
            "WN231.*line 17 .*more than 16 classes",
        ),
    ],
)
def test_what_can_not_be_used(nlp, tmp_path, name, text, message):
    with pytest.raises(ValueError, match=message):
        read(nlp, tmp_path / name, text)


def test_files_that_can_not_be_read(nlp, tmp_path):
    with pytest.raises(ValueError, match="WN230.*none.jsonl.*No such file"):
        read(nlp, tmp_path / "none.jsonl")
    with pytest.raises(ValueError, match="WN230.*no .jsonl or .txt file"):
        read(nlp, tmp_path)
    (tmp_path / "a.txt").write_bytes(b"x\n\xff\n")
    with pytest.raises(ValueError, match="WN231.*line 2 .*UTF-8"):
        read(nlp, tmp_path / "a.txt")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"x\n" * 1000)[:20])
    with pytest.raises(ValueError, match="WN230.*b.txt.gz"):
        read(nlp, tmp_path / "b.txt.gz")


def test_given_classes(nlp, tmp_path):
    text = "\n".join([line("B", "x"), line("A", "y")])
    lexicon = read(nlp, tmp_path / "a.jsonl", text, classes=("A", "B", "C"))
    assert lexicon.classes == ("A", "B", "C")
    assert lexicon.find([Doc(nlp.vocab, words=["x", "y"])]).tolist() == [8 << 4, 8]
    with pytest.raises(ValueError, match="WN232.*class 'B' in line 1.*classes are: A, C"):
        read(nlp, tmp_path / "a.jsonl", classes=("A", "C"))


@pytest.mark.slow
def test_memory_is_bounded(nlp, tmp_path, monkeypatch):
    """It grows by a few bytes for each word, and not by what spaCy keeps of it."""
    monkeypatch.setattr(lexicon_file, "_CHUNK", 500)
    (tmp_path / "a.txt").write_text("\n".join(f"w{n} v{n} u{n}" for n in range(10_000)))
    read(nlp, tmp_path / "a.txt", attr="ORTH")  # what is cached once
    tracemalloc.start()
    read(nlp, tmp_path / "a.txt", attr="ORTH")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000 * 3 * 200


@pytest.mark.slow
def test_a_million_phrases(nlp, tmp_path):
    (tmp_path / "a.txt").write_text("\n".join(f"w{n} v{n}" for n in range(1_000_000)))
    lexicon = read(nlp, tmp_path / "a.txt")
    assert len(lexicon.to_bytes()) < 30_000_000
    assert found(lexicon, "see W999999 v999999 v0") == ["W999999", "v999999"]


def test_those_of_a_trained_pipeline(nlp, tmp_path):
    (tmp_path / "CITY.txt").write_text("New York\nBern")
    other = spacy.blank("en")
    other.add_pipe("sentencizer")
    other.to_disk(tmp_path / "without")
    with pytest.raises(ValueError, match="WN230.*without: this pipeline has none"):
        load_lexicon(tmp_path / "without", "LOWER", nlp.vocab)
    lexicon = {
        "@architectures": "spacy-windowner.LexiconEmbed.v1",
        "path": str(tmp_path / "CITY.txt"),
    }
    ner = other.add_pipe("window_ner", config={"model": {"embed": {"lexicon": lexicon}}})
    ner.add_label("LOC")
    other.initialize()
    other.to_disk(tmp_path / "model")
    own = load_lexicon(tmp_path / "model", "LOWER", nlp.vocab)
    assert own.to_bytes() == find_lexicon(ner.model).attrs["lexicon"].to_bytes()
    with pytest.raises(ValueError, match="WN230.*compares words by LOWER, and `attr` is ORTH"):
        load_lexicon(tmp_path / "model", "ORTH", nlp.vocab)
    with pytest.raises(ValueError, match="WN230.*numpy: it can't be loaded as a pipeline"):
        load_lexicon(Path("numpy"), "LOWER", nlp.vocab)
