import json
from functools import partial

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from ..pipeline.util import make_examples, make_nlp, train
from .util import run_command


@pytest.fixture(scope="module")
def trained():
    nlp = make_nlp()
    train(nlp)
    return nlp


@pytest.fixture
def model(tmp_path, trained):
    trained.to_disk(tmp_path / "model")
    return tmp_path / "model"


def save(path, nlp, repeat=30, annotated=True):
    docs = [eg.reference if annotated else eg.predicted for eg in make_examples(nlp)] * repeat
    DocBin(docs=docs).to_disk(path)
    return path


run = partial(run_command, "calibrate")


def cfg_of(model, name="window_ner"):
    return json.loads((model / name / "cfg").read_text())


def test_calibrates_in_place(model, tmp_path, trained):
    code, output = run(model, save(tmp_path / "dev.spacy", trained))
    assert code == 0, output
    assert "LOC 60" in output and "PERSON pooled" in output and "pooled 90" in output
    curves = cfg_of(model)["calibration"]["entities"]
    assert curves["pooled"]["fitted_on"] == 90 and list(curves["labels"]) == ["LOC"]
    assert cfg_of(model)["recall_bias"] == 0.0
    doc = spacy.load(model)("Who is Shaka Khan?")
    assert doc.ents and all(0.0 < ent._.ner_score < 1.0 for ent in doc.ents)
    assert 0.5 < doc.ents[0]._.ner_score < 1.0


def test_saves_elsewhere_and_tunes(model, tmp_path, trained):
    data = save(tmp_path / "dev.spacy", trained)
    code, output = run(model, data, "--output", tmp_path / "other", "--tune-recall-bias")
    assert code == 0 and "recall_bias: 0.0" in output, output
    assert cfg_of(model)["calibration"] is None
    assert cfg_of(tmp_path / "other")["calibration"] is not None


def test_document_weight(model, tmp_path, trained):
    """Entities that recur in their documents, one of which the model doesn't find by itself."""
    docs = []
    for _ in range(30):
        doc = Doc(trained.vocab, words="Who is Shaka Khan ? I met Khan .".split())
        doc.set_ents([Span(doc, 2, 4, "PERSON"), Span(doc, 7, 8, "PERSON")])
        docs.append(doc)
    DocBin(docs=docs).to_disk(tmp_path / "dev.spacy")
    code, output = run(model, tmp_path / "dev.spacy", "--tune-document-weight")
    weight = cfg_of(model)["document_weight"]
    assert code == 0 and f"document_weight: {weight}" in output, output
    copy = spacy.load(model)
    examples = [Example(copy.make_doc(doc.text), doc) for doc in docs]
    assert weight == copy.get_pipe("window_ner").tune_document_weight(examples)


def test_little_data_is_told(model, tmp_path, trained):
    code, output = run(model, save(tmp_path / "dev.spacy", trained, repeat=2))
    assert code == 0 and "WW060" in output and "only 6 entities" in output


def test_data_without_entities(model, tmp_path, trained):
    before = (model / "window_ner" / "cfg").read_bytes()
    code, output = run(model, save(tmp_path / "dev.spacy", trained, annotated=False))
    assert code == 1 and "WN060" in output
    assert (model / "window_ner" / "cfg").read_bytes() == before


def test_frozen_labels(tmp_path, trained):
    nlp = make_nlp().from_bytes(trained.to_bytes())
    nlp.get_pipe("window_ner").add_labels(["ORG"])
    nlp.to_disk(tmp_path / "grown")
    code, output = run(tmp_path / "grown", save(tmp_path / "dev.spacy", trained))
    assert code == 1 and "WN079" in output
    assert cfg_of(tmp_path / "grown")["calibration"] is None


def test_frozen_labels_of_a_calibrated_model(tmp_path, trained):
    """What is tuned, fitted and counted is the new label."""
    nlp = make_nlp().from_bytes(trained.to_bytes())
    ner = nlp.get_pipe("window_ner")
    ner.calibrate(make_examples(nlp) * 30)
    ner.add_labels(["ORG"])
    ner.cfg["recall_bias"] = 0.25
    nlp.to_disk(tmp_path / "grown")
    data = save(tmp_path / "dev.spacy", trained)  # 90 entities, none of them an ORG
    code, output = run(tmp_path / "grown", data, "--tune-recall-bias")
    assert code == 0, output
    assert "label_biases: ORG 0.0" in output and "recall_bias:" not in output
    assert (
        "WW060" in output
        and "only 0 entities in total with the labels to calibrate (ORG)" in output
    )
    assert cfg_of(tmp_path / "grown")["label_biases"] == {}


def test_other_models(tmp_path, trained):
    data = save(tmp_path / "dev.spacy", trained)
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    blank.to_disk(tmp_path / "blank")
    code, output = run(tmp_path / "blank", data)
    assert code == 1 and "WN050" in output
    code, output = run("en_no_such_package", data)
    assert code == 1 and "--output" in output
    code, output = run("en_no_such_package", data, "--output", tmp_path / "out")
    assert code == 1 and "Can't load the pipeline" in output


def test_help_has_an_example():
    code, output = run("--help")
    assert code == 0 and "EXAMPLE: python -m spacy windowner calibrate" in output


def test_a_promise(model, tmp_path, trained):
    data = save(tmp_path / "dev.spacy", trained)
    code, output = run(model, data, "--recall", 0.9)
    assert code == 1 and "WN271" in output
    code, output = run(model, data, "--recall", 0.9, "--spans-key", "sc")
    assert code == 0, output
    assert "LOC 60" in output and "Promised: candidates contain 90 % of the entities" in output
    cfg = cfg_of(model)
    assert cfg["promise"]["recall"] == 0.9 and cfg["candidates"] and cfg["spans_key"] == "sc"
    assert "sc_candidates" in spacy.load(model)("Who is Shaka Khan?").spans
    code, output = run(model, data, "--recall", 0.8, "--overall", "--redact")
    assert code == 0 and "LOC 90 (shared)" in output, output
    assert cfg_of(model)["redact"] is True


@pytest.mark.parametrize("recall", [0, 1, 1.5, "nan"])
def test_promises_that_nobody_can_keep(model, tmp_path, trained, recall):
    before = (model / "window_ner" / "cfg").read_bytes()
    data = save(tmp_path / "dev.spacy", trained)
    code, output = run(model, data, "--recall", recall, "--spans-key", "sc")
    assert code == 1 and "WN001" in output and "above 0 and below 1" in output
    assert (model / "window_ner" / "cfg").read_bytes() == before


def test_too_little_data_for_a_promise(model, tmp_path, trained):
    data = save(tmp_path / "dev.spacy", trained, repeat=2)
    code, output = run(model, data, "--recall", 0.95, "--redact")
    assert code == 1 and "WN272" in output and "needs about 38 entities" in output
    data = save(tmp_path / "none.spacy", trained, annotated=False)
    code, output = run(model, data, "--recall", 0.95, "--redact")
    assert code == 1 and "WN272" in output and "0 entities" in output


@pytest.mark.parametrize("option", ["--redact", "--overall"])
def test_options_of_a_promise_need_one(model, tmp_path, trained, option):
    code, output = run(model, save(tmp_path / "dev.spacy", trained), option)
    assert code == 1 and "WN001" in output and "give `recall` as well" in output
    assert cfg_of(model)["calibration"] is None


def test_data_in_another_format(model, tmp_path):
    path = tmp_path / "dev.jsonl"
    path.write_text("{}\n")
    code, output = run(model, path)
    assert code == 1 and "WN092" in output and "dev.jsonl" in output
