"""The embedded corpus, and the scripts that convert data."""

from pathlib import Path

import pytest
import spacy
import srsly
from spacy.tokens import DocBin

from .scripts import ROOT, run_script

SPLITS = ("train", "dev", "test")


def read_docs(path: Path) -> list:
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


@pytest.fixture(scope="module")
def corpus():
    return {split: list(srsly.read_jsonl(ROOT / f"assets/{split}.jsonl")) for split in SPLITS}


def entities(records):
    return [
        (record["text"][span["start"] : span["end"]], span["label"])
        for record in records
        for span in record["spans"]
    ]


def test_size(corpus):
    texts = [record["text"] for split in SPLITS for record in corpus[split]]
    assert len(texts) >= 500
    assert len(set(texts)) == len(texts)
    found = [entity for split in SPLITS for entity in entities(corpus[split])]
    assert len(found) >= 1500
    assert {label for _, label in found} == {"PER", "ORG", "LOC", "MISC"}
    domains = {record["meta"]["domain"] for record in corpus["test"]}
    assert domains == {"news", "sport", "business", "science", "travel", "everyday"}


@pytest.mark.parametrize("split", ["dev", "test"])
def test_half_of_the_names_are_unseen(corpus, split):
    seen = set(entities(corpus["train"]))
    found = entities(corpus[split])
    assert 0.4 < sum(entity not in seen for entity in found) / len(found) < 0.6


def test_names_are_ambiguous(corpus):
    labels: dict[str, set[str]] = {}
    for split in SPLITS:
        for text, label in entities(corpus[split]):
            labels.setdefault(text, set()).add(label)
    assert labels["Paris"] >= {"PER", "LOC"}
    assert labels["Charles Schwab"] >= {"PER", "ORG"}
    assert "ORG" in labels["Future School"]


@pytest.mark.parametrize("split", SPLITS)
def test_every_entity_is_converted(corpus, tmp_path, split):
    code, output = run_script(
        "convert_jsonl", ROOT / f"assets/{split}.jsonl", tmp_path / "out.spacy"
    )
    assert code == 0, output
    assert "skipped" not in output
    docs = read_docs(tmp_path / "out.spacy")
    assert [doc.text for doc in docs] == [record["text"] for record in corpus[split]]
    assert [(ent.text, ent.label_) for doc in docs for ent in doc.ents] == entities(corpus[split])


def test_bad_spans_are_skipped_and_reported(tmp_path):
    spans = [(0, 5), (2, 9), (6, 12), (0, 12), (12, 14)]
    record = {
        "text": "Paris Hilton  came.",
        "spans": [{"start": start, "end": end, "label": "PER"} for start, end in spans],
    }
    srsly.write_jsonl(tmp_path / "in.jsonl", [record])
    code, output = run_script("convert_jsonl", tmp_path / "in.jsonl", tmp_path / "out.spacy")
    assert code == 0, output
    assert "skipped 3 spans" in output
    assert "document 0, overlaps 'Paris': 'Paris Hilton' (PER)" in output
    assert "not aligned with the tokens: 'ris Hil' (PER)" in output
    assert "Paris Hilton came." in output
    [doc] = read_docs(tmp_path / "out.spacy")
    assert [ent.text for ent in doc.ents] == ["Paris", "Hilton"]
    # The white space between is in no entity that could be used, and counts as unknown.
    assert [token.ent_iob_ for token in doc] == ["B", "B", "", "O", "O"]


def test_conll_keeps_tokens_with_white_space(tmp_path):
    text = "A\u00a0B\tB-PER\nC\tI-PER\n\tO\n\nD O\nke s\tO\n"
    (tmp_path / "in.conll").write_text(text, encoding="utf-8")
    code, output = run_script("convert_conll", tmp_path / "in.conll", tmp_path / "out.spacy")
    assert code == 0, output
    assert "skipped 1 lines without a token, the first: 3" in output
    docs = read_docs(tmp_path / "out.spacy")
    assert [[token.text for token in doc] for doc in docs] == [["A\u00a0B", "C"], ["D", "ke s"]]
    assert [ent.text for ent in docs[0].ents] == ["A\u00a0B C"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Paris\n", "line 1: expected a token and a BIO tag"),
        ("in O\nParis B-\n", "line 2: expected a token and a BIO tag"),
        ("EU\tNNP\tB-NP\tB-ORG\n", "line 1: expected two columns, found 4"),
        ("X I-PER\nY I-LOC\n", "line 1: I-PER continues no entity"),
        ("X B-PER\nY I-LOC\n", "line 2: I-LOC continues no entity"),
    ],
)
def test_conll_that_is_not_bio_is_an_error(tmp_path, text, message):
    (tmp_path / "in.conll").write_text(text, encoding="utf-8")
    code, output = run_script("convert_conll", tmp_path / "in.conll", tmp_path / "out.spacy")
    assert code == 1
    assert message in output
    assert not (tmp_path / "out.spacy").exists()


def test_jsonl_without_spans_is_an_error(tmp_path):
    srsly.write_jsonl(tmp_path / "in.jsonl", [{"text": "a", "spans": []}, {"text": "b"}])
    code, output = run_script("convert_jsonl", tmp_path / "in.jsonl", tmp_path / "out.spacy")
    assert code == 1
    assert "document 1 has no `spans`" in output
    assert not (tmp_path / "out.spacy").exists()
