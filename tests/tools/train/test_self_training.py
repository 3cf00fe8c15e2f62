"""A first model tags raw text, and a second one learns from it as well."""

import os
import shutil

import pytest
import spacy
import srsly
from spacy.tokens import DocBin

from spacy_windowner.progress import silent
from spacy_windowner.tools.train import loop, self_training

from ...pipeline.util import ents_of
from .test_resume import Interruptions
from .test_train import train, write

# There is little to calibrate on.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[WW060\]")

STEPS = 60
NEW = ["Zoe", "Ida", "Otto", "Max"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return [write(tmp_path_factory.mktemp("data") / "all.jsonl")]


@pytest.fixture(scope="module")
def raw(data):
    """Names that the annotated documents don't have, in their contexts."""
    path = data[0].with_name("raw.txt")
    lines = [f"{NEW[number % 4]} came to town on day {'x' * (number % 9)}" for number in range(200)]
    path.write_text("\n".join(lines), encoding="utf8")
    return path


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def trained(data, raw, told, tmp_path_factory):
    output = tmp_path_factory.mktemp("out")
    train(data, output, raw_text=raw, max_steps=STEPS, on_tagged=told.append)
    return output


def docs_in(path):
    bin = DocBin(store_user_data=True).from_disk(path)
    return list(bin.get_docs(spacy.blank("en").vocab))


def test_it_learns_from_both(trained, told):
    docs = docs_in(trained / "teacher" / "tagged.spacy")
    annotated = docs_in(trained / "corpus" / "train.spacy")
    [tagged] = told
    of_raw, copies = docs[:200], docs[200:]
    assert [doc[0].text for doc in of_raw] == NEW * 50
    assert tagged.n_words == sum(len(doc) for doc in of_raw)
    assert tagged.n_ents == sum(len(doc.ents) for doc in of_raw) > 100
    assert [ents_of(doc) for doc in copies] == [ents_of(doc) for doc in annotated] * tagged.copies
    share = sum(len(doc) for doc in copies) / sum(len(doc) for doc in docs)
    assert 0.3 < share < 0.7
    config = spacy.util.load_config(trained / "config.cfg")
    assert config["paths"]["train"] == str(trained / "teacher" / "tagged.spacy")
    teacher = spacy.load(trained / "teacher" / "model-best")
    nlp = spacy.load(trained / "model-best")
    assert "Zoe" in nlp.vocab.strings and "Zoe" not in teacher.vocab.strings
    assert [ents_of(teacher(doc.text)) for doc in of_raw] == [ents_of(doc) for doc in of_raw]
    assert ents_of(nlp("Zoe came to town on day xx")) == [("Zoe", "PER")]
    report = (trained / "report" / "report.md").read_text(encoding="utf8")
    assert "| teacher |" in report


def test_notes_on_the_annotation_stay(trained, raw, tmp_path):
    docs = docs_in(trained / "corpus" / "train.spacy")
    docs[0].user_data["annotated_labels"] = ["PER"]
    DocBin(docs=docs, store_user_data=True).to_disk(tmp_path / "train.spacy")
    folder = trained / "teacher"
    copy = tmp_path / "teacher"
    shutil.copytree(folder, copy)
    tagged = self_training.write_tagged(copy, raw, tmp_path / "train.spacy", 700, silent)
    notes = [doc.user_data for doc in docs_in(copy / "tagged.spacy")]
    assert [each for each in notes if each] == [{"annotated_labels": ("PER",)}] * tagged.copies


def test_a_second_call(data, raw, trained, tmp_path):
    again = {"raw_text": raw, "max_steps": STEPS}
    assert not train(data, trained, **again).is_new
    other = tmp_path / "other.txt"
    other.write_text(raw.read_text(encoding="utf8") + "\nMax came to town on day x", "utf8")
    before = os.stat(trained / "teacher" / "model-best" / "meta.json").st_mtime_ns
    assert train(data, trained, raw_text=other, max_steps=STEPS).is_new
    assert os.stat(trained / "teacher" / "model-best" / "meta.json").st_mtime_ns == before
    shutil.move(trained / "teacher" / "model-best", tmp_path / "model")
    alone = train(data, trained, raw_text=other, max_steps=STEPS)
    shutil.move(tmp_path / "model", trained / "teacher" / "model-best")
    assert not alone.is_new and len(alone.report.models) == 1


@pytest.mark.slow
def test_it_goes_on_after_an_interruption(data, raw, tmp_path, monkeypatch):
    settings = {"raw_text": raw, "max_steps": STEPS}
    steps: list[int] = []
    train(data, tmp_path / "whole", **settings)
    for n in (1, 3):  # in the training of the first model, and in that of the second one
        with monkeypatch.context() as patched:
            Interruptions(patched).set(loop, "save_checkpoint", n)
            with pytest.raises(KeyboardInterrupt):
                train(data, tmp_path / "parts", on_start=steps.append, **settings)
    train(data, tmp_path / "parts", on_start=steps.append, **settings)
    assert steps == [0, 1, 0, 1]
    whole, parts = (tmp_path / name / "model-last" / "window_ner" for name in ("whole", "parts"))
    assert (whole / "model").read_bytes() == (parts / "model").read_bytes()


def test_long_text_is_cut(raw, trained, tmp_path, monkeypatch):
    folder = tmp_path / "teacher"
    shutil.copytree(trained / "teacher", folder)
    monkeypatch.setattr(self_training, "_MAX_WORDS", 50)
    train_part = trained / "corpus" / "train.spacy"
    tagged = self_training.write_tagged(folder, raw, train_part, 700, silent)
    assert 50 <= tagged.n_words < 60 and tagged.copies == 1
    line = tmp_path / "line.txt"
    line.write_text("Anna came to town " * 100)
    assert self_training.write_tagged(folder, line, train_part, 700, silent).n_words == 50
    monkeypatch.setattr(self_training, "_MAX_WORDS", 10_000)
    tagged = self_training.write_tagged(folder, raw, train_part, 5, silent)
    assert 100 <= tagged.n_words < 110 and tagged.copies > 10


def test_bad_raw_text(data, trained, tmp_path):
    def attempt(path, **settings):
        train(data, tmp_path / "out", raw_text=path, max_steps=3, **settings)

    with pytest.raises(ValueError, match=r"WN040.*none\.txt.*no such file"):
        attempt(tmp_path / "none.txt")
    with pytest.raises(ValueError, match=r"WN001.*raw_text.*keep_labels"):
        attempt(data[0], base=trained / "model-best", keep_labels=True)
    assert not (tmp_path / "out").exists()
    folder, corpus = tmp_path / "teacher", trained / "corpus" / "train.spacy"
    shutil.copytree(trained / "teacher", folder)
    path = tmp_path / "raw.txt"
    path.write_text("\n \n")
    with pytest.raises(ValueError, match="WN041"):
        self_training.write_tagged(folder, path, corpus, 700, silent)
    path.write_text("nothing to see\n")
    with pytest.raises(ValueError, match=r"WN256.*3 words"):
        self_training.write_tagged(folder, path, corpus, 700, silent)
    path.write_bytes(b"\xff\xff\n" + 500 * b"Anna came to town\n")
    with pytest.warns(UserWarning, match="WW040.*1 of"):  # not read to its end
        self_training.write_tagged(folder, path, corpus, 10, silent)
    meta = folder / "model-best" / "meta.json"
    content = srsly.read_json(meta)
    srsly.write_json(meta, {**content, "performance": {"ents_f": 0.0}})
    with pytest.raises(ValueError, match="WN257"):
        self_training.write_tagged(folder, path, corpus, 700, silent)
