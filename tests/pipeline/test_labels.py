import numpy
import pytest
import spacy
from spacy.ml.models import MultiHashEmbed
from spacy.training import Example
from thinc.api import Linear, Model, chain, with_array

from spacy_windowner.decoding.spans import Spans
from spacy_windowner.pipeline.window_ner import Predictions

from .util import ENTITIES, TRAIN_DATA, ents_of, make_examples, make_nlp, train

NO_ENTITIES = [("Who is it?", {"entities": []}), ("Nobody.", {})]


def test_implicit_label():
    nlp = make_nlp()
    train(nlp, steps=0)
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC")
    assert nlp.get_pipe("window_ner").label_data == ["PERSON", "LOC"]


def test_explicit_label():
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_label("LOC")
    ner.add_label("PERSON")
    nlp.initialize()
    assert ner.labels == ("LOC", "PERSON")
    assert ner.model.get_ref("output_layer").get_dim("nO") == 5
    assert nlp("Nothing is learned yet.").ents == ()


def test_labels_added_before_come_first():
    nlp = make_nlp()
    nlp.get_pipe("window_ner").add_label("ORG")
    assert train(nlp)["window_ner"] < 0.01
    assert nlp.get_pipe("window_ner").labels == ("ORG", "PERSON", "LOC")


def test_labels_of_all_examples_are_read():
    nlp = make_nlp()
    examples = make_examples(nlp, [("nothing", {"entities": []})] * 50 + TRAIN_DATA)
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC")


def test_no_label():
    nlp = make_nlp()
    with pytest.raises(ValueError, match=r"WN010.*'window_ner' has no labels"):
        nlp.initialize()
    with pytest.raises(ValueError, match="WN010"):
        nlp.initialize(lambda: make_examples(nlp, NO_ENTITIES))


def test_no_label_before_use():
    nlp = make_nlp()
    with pytest.raises(ValueError, match="E143"):
        nlp("text")
    with pytest.raises(ValueError, match="E143"):
        nlp.get_pipe("window_ner").update(make_examples(nlp))


def test_add_label_before_initialize():
    ner = make_nlp().get_pipe("window_ner")
    assert ner.add_label("PERSON") == 1
    assert ner.add_label("PERSON") == 0
    assert ner.labels == ("PERSON",)
    assert "PERSON" in ner.vocab.strings
    for label in (1, None, b"PERSON"):
        with pytest.raises(ValueError, match="E187"):
            ner.add_label(label)


@pytest.mark.parametrize("scheme, before, after", [("bio", 5, 7), ("biluo", 9, 13)])
@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
def test_add_label_after_initialize(hidden_depth, scheme, before, after):
    nlp = make_nlp(model={"hidden_depth": hidden_depth}, scheme=scheme)
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    docs = [nlp.make_doc(text) for text, _ in TRAIN_DATA]
    scores = ner.model.predict(docs)
    ner.cfg["recall_bias"] = 4.0  # the most that training may choose
    predictions = ner.predict(docs).entities.by_doc(len(docs))
    assert any(predictions)
    assert ner.add_label("ORG") == 1
    assert ner.add_label("ORG") == 0
    with pytest.raises(ValueError, match="E187"):
        ner.add_label(2)
    assert ner.labels == ("PERSON", "LOC", "ORG")
    for old, new in zip(scores, ner.model.predict(docs), strict=True):
        assert new.shape == (len(old), after)
        assert (new[:, :before] == old).all()
    assert ner.predict(docs).entities.by_doc(len(docs)) == predictions
    assert ner.model.get_ref("output_layer").get_dim("nO") == after
    assert ner.model.maybe_get_dim("nO") in (None, after)


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("same_optimizer", [True, False])
def test_a_label_added_later_can_be_learned(same_optimizer, scheme):
    nlp = make_nlp(scheme=scheme)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    nlp.get_pipe("window_ner").add_label("ORG")
    if not same_optimizer:
        optimizer = nlp.resume_training()
    examples += make_examples(nlp, [("We joined Acme today", {"entities": [(10, 14, "ORG")]})])
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert ents_of(nlp("We joined Acme today")) == [("Acme", "ORG")]
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


def test_add_label_with_gradients_not_yet_used():
    nlp = make_nlp()
    train(nlp, steps=1)
    ner = nlp.get_pipe("window_ner")
    ner.update(make_examples(nlp))
    ner.add_label("ORG")
    ner.update(make_examples(nlp))
    ner.finish_update(nlp.create_optimizer())
    [scores] = ner.model.predict([nlp.make_doc("London")])
    assert scores.shape == (1, 7)
    assert numpy.isfinite(scores).all()


def test_add_label_to_a_model_that_cannot_grow():
    nlp = make_nlp()
    train(nlp, steps=0)
    ner = nlp.get_pipe("window_ner")
    del ner.model.attrs["resize_output"]
    with pytest.raises(ValueError, match="E922"):
        ner.add_label("ORG")
    assert ner.labels == ("PERSON", "LOC")


def test_initialize_with_labels():
    """Entities with others count as not annotated."""
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    examples = make_examples(nlp)
    ner.initialize(lambda: examples, nlp=nlp, labels=["LOC", "ORG"])
    assert ner.labels == ("LOC", "ORG")
    with pytest.warns(UserWarning, match="WW162.*doesn't learn PERSON"):
        assert ner.update(examples)["window_ner"] > 0.0
    assert ner.labels == ("LOC", "ORG")
    assert ner.update(examples)["window_ner"] > 0.0  # it was told
    scores = ner.model.predict([example.predicted for example in examples])
    _, [gradient, _] = ner.get_loss(examples, scores)
    [shaka, khan] = examples[0].reference.ents[0]
    assert not gradient[[shaka.i, khan.i]].any()
    assert gradient[shaka.i - 1].any()


@pytest.mark.parametrize("labels", ["PERSON", ["PERSON", 1], [None]])
def test_initialize_with_labels_of_another_kind(labels):
    nlp = make_nlp()
    with pytest.raises(ValueError, match="WN013"):
        nlp.get_pipe("window_ner").initialize(lambda: make_examples(nlp), labels=labels)
    assert nlp.get_pipe("window_ner").labels == ()


@pytest.mark.parametrize("scheme, needed", [("bio", 5), ("biluo", 9)])
@pytest.mark.parametrize("nO", [3, 5, 7, 9])
def test_nO_of_the_config(nO, scheme, needed):
    nlp = make_nlp(model={"nO": nO}, scheme=scheme)
    if nO == needed:
        assert train(nlp)["window_ner"] < 0.01
    else:
        message = rf"WN007.*has {nO} tag columns.*need {needed}.*PERSON, LOC"
        with pytest.raises(ValueError, match=message):
            train(nlp)


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
def test_a_label_that_comes_later(scheme):
    """As spaCy's `ner` does."""
    nlp = make_nlp(scheme=scheme)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    org = make_examples(nlp, [("We joined Acme today", {"entities": [(10, 14, "ORG")]})])
    with pytest.warns(UserWarning, match="WW161.*new labels.*: ORG"):
        nlp.update(org, sgd=optimizer)
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC", "ORG")
    for _ in range(60):
        nlp.update([*examples, *org], sgd=optimizer)
    assert ents_of(nlp("We joined Acme today")) == [("Acme", "ORG")]
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


def test_labels_that_come_later_to_a_loaded_pipeline(tmp_path):
    nlp = make_nlp()
    examples = make_examples(nlp)
    nlp.get_pipe("window_ner").initialize(lambda: examples, labels=["LOC", "PERSON"])
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    optimizer = loaded.resume_training()
    org = make_examples(loaded, [("We joined Acme", {"entities": [(10, 14, "ORG")]})])
    with pytest.warns(UserWarning, match="WW161.*ORG"):
        loaded.update(org, sgd=optimizer)


def test_a_label_that_comes_later_to_a_model_that_cannot_grow():
    nlp = make_nlp()
    train(nlp, steps=1)
    ner = nlp.get_pipe("window_ner")
    del ner.model.attrs["resize_output"]
    org = make_examples(nlp, [("We joined Acme", {"entities": [(10, 14, "ORG")]})])
    with pytest.raises(ValueError, match=r"WN168.*can't learn ORG.*\[initialize"):
        ner.update(org)
    assert ner.labels == ("PERSON", "LOC")


def test_a_loss_without_update():
    """Nothing can be added to the scores that are given."""
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_label("ORG")
    nlp.initialize()
    losses = [
        ner.get_loss(examples, ner.model.predict([examples[0].predicted]))[0]
        for annotation in ({"entities": [(0, 6, "LOC")]}, {"entities": []}, {})
        for examples in [make_examples(nlp, [("London", annotation)])]
    ]
    assert losses[0] == losses[2] == 0.0 < losses[1]


def test_initialize_examples():
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    ner.add_label("PERSON")
    examples = make_examples(nlp)
    nlp.initialize()
    nlp.initialize(get_examples=lambda: examples)
    nlp.initialize(get_examples=lambda: iter(examples))
    assert ner.labels == ("PERSON", "LOC")
    for wrong in (lambda: None, lambda: examples[0], lambda: [], examples):
        with pytest.raises(TypeError):
            nlp.initialize(get_examples=wrong)


@pytest.mark.parametrize("n_empty", [1, 10])
def test_initialize_with_empty_documents(n_empty):
    nlp = make_nlp()
    empty = [Example.from_dict(nlp.make_doc(""), {"entities": []}) for _ in range(n_empty)]
    examples = empty + make_examples(nlp)
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC")
    assert nlp("").ents == ()


def test_initialize_twice():
    nlp = make_nlp()
    train(nlp)
    org = ("We joined Acme", {"entities": [(10, 14, "ORG")]})
    assert train(nlp, [*TRAIN_DATA, org], steps=60)["window_ner"] < 0.01
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC", "ORG")
    assert ents_of(nlp("We joined Acme")) == [("Acme", "ORG")]


@pytest.mark.parametrize(
    "config, code",
    [
        ({"decoder": "greedy"}, "decoder"),
        ({"kernel": "torch"}, "kernel"),
        ({"label_weights": {"ORG": 1.0}}, "WN011.*ORG.*PERSON, LOC"),
        ({"label_weights": {"LOC": -1.0}}, "WN001.*label_weights.*LOC.*-1.0"),
    ],
)
def test_wrong_settings(config, code):
    with pytest.raises(ValueError, match=code):
        train(make_nlp(**config))


@spacy.registry.architectures("test.PlainTagger.v1")
def plain_tagger(nO: int | None = None) -> Model:
    """A model of the users' own: nothing but spaCy's and thinc's layers."""
    embed = MultiHashEmbed(16, ["NORM"], [100], include_static_vectors=False)
    return chain(embed, with_array(Linear(nO, 16)))


@pytest.mark.parametrize("nO", [None, 5])
def test_a_model_of_the_users_own(nO, tmp_path):
    nlp = spacy.blank("xx")
    model = {"@architectures": "test.PlainTagger.v1", "nO": nO}
    ner = nlp.add_pipe("window_ner", config={"scheme": "bio", "model": model})
    train(nlp, steps=60)
    assert ner.labels == ("PERSON", "LOC")
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert [ents_of(loaded(text)) for text, _ in TRAIN_DATA] == ENTITIES
    with pytest.raises(ValueError, match="E922"):
        ner.add_label("ORG")  # it can't grow
    assert ner.labels == ("PERSON", "LOC")


def test_a_sourced_component_with_a_new_label():
    """It keeps the vocabulary of its source, which knows labels that the documents' doesn't."""
    source, nlp = make_nlp(), spacy.blank("xx")
    train(source, steps=20)
    nlp.add_pipe("window_ner", source=source)
    ner = nlp.get_pipe("window_ner")
    ner.add_label("A NEW LABEL")
    doc = nlp.make_doc("London")
    entity, candidate = (
        Spans(*numpy.array([[0], [0], [1], [label]], dtype="int32"), numpy.array([rating]))
        for label, rating in ((2, 1.0), (0, -1.0))
    )
    ner.set_annotations([doc], Predictions(entity, candidate, calibrated=False))
    assert ents_of(doc) == [("London", "A NEW LABEL")]
