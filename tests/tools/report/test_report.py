"""Whole reports of small pipelines."""

import json
import shutil
import time

import pytest
import spacy
from spacy.language import Language

from spacy_windowner.pipeline.ner_score import saved_scores
from spacy_windowner.tools.report import predict as predict_module
from spacy_windowner.tools.report.matching import compare, count_labels
from spacy_windowner.tools.report.predict import predict, words_per_second
from spacy_windowner.tools.report.render_html import report_to_html
from spacy_windowner.tools.report.render_markdown import report_to_markdown
from spacy_windowner.tools.report.report import make_report, short_names, total_of
from spacy_windowner.tools.report.wording import describe_promise

from ...pipeline.util import TRAIN_DATA, make_examples
from .util import MORE, trained_nlp, write_docs


def test_it_says_what_spacy_says(report, models, data):
    assert [model.name for model in report.models] == ["first", "second"]
    for model, path in zip(report.models, models, strict=True):
        nlp = spacy.load(path)
        expected = nlp.evaluate(make_examples(nlp, [*TRAIN_DATA, *MORE]))
        assert (model.total.p, model.total.r, model.total.f) == pytest.approx(
            (expected["ents_p"], expected["ents_r"], expected["ents_f"])
        )
        assert model.words_per_second > 0
        assert model.seen["unseen"].fn == model.seen["unseen"].tp == 0
    assert report.models[0].trust is not None and report.models[1].trust is None
    assert report.data.entities == 7 and report.data.documents == 5
    assert report.data.labels == {"LOC": 4, "PERSON": 3}


def test_json(report):
    data = json.loads(json.dumps(report.to_dict()))
    first = data["models"][0]
    assert first["total"]["f"] == report.models[0].total.f
    assert data["errors"]["total"] == len(data["errors"]["shown"]) > 0
    assert set(first["views"]) == {"strict", "exact", "partial", "type"}
    missed = [error for error in data["errors"]["shown"] if error["kind"] == "missed"]
    assert any(error["models"].get("first") is not None for error in missed)
    for error in data["errors"]["shown"]:
        for mark in (error["true"], error["found"]):
            assert mark is None or mark["text"] in error["text"]


@pytest.mark.parametrize("key, candidates", [(None, False), ("sc", False), ("sc", True)])
def test_the_pipeline_is_as_before(key, candidates):
    nlp = trained_nlp()
    cfg = nlp.get_pipe("window_ner").cfg
    cfg.update(spans_key=key, candidates=candidates)
    seen = []
    name = f"groups_seen_{key}_{candidates}"
    Language.component(name, func=lambda doc: seen.append({*doc.spans}) or doc)
    nlp.add_pipe(name)
    before, names = json.dumps(cfg), nlp.pipe_names
    [one, *_] = predict(nlp, make_examples(nlp, MORE), "model")
    assert seen[0] == {*[key][: key is not None], *["sc_candidates"][:candidates]}
    assert len(saved_scores(one.predicted)) > len(one.predicted.ents)
    assert json.dumps(cfg) == before and nlp.pipe_names == names


def near_and_offered(nlp, data):
    """The probabilities of missed entities, and all candidates."""
    compared = compare(predict(nlp, make_examples(nlp, data), "model"))
    missed = [pair.true for doc in compared for pair in doc.pairs if pair.found is None]
    return [(ent.label, ent.score) for ent in missed], [doc.offered for doc in compared]


@Language.component("merge_all")
def merge_all(doc):
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[:-1])
    return doc


@pytest.mark.parametrize("key", [None, "sc"])
def test_tokens_that_are_merged_later(key):
    """spaCy doesn't adapt groups in doc.spans."""
    nlp = trained_nlp()
    cfg = nlp.get_pipe("window_ner").cfg
    cfg.update(spans_key=key, candidates=key is not None)
    missed, offered = near_and_offered(nlp, [*TRAIN_DATA, *MORE])
    assert any(score is not None for _, score in missed)

    nlp.add_pipe("merge_entities")
    assert near_and_offered(nlp, [*TRAIN_DATA, *MORE]) == (missed, offered)
    total = total_of(count_labels(compare(predict(nlp, make_examples(nlp, MORE), "model"))))
    assert total.f == pytest.approx(nlp.evaluate(make_examples(nlp, MORE))["ents_f"])
    text = "Who is Shaka Khan? I like London."
    [eg] = make_examples(nlp, [(text, {"entities": [(26, 32, "LOC")]})])
    eg.reference.user_data["annotated_labels"] = ["LOC"]
    [judged] = predict(nlp, [eg], "model")  # a copy
    assert {ent.label_ for ent in judged.predicted.ents} == {"LOC"}
    nlp.add_pipe("merge_all")
    assert near_and_offered(nlp, [*TRAIN_DATA, *MORE])[1] == offered


def test_other_pipelines_can_be_compared(models, data, tmp_path):
    rules = spacy.blank("en")
    rules.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Paris"}])
    rules.to_disk(tmp_path / "rules")
    report = make_report(models[0], data, compare_with=[tmp_path / "rules"])
    assert report.models[1].total.tp == 1 and report.models[1].trust is None
    assert report.models[0].seen is None


def test_partial_annotation(models, tmp_path):
    """Of a document that isn't annotated for a label, entities of that label don't count."""
    nlp = spacy.load(models[0])
    [eg] = make_examples(
        nlp, [("Who is Shaka Khan? I like London.", {"entities": [(26, 32, "LOC")]})]
    )
    docs = spacy.tokens.DocBin(store_user_data=True)
    eg.reference.user_data["annotated_labels"] = ["LOC"]
    docs.add(eg.reference)
    docs.to_disk(tmp_path / "partial.spacy")
    report = make_report(models[0], tmp_path / "partial.spacy")
    assert list(report.models[0].labels) == ["LOC"]


def test_errors(models, data, tmp_path):
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    blank.to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match=r"\[WN090\].*sentencizer"):
        make_report(tmp_path / "blank", data)
    with pytest.raises(ValueError, match=r"\[WN091\].*sentencizer"):
        make_report(models[0], data, compare_with=[tmp_path / "blank"])
    plain = [(text, {"entities": []}) for text, _ in TRAIN_DATA]
    with pytest.raises(ValueError, match=r"\[WN093\].* 2 documents"):
        make_report(models[0], write_docs(tmp_path / "plain.spacy", plain))
    with pytest.raises(ValueError, match=r"\[WN093\].*plain\.spacy"):
        make_report(models[0], data, train=tmp_path / "plain.spacy")  # or all would be unseen
    lines = tmp_path / "lines.jsonl"
    lines.write_text('{"text": "x"}\n', encoding="utf8")
    for paths in ({"data": lines}, {"data": data, "train": lines}):
        with pytest.raises(ValueError, match=r"\[WN092\].*lines\.jsonl: it is no \.spacy file"):
            make_report(models[0], **paths)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(ValueError, match=r"\[WN092\].*no .spacy files"):
        make_report(models[0], folder)
    shutil.copy(data, folder / "a.spacy")
    shutil.copy(data, folder / "c.spacy")
    whole = make_report(models[0], folder)
    assert whole.data.documents == 10
    for broken in (data.read_bytes()[:40], b"", b"text", b'{"text": "x"}\n'):
        (folder / "b.spacy").write_bytes(broken)
        with pytest.raises(ValueError, match=r"\[WN092\].*b\.spacy") as caught:
            make_report(models[0], folder)
        assert ".." not in str(caught.value)


def test_documents_without_annotation_are_told(models, tmp_path):
    path = tmp_path / "some.spacy"
    nlp = spacy.load(models[0])
    docs = [eg.reference for eg in make_examples(nlp)] + [nlp.make_doc("Not annotated")]
    spacy.tokens.DocBin(docs=docs).to_disk(path)
    report = make_report(models[0], path)
    assert report.data.not_annotated == 1
    assert "Left out because they have no annotation: 1." in report_to_markdown(report)


def test_a_pipeline_is_timed_for_a_while(monkeypatch):
    nlp = spacy.blank("en")
    assert words_per_second(nlp, []) == 0
    assert words_per_second(nlp, [" ", ""] * 3) >= 0
    monkeypatch.setattr(predict_module, "_SECONDS", 0.2)
    start = time.perf_counter()
    fast = words_per_second(nlp, ["a b c"] * 10)
    assert 0.2 <= time.perf_counter() - start < 2.0

    @Language.component("sleepy_component")
    def sleepy(doc):
        time.sleep(0.01)
        return doc

    nlp.add_pipe("sleepy_component")
    # It doesn't get through all of the texts.
    slow = words_per_second(nlp, ["a b c"] * 10_000)
    assert 0 < slow < 300 < fast


@pytest.mark.parametrize(
    "paths, names",
    [
        (["a/model-best"], ["a"]),
        (["model-best"], ["model-best"]),
        (["x/a/model-best", "x/b/model-best"], ["a", "b"]),
        (["x/a/model-best", "y/a/model-best"], ["x/a", "y/a"]),
        (["a/model-best", "a/model-last"], ["a/model-best", "a/model-last"]),
        (["en_core", "a/en_core"], ["en_core", "a/en_core"]),
        (["a", "a"], ["a", "a (2)"]),
        (["."], ["."]),
        (["/"], ["/"]),
    ],
)
def test_names(paths, names):
    assert short_names(paths) == names


def test_a_promise(data, tmp_path):
    nlp = trained_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.cfg.update(candidates=True, spans_key="sc")
    ner.calibrate(make_examples(nlp, [*TRAIN_DATA, *MORE] * 10), recall=0.6)
    nlp.to_disk(tmp_path / "model")
    report = make_report(tmp_path / "model", data)
    kept = report.models[0].promise
    assert kept.promised == pytest.approx(0.6) and kept.holds
    docs = [eg.reference for eg in make_examples(nlp, [*TRAIN_DATA, *MORE])]
    offered = [set(doc.spans["sc_candidates"]) for doc in nlp.pipe(doc.text for doc in docs)]
    near = [{(x.start, x.end, x.label_) for x in spans} for spans in offered]
    hits = [
        (x.start, x.end, x.label_) in mine
        for doc, mine in zip(docs, near, strict=True)
        for x in doc.ents
    ]
    assert kept.found == pytest.approx(sum(hits) / len(hits))
    assert kept.offered == pytest.approx(sum(map(len, near)) / len(hits))
    assert report.to_dict()["models"][0]["promise"]["offered"] == kept.offered
    sentence = "Candidates were to contain 60 % of the entities."
    for page in (report_to_markdown(report), report_to_html(report)):
        assert sentence in page and "The promise holds on this data." in page
    broken = kept._replace(holds=False)
    assert "doesn't hold on this data" in describe_promise(broken)


def test_no_promise(report):
    assert report.models[0].promise is None
    assert "promise" not in report_to_markdown(report)
