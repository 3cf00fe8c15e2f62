"""A new label for an old model."""

import re
from functools import cache
from pathlib import Path

import numpy
import pytest
import spacy
import srsly
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_loop
from spacy.util import fix_random_seed, load_config, registry
from thinc.api import Adam, Config
from thinc.compat import has_torch

from spacy_windowner import explain
from spacy_windowner.decoding.words import word_mask
from spacy_windowner.models.labels import added_columns
from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.pipeline.doc_io import read_words
from spacy_windowner.tools.explain.parts import Windows, open_model

from .util import ENTITIES, LOSSES, TRAIN_DATA, copy_of, ents_of, make_examples, make_nlp, train

NEW_DATA = [
    ("We joined Acme today.", {"entities": [(10, 14, "ORG")]}),
    ("Does London like Acme?", {"entities": [(17, 21, "ORG")]}),
    ("Who is Shaka Khan?", {"entities": []}),
    ("I like London and Berlin.", {"entities": []}),
]
"""Only the new label is annotated: people and places are there, and don't count."""
OLD_DATA = [
    *TRAIN_DATA,
    ("We joined Acme today.", {"entities": []}),
    ("Does London like Acme?", {"entities": [(5, 11, "LOC")]}),
]
NEW_ENTITIES = [
    [("Acme", "ORG")],
    [("London", "LOC"), ("Acme", "ORG")],
    *ENTITIES,
]
TEXTS = [text for text, _ in NEW_DATA]


@cache
def trained_on_old_data(config: str):
    """A pipeline that is trained once, for tests that take a copy."""
    nlp = make_nlp(**srsly.json_loads(config))
    train(nlp, OLD_DATA)
    return nlp


def old_nlp(**config):
    fix_random_seed(0)
    return copy_of(trained_on_old_data(srsly.json_dumps(config)))


def learn(nlp, optimizer=None, data=NEW_DATA, steps=60):
    if optimizer is None:
        optimizer = nlp.resume_training()
        optimizer.learn_rate = 0.01
    examples = make_examples(nlp, data)
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer, drop=0.1)
    return optimizer


def all_scores(nlp):
    """The scores of all tags, as the component gets them and as the model does."""
    docs = [nlp.make_doc(text) for text in TEXTS * 30]
    ner = nlp.get_pipe("window_ner")
    ner._refresh_tag_scorer()
    scores = ner._tag_scorer.scores(docs, read_words(docs, False, False))
    return scores, numpy.vstack(ner.model.predict(docs))


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("units", [0, 8])
def test_a_new_label_is_learned_and_nothing_forgotten(units, scheme):
    nlp = old_nlp(scheme=scheme)
    nlp.get_pipe("window_ner").add_labels(["ORG"], label_hidden_width=units)
    assert [ents_of(nlp(text)) for text in TEXTS[2:]] == ENTITIES
    learn(nlp)
    assert [ents_of(nlp(text)) for text in TEXTS] == NEW_ENTITIES


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("make_optimizer", [SparseAdam, Adam])
def test_old_scores_stay_to_the_last_bit(make_optimizer, depth):
    nlp = old_nlp(model={"hidden_depth": depth})
    ner = nlp.get_pipe("window_ner")
    before = all_scores(nlp)
    n = before[0].shape[1]
    # Gradients may be left over.
    ner.update(make_examples(nlp))
    ner.add_labels(["ORG", "PRODUCT"], label_hidden_width=8)
    optimizer = learn(nlp, make_optimizer(0.01, L2=0.1, use_averages=True), steps=10)
    for old, new in zip(before, all_scores(nlp), strict=True):
        assert new.shape[1] == n + 4
        assert (new[:, :n] == old).all()
        assert (new[:, n:] != old[:, :1] - 5.0).any()
    with nlp.use_params(optimizer.averages):
        for old, new in zip(before, all_scores(nlp), strict=True):
            assert (new[:, :n] == old).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_frozen_labels_are_zero(loss):
    nlp = old_nlp(loss={"@losses": loss}, incorrect_spans_key="wrong")
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    [columns] = added_columns(ner.model)
    columns.layers[0].set_param("b", numpy.zeros(2, dtype="float32"))  # as good as O
    examples = make_examples(nlp, NEW_DATA)
    examples[1].reference.spans["wrong"] = [examples[1].reference.char_span(5, 11, label="ORG")]
    scores, _ = ner.model.begin_update([eg.predicted for eg in examples])
    _, d_scores = ner.get_loss(examples, scores)
    assert not any(d[:, :5].any() for d in d_scores)
    assert all(d[:, 5:].any() for d in d_scores)
    # Tokens without the new label are corrupt windows for it, whatever else they are.
    assert d_scores[1][1, 5:].sum() > 0.0


def test_a_sentence_without_annotation_teaches_nothing():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    assert ner.update(make_examples(nlp, [("London", {})]))["window_ner"] == 0.0


def test_labels_one_after_the_other():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_hidden_width=8)
    learn(nlp)
    before = all_scores(nlp)
    ner.add_labels(["DATE"], label_hidden_width=0)
    assert ner.open_labels == ("DATE",)
    assert ner.cfg["added_labels"] == {"ORG": 8, "DATE": 0}
    learn(nlp, data=[("We joined Acme today.", {"entities": [(15, 20, "DATE")]})])
    assert ents_of(nlp(TEXTS[0])) == [("Acme", "ORG"), ("today", "DATE")]
    for old, new in zip(before, all_scores(nlp), strict=True):
        assert (new[:, :7] == old).all()


def test_settings_instead_of_the_method():
    nlp = make_nlp(label_hidden_width=4)
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    ner.cfg["frozen_labels"] = "*"
    assert ner.frozen_labels == ("PERSON", "LOC")
    ner.add_label("ORG")
    ner.add_label("DATE")
    assert ner.cfg["frozen_labels"] == ["PERSON", "LOC"]
    assert ner.open_labels == ("ORG", "DATE")
    assert ner.cfg["added_labels"] == {"ORG": 4, "DATE": 4}
    assert ner.cfg["label_weights"] == {}  # as the docs say, unlike the method


def test_everything_learns_again():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_hidden_width=8)
    learn(nlp)
    before = all_scores(nlp)
    ner.cfg["frozen_labels"] = []
    del ner.cfg["label_weights"]["ORG"]
    data = [*TRAIN_DATA, ("We joined Acme today.", {"entities": [(3, 9, "LOC"), (10, 14, "ORG")]})]
    learn(nlp, data=data)
    assert ents_of(nlp(TEXTS[0])) == [("joined", "LOC"), ("Acme", "ORG")]
    assert (all_scores(nlp)[0][:, :5] != before[0][:, :5]).any()
    ner.add_label("DATE")  # apart from the others, as ORG
    assert list(ner.cfg["added_labels"]) == ["ORG", "DATE"]


@pytest.mark.parametrize("depth", [0, 1])
def test_saved_and_loaded(tmp_path, depth):
    nlp = old_nlp(model={"hidden_depth": depth})
    plain = nlp.to_bytes()
    nlp.get_pipe("window_ner").add_labels(["ORG", "DATE"], label_hidden_width=8)
    learn(nlp)
    nlp.to_disk(tmp_path)
    expected = all_scores(nlp)
    for loaded in (spacy.load(tmp_path), copy_of(nlp)):
        assert loaded.get_pipe("window_ner").cfg == nlp.get_pipe("window_ner").cfg
        for old, new in zip(expected, all_scores(loaded), strict=True):
            numpy.testing.assert_array_equal(new, old)
        learn(loaded, steps=1)  # frozen as before
        for old, new in zip(expected, all_scores(loaded), strict=True):
            assert (new[:, :5] == old[:, :5]).all() and (new[:, 5:] != old[:, 5:]).any()
    # Into components of another shape.
    grown = nlp.to_bytes()
    nlp.from_bytes(plain)
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC")
    assert all_scores(nlp)[0].shape[1] == 5
    nlp.from_bytes(grown)
    numpy.testing.assert_array_equal(all_scores(nlp)[0], expected[0])


SETTINGS = ["frozen_labels", "label_hidden_width", "added_labels", "label_biases", "yields_to"]


def test_an_old_cfg_without_the_settings_loads(tmp_path):
    nlp = old_nlp()
    nlp.to_disk(tmp_path)
    path = tmp_path / "window_ner" / "cfg"
    cfg = srsly.read_json(path)
    for key in SETTINGS:
        del cfg[key]
    srsly.write_json(path, cfg)
    assert ents_of(spacy.load(tmp_path)(TEXTS[2])) == ENTITIES[0]
    # In place of a component that has grown.
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    nlp.resume_training()
    ner.from_disk(tmp_path / "window_ner", exclude=["vocab"])
    assert ner.labels == ("PERSON", "LOC") and not ner.frozen_labels
    assert ents_of(nlp(TEXTS[2])) == ENTITIES[0]
    with pytest.raises(ValueError, match="WN015"):  # that model was another one
        ner.rehearse(make_examples(nlp))


def test_initialized_anew():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    with pytest.raises(ValueError, match="WN075"):
        nlp.initialize(lambda: make_examples(nlp))
    ner.cfg["frozen_labels"] = []
    assert train(nlp, [*TRAIN_DATA, NEW_DATA[0]])["window_ner"] < 0.02
    assert ner.cfg["added_labels"] == {} and ner.labels == ("PERSON", "LOC", "ORG")
    assert ner.cfg["label_weights"] == {}
    assert not added_columns(ner.model)
    assert ents_of(nlp(TEXTS[0])) == [("Acme", "ORG")]


def test_wrong_labels():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    with pytest.raises(ValueError, match="WN071.*'LOC'.*PERSON, LOC"):
        ner.add_labels(["ORG", "LOC"])
    with pytest.raises(ValueError, match="WN011.*frozen_labels.*'GPE'.*PERSON, LOC"):
        ner.add_labels(["ORG"], frozen_labels=["GPE"])
    for labels in ("ORG", [], ["ORG", "ORG"], [5], None, iter(["ORG"])):
        with pytest.raises(ValueError, match="WN018"):
            ner.add_labels(labels)
    with pytest.raises(ValueError, match="WN072.*'LOC' while other labels are frozen.*PERSON"):
        ner.add_labels(["ORG"], frozen_labels=["PERSON"])
    for settings in ({"frozen_labels": "LOC"}, {"label_hidden_width": -1}):
        with pytest.raises(ValueError, match=f"WN001.*{next(iter(settings))}"):
            ner.add_labels(["ORG"], **settings)
    with pytest.raises(ValueError, match="WN001.*label_hidden_width"):
        make_nlp(label_hidden_width=-1)
    assert ner.labels == ("PERSON", "LOC") and not ner.cfg["frozen_labels"]
    with pytest.raises(ValueError, match="E109"):
        make_nlp().get_pipe("window_ner").add_labels(["ORG"])


def test_nothing_to_learn():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    for frozen in ("*", ["PERSON", "LOC"]):
        ner.cfg["frozen_labels"] = frozen
        with pytest.raises(ValueError, match="WN070.*'window_ner'.*PERSON, LOC"):
            ner.update(make_examples(nlp))
    ner.cfg["frozen_labels"] = ["LOC"]
    with pytest.raises(ValueError, match="WN072.*'PERSON' while other labels are frozen.*LOC"):
        ner.update(make_examples(nlp))
    assert ents_of(nlp(TEXTS[2])) == ENTITIES[0]  # it still predicts


def test_a_model_that_cannot_grow_apart():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.model.set_ref("windowed_affine", None)
    with pytest.raises(ValueError, match="WN073"):
        ner.add_labels(["ORG"])
    assert ner.labels == ("PERSON", "LOC")


def torch_nlp(scorer):
    """A trained pipeline whose network is a PyTorch module."""
    model = {
        "@architectures": "spacy-windowner.TorchWindowClassifier.v1",
        "window": 2,
        "dropout": None,
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": 16,
            "attrs": ["NORM"],
            "rows": [200],
            "include_static_vectors": False,
        },
        "scorer": scorer,
    }
    nlp = spacy.blank("xx")
    nlp.add_pipe("window_ner", config={"scheme": "bio", "model": model})
    train(nlp, OLD_DATA)
    return nlp


needs_torch = pytest.mark.skipif(not has_torch, reason="PyTorch is an extra: torch")


@needs_torch
@pytest.mark.parametrize("units", [0, 8])
def test_a_torch_model_grows(units, tmp_path):
    nlp = torch_nlp({"@architectures": "spacy-windowner.TorchScorer.v1", "hidden_width": 16})
    before = all_scores(nlp)
    nlp.get_pipe("window_ner").add_labels(["ORG"], label_hidden_width=units)
    learn(nlp)
    assert [ents_of(nlp(text)) for text in TEXTS] == NEW_ENTITIES
    for old, new in zip(before, all_scores(nlp), strict=True):
        assert (new[:, :5] == old).all()
    nlp.to_disk(tmp_path)
    numpy.testing.assert_array_equal(all_scores(spacy.load(tmp_path))[0], all_scores(nlp)[0])


@needs_torch
def test_a_frozen_torch_model_keeps_its_buffers():
    """Training would change the statistics of batch normalization without any gradient."""
    from torch import nn

    @registry.architectures("tests.normalized_scorer.v1")
    def make_scorer():
        def build(n_features, n_tags):
            return nn.Sequential(nn.BatchNorm1d(n_features), nn.Linear(n_features, n_tags))

        return build

    nlp = torch_nlp({"@architectures": "tests.normalized_scorer.v1"})
    before = all_scores(nlp)
    nlp.get_pipe("window_ner").add_labels(["ORG"], label_hidden_width=8)
    learn(nlp, steps=3)
    for old, new in zip(before, all_scores(nlp), strict=True):
        assert (new[:, :5] == old).all() and (new[:, 5:] != old[:, :1] - 5.0).any()


def test_a_shared_tok2vec_grows():
    """The classifier listens to a layer that others may listen to as well."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec")
    embed = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    nlp.add_pipe("window_ner", config={"scheme": "bio", "model": {"embed": embed}})
    train(nlp, steps=40)
    nlp = copy_of(nlp)
    ner = nlp.get_pipe("window_ner")
    before = [ner.model.predict([doc])[0] for doc in nlp.pipe(TEXTS, disable=["window_ner"])]
    with pytest.warns(UserWarning, match="WW070.*'window_ner'.*replace_listeners"):
        ner.add_labels(["ORG"])
    optimizer = nlp.resume_training()
    examples = make_examples(nlp, NEW_DATA)
    for _ in range(40):
        nlp.update(examples, sgd=optimizer, exclude=["tok2vec"], annotates=["tok2vec"])
    after = [ner.model.predict([doc])[0] for doc in nlp.pipe(TEXTS, disable=["window_ner"])]
    for old, new in zip(before, after, strict=True):
        assert (new[:, :5] == old).all() and (new[:, 5:] != old[:, :1] - 5.0).any()
    nlp.update(examples, sgd=optimizer)  # the listener must answer tok2vec


def test_scores_of_the_new_labels_alone():
    nlp = old_nlp()
    nlp.get_pipe("window_ner").add_labels(["ORG"])
    learn(nlp)
    scores = nlp.evaluate(make_examples(nlp, NEW_DATA))
    assert scores["ents_new_f"] == scores["ents_new_p"] == scores["ents_new_r"] == 1.0
    assert scores["ents_p"] < 1.0  # for people and places are not annotated
    nlp.get_pipe("window_ner").cfg["frozen_labels"] = []
    assert "ents_new_f" not in nlp.evaluate(make_examples(nlp, NEW_DATA))


def test_the_calibration_of_old_labels_stays():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    learn(nlp)
    examples = make_examples(nlp, NEW_DATA * 30)
    assert ner.calibrate(examples) is None  # there is none that could be completed
    ner.cfg["frozen_labels"] = []
    old = ner.calibrate(make_examples(nlp, TRAIN_DATA * 60))
    ner.cfg.update(frozen_labels=["PERSON", "LOC"], recall_bias=0.25)
    new = ner.calibrate(examples)
    for before, after in zip(old[:2], new[:2], strict=True):
        assert after.pooled == before.pooled
        kept = {label: curve for label, curve in after.labels.items() if label != "ORG"}
        assert kept == {label: c for label, c in before.labels.items() if label != "ORG"}
    assert new.entities.labels["ORG"].fitted_on == 60
    assert ner.calibration == new


def test_the_operating_point_of_old_labels_stays():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.cfg["recall_bias"] = 0.25
    ner.add_labels(["ORG"])
    learn(nlp)
    [scores] = ner.model.predict([nlp.make_doc(TEXTS[0])])
    direct = added_columns(ner.model)[0].layers[0]
    direct.set_param("b", direct.get_param("b") + scores[2, 0] - scores[2, 5] - 1.0)
    assert ents_of(nlp(TEXTS[0])) == []
    examples = make_examples(nlp, NEW_DATA)
    assert ner.tune_recall_bias(examples) == 0.25
    assert ner.cfg["label_biases"]["ORG"] > 0.5
    numpy.testing.assert_array_equal(ner.biases.by_tag[:5], [-0.25, 0, 0, 0, 0])
    assert ents_of(nlp(TEXTS[0])) == [("Acme", "ORG")]
    # It is the lowest that is good enough.
    bias = ner.cfg["label_biases"]["ORG"]
    ner.cfg["label_biases"]["ORG"] = bias - 1.0
    assert nlp.evaluate(make_examples(nlp, NEW_DATA))["ents_new_f"] < 1.0
    found = explain(copy_of(nlp), TEXTS[2])
    assert [entity.text for entity in found.entities] == ["Shaka Khan"]


def test_why_a_new_entity():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_hidden_width=8)
    learn(nlp)
    ner.cfg["label_biases"] = {"ORG": 0.5}
    found = explain(nlp, TEXTS[0])
    assert found.method == "exact"
    [entity] = explain(nlp, TEXTS[0], versus="none").entities
    [word] = entity.differences
    assert (word.tag, word.rival, word.text) == ("B-ORG", "O", "Acme")
    assert entity.bias == pytest.approx(0.5 + ner.cfg["recall_bias"])
    assert entity.remainder == pytest.approx(0.0, abs=1e-4)
    # The parts are how fast the margin grows with each word of the window.
    opened = open_model(ner.model, "window_ner")
    doc = nlp.make_doc(TEXTS[0])
    [window] = Windows.of(opened, doc).around(numpy.array([2]))
    best = ner.scheme.tag_names(ner.labels).index("B-ORG")

    def margin(features):
        scores = opened.network.scores(features.reshape(1, -1))[0]
        return scores[best] - scores[0]

    [scores] = ner.model.predict([doc])
    assert margin(window) == pytest.approx(scores[2, best] - scores[2, 0], abs=1e-4)
    parts = {part.token: part.contribution for part in entity.parts}
    for place, row in enumerate(window):
        moved = window.copy()
        moved[place] = row * (1 - 1e-7)
        slope = (margin(window) - margin(moved)) / 1e-7
        assert parts[place + 2 - opened.window] == pytest.approx(slope, abs=1e-4)


def test_a_new_label_yields_to_those_before_it():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_hidden_width=8)
    learn(nlp)
    [scores] = ner.model.predict([nlp.make_doc("I like London.")])
    old, new = float(scores[2, 3] - scores[2, 0]), float(scores[2, 5] - scores[2, 0])
    assert old > 0.0
    place = ("London", "LOC")

    def found_with_lead(lead):
        """What is found if the new label's score is as much above that of O."""
        ner.cfg["label_biases"] = {"ORG": lead - new}
        return ents_of(nlp("I like London."))

    assert place in found_with_lead(1.8 * old)
    assert place not in found_with_lead(2.2 * old)
    explained = explain(nlp, "I like London.").entities
    assert {entity.label for entity in explained} == {"ORG"}
    for entity in explained:
        assert entity.remainder == pytest.approx(0.0, abs=1e-4)
    # What it yields is a part of the bias.
    label_bias = ner.cfg["label_biases"]["ORG"]
    for entity in explain(nlp, "I like London.", versus="none").entities:
        tokens = [word.token for word in entity.differences]
        leads = scores[tokens, 1:5].max(axis=1) - scores[tokens, 0]
        expected = (label_bias - numpy.maximum(leads, 0.0)).sum()
        assert entity.bias == pytest.approx(expected, abs=1e-4)
    ner.cfg["yields_to"] = {}
    assert place not in found_with_lead(1.8 * old)


def test_whom_a_label_yields_to():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG", "PRODUCT"])
    older = ["PERSON", "LOC"]
    ner.add_labels(["DATE"], frozen_labels=[*older, "ORG"])
    expected = {"ORG": older, "PRODUCT": older, "DATE": [*older, "ORG"]}
    assert ner.cfg["yields_to"] == expected
    assert copy_of(nlp).get_pipe("window_ner").cfg["yields_to"] == expected


def grow_config(folder, nlp, **overrides):
    """configs/grow.cfg, to teach a pipeline, which is saved, NEW_DATA."""
    nlp.to_disk(folder / "old")
    docs = [eg.reference for eg in make_examples(nlp, NEW_DATA)]
    DocBin(docs=docs).to_disk(folder / "new.spacy")
    settings = {
        "nlp.lang": nlp.lang,
        "paths.base": str(folder / "old"),
        "paths.train": str(folder / "new.spacy"),
        "paths.dev": str(folder / "new.spacy"),
        "training.max_steps": 60,
        "training.eval_frequency": 30,
        "training.dropout": 0.1,
        **overrides,
    }
    path = Path(__file__).parent.parent.parent / "configs" / "grow.cfg"
    return load_config(path, overrides=settings)


def spacy_train(config, folder):
    """Train as `spacy train` does, and load the best pipeline."""
    folder.mkdir()
    train_loop(init_nlp(config), folder)
    return spacy.load(folder / "model-best")


def test_spacy_train_with_a_source(tmp_path):
    nlp = old_nlp()
    before = all_scores(nlp)
    settings = {"label_hidden_width": 24, "label_weight": 5.0}
    overrides = {f"initialize.before_init.{name}": value for name, value in settings.items()}
    config = grow_config(tmp_path, nlp, **overrides)
    grown = spacy_train(config, tmp_path / "out")
    ner = grown.get_pipe("window_ner")
    assert ner.frozen_labels == ("PERSON", "LOC")
    assert ner.cfg["added_labels"] == {"ORG": 24}
    assert ner.cfg["label_weights"] == {"ORG": 5.0}
    assert [ents_of(grown(text)) for text in TEXTS] == NEW_ENTITIES
    for old, new in zip(before, all_scores(grown), strict=True):
        assert (new[:, :5] == old).all()
    config["initialize"]["before_init"]["component"] = "ner"
    with pytest.raises(ValueError, match="WN074.*'ner'.*window_ner"):
        init_nlp(config)
    config["initialize"]["before_init"].update(component="window_ner", labels=["LOC"])
    with pytest.raises(ValueError, match="WN071.*'LOC'"):
        init_nlp(config)


def test_the_saved_config_has_no_source(tmp_path):
    config = grow_config(tmp_path, old_nlp(), **{"training.max_steps": 1})
    spacy_train(config, tmp_path / "out")
    saved = load_config(tmp_path / "out" / "model-best" / "config.cfg")
    with pytest.raises(ValueError, match=r"WN150.*'window_ner'.*`source = "):
        init_nlp(saved)


def shared_nlp(tmp_path):
    """A trained pipeline whose component shares an embedding with a tagger."""
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec")
    embed = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    nlp.add_pipe("tagger", config={"model": {"tok2vec": embed}})
    nlp.add_pipe("window_ner", config={"scheme": "bio", "model": {"embed": embed}})
    data = [(text, {**gold, "tags": ["A", "B", "A", "B", "A", "B"][:n]}) for (text, gold), n in zip(
        OLD_DATA, [len(nlp.make_doc(text)) for text, _ in OLD_DATA], strict=True
    )]  # fmt: skip
    train(nlp, data, steps=40)
    nlp.to_disk(tmp_path / "shared")
    return spacy.load(tmp_path / "shared")


def own_scores(nlp):
    ner = nlp.get_pipe("window_ner")
    docs = list(nlp.pipe(TEXTS, disable=["window_ner"]))
    return numpy.vstack(ner.model.predict(docs))


def docs_block(first_line):
    """The block of docs/growth.md that begins with a line."""
    text = (Path(__file__).parent.parent.parent / "docs" / "growth.md").read_text(encoding="utf8")
    blocks = re.findall(r"```ini\n(.*?)```", text, flags=re.DOTALL)
    [block] = [block for block in blocks if block.startswith(first_line)]
    return block


@pytest.mark.filterwarnings(r"error:\[WW150\]")
def test_other_components_and_a_shared_tok2vec_as_in_the_docs(tmp_path):
    nlp = shared_nlp(tmp_path)
    config = grow_config(tmp_path, nlp, **{"initialize.before_init.label_hidden_width": 16})
    lines = "[components]\n" + docs_block("[nlp]\npipeline = ")
    config = Config(config).merge(Config().from_str(lines, interpolate=False))
    grown = spacy_train(config, tmp_path / "out")
    assert grown.pipe_names == ["tok2vec", "tagger", "window_ner"]
    assert [ents_of(grown(text)) for text in TEXTS] == NEW_ENTITIES
    before, after = own_scores(nlp), own_scores(grown)
    assert (after[:, :5] == before).all() and (after[:, 5:] != after[:, :1] - 5.0).any()
    for name in ("tok2vec", "tagger"):
        assert grown.get_pipe(name).model.to_bytes() == nlp.get_pipe(name).model.to_bytes()
    # If tok2vec learns, old scores don't stay.
    config["training"]["frozen_components"] = ["tagger"]
    config["training"]["annotating_components"] = []
    with pytest.warns(UserWarning, match="WW070.*frozen_components"):
        moved = spacy_train(config, tmp_path / "moved")
    assert (own_scores(moved)[:, :5] != before).any()


def test_a_copy_of_a_shared_tok2vec(tmp_path):
    nlp = shared_nlp(tmp_path)
    config = grow_config(
        tmp_path, nlp, **{"initialize.before_init.base": None, "training.max_steps": 20}
    )
    with pytest.raises(ValueError, match=r"WN151.*'window_ner' listens to 'tok2vec'.*copy"):
        init_nlp(config)
    config["components"]["window_ner"]["replace_listeners"] = ["model.embed"]
    grown = spacy_train(config, tmp_path / "out")
    assert grown.pipe_names == ["window_ner"]
    assert (own_scores(grown)[:, :5] == own_scores(nlp)).all()
    # In Python.
    nlp.replace_listeners("tok2vec", "window_ner", ["model.embed"])
    before = own_scores(nlp)
    nlp.get_pipe("window_ner").add_labels(["ORG"], label_hidden_width=8)
    learn(nlp, steps=5)  # the other components are updated, too
    after = own_scores(nlp)
    assert (after[:, :5] == before).all() and (after[:, 5:] != after[:, :1] - 5.0).any()


def test_components_that_would_be_lost(tmp_path):
    nlp = old_nlp()
    nlp.add_pipe("sentencizer")
    config = grow_config(tmp_path, nlp)
    with pytest.warns(UserWarning, match=r"WW150.*old has .*: sentencizer\. .*docs/growth.md"):
        init_nlp(config)


def test_the_weight_of_new_labels():
    nlp = old_nlp(label_weights={"LOC": 0.5})
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_weight=4.0)
    assert ner.cfg["label_weights"] == {"LOC": 0.5, "ORG": 4.0}
    examples = make_examples(nlp, NEW_DATA)
    scores, _ = ner.model.begin_update([eg.predicted for eg in examples])
    heavy, _ = ner.get_loss(examples, scores)
    ner.cfg["label_weights"]["ORG"] = 1.0
    light, _ = ner.get_loss(examples, scores)
    assert heavy > light
    with pytest.raises(ValueError, match=r"WN001.*label_weights.*'DATE': -1"):
        ner.add_labels(["DATE"], label_weight=-1.0)
    assert ner.labels == ("PERSON", "LOC", "ORG")


def test_without_new_labels_nothing_is_tuned_or_calibrated():
    """As in the middle of a training of another component."""
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    examples = make_examples(nlp, OLD_DATA)
    ner.calibrate(examples)
    ner.cfg["frozen_labels"] = "*"
    before = dict(ner.cfg)
    ner.tune_recall_bias(examples)
    assert ner.calibrate(examples) == ner.calibration is not None
    assert ner.cfg == before


def test_examples_without_the_new_label_leave_its_bias():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    ner.cfg["label_biases"] = {"ORG": 1.5}
    ner.tune_recall_bias(make_examples(nlp, NEW_DATA[2:]))
    assert ner.cfg["label_biases"] == {"ORG": 1.5}


def test_what_is_found_where_annotation_is_missing_does_not_count():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    learn(nlp)
    [whole, partial] = make_examples(nlp, [NEW_DATA[0], ("We joined Acme today.", {})])
    assert ents_of(nlp(NEW_DATA[0][0])) == [("Acme", "ORG")]
    scores = nlp.evaluate([whole, partial])
    assert scores["ents_new_p"] == scores["ents_new_f"] == 1.0


def test_gradients_from_before_are_forgotten():
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.update(make_examples(nlp))
    ner.add_labels(["ORG"])
    gradients = [node.get_grad(name) for node in ner.model.walk() for name in node.grad_names]
    assert gradients and not any(gradient.any() for gradient in gradients)


def test_a_label_that_is_neither_new_nor_frozen():
    """It is never taken for O."""
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"])
    optimizer = nlp.resume_training()
    both = ("We joined Acme in May", {"entities": [(10, 14, "ORG"), (18, 21, "DATE")]})
    [example] = make_examples(nlp, [both])
    with pytest.warns(UserWarning, match="WW162.*doesn't learn DATE"):
        nlp.update([example], sgd=optimizer)
    assert "DATE" not in ner.labels
    _, [gradient] = ner.get_loss([example], ner.model.predict([example.predicted]))
    assert not gradient[4].any() and gradient[2].any()


@pytest.mark.parametrize("units", [0, 8])
def test_whitespace_is_no_word_for_added_labels(units):
    nlp = old_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_hidden_width=units)
    learn(nlp)
    for text in TEXTS:
        spaced = nlp.make_doc(text.replace(" ", " \t "))
        is_word = word_mask([spaced])
        assert not is_word.all()
        plain = nlp.make_doc(text)
        for scores in (
            ner.model.predict([spaced])[0][is_word],
            ner._tag_scorer.scores([spaced], read_words([spaced], False, False)),
        ):
            numpy.testing.assert_allclose(scores, ner.model.predict([plain])[0], atol=1e-5)
        assert [e.text.split() for e in ner(spaced).ents] == [
            e.text.split() for e in ner(plain).ents
        ]


@pytest.mark.parametrize("freezes", [False, True])
def test_a_label_has_no_near_misses_before_it_is_learned(freezes):
    """Its tags are close behind O everywhere, so each word would be one."""
    nlp = old_nlp(spans_key="found", candidates=True, recall_bias=2.0)
    ner = nlp.get_pipe("window_ner")
    texts = [*TEXTS, "Nothing is here, and the weather was fine."]
    before = [len(doc.spans["found_candidates"]) for doc in nlp.pipe(texts)]
    ner.add_labels(["ORG"], frozen_labels=["PERSON", "LOC"] if freezes else [])
    assert [len(doc.spans["found_candidates"]) for doc in nlp.pipe(texts)] == before
    again = spacy.blank("xx")
    again.add_pipe("window_ner", source=nlp)
    again = copy_of(again)
    assert [len(doc.spans["found_candidates"]) for doc in again.pipe(texts)] == before
    learn(nlp, steps=2)
    labels = {span.label_ for doc in nlp.pipe(texts) for span in doc.spans["found_candidates"]}
    assert "ORG" in labels


def test_a_frozen_label_is_not_learned():
    ner = old_nlp().get_pipe("window_ner")
    ner.add_label("ORG")
    ner.cfg["frozen_labels"] = "*"
    ner.add_labels(["EVT"])
    data = [("Acme has a feast", {"entities": [(0, 4, "ORG"), (11, 16, "EVT")]})]
    nlp = spacy.blank("xx")
    ner.update(make_examples(nlp, data))
    assert ner.cfg["untrained_labels"] == ["ORG"]
