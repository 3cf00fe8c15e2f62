"""The embedded corpus."""

from pathlib import Path

import pytest
import spacy
import srsly
from spacy.tokens import DocBin

from spacy_windowner.tools.convert.convert import convert

from .scripts import ROOT

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
    done = convert([ROOT / f"assets/{split}.jsonl"], tmp_path / "out.spacy")
    assert not done.skips
    docs = read_docs(tmp_path / "out.spacy")
    assert [doc.text for doc in docs] == [record["text"] for record in corpus[split]]
    assert [(ent.text, ent.label_) for doc in docs for ent in doc.ents] == entities(corpus[split])
