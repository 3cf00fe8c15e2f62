"""A component that listens to another one, which isn't there."""

import pickle

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_model_from_config
from thinc.api import Model

from .util import TRAIN_DATA, copy_of, ents_of, make_examples, train

LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "tok2vec"}
TEXTS = [text for text, _ in TRAIN_DATA] + ["", " "]


def listening(upstream="tok2vec"):
    nlp = spacy.blank("xx")
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("window_ner", config={"model": {"embed": {**LISTENER, "upstream": upstream}}})
    return nlp


@pytest.fixture(scope="module")
def trained_once():
    nlp = listening()
    train(nlp, steps=40)
    assert [ents_of(doc) for doc in nlp.pipe(TEXTS)][:2] == [
        [("Shaka Khan", "PERSON")],
        [("London", "LOC"), ("Berlin", "LOC")],
    ]
    return nlp


@pytest.fixture
def saved(trained_once, tmp_path):
    trained_once.to_disk(tmp_path)
    return tmp_path


MESSAGE = r"WN163.*'window_ner' can't find.*'Who is Shaka Khan\?'.*'tok2vec'.*no `tensor`.*exclude"


def check_missing(nlp):
    with pytest.raises(ValueError, match=MESSAGE):
        nlp(TEXTS[0])
    for batch_size in (1, 100):
        with pytest.raises(ValueError, match=MESSAGE):
            list(nlp.pipe(TEXTS, batch_size=batch_size))
    with pytest.raises(ValueError, match=MESSAGE):
        nlp.evaluate(make_examples(nlp))


def test_excluded(saved):
    nlp = spacy.load(saved, exclude=["tok2vec"])
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC")
    check_missing(nlp)


def test_disabled(saved):
    nlp = spacy.load(saved, disable=["tok2vec"])
    check_missing(nlp)
    nlp.enable_pipe("tok2vec")
    assert ents_of(nlp(TEXTS[0]))


def test_enabled_alone(saved):
    check_missing(spacy.load(saved, enable=["window_ner"]))


def test_selected(trained_once):
    with trained_once.select_pipes(enable=["window_ner"]):
        check_missing(trained_once)
    with trained_once.select_pipes(disable=["window_ner"]):
        assert trained_once(TEXTS[0]).tensor.size
    assert ents_of(trained_once(TEXTS[0]))


def test_removed(trained_once):
    nlp = copy_of(trained_once)
    nlp.remove_pipe("tok2vec")
    check_missing(nlp)


def test_after_it(trained_once):
    nlp = spacy.blank("xx")
    nlp.add_pipe("window_ner", source=trained_once)
    check_missing(nlp)
    nlp.add_pipe("tok2vec", source=trained_once)
    check_missing(nlp)


def test_renamed(trained_once):
    """It still runs, whatever its name is."""
    nlp = copy_of(trained_once)
    nlp.rename_pipe("tok2vec", "embedding")
    nlp = load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert [ents_of(doc) for doc in nlp.pipe(TEXTS)] == [
        ents_of(doc) for doc in trained_once.pipe(TEXTS)
    ]


def test_a_copy_of_its_own(trained_once, saved):
    nlp = spacy.load(saved)
    nlp.replace_listeners("tok2vec", "window_ner", ["model.embed"])
    nlp.remove_pipe("tok2vec")
    assert [ents_of(nlp(text)) for text in TEXTS] == [ents_of(trained_once(text)) for text in TEXTS]
    nlp = copy_of(nlp)
    assert [ents_of(nlp(text)) for text in TEXTS] == [ents_of(trained_once(text)) for text in TEXTS]


def test_a_document_that_was_seen_before(trained_once):
    """By the first half of a pipeline, say, in another process."""
    with trained_once.select_pipes(disable=["window_ner"]):
        doc = trained_once(TEXTS[0])
    doc = pickle.loads(pickle.dumps(doc))
    assert ents_of(trained_once.get_pipe("window_ner")(doc)) == [("Shaka Khan", "PERSON")]


def test_empty_documents(trained_once):
    with trained_once.select_pipes(enable=["window_ner"]):
        assert trained_once("").ents == ()
        assert list(trained_once.pipe([])) == []


def test_some_documents(trained_once):
    ner = trained_once.get_pipe("window_ner")
    seen, unseen = trained_once(TEXTS[1]), trained_once.make_doc(TEXTS[0])
    with pytest.raises(ValueError, match=MESSAGE):
        ner.predict([seen, trained_once.make_doc(""), unseen])


def test_the_output_of_another_component(trained_once):
    other = spacy.blank("xx")
    other.add_pipe("tok2vec", config={"model": {"width": 64}})
    other.initialize()
    doc = other(TEXTS[0])
    message = r"WN163.*the shape of its `tensor` is \(5, 64\), not \(5, 96\)"
    with pytest.raises(ValueError, match=message):
        trained_once.get_pipe("window_ner")(doc)


def test_an_error_handler_gets_it(trained_once):
    errors = []
    with trained_once.select_pipes(enable=["window_ner"]):
        pipe = trained_once.get_pipe("window_ner")
        pipe.set_error_handler(lambda name, pipe, docs, error: errors.append((name, str(error))))
        assert list(trained_once.pipe(TEXTS[:2])) == []
        pipe.set_error_handler(spacy.util.raise_error)
    assert [name for name, _ in errors] == ["window_ner"]
    assert "WN163" in errors[0][1]


def test_other_ways_to_score(trained_once):
    ner = trained_once.get_pipe("window_ner")
    examples = make_examples(trained_once)
    for method in (ner.calibrate, ner.tune_recall_bias):
        with pytest.raises(ValueError, match="WN163"):
            method(examples)


# Before training.


@pytest.mark.parametrize("upstream", ["tok2vec", "*"])
def test_initialized_without_it(upstream):
    nlp = spacy.blank("xx")
    nlp.add_pipe("window_ner", config={"model": {"embed": {**LISTENER, "upstream": upstream}}})
    message = r"WN151.*'window_ner' listens to 'tok2vec', which isn't before it.*\(window_ner"
    with pytest.raises(ValueError, match=message):
        nlp.initialize(lambda: make_examples(nlp))
    nlp.add_pipe("tok2vec")
    with pytest.raises(ValueError, match=message):
        nlp.initialize(lambda: make_examples(nlp))


def test_initialized_with_another_name():
    nlp = listening()
    nlp.rename_pipe("tok2vec", "embedding")
    with pytest.raises(ValueError, match=r"WN151.*'tok2vec'.*\(embedding, window_ner\)"):
        nlp.initialize(lambda: make_examples(nlp))
    train(listening("*"), steps=1)


def test_a_frozen_component_that_annotates(trained_once):
    nlp = copy_of(trained_once)
    examples = make_examples(nlp)
    with nlp.select_pipes(disable=["tok2vec"]):
        nlp.initialize(lambda: examples)
    before = nlp.get_pipe("tok2vec").model.to_bytes()
    optimizer = nlp.create_optimizer()
    losses = [
        nlp.update(examples, sgd=optimizer, exclude=["tok2vec"], annotates=["tok2vec"])
        for _ in range(20)
    ]
    assert losses[-1]["window_ner"] < losses[0]["window_ner"]
    assert nlp.get_pipe("tok2vec").model.to_bytes() == before
    assert nlp.evaluate(make_examples(nlp))["ents_f"] is not None


class Upstream(Model):
    """A listener like those of spacy-transformers."""

    def __init__(self) -> None:
        Model.__init__(self, "transformer-listener", forward, dims={"nO": 4})
        self.upstream_name = "transformer"


def forward(model, docs, is_train):
    return [model.ops.alloc2f(len(doc), 4) for doc in docs], lambda d_docs: []


@spacy.registry.architectures("test.TransformerListener.v1")
def listener() -> Model:
    return Upstream()


@pytest.mark.filterwarnings("ignore:.*W036")
def test_a_transformer():
    nlp = spacy.blank("xx")
    embed = {"@architectures": "test.TransformerListener.v1"}
    ner = nlp.add_pipe("window_ner", config={"model": {"embed": embed}})
    examples = make_examples(nlp)
    ner.initialize(lambda: examples)
    doc = nlp.make_doc(TEXTS[0])
    ner(doc)  # nobody knows where such a listener looks
    Doc.set_extension("trf_data", default=None)
    try:
        with pytest.raises(ValueError, match=r"WN163.*'transformer'.*`\._\.trf_data` is not set"):
            ner(doc)
        doc._.trf_data = "something"
        ner(doc)
    finally:
        Doc.remove_extension("trf_data")


def test_examples_that_are_annotated_in_advance(trained_once):
    examples = [Example(trained_once(eg.text), eg.reference) for eg in make_examples(trained_once)]
    assert trained_once.get_pipe("window_ner").calibrate(examples) is not None
