"""The script of the workflow `add-label`, and the benchmark of new labels."""

import subprocess
import sys
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin

ROOT = Path(__file__).parent.parent


def save(path: Path) -> None:
    vocab = spacy.blank("en").vocab
    words = ["Anna", "joined", "Acme", "?"]
    doc = Doc(vocab, words=words, ents=["B-PER", "O", "B-ORG", ""])
    DocBin(docs=[doc, Doc(vocab, words=["Nobody"], ents=["O"])]).to_disk(path)


def keep(tmp_path: Path, labels: str) -> subprocess.CompletedProcess:
    save(tmp_path / "all.spacy")
    script, target = ROOT / "scripts/keep_labels.py", tmp_path / "new" / "some.spacy"
    command = [sys.executable, script, tmp_path / "all.spacy", target, "--labels", labels]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def test_labels_are_kept(tmp_path):
    done = keep(tmp_path, "ORG")
    assert done.returncode == 0 and "2 documents with 1 entities" in done.stdout
    vocab = spacy.blank("en").vocab
    docs = list(DocBin().from_disk(tmp_path / "new" / "some.spacy").get_docs(vocab))
    tags = [[(token.ent_iob, token.ent_type_) for token in doc] for doc in docs]
    # What was not annotated stays so.
    assert tags == [[(2, ""), (2, ""), (3, "ORG"), (0, "")], [(2, "")]]


def test_an_unknown_label(tmp_path):
    done = keep(tmp_path, "ORG,GPE")
    assert done.returncode == 1 and "GPE" in done.stdout and "ORG, PER" in done.stdout
    assert not (tmp_path / "new").exists()
