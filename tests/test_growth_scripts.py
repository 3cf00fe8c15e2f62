"""The script of the workflow `add-label`, and the benchmark of new labels."""

from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin

from .scripts import run_script


def save(path: Path) -> None:
    vocab = spacy.blank("en").vocab
    words = ["Anna", "joined", "Acme", "?"]
    doc = Doc(vocab, words=words, ents=["B-PER", "O", "B-ORG", ""])
    DocBin(docs=[doc, Doc(vocab, words=["Nobody"], ents=["O"])]).to_disk(path)


def keep(tmp_path: Path, labels: str) -> tuple[int, str]:
    save(tmp_path / "all.spacy")
    target = tmp_path / "new" / "some.spacy"
    return run_script("keep_labels", tmp_path / "all.spacy", target, "--labels", labels)


def test_labels_are_kept(tmp_path):
    code, output = keep(tmp_path, "ORG")
    assert code == 0 and "2 documents with 1 entities" in output
    vocab = spacy.blank("en").vocab
    docs = list(DocBin().from_disk(tmp_path / "new" / "some.spacy").get_docs(vocab))
    tags = [[(token.ent_iob, token.ent_type_) for token in doc] for doc in docs]
    # What was not annotated stays so.
    assert tags == [[(2, ""), (2, ""), (3, "ORG"), (0, "")], [(2, "")]]


def test_an_unknown_label(tmp_path):
    code, output = keep(tmp_path, "ORG,GPE")
    assert code == 1 and "GPE" in output and "ORG, PER" in output
    assert not (tmp_path / "new").exists()
