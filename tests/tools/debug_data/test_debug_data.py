"""What is found in the data of a training."""

import shlex
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import load_config

from spacy_windowner.pipeline.gold import MISALIGNED
from spacy_windowner.tools.debug_data.corpus_facts import (
    CROSSING,
    OVERLAPPING,
    TRIMMED,
    CorpusFacts,
    find_problems,
)
from spacy_windowner.tools.debug_data.debug_data import debug_data
from spacy_windowner.tools.debug_data.findings import (
    FAIL,
    GOOD,
    WARN,
    describe_data,
    describe_entities,
    describe_longest,
    describe_names,
    describe_vectors,
    next_step,
)

from ...pipeline.util import TRAIN_DATA, make_examples, make_nlp, train
from ..report.util import NLP, ent, write_docs


def problems_of(examples, *keys):
    return [(p.kind, p.doc, p.text, p.label, p.start, p.end) for p in find_problems(examples, keys)]


def test_problems():
    words, spaces = ["New", "York", " ", "is", "big"], [True, False, False, True, False]
    good = Doc(NLP.vocab, words=words, spaces=spaces)
    good.ents = [ent(good, 0, 2, "LOC")]
    white = good.copy()
    white.ents = [ent(white, 1, 3, "LOC")]
    crossing = Doc(NLP.vocab, words=words, spaces=spaces, sent_starts=[1, 1, 0, 0, 0])
    crossing.ents = [ent(crossing, 0, 2, "LOC")]
    at_start = Doc(NLP.vocab, words=words, spaces=spaces, sent_starts=[1, 0, 0, 1, 0])
    at_start.ents = [ent(at_start, 3, 5, "LOC")]  # starts where a sentence does
    spans = good.copy()
    spans.spans["sc"] = [
        ent(spans, *span) for span in [(0, 3, "A"), (2, 4, "B"), (2, 4, "B"), (4, 5, "A")]
    ]
    examples = [Example(doc, doc) for doc in (good, white, crossing, at_start, spans)]
    parted = Doc(NLP.vocab, words=["New", "Y", "ork is", "big"], spaces=[True, False, True, False])
    examples.append(Example(parted, Doc(
        NLP.vocab, words=["New", "York", "is", "big"], ents=["O", "B-LOC", "O", "O"]
    )))  # fmt: skip
    assert problems_of(examples) == [
        (TRIMMED, 1, "York ", "LOC", 4, 9),
        (CROSSING, 2, "New York", "LOC", 0, 8),
        (OVERLAPPING, 4, " is", "B", 8, 11),
        (MISALIGNED, 5, "York", "LOC", 4, 8),
    ]
    assert OVERLAPPING not in {kind for kind, *_ in problems_of(examples, "sc")}


def test_facts():
    nlp = spacy.blank("en")
    examples = make_examples(nlp, [
        ("Ann met Bob Dole", {"entities": [(0, 3, "PER"), (8, 16, "PER")]}),
        ("Ann likes Rome", {"entities": [(0, 3, "PER"), (10, 14, "LOC")]}),
        ("Nothing here", {"entities": []}),
        ("Who knows", {}),
        ("Half a Rome", {"entities": ["O", "-", "U-LOC"]}),
    ])  # fmt: skip
    facts = CorpusFacts.of(examples, nlp)
    assert (facts.documents, facts.not_annotated, facts.missing) == (5, 1, 1)
    assert facts.labels == {"PER": 3, "LOC": 2} and facts.entities == 5
    assert facts.with_label == {"PER": 2, "LOC": 2}
    assert facts.lengths == {1: 4, 2: 1} and facts.longer_than(1) == 1
    assert facts.longest.text == "Bob Dole" and facts.longest.doc == 0
    assert facts.names == {("Ann", "PER"): 2, ("Bob Dole", "PER"): 1, ("Rome", "LOC"): 2}
    assert facts.words.total() == 14 and "Who knows" in facts.texts
    assert facts.problems == [] and facts.contradictions == []


def test_contradictions():
    nlp = spacy.blank("en")
    examples = make_examples(nlp)
    examples[0].reference.user_data["annotated_labels"] = ["LOC"]
    facts = CorpusFacts.of(examples, nlp)
    assert facts.partly_annotated == 1
    [text] = facts.contradictions
    assert text.startswith("document 0: [WN078]")


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.cfg"
    make_nlp().config.to_disk(path)
    return path


def check(config, train=TRAIN_DATA, dev=TRAIN_DATA):
    paths = {
        f"paths.{name}": str(write_docs(config.parent / f"{name}.spacy", data))
        for name, data in (("train", train), ("dev", dev))
    }
    return debug_data(config, paths)


def told(check) -> dict[str, list[str]]:
    """What is told, by how bad it is."""
    [component] = check.components
    by_kind: dict[str, list[str]] = {}
    for findings in (
        describe_data(check),
        describe_vectors(check),
        describe_entities(check, component),
        describe_longest(check, component),
        describe_names(check),
    ):
        for finding in findings:
            by_kind.setdefault(finding.kind, []).append(finding.text)
    return by_kind


MANY = [
    (f"{name} went to {place} {i}", {"entities": [(0, 3, "PER"), (12, 12 + len(place), "LOC")]})
    for i in range(60)
    for name, place in (("Ann", "Rome"), ("Bob", "New York"))
] + [(f"Nothing {i}", {"entities": []}) for i in range(2000)]


def test_good_data(config):
    dev = [("Eve went to Rome", {"entities": [(0, 3, "PER"), (12, 16, "LOC")]})]
    found = check(config, MANY, dev)
    texts = told(found)
    assert WARN not in texts and FAIL not in texts
    assert len(texts[GOOD]) == 10
    assert found.unseen == (1, 1) and found.shared_texts == 0
    assert next_step(found, config, ["--x", "1"]) == (
        f"Next: python -m spacy train {shlex.quote(str(config))} --x 1 --output model"
    )
    override = ["--initialize.before_init.labels", '["NEW", "It\'s"]']
    place = Path("my configs") / "a.cfg"
    command = next_step(found, place, override).removeprefix("Next: ")
    assert shlex.split(command) == [
        "python", "-m", "spacy", "train", str(place), *override, "--output", "model"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "train, dev, kind, expected, next_words",
    [
        (TRAIN_DATA, TRAIN_DATA, FAIL, "Low number of examples to train", "in both"),
        (TRAIN_DATA, TRAIN_DATA, WARN, "2 training examples also in evaluation", "in both"),
        (TRAIN_DATA, TRAIN_DATA, WARN, "for label 'LOC' (2)", "in both"),
        (TRAIN_DATA, TRAIN_DATA, WARN, "scores will say nothing about new names", "in both"),
        (TRAIN_DATA, MANY[:1], WARN, "that aren't in the train data: 'PER'", "annotate more of"),
        (TRAIN_DATA, MANY[:1], WARN, "that aren't in the dev data: 'PERSON'", "annotate more"),
        (MANY[:9], TRAIN_DATA, WARN, "texts WITHOUT label 'LOC'", "annotate more"),
        ([("a b", {"entities": []})], TRAIN_DATA, FAIL, "No entities in the train", "in doc.ents"),
        ([("a b", {"entities": []})], TRAIN_DATA, FAIL, "can't be initialized", "in doc.ents"),
        (TRAIN_DATA, [("a b", {"entities": []})], FAIL, "No entities in the dev", "hold out"),
        (TRAIN_DATA, [("a b", {})], WARN, "1 of 1 dev docs have no annotation", "hold out"),
        ([*MANY[:9], ("a\nb", {"entities": [(1, 2, "LOC")]})], MANY[:1], FAIL,
         "1 invalid whitespace entity spans in the train", "correct the offsets"),
        ([*MANY[:9], ("a\nb", {"entities": [(0, 2, "LOC")]})], MANY[:1], WARN,
         "1 entities in the train data begin or end with whitespace", "correct the offsets"),
        ([*MANY[:120], ("a b c d e f", {"entities": [(0, 11, "LOC")]})], MANY[:1], "info",
         "Entities longer than a window (5 words): 1 (0.4%)", "in both"),
        ([("a b c d e f g h", {"entities": [(0, 15, "LOC")]})], MANY[:1], WARN,
         "Entities longer than a window (5 words): 1 (100.0%)", "annotate more"),
        ([("a b c d e f g h", {"entities": [(0, 15, "LOC")]})], MANY[:1], "text",
         "With window = 4, 99% would not be longer", "annotate more"),
    ],
)  # fmt: skip
def test_what_is_told(config, train, dev, kind, expected, next_words):
    found = check(config, train, dev)
    texts = told(found)
    assert any(expected in text for text in texts[kind]), texts
    assert next_words in next_step(found, config, [])


def test_documents_are_counted_without_copies_in_other_letters(config):
    settings = load_config(config)
    for name in ("train", "dev"):
        augmenter = {"@augmenters": "spacy-windowner.case.v1", "lower": 0.5, "upper": 0.5}
        settings["corpora"][name]["augmenter"] = augmenter
    settings.to_disk(config)
    found = check(config, MANY[:200])
    assert found.train.documents == 200
    assert found.dev.documents == len(TRAIN_DATA)
    # Others stay.
    augmenter = {"@augmenters": "spacy-windowner.annotation.v1", "labels": ["LOC"], "weight": 1.0}
    settings["corpora"]["train"]["augmenter"] = augmenter
    settings.to_disk(config)
    assert check(config, TRAIN_DATA[1:]).train.partly_annotated == 1


def test_documents_that_contradict_themselves_are_one_error(config):
    nlp = spacy.blank("en")
    docs = [eg.reference for eg in make_examples(nlp, MANY[:200])]
    for doc in docs[:3]:
        doc.user_data["annotated_labels"] = []
    DocBin(docs=docs, store_user_data=True).to_disk(config.parent / "a.spacy")
    write_docs(config.parent / "b.spacy", [("Eve left", {"entities": [(0, 3, "PER")]})])
    paths = {
        "paths.train": str(config.parent / "a.spacy"),
        "paths.dev": str(config.parent / "b.spacy"),
    }
    found = debug_data(config, paths)
    [component] = found.components
    [finding] = [f for f in describe_entities(found, component) if f.kind == FAIL]
    assert "3 train docs have contradictory" in finding.text
    assert [text[:11] for text in finding.examples] == [f"document {i}:" for i in range(3)]
    assert "correct the user_data" in next_step(found, config, [])


def test_too_few_documents_are_no_reason_to_train(config):
    train = [
        ("Ann met Bob " * 30, {"entities": [(i, i + 3, "PER") for i in range(0, 360, 12)]})
    ] * 2
    found = check(config, train, [("Eve left", {"entities": [(0, 3, "PER")]})])
    assert next_step(found, config, []) == "Next: annotate more documents, at least 100."


def test_misaligned_entities_are_named(config):
    nlp = spacy.blank("en")
    doc = Doc(nlp.vocab, words=["semi", "final", "here"], spaces=[False, True, False])
    doc.ents = [ent(doc, 1, 2, "LOC")]
    DocBin(docs=[doc]).to_disk(config.parent / "a.spacy")
    write_docs(config.parent / "b.spacy", MANY[:3])
    paths = {
        f"paths.{name}": str(config.parent / f)
        for name, f in [("train", "a.spacy"), ("dev", "b.spacy")]
    }
    found = debug_data(config, paths)
    [component] = found.components
    [problem] = [f for f in describe_entities(found, component) if f.examples]
    assert problem.kind == WARN and "1 entities in the train data don't align" in problem.text
    assert problem.examples == ["document 0: 'final' (LOC), 4:9"]
    assert found.warnings == []  # it is listed, and not warned of once more


def test_entities_in_doc_spans(config):
    nlp = spacy.blank("en")
    doc = nlp.make_doc("New York City")
    doc.spans["sc"] = [ent(doc, 0, 2, "LOC"), ent(doc, 0, 3, "LOC")]
    DocBin(docs=[doc]).to_disk(config.parent / "a.spacy")
    found = debug_data(
        config, dict.fromkeys(["paths.train", "paths.dev"], str(config.parent / "a.spacy"))
    )
    texts = told(found)
    assert any("but spans in doc.spans: 'sc' (2)" in text for text in texts[FAIL])
    assert any("1 spans of doc.spans in the train data overlap" in text for text in texts[WARN])


def test_models_that_see_more_than_a_window(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner", config={"model": {"embed": {
        "@architectures": "spacy.HashEmbedCNN.v2", "width": 16, "depth": 1, "embed_size": 50,
        "window_size": 1, "maxout_pieces": 2, "subword_features": True, "pretrained_vectors": None,
    }}})  # fmt: skip
    nlp.config.to_disk(tmp_path / "config.cfg")
    found = check(tmp_path / "config.cfg")
    assert found.components[0].window is None


def test_errors(config):
    with pytest.raises(ValueError, match=r"\[WN096\].*Corpus path can't be None"):
        debug_data(config)
    missing = dict.fromkeys(["paths.train", "paths.dev"], "missing.spacy")
    with pytest.raises(ValueError, match=r"\[WN096\] .*`corpora.train`.*missing.spacy"):
        debug_data(config, missing)
    folder = config.parent / "corpus"
    folder.mkdir()
    write_docs(folder / "a.spacy")
    write_docs(folder / "c.spacy")
    (folder / "b.spacy").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"\[WN092\].*b\.spacy"):
        debug_data(config, dict.fromkeys(["paths.train", "paths.dev"], str(folder)))
    empty = config.parent / "empty.cfg"
    empty.write_text("")
    with pytest.raises(ValueError, match=r"\[WN097\].*no \[nlp\] section"):
        debug_data(empty)
    other = spacy.blank("en")
    other.add_pipe("ner")
    other.config.to_disk(config.parent / "ner.cfg")
    with pytest.raises(ValueError, match=r"\[WN095\].*Found: ner"):
        debug_data(config.parent / "ner.cfg")


def test_a_new_label_for_a_trained_pipeline(tmp_path):
    nlp = make_nlp()
    train(nlp)
    nlp.to_disk(tmp_path / "old")
    config = load_config(Path(__file__).parents[3] / "configs" / "grow.cfg")
    config["paths"]["base"] = str(tmp_path / "old")
    config["nlp"]["lang"] = nlp.lang
    config.to_disk(tmp_path / "grow.cfg")
    new = [(text, {"entities": [(0, text.index(" "), "ORG")]}) for text, _ in TRAIN_DATA]
    found = check(tmp_path / "grow.cfg", new, new)
    assert found.problem is None and found.warnings == []
    [component] = found.components
    assert component.labels == ["PERSON", "LOC", "ORG"]
    assert component.frozen_labels == ["PERSON", "LOC"]
    texts = told(found)
    assert not any("model labels are not present" in text for text in texts[WARN])
    old = check(tmp_path / "grow.cfg", TRAIN_DATA, new)
    assert any("not present in the train data: 'ORG'" in text for text in told(old)[WARN])
