"""A folder with what the pages assume: a checkout, a trained pipeline, and data."""

import gzip
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from ..pipeline.util import SMALL
from ..scripts import ROOT
from .blocks import write_programs

CHECKOUT = ("assets", "benchmarks", "configs", "examples", "scripts", "project.yml")
SENTENCE = "Going to see Chelsea tonight with Anna in London."
IN_SENTENCE = [(13, 20, "LOC"), (34, 38, "PER"), (42, 48, "LOC")]
SHORT = SENTENCE.replace(" in London", "")
STEPS = 30


def read(split: str, labels: set[str], limit: int = 40) -> list[tuple[str, list]]:
    """Annotated texts of the corpus in `assets`."""
    records = list(srsly.read_jsonl(ROOT / f"assets/{split}.jsonl"))[:limit]
    spans = "start", "end", "label"
    return [
        (
            record["text"],
            [tuple(s[key] for key in spans) for s in record["spans"] if s["label"] in labels],
        )
        for record in records
    ]


def make_doc(nlp: Language, text: str, ents: list) -> Doc:
    return Example.from_dict(nlp.make_doc(text), {"entities": ents}).reference


def write_docs(path: Path, docs: list[Doc]) -> None:
    path.parent.mkdir(exist_ok=True)
    DocBin(docs=docs).to_disk(path)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory) -> Path:
    """What a clone has, with short trainings."""
    folder = tmp_path_factory.mktemp("docs") / "checkout"
    folder.mkdir()
    for name in CHECKOUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for path in (folder / "configs").glob("*.cfg"):
        text = re.sub(r"(?m)^max_steps = .*", f"max_steps = {STEPS}", path.read_text("utf8"))
        text = re.sub(r"(?m)^eval_frequency = .*", f"eval_frequency = {STEPS // 2}", text)
        path.write_text(text, encoding="utf8")
    return folder


@pytest.fixture(scope="session")
def prepared(checkout) -> Path:
    """The same with a pipeline that knows people and places, and data of many names."""
    folder = checkout.parent / "prepared"
    shutil.copytree(checkout, folder)
    data = read("train", {"PER", "LOC"}, 120)
    data += [(SENTENCE, IN_SENTENCE), (SHORT, IN_SENTENCE[:2])]
    nlp = train(data[-30:])
    for name in ("model", "other"):
        (folder / name).mkdir()
        nlp.to_disk(folder / name / "model-best")
    old = [make_doc(nlp, *each) for each in data]
    new = [make_doc(nlp, *each) for each in read("train", {"ORG"}, 200)]
    for name in ("train", "dev", "test"):
        docs = old if name == "train" else old[:40]
        write_docs(folder / f"{name}.spacy", docs)
        write_docs(folder / "corpus" / f"{name}.spacy", docs)
    write_docs(folder / "org_train.spacy", new)
    write_docs(folder / "org_dev.spacy", new)
    write_docs(folder / "corrected.spacy", old[:3])
    texts = [text for text, _ in read("test", set(), 100)]
    records = [{"text": text} for text in texts]
    (folder / "raw.txt").write_text("\n".join(texts), encoding="utf8")
    srsly.write_jsonl(folder / "raw.jsonl", records)
    srsly.write_jsonl(folder / "corpus" / "news.jsonl", records)
    packed = gzip.compress((folder / "raw.jsonl").read_bytes())
    (folder / "news.jsonl.gz").write_bytes(packed)
    lines = (ROOT / "assets/train.jsonl").read_text("utf8").splitlines()[:60]
    (folder / "annotated.jsonl").write_text("\n".join(lines), encoding="utf8")
    for name in ("train", "dev", "test"):
        words = "".join(f"{token.text} {tag_of(token)}\n" for token in old[0])
        (folder / f"{name}.conll").write_text(words, encoding="utf8")
    return folder


def train(data: list[tuple[str, list]]) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner", config=SMALL)
    examples = [Example.from_dict(nlp.make_doc(t), {"entities": ents}) for t, ents in data]
    fix_random_seed(0)
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.01)
    for _ in range(80):
        nlp.update(examples, sgd=optimizer)
    nlp.get_pipe("window_ner").calibrate(examples)
    return nlp


def tag_of(token: Any) -> str:
    return f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O"


@pytest.fixture
def programs(tmp_path) -> dict[str, str]:
    """The environment of shell blocks."""
    folder = write_programs(tmp_path / "bin", sys.executable)
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def scope(prepared) -> Iterator[dict[str, Any]]:
    """Names that pages use without saying where they come from."""
    nlp = spacy.load(prepared / "model/model-best")
    docs = [make_doc(nlp, *each) for each in read("train", {"ORG"}, 20)]
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in docs]
    known = [
        Example(nlp.make_doc(text), make_doc(nlp, text, ents))
        for text, ents in read("train", {"PER", "LOC"}, 2)
    ]
    yield {
        "__name__": "__main__",
        "spacy": spacy,
        "nlp": nlp,
        "batches": [examples],
        "held_out": examples,
        "corrected_examples": known,
        "sample_of_100_raw_examples": known,
    }
