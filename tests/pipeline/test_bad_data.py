"""Data that little can be learned from, or that doesn't fit: it runs and says so, or says why not
before training starts."""

import warnings

import numpy
import pytest
import spacy
from spacy.training import Example
from spacy.vectors import Vectors

from .util import ENTITIES, LOSSES, TRAIN_DATA, ents_of, make_examples, make_nlp, merge, train

WORDS = sorted({str(token) for text, _ in TRAIN_DATA for token in spacy.blank("xx")(text)})
VECTORS = {"model": {"embed": {"vectors": {"@architectures": "spacy-windowner.VectorsEmbed.v1"}}}}


def with_vectors(words: list[str], update_vectors: bool = False, width: int = 4):
    """A pipeline that uses word vectors, and the vectors of some words."""
    settings = {"width": 5, "update_vectors": update_vectors}
    nlp = make_nlp(**merge(VECTORS, {"model": {"embed": {"vectors": settings}}}))
    set_vectors(nlp, words, width)
    return nlp


def set_vectors(nlp, words: list[str], width: int) -> None:
    data = numpy.random.default_rng(0).normal(size=(len(words), width)).astype("float32")
    nlp.vocab.vectors = Vectors(data=data, keys=[nlp.vocab.strings.add(word) for word in words])


updates = pytest.mark.parametrize("update_vectors", [False, True])


@updates
def test_vectors_that_fit(update_vectors):
    nlp = with_vectors(WORDS, update_vectors)
    train(nlp)
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


@updates
def test_vectors_of_no_word(update_vectors):
    nlp = with_vectors(["foo", "bar"], update_vectors)
    message = "WN025.*none of the 11 words of the training data .* 2 words.* 'foo', 'bar'"
    with pytest.raises(ValueError, match=message):
        nlp.initialize(lambda: make_examples(nlp))


@pytest.mark.parametrize(("n", "warns"), [(1, True), (5, True), (6, False), (11, False)])
def test_vectors_of_few_words(n, warns):
    tokens = [str(token) for text, _ in TRAIN_DATA for token in spacy.blank("xx")(text)]
    assert len(set(tokens)) == len(tokens) == 11
    nlp = with_vectors(tokens[:n])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nlp.initialize(lambda: make_examples(nlp))
    assert len(caught) == warns
    if warns:
        assert f"[WW004] 'window_ner' finds a word vector for only {n / 11:.0%}" in str(
            caught[0].message
        )
        assert str(tokens[n : n + 5])[1:-1] in str(caught[0].message)


def test_vectors_of_parts_of_words_are_of_every_word():
    nlp = with_vectors([])
    data = numpy.ones((9, 4), dtype="float32")
    nlp.vocab.vectors = Vectors(data=data, mode="floret", hash_count=1)
    nlp.initialize(lambda: make_examples(nlp))


def test_vectors_without_training_data():
    """spaCy initializes with a made-up example if there is no data."""
    nlp = with_vectors(["foo"])
    nlp.get_pipe("window_ner").add_label("LOC")
    nlp.initialize()
    assert nlp("Rome").has_annotation("ENT_IOB")


def test_static_vectors_of_spacy_need_vectors():
    features = {
        "@architectures": "spacy.MultiHashEmbed.v2", "width": 8, "attrs": ["NORM"], "rows": [50],
        "include_static_vectors": True,
    }  # fmt: skip
    nlp = spacy.blank("xx")
    nlp.add_pipe("window_ner", config={"model": {"embed": {"features": features}}})
    with pytest.raises(ValueError, match="WN005.*include_static_vectors = false"):
        nlp.initialize(lambda: make_examples(nlp))


@updates
@pytest.mark.parametrize("width", [6, 0])
def test_a_saved_model_with_other_vectors(tmp_path, update_vectors, width):
    nlp = with_vectors(WORDS, update_vectors)
    train(nlp, steps=1)
    nlp.to_disk(tmp_path)
    for table_size in (100, 0):
        settings = {"table_size": table_size}
        nlp = spacy.load(tmp_path, config={"components": {"window_ner": settings}})
        set_vectors(nlp, WORDS if width else [], width)
        with pytest.raises(ValueError, match="WN006"):
            nlp("Who is Shaka Khan?")
        with pytest.raises(ValueError, match="WN006"):
            nlp.update(make_examples(nlp), sgd=nlp.resume_training())


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("text", "entities"),
    [("Rome", [(0, 4, "LOC")]), ("Rome is old", [(0, 4, "LOC")]), ("Rome", [(0, 4, "L")])],
    ids=["one token", "one label, one sentence", "label of one letter"],
)
def test_little_data(scheme, loss, text, entities):
    nlp = make_nlp(scheme=scheme, loss={"@losses": loss})
    train(nlp, [(text, {"entities": entities})])
    assert ents_of(nlp(text)) == [("Rome", entities[0][2])]


def evaluate(nlp, *data) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nlp.evaluate(make_examples(nlp, list(data)))
    return [str(warning.message) for warning in caught]


def test_evaluation_on_unknown_labels(trained):
    known = TRAIN_DATA[0]
    gpe = ("I like London.", {"entities": [(7, 13, "GPE")]})
    org = ("I like Shaka.", {"entities": [(7, 12, "ORG")]})
    assert evaluate(trained, known) == []
    [message] = evaluate(trained, known, gpe)
    assert message.startswith("[WW005] 'window_ner' is evaluated on entities with labels that it")
    assert "doesn't have: GPE." in message and "Its labels are: PERSON, LOC." in message
    assert evaluate(trained, known, gpe) == []  # said once, and not at every step of training
    [message] = evaluate(trained, known, gpe, org)
    assert "doesn't have: GPE, ORG." in message
    # They count as missed.
    scores = trained.evaluate(make_examples(trained, [known, gpe]))
    assert scores["ents_r"] == 0.5


def test_evaluation_without_entities(trained):
    nothing = ("I like you.", {"entities": []})
    [message] = evaluate(trained, nothing)
    assert message.startswith("[WW006] 'window_ner' is evaluated on 1 documents without any")
    assert evaluate(trained, nothing) == []
    assert evaluate(trained, nothing, TRAIN_DATA[0]) == []


def test_evaluation_on_nothing(trained):
    assert trained.get_pipe("window_ner").score([])["ents_f"] is None


def test_evaluation_on_the_training_data(trained):
    examples = [Example.from_dict(trained.make_doc(text), given) for text, given in TRAIN_DATA]
    assert trained.evaluate(examples)["ents_f"] == 1.0
