"""How much the decision leans to entities, and how training chooses it. The scores are fixed."""

import math
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from thinc.api import Config

from spacy_windowner.training.callbacks import calibrate

from . import util
from .util import copy_of, merge, scoring_ner

CONFIGS = Path(__file__).parents[2] / "configs"

#          O    B-A   I-A
SCORES = {
    "sure": [0.0, 2.1, 0.0],
    "maybe": [0.0, -0.9, -9.0],
    "hardly": [0.0, -2.9, -9.0],
    "no": [0.0, -9.0, -9.0],
}


def make_doc(ner, words, ents):
    doc = Doc(ner.vocab, words=words.split())
    doc.set_ents([Span(doc, i, i + 1, label="A") for i in ents])
    return doc


def make_examples(ner, *annotated):
    docs = [make_doc(ner, words, ents) for words, ents in annotated]
    return [Example(Doc(ner.vocab, words=[t.text for t in doc]), doc) for doc in docs]


@pytest.mark.parametrize(("bias", "found"), [(-2.5, 0), (0.0, 1), (1.0, 2), (3.0, 3)])
def test_recall_bias_moves_the_decision(bias, found):
    ner = scoring_ner(SCORES, ["A"], recall_bias=bias)
    assert len(ner(make_doc(ner, "no sure no maybe no hardly", [])).ents) == found


@pytest.mark.parametrize(
    ("entities", "low", "high"),
    [
        ([0], -0.9, 0.9),  # the sure one alone
        ([0, 2], 0.9, 2.9),  # and the next one
        ([0, 2, 4], 2.9, 4.1),  # all three
    ],
)
def test_tuning_finds_the_best_f1(entities, low, high):
    ner = scoring_ner(SCORES, ["A"])
    examples = make_examples(ner, ("sure no maybe no hardly no", entities), ("no", []), ("", []))
    assert low < ner.tune_recall_bias(examples) < high
    assert ner.cfg["recall_bias"] == ner.tune_recall_bias(examples)
    doc = ner(examples[0].x.copy())
    assert [ent.start for ent in doc.ents] == entities
    assert not examples[0].x.ents  # the examples stay as they are


def test_of_equally_good_biases_the_one_nearest_to_zero_is_taken():
    ner = scoring_ner(SCORES, ["A"], recall_bias=0.5)
    assert ner.tune_recall_bias(make_examples(ner, ("sure no no", [0]))) == 0.0


def test_tokens_without_annotation_have_no_say():
    ner = scoring_ner(SCORES, ["A"])
    [example] = make_examples(ner, ("sure no maybe no hardly no", [0, 4]))
    assert ner.tune_recall_bias([example]) > 2.9
    reference = Doc(ner.vocab, words=[t.text for t in example.y])
    ents = [Span(reference, 0, 1, label="A")]
    missing = [Span(reference, i, i + 1) for i in (2, 4)]
    reference.set_ents(ents, missing=missing, default="outside")
    assert ner.tune_recall_bias([Example(example.x, reference)]) == 0.0


def test_without_entities_the_bias_stays():
    ner = scoring_ner(SCORES, ["A"], recall_bias=0.25)
    assert ner.tune_recall_bias(make_examples(ner, ("sure no", []))) == 0.25
    assert ner.tune_recall_bias([]) == 0.25


@pytest.mark.parametrize("bias", [math.nan, math.inf])
def test_a_bias_that_is_no_number(bias):
    with pytest.raises(ValueError, match="WN001.*recall_bias"):
        scoring_ner(SCORES, ["A"], recall_bias=bias)


def test_the_bias_is_saved(tmp_path, trained):
    trained.get_pipe("window_ner").cfg["recall_bias"] = 0.75
    trained.to_disk(tmp_path)
    assert spacy.load(tmp_path).get_pipe("window_ner").cfg["recall_bias"] == 0.75


def test_without_a_corpus_the_callback_does_nothing(trained):
    before = trained.to_bytes()
    assert calibrate(None)(trained) is trained
    assert trained.to_bytes() == before
    with pytest.raises(ValueError, match="WN062.*missing"):
        calibrate(Path("missing.spacy"))(trained)


@pytest.mark.filterwarnings(r"ignore:\[WW060\]")  # so small a corpus
def test_training_with_the_default_config_tunes_the_bias(tmp_path):
    """After a component before it, which the callback runs on the corpus, too."""
    nlp = spacy.blank("xx")
    docs = [
        Doc(nlp.vocab, words=[name, "is", "here"], ents=["B-A" if name == "Ann" else "O", "O", "O"])
        for name in ["Ann", "Bob", "Cy"] * 5
    ]
    corpus = tmp_path / "corpus.spacy"
    DocBin(docs=docs).to_disk(corpus)
    config = load_config(
        CONFIGS / "default.cfg",
        overrides={
            "paths.train": str(corpus),
            "paths.dev": str(corpus),
            "training.max_steps": 4,
            "training.eval_frequency": 2,
        },
    )
    config = merge(config, {"nlp": {"pipeline": ["sentencizer", "window_ner"]}})
    config["components"]["sentencizer"] = {"factory": "sentencizer"}
    trained = init_nlp(Config(config))
    (tmp_path / "output").mkdir()
    train(trained, tmp_path / "output", use_gpu=-1)
    ner = spacy.load(tmp_path / "output" / "model-last").get_pipe("window_ner")
    # After so few steps O is ahead everywhere, if only by little.
    assert 0.0 < ner.cfg["recall_bias"] <= 4.0


def test_the_same_weights_are_calibrated_once(trained, tmp_path, monkeypatch):
    """spaCy calls the callback for the last and for the best pipeline."""
    nlp = copy_of(trained)
    path = tmp_path / "dev.spacy"
    DocBin(docs=[eg.reference for eg in util.make_examples(nlp) * 20]).to_disk(path)
    calls = []
    ner = nlp.get_pipe("window_ner")
    monkeypatch.setattr(ner, "fit_held_out", lambda *_: calls.append("fit"))
    callback = calibrate(path)
    for _ in range(3):
        callback(nlp)
    assert len(calls) == 1
    ner.cfg["threshold"] = 0.5
    callback(nlp)
    assert len(calls) == 2
    ner.model.get_ref("output_layer").get_param("b")[0] += 0.5
    callback(nlp)
    callback(nlp)
    assert len(calls) == 3
    calibrate(path)(nlp)
    assert len(calls) == 4


def test_frozen_components_are_not_calibrated(trained, tmp_path):
    nlp = copy_of(trained)
    DocBin(docs=[eg.reference for eg in util.make_examples(nlp) * 20]).to_disk(tmp_path / "a.spacy")
    nlp.config["vars"] = {"frozen": ["window_ner"]}
    nlp.config["training"]["frozen_components"] = "${vars.frozen}"
    before = nlp.to_bytes()
    calibrate(tmp_path / "a.spacy")(nlp)
    assert nlp.to_bytes() == before
    nlp.config["training"]["frozen_components"] = []
    calibrate(tmp_path / "a.spacy")(nlp)
    assert nlp.get_pipe("window_ner").calibration is not None
