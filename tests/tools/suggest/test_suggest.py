import gzip
import json

import pytest
import spacy
from spacy.language import Language

from spacy_windowner.tools.suggest.suggest import suggest

from ...pipeline.util import TRAIN_DATA, make_nlp, train
from .util import KNOWN, NEW, write_lines


@pytest.fixture(scope="module")
def nlp():
    nlp = make_nlp()
    train(nlp)
    return nlp


def texts_of(found):
    return [task["text"] for task in found.tasks]


def test_what_is_new_comes_before_what_is_known(nlp, tmp_path):
    raw = write_lines(tmp_path / "raw.txt", [*KNOWN, *NEW, *KNOWN])
    found = suggest(nlp, raw, n=len(NEW))
    assert sorted(texts_of(found)) == sorted(NEW)
    assert found.n_docs == 2 * len(KNOWN) + len(NEW) and found.n_excluded == 0
    assert found.n_near_duplicates >= len(KNOWN)
    scores = [task["meta"]["score"] for task in found.tasks]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0.0
    lines = raw.read_text().splitlines()
    assert all(lines[task["meta"]["line"] - 1] == task["text"] for task in found.tasks)


def test_tasks_hold_what_the_pipeline_finds(nlp, tmp_path):
    text = "  Who is Shaka Khan?  I like London and Berlin. "
    [task] = suggest(nlp, write_lines(tmp_path / "raw.txt", [text])).tasks
    doc = nlp(text.strip())
    assert task["text"] == doc.text
    assert [t["text"] + " " * t["ws"] for t in task["tokens"]] == [t.text_with_ws for t in doc]
    assert all(task["text"][t["start"] : t["end"]] == t["text"] for t in task["tokens"])
    assert len(doc.ents) == 3
    expected = [(ent.text, ent.label_, ent.start, ent.end - 1) for ent in doc.ents]
    assert expected == [
        (task["text"][s["start"] : s["end"]], s["label"], s["token_start"], s["token_end"])
        for s in task["spans"]
    ]
    assert not any("score" in span for span in task["spans"])  # it isn't calibrated


def test_tokens_that_are_merged_later(nlp, tmp_path):
    raw = write_lines(tmp_path / "raw.txt", NEW)
    expected = [task["meta"] for task in suggest(nlp, raw).tasks]
    assert any(" " not in meta.get("unsure", " ") for meta in expected)
    nlp = make_nlp().from_bytes(nlp.to_bytes())
    nlp.add_pipe("all_merged")
    found = suggest(nlp, raw).tasks
    assert [task["meta"] for task in found] == expected
    assert [len(task["tokens"]) for task in found] == [1] * len(NEW)


@Language.component("all_merged")
def all_merged(doc):
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[:])
    return doc


def test_spans_of_a_calibrated_component_have_probabilities(nlp, tmp_path):
    nlp = make_nlp().from_bytes(nlp.to_bytes())
    curve = {"slope": 0.3, "bias": -0.5, "fitted_on": 50}
    curves = {"pooled": curve, "labels": {}}
    nlp.get_pipe("window_ner").cfg["calibration"] = {"entities": curves, "candidates": curves}
    text = TRAIN_DATA[0][0]
    [task] = suggest(nlp, write_lines(tmp_path / "raw.txt", [text])).tasks
    doc = nlp(text)
    assert [s["score"] for s in task["spans"]] == [
        pytest.approx(ent._.ner_score, abs=1e-4) for ent in doc.ents
    ]
    assert 0.3 < task["spans"][0]["score"] < 1.0


def test_words_stay_words_and_tasks_can_be_read_again(nlp, tmp_path):
    words = ["Shaka Khan", "isn't", "here", "."]
    entries = [{"tokens": words}, {"text": NEW[0], "meta": {"id": 3}}]
    raw = write_lines(tmp_path / "raw.jsonl", map(json.dumps, entries))
    found = suggest(nlp, raw)
    tokens = {task["text"]: [t["text"] for t in task["tokens"]] for task in found.tasks}
    assert tokens == {
        "Shaka Khan isn't here .": words,
        NEW[0]: [token.text for token in nlp.make_doc(NEW[0])],
    }
    again = write_lines(tmp_path / "again.jsonl", map(json.dumps, found.tasks))
    assert sorted(texts_of(suggest(nlp, again))) == sorted(texts_of(found))


def test_annotated_documents_are_excluded(nlp, tmp_path):
    raw = write_lines(tmp_path / "raw.txt", [*NEW, "", *KNOWN])
    first = suggest(nlp, raw, n=2)
    annotated = write_lines(tmp_path / "annotated.jsonl", map(json.dumps, first.tasks))
    other = write_lines(tmp_path / "other.txt", KNOWN)
    empty = write_lines(tmp_path / "empty.txt", [])
    rest = suggest(nlp, raw, exclude=[annotated, other, empty])
    assert sorted([*texts_of(rest), *texts_of(first)]) == sorted(NEW)
    assert rest.n_excluded == 2 + len(KNOWN) and rest.n_docs == len(NEW) + len(KNOWN)
    with pytest.raises(ValueError, match=f"WN081.*all {rest.n_docs} are among"):
        suggest(nlp, raw, exclude=[raw])


def test_it_is_deterministic_and_leaves_the_pipeline_as_it_was(nlp, tmp_path, monkeypatch):
    raw = write_lines(tmp_path / "raw.txt", [*KNOWN, *NEW] * 3)
    before, n_strings = nlp.to_bytes(exclude=["vocab"]), len(nlp.vocab.strings)
    first = suggest(nlp, raw)
    assert nlp.to_bytes(exclude=["vocab"]) == before
    assert suggest(nlp, raw) == first
    zipped = tmp_path / "raw.txt.gz"
    zipped.write_bytes(gzip.compress(raw.read_bytes()))
    # In parts of a few documents it is the same.
    monkeypatch.setattr("spacy_windowner.tools.suggest.suggest._ZONE", 2)
    assert suggest(nlp, zipped) == first
    assert len(nlp.vocab.strings) < n_strings + 200


def test_memory_does_not_grow_with_the_text(nlp, tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_windowner.tools.suggest.suggest._LEAST_POOL", 5)
    monkeypatch.setattr("spacy_windowner.tools.suggest.suggest._ZONE", 50)
    raw = write_lines(tmp_path / "raw.txt", (f"Is aa{i} with bb{i} in cc{i}?" for i in range(500)))
    n_strings = len(nlp.vocab.strings)
    found = suggest(nlp, raw, n=1)
    assert found.n_docs == 500 and len(found.tasks) == 1
    assert len(nlp.vocab.strings) < n_strings + 50


def test_components_before_and_after_take_part(nlp, tmp_path):
    nlp = make_nlp().from_bytes(nlp.to_bytes())
    raw = write_lines(tmp_path / "raw.txt", NEW)
    before = {task["text"]: task["meta"] for task in suggest(nlp, raw).tasks}
    text = NEW[0]
    ruler = nlp.add_pipe("entity_ruler", before="window_ner")
    ruler.add_patterns([{"label": "ALL", "pattern": text}])
    assert "unsure" in before[text]
    task = next(task for task in suggest(nlp, raw).tasks if task["text"] == text)
    # What has an entity already isn't in doubt any more.
    assert [span["label"] for span in task["spans"]] == ["ALL"]
    assert task["meta"]["score"] == 0.0 and "unsure" not in task["meta"]


def test_unreadable_lines_are_told_once(nlp, tmp_path):
    raw = tmp_path / "raw.txt"
    raw.write_bytes(b"I like Rome.\n\xff\xfe\nHe likes \xe9.\nWho is Bob?\n")
    with pytest.warns(UserWarning, match="WW040. 2 of 4 lines.*line 2 is not UTF-8") as told:
        found = suggest(nlp, raw)
    assert len(told) == 1 and found.n_docs == 2


@pytest.mark.parametrize("content", [b"", b"\n  \n", b"\xff\n"])
def test_without_words_there_is_nothing_to_suggest(nlp, tmp_path, content):
    raw = tmp_path / "raw.txt"
    raw.write_bytes(content)
    with pytest.raises(ValueError, match="WN041"):
        suggest(nlp, raw)


def test_other_bad_input(nlp, tmp_path):
    raw = write_lines(tmp_path / "raw.txt", NEW)
    with pytest.raises(ValueError, match="WN040.*no such file"):
        suggest(nlp, tmp_path / "missing.txt")
    with pytest.raises(ValueError, match="WN040.*no such file"):
        suggest(nlp, raw, exclude=[tmp_path / "missing.jsonl"])
    with pytest.raises(ValueError, match="WN001.*n = 0"):
        suggest(nlp, raw, n=0)
    with pytest.raises(ValueError, match="WN050"):
        suggest(nlp, raw, component="other")
    with pytest.raises(ValueError, match="WN050"):
        suggest(spacy.blank("en"), raw)
    with pytest.raises(ValueError, match="WN080.*'window_ner'"):
        suggest(make_nlp(), raw)


def test_documents_to_review(nlp, tmp_path):
    nlp = make_nlp().from_bytes(nlp.to_bytes())
    raw = write_lines(tmp_path / "raw.txt", [*KNOWN, *NEW])
    with pytest.raises(ValueError, match="WN275"):
        suggest(nlp, raw, by="errors")
    with pytest.raises(ValueError, match="WN001.*by"):
        suggest(nlp, raw, by="chance")
    curve = {"slope": 0.3, "bias": -0.5, "fitted_on": 50}
    curves = {"pooled": curve, "labels": {}}
    ner = nlp.get_pipe("window_ner")
    ner.cfg["calibration"] = {"entities": curves, "candidates": curves}
    tasks = suggest(nlp, raw, by="errors").tasks
    ner.cfg.update(spans_key="sc", candidates=True)
    expected = [nlp(task["text"])._.ner_doubt for task in tasks]
    assert [task["meta"]["errors"] for task in tasks] == pytest.approx(expected, abs=0.01)
    scores = [
        doubt / (50 + len(task["tokens"])) for doubt, task in zip(expected, tasks, strict=True)
    ]
    assert [task["meta"]["score"] for task in tasks] == pytest.approx(scores, abs=1e-4)
    assert scores == sorted(scores, reverse=True)
