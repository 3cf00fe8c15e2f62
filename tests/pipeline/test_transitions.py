"""Learned transitions from tag to tag, in the component."""

import numpy
import pytest
import spacy
from thinc.api import Adam
from thinc.compat import has_torch

from spacy_windowner import explain
from spacy_windowner.models.output import get_transitions

from ..util import check_gradient
from .test_partial import partial
from .util import (
    ENTITIES,
    TRAIN_DATA,
    copy_of,
    ents_of,
    make_examples,
    make_nlp,
    train,
    word_scores,
)

LOSS = {"@losses": "spacy-windowner.MaxMargin.v1", "transitions": True}
# As many words could be the first of a name as the second: what is before them decides.
PAIRS = [
    (f"{first} {second} likes it.", {"entities": [(0, 3, "A"), (4, 7, "B")]})
    for first, second in [("abc", "xyz"), ("xyz", "abc"), ("abc", "abc"), ("xyz", "xyz")]
]
TEXTS = [*[text for text, _ in TRAIN_DATA], "Berlin Shaka London", "", "Khan is Khan is London."]


@pytest.fixture(scope="module")
def trained_once():
    nlp = make_nlp(loss=LOSS)
    train(nlp, steps=40)
    return nlp


@pytest.fixture
def trained(trained_once):
    return copy_of(trained_once)


def transitions_of(nlp) -> numpy.ndarray:
    transitions = get_transitions(nlp.get_pipe("window_ner").model)
    assert transitions is not None and transitions.dtype == numpy.float32
    return transitions


def found(nlp) -> list:
    """The entities of texts, and their margins."""
    nlp.get_pipe("window_ner").cfg["spans_key"] = "margins"
    docs = list(nlp.pipe(TEXTS))
    return [(ents_of(doc), doc.spans["margins"].attrs["margins"]) for doc in docs]


def without(nlp):
    """A copy of a pipeline whose transitions are 0."""
    other = copy_of(nlp)
    transitions_of(other)[:] = 0.0
    return other


def test_none_by_default():
    nlp = make_nlp()
    train(nlp, steps=1)
    assert get_transitions(nlp.get_pipe("window_ner").model) is None


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
def test_they_are_learned_and_used(scheme):
    nlp = make_nlp(loss=LOSS, scheme=scheme)
    first = train(nlp, steps=1)["window_ner"]
    assert train(nlp)["window_ner"] < first / 10
    n_tags = nlp.get_pipe("window_ner").scheme.n_tags(2)
    assert transitions_of(nlp).shape == (n_tags, n_tags)
    assert abs(transitions_of(nlp)).max() > 1e-3
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES
    assert found(nlp) != found(without(nlp))
    assert [ents_of(nlp(text)) for text in TEXTS] == [ents_of(doc) for doc in nlp.pipe(TEXTS)]


def test_they_are_what_words_can_not_tell():
    """With a window of one word, which of two names comes first says only the order of tags."""
    model = {"window": 0, "hidden_depth": 0}
    right = [[("abc", "A"), ("xyz", "B")], [("xyz", "A"), ("abc", "B")]]
    nlp = make_nlp(loss=LOSS, model=model)
    train(nlp, PAIRS)
    assert [ents_of(nlp(text)) for text, _ in PAIRS[:2]] == right
    nlp = make_nlp(model=model)
    train(nlp, PAIRS)
    assert [ents_of(nlp(text)) for text, _ in PAIRS[:2]] != right


def test_overfitting_IO(trained_once, tmp_path):
    expected = found(trained_once)
    trained_once.to_disk(tmp_path)
    from_bytes = make_nlp(loss=LOSS).from_bytes(trained_once.to_bytes())
    for loaded in (spacy.load(tmp_path), from_bytes, copy_of(trained_once)):
        numpy.testing.assert_array_equal(transitions_of(loaded), transitions_of(trained_once))
        assert found(loaded) == expected
        assert found(without(loaded)) != expected
    # A trained component takes on those of another one.
    other = make_nlp(loss=LOSS)
    train(other, steps=2)
    other.from_bytes(trained_once.to_bytes())
    assert found(other) == expected


def test_initialize_begins_anew(trained):
    trained.initialize(lambda: make_examples(trained))
    assert not transitions_of(trained).any()


@pytest.mark.parametrize("optimizer", [Adam(0.01), Adam(0.01, use_averages=True)], ids=range(2))
def test_a_label_is_added(trained, optimizer):
    for _ in range(2):
        trained.update(make_examples(trained), sgd=optimizer)
    ner, before, expected = trained.get_pipe("window_ner"), transitions_of(trained), found(trained)
    before = before.copy()
    assert ner.add_label("ORG") == 1
    after = transitions_of(trained)
    assert after.shape == (7, 7)
    numpy.testing.assert_array_equal(after[:5, :5], before)
    assert not after[5:].any() and not after[:, 5:].any()
    assert [ents for ents, _ in found(trained)] == [ents for ents, _ in expected]
    data = [*TRAIN_DATA, ("We joined Acme", {"entities": [(10, 14, "ORG")]})]
    for _ in range(60):
        trained.update(make_examples(trained, data), sgd=optimizer)
    assert transitions_of(trained)[5:].any() and transitions_of(trained)[:, 5:].any()
    assert ents_of(trained("We joined Acme")) == [("Acme", "ORG")]
    assert found(copy_of(trained)) == found(trained)
    if optimizer.averages:
        with trained.use_params(optimizer.averages):
            assert ents_of(trained("We joined Acme")) == [("Acme", "ORG")]


def test_those_of_frozen_labels_stay(trained):
    ner, before = trained.get_pipe("window_ner"), transitions_of(trained).copy()
    ner.add_labels(["ORG"], label_hidden_width=8)
    data = [("We joined Acme", {"entities": [(10, 14, "ORG")]})]
    examples = make_examples(trained, [*data, ("Who is Shaka Khan?", {"entities": []})])
    ner.update(examples)  # gradients may be left over
    optimizer = trained.resume_training()
    optimizer.learn_rate = 0.01
    for _ in range(60):
        trained.update(examples, sgd=optimizer)
    after = transitions_of(trained)
    numpy.testing.assert_array_equal(after[:5, :5], before)
    assert not after[5:].any() and not after[:, 5:].any()
    assert ents_of(trained("We joined Acme")) == [("Acme", "ORG")]
    assert [ents_of(trained(text)) for text, _ in TRAIN_DATA] == ENTITIES
    assert found(copy_of(trained)) == found(trained)


def test_documents_annotated_for_some_labels_do_not_teach_them(trained):
    before = transitions_of(trained).copy()
    examples = partial(trained, [("I like London.", {"entities": [(7, 13, "LOC")]})], ["LOC"])
    for _ in range(3):
        trained.update(examples, sgd=Adam(0.01))
    numpy.testing.assert_array_equal(transitions_of(trained), before)
    trained.update(examples + make_examples(trained), sgd=Adam(0.01))
    assert (transitions_of(trained) != before).any()


# Gradients ---------------------------------------------------------------------------------------

MISSING = [
    ("Shaka Khan likes London", {"entities": ["B-PERSON", None, "O", None]}),
    ("in Berlin", {"entities": [None, None]}),
    ("I like London and Berlin", {"entities": ["O", "O", "B-LOC", None, "B-LOC"]}),
]


def words_examples(nlp):
    """Examples some of whose tokens have no annotation."""
    return make_examples(nlp, MISSING)


def gradient_of(ner, examples) -> numpy.ndarray:
    layer = ner.model.get_ref("tag_scores")
    ner.model.begin_update([eg.predicted for eg in examples])
    if layer.has_grad("transitions"):
        layer.set_grad("transitions", numpy.zeros_like(layer.get_grad("transitions")))
    ner.update(examples)
    return layer.get_grad("transitions").copy()


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("kind", ["whole", "missing", "weighted", "beside partial ones"])
def test_gradient_equals_finite_differences(kind, scheme):
    nlp = make_nlp(loss={**LOSS, "pairwise_weight": 0.0}, scheme=scheme, label_weights={"LOC": 3.0})
    train(nlp, steps=5)
    ner = nlp.get_pipe("window_ner")
    examples = make_examples(nlp) if kind != "missing" else words_examples(nlp)
    if kind == "weighted":
        examples = partial(nlp, TRAIN_DATA, weight=0.25)
    if kind == "beside partial ones":
        examples += partial(nlp, [("I like Rome.", {"entities": [(7, 11, "LOC")]})], ["LOC"])
    gradient = gradient_of(ner, examples)
    assert gradient.any()
    scores = [S.astype("float64") for S in ner.model.predict([eg.predicted for eg in examples])]
    layer = ner.model.get_ref("tag_scores")
    A = transitions_of(nlp).astype("float64")

    def loss(transitions):
        layer.set_param("transitions", transitions)
        return ner.get_loss(examples, scores)[0]

    check_gradient(loss, A, gradient.astype("float64"), eps=1e-5, rtol=1e-5, directions=6)


def test_documents_of_different_weights_teach_them_nothing(trained):
    before = transitions_of(trained).copy()
    examples = make_examples(trained) + partial(trained, TRAIN_DATA, weight=0.5)
    trained.update(examples, sgd=Adam(0.01))
    numpy.testing.assert_array_equal(transitions_of(trained), before)


# With the rest of the component ------------------------------------------------------------------


def test_other_methods_of_the_component(trained):
    ner = trained.get_pipe("window_ner")
    examples = make_examples(trained, [*TRAIN_DATA] * 20)
    ner.tune_recall_bias(examples)
    assert ner.calibrate(examples) is not None
    doc = trained("I like London and Berlin.")
    assert all(0.5 < ent._.ner_score <= 1.0 for ent in doc.ents)
    ner.cfg.update(candidates=True, spans_key="sc")
    assert "sc_candidates" in trained("I like London.").spans
    optimizer = trained.resume_training()
    before = transitions_of(trained).copy()
    assert trained.rehearse(make_examples(trained), sgd=optimizer)["window_ner"] >= 0.0
    numpy.testing.assert_array_equal(transitions_of(trained), before)


def test_explanations_are_of_the_scores_of_words(trained):
    entities = explain(trained, "I like London and Berlin.").entities
    assert [entity.text for entity in entities] == ["London", "Berlin"]
    assert all(abs(entity.remainder) < 1e-4 for entity in entities)


@pytest.mark.skipif(not has_torch, reason="torch is an extra")
def test_a_network_in_torch(tmp_path):
    model = {
        "@architectures": "spacy-windowner.TorchWindowClassifier.v1",
        "embed": make_nlp().config["components"]["window_ner"]["model"]["embed"],
        "scorer": {"@architectures": "spacy-windowner.TorchScorer.v1"},
    }
    nlp = spacy.blank("xx")
    nlp.add_pipe("window_ner", config={"loss": LOSS, "model": model})
    train(nlp, steps=3)
    assert transitions_of(nlp).any()
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    numpy.testing.assert_array_equal(transitions_of(loaded), transitions_of(nlp))
    assert found(loaded) == found(nlp)


# What makes no sense -----------------------------------------------------------------------------


def test_without_the_sequence_term():
    with pytest.raises(ValueError, match="WN001.*transitions = True.*sequence_weight"):
        make_nlp(loss={**LOSS, "sequence_weight": 0.0})


@spacy.registry.architectures("test.WordScores.v1")
def scores_of_words(nO: int | None = None):
    return word_scores({})


def test_a_model_without_a_place_for_them():
    nlp = spacy.blank("xx")
    config = {"loss": LOSS, "model": {"@architectures": "test.WordScores.v1"}}
    nlp.add_pipe("window_ner", config=config)
    with pytest.raises(
        ValueError, match="WN019.*'window_ner' can't learn transitions.*word_scores"
    ):
        nlp.initialize(lambda: make_examples(nlp))
