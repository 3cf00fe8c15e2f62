"""Learning something new without a loss of what is known, by rehearsing it."""

import numpy
import pytest
import spacy
from spacy.training import Example
from thinc.api import Adam
from thinc.util import has_torch

from spacy_windowner.layers.word_attributes import attribute_layers
from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.pipeline.doc_io import read_words

from .util import ENTITIES, TRAIN_DATA, ents_of, make_examples, make_nlp, train

RAW = ["Who is Shaka Khan?", "I like London and Berlin.", "Is London in Berlin?", "Who likes Khan?"]
NEW_DATA = [("We joined Acme today.", {"entities": [(10, 14, "LOC")]})]


def scores_of(nlp):
    [*tables] = nlp.get_pipe("window_ner").model.predict([nlp.make_doc(text) for text in RAW])
    return numpy.vstack(tables)


def raw_examples(nlp):
    return [Example.from_dict(nlp.make_doc(text), {}) for text in RAW]


def learn(nlp, rehearse, make_optimizer=Adam, steps=40):
    """Learn from the new data alone. Returns how far the scores of other text have moved."""
    before = scores_of(nlp)
    optimizer = nlp.resume_training(sgd=make_optimizer(0.002))
    losses = {}
    for _ in range(steps):
        nlp.update(make_examples(nlp, NEW_DATA), sgd=optimizer)
        if rehearse:
            nlp.rehearse(raw_examples(nlp), sgd=optimizer, losses=losses)
    if rehearse:
        assert 0.0 < losses["window_ner"] < steps
    return numpy.abs(scores_of(nlp)[:, : before.shape[1]] - before).mean()


@pytest.mark.parametrize("make_optimizer", [Adam, SparseAdam])
def test_rehearsal_keeps_the_scores_near(make_optimizer):
    moved = []
    for rehearse in (False, True):
        nlp = make_nlp()
        train(nlp)
        moved.append(learn(nlp, rehearse, make_optimizer))
        assert ents_of(nlp(NEW_DATA[0][0])) == [("Acme", "LOC")]
    without, rehearsed = moved
    assert rehearsed < 0.5 * without
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


@pytest.mark.skipif(not has_torch, reason="PyTorch is an extra: torch")
def test_a_network_in_torch_rehearses():
    scorer = {"@architectures": "spacy-windowner.TorchScorer.v1", "hidden_width": 32}
    embed = make_nlp().config["components"]["window_ner"]["model"]["embed"]
    architecture = {"@architectures": "spacy-windowner.TorchWindowClassifier.v1"}
    nlp = spacy.blank("xx")
    nlp.add_pipe("window_ner", config={"model": {**architecture, "embed": embed, "scorer": scorer}})
    train(nlp)
    before = [array.copy() for array in torch_arrays(nlp)]
    assert learn(nlp, rehearse=True) < 1.0
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES
    tutor = nlp.get_pipe("window_ner")._rehearsal_model
    for old, kept in zip(before, torch_arrays(nlp, tutor), strict=True):
        numpy.testing.assert_array_equal(old, kept)


def torch_arrays(nlp, model=None):
    """All parameters of a model."""
    model = nlp.get_pipe("window_ner").model if model is None else model
    return [node.get_param(name) for node in model.walk() for name in node.param_names]


def test_what_has_not_moved_teaches_nothing():
    nlp = make_nlp()
    train(nlp)
    before = scores_of(nlp)
    nlp.resume_training()
    optimizer = Adam(0.001, L2=0.0)
    assert nlp.rehearse(raw_examples(nlp), sgd=optimizer) == {"window_ner": 0.0}
    numpy.testing.assert_array_equal(scores_of(nlp), before)


def test_new_labels_are_free():
    nlp = make_nlp()
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    nlp.resume_training()
    ner.add_label("ORG")
    assert nlp.rehearse(raw_examples(nlp)) == {"window_ner": 0.0}
    optimizer = nlp.resume_training()
    data = [("We joined Acme today.", {"entities": [(10, 14, "ORG")]})]
    for _ in range(60):
        nlp.update(make_examples(nlp, data), sgd=optimizer)
        nlp.rehearse(raw_examples(nlp), sgd=optimizer)
    assert ents_of(nlp(data[0][0])) == [("Acme", "ORG")]
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


def test_frozen_labels_and_rehearsal_go_together():
    nlp = make_nlp()
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_hidden_width=8)
    before = scores_of(nlp)
    nlp.resume_training()
    optimizer = Adam(0.001, L2=0.0)
    for _ in range(3):
        assert nlp.rehearse(raw_examples(nlp), sgd=optimizer) == {"window_ner": 0.0}
    numpy.testing.assert_array_equal(scores_of(nlp), before)


def test_gradients_accumulate_until_the_optimizer_comes():
    nlp = make_nlp()
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    optimizer = nlp.resume_training()
    nlp.update(make_examples(nlp, NEW_DATA), sgd=optimizer)
    before = scores_of(nlp)
    assert ner.rehearse(raw_examples(nlp))["window_ner"] > 0.0
    numpy.testing.assert_array_equal(scores_of(nlp), before)
    ner.finish_update(optimizer)
    assert (scores_of(nlp) != before).any()


def test_predictions_are_of_the_rehearsed_model():
    nlp = make_nlp()
    train(nlp)
    doc = nlp(RAW[1])
    nlp.resume_training()
    output = nlp.get_pipe("window_ner")._rehearsal_model.get_ref("output_layer")
    bias = output.get_param("b").copy()
    bias[0] += 10.0  # so the tutor finds nothing
    output.set_param("b", bias)
    optimizer = Adam(0.02)
    for _ in range(100):
        nlp.rehearse(raw_examples(nlp), sgd=optimizer)
    assert ents_of(doc) == ENTITIES[1]
    assert ents_of(nlp(RAW[1])) == []


def test_no_earlier_model():
    nlp = make_nlp()
    train(nlp)
    with pytest.raises(ValueError, match=r"WN015.*'window_ner'.*resume_training"):
        nlp.rehearse(raw_examples(nlp))


def test_a_listener_cannot_rehearse():
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec")
    model = {
        "@architectures": "spacy-windowner.WindowClassifier.v1",
        "embed": {"@architectures": "spacy.Tok2VecListener.v1", "width": 96},
    }
    nlp.add_pipe("window_ner", config={"model": model})
    nlp.initialize(lambda: make_examples(nlp))
    nlp.resume_training()
    with pytest.raises(ValueError, match=r"WN016.*replace_listeners"):
        nlp.rehearse(raw_examples(nlp))
    nlp.replace_listeners("tok2vec", "window_ner", ["model.embed"])
    nlp.resume_training()
    assert nlp.rehearse(raw_examples(nlp))["window_ner"] == 0.0


def test_empty_documents():
    nlp = make_nlp()
    train(nlp)
    nlp.resume_training()
    empty = [Example.from_dict(nlp.make_doc(""), {})]
    assert nlp.rehearse(empty) == {"window_ner": 0.0}
    assert nlp.rehearse([*empty, *raw_examples(nlp)]) == {"window_ner": 0.0}


class OnlyTables:
    """An optimizer that changes the tables of embeddings, and nothing else."""

    def __call__(self, key, weights, gradient):
        if key[1] == "E":
            weights += numpy.random.default_rng(0).normal(size=weights.shape)
        return weights, gradient * 0.0


def test_predictions_follow_every_update():
    nlp = make_nlp()
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    assert ents_of(nlp(RAW[1])) == ENTITIES[1]
    before = scores_of(nlp)
    ner.update(make_examples(nlp))
    ner.finish_update(OnlyTables())
    assert numpy.abs(scores_of(nlp) - before).max() > 0.1
    docs = [nlp.make_doc(text) for text in RAW]
    scores = ner._tag_scorer.scores(docs, read_words(docs, False, False))
    numpy.testing.assert_allclose(scores, scores_of(nlp), atol=1e-4)


def test_rehearsal_makes_no_word_known():
    """Only updates that learn from annotation do. So rehearsal of other words changes nothing at
    first."""
    nlp = make_nlp(model={"embed": {"features": {"attr_dropout": 0.1}}})
    train(nlp, steps=5)
    nlp.resume_training()
    ner = nlp.get_pipe("window_ner")
    [layer] = attribute_layers(ner.model)
    before = [len(each) for each in layer.attrs["known"]]
    data = [("Unheard-of words of Wyoming", {})]
    losses = [ner.rehearse(make_examples(nlp, data), drop=0.0) for _ in range(3)]
    assert [each["window_ner"] for each in losses] == [0.0] * 3
    assert [len(each) for each in layer.attrs["known"]] == before
    nlp.update(make_examples(nlp, data))
    assert len(layer.attrs["known"][0]) > before[0]


def test_frozen_labels_make_no_word_known():
    nlp = make_nlp(model={"embed": {"features": {"attr_dropout": 0.1}}})
    train(nlp, steps=5)
    ner = nlp.get_pipe("window_ner")
    ner.cfg["frozen_labels"] = list(ner.labels)
    ner.add_label("NEW")
    [layer] = attribute_layers(ner.model)
    before = layer.attrs["known"]
    old = scores_of(nlp)[:, :5]  # O, and two tags of both old labels
    nlp.update(make_examples(nlp, [("Unheard-of Wyoming", {"entities": [(11, 18, "NEW")]})]))
    assert layer.attrs["known"] is before
    numpy.testing.assert_array_equal(scores_of(nlp)[:, :5], old)


def test_without_dropout_no_word_is_hidden():
    """Rehearsal right after the copy was made has nothing to learn."""
    nlp = spacy.blank("xx")
    ner = nlp.add_pipe("window_ner")
    train(nlp, TRAIN_DATA, steps=2)
    nlp.resume_training()
    hidden = [node for node in ner.model.walk() if node.name == "word_attributes"]
    assert hidden and hidden[0].attrs["rate"] > 0.0
    losses = [ner.rehearse(make_examples(nlp, TRAIN_DATA), drop=0.0) for _ in range(5)]
    assert [each["window_ner"] for each in losses] == [0.0] * 5
