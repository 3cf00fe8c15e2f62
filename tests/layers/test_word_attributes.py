import numpy
import pytest
import spacy
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.api import Model, set_dropout_rate

from spacy_windowner.layers.word_attributes import (
    UNKNOWN,
    WordAttributes,
    add_values,
    check_known,
    is_in,
    no_new_values,
    read_attributes,
)

WORDS = ["Paris", "is", "amazing", "B2B", " "]
ATTRS = ["NORM", "PREFIX", "SHAPE", "SUFFIX"]


@pytest.fixture(scope="module")
def doc():
    return Doc(spacy.blank("en").vocab, words=WORDS * 100)


def make_layer(rate: float) -> Model:
    return WordAttributes(ATTRS, rate, context_free=True)


def learn(layer, docs):
    values, backprop = layer(docs, is_train=True)
    assert backprop(values) == []
    return values


def test_the_hashes_of_attributes(doc):
    values = read_attributes(doc, ATTRS)
    assert values.shape == (500, 4) and values.dtype == "uint64"
    expected = [
        [get_string_id(each) for each in (word.norm_, word.prefix_, word.shape_, word.suffix_)]
        for word in doc[:5]
    ]
    assert values[:5].tolist() == expected
    assert read_attributes(doc, ["NORM"]).shape == (500, 1)


def test_a_document_without_words(doc):
    assert read_attributes(Doc(doc.vocab), ATTRS).shape == (0, 4)
    layer = make_layer(0.5)
    [values] = learn(layer, [Doc(doc.vocab)])
    assert values.shape == (0, 4)


def test_what_training_has_not_shown_is_hidden(doc):
    layer = make_layer(1e-9)
    other = Doc(doc.vocab, words=["Parisian", "is", "Paris"])
    assert (layer.predict([doc])[0] == UNKNOWN).all()
    layer([doc], is_train=True)  # a forward pass alone teaches nothing
    assert (layer.predict([doc])[0] == UNKNOWN).all()
    numpy.testing.assert_array_equal(learn(layer, [doc])[0], read_attributes(doc, ATTRS))
    numpy.testing.assert_array_equal(layer.predict([doc])[0], read_attributes(doc, ATTRS))
    [values] = layer.predict([other])
    is_hidden = values == UNKNOWN
    assert is_hidden.tolist() == [[True, False, False, True], [False] * 4, [False] * 4]
    expected = read_attributes(other, ATTRS)
    numpy.testing.assert_array_equal(values[~is_hidden], expected[~is_hidden])


def test_a_value_that_was_hidden_has_not_been_shown(doc):
    numpy.random.seed(0)
    layer = make_layer(0.5)
    one = Doc(doc.vocab, words=["Paris", "is", "amazing", "B2B"] * 5)
    [shown] = learn(layer, [one[:4].as_doc()])
    assert 0 < (shown == UNKNOWN).sum() < shown.size
    [found] = layer.predict([one[:4].as_doc()])
    numpy.testing.assert_array_equal(found, shown)


def test_updates_that_teach_words_nothing(doc):
    layer = make_layer(1e-9)
    one, other = (Doc(doc.vocab, words=words) for words in (["Paris", "is"], ["Rome", "was"]))
    learn(layer, [one])
    before = layer.attrs["known"]
    with no_new_values(layer):
        [values] = learn(layer, [other])
    numpy.testing.assert_array_equal(values, layer.predict([other])[0])
    assert (values[:, 0] == UNKNOWN).all()
    assert layer.attrs["known"] is before
    assert not (learn(layer, [other])[0] == UNKNOWN).any()


def test_initialization_forgets_them(doc):
    layer = make_layer(0.1)
    learn(layer, [doc])
    layer.initialize(X=[doc])
    assert (layer.predict([doc])[0] == UNKNOWN).all()


@pytest.mark.parametrize(("rate", "low", "high"), [(0.25, 420, 580), (0.999, 1990, 2000)])
def test_each_value_may_be_hidden_in_training(doc, rate, low, high):
    numpy.random.seed(0)
    layer = make_layer(rate)
    set_dropout_rate(layer, 0.0)
    learn(layer, [doc])
    set_dropout_rate(layer, rate)
    [values], _ = layer([doc], is_train=True)
    is_hidden = values == UNKNOWN
    assert low <= is_hidden.sum() <= high
    own = read_attributes(doc, ATTRS)
    numpy.testing.assert_array_equal(values[~is_hidden], own[~is_hidden])
    numpy.testing.assert_array_equal(layer.predict([doc])[0], own)
    set_dropout_rate(layer, 0.0)
    numpy.testing.assert_array_equal(layer([doc], is_train=True)[0][0], own)


def test_without_a_rate_nothing_is_unknown(doc):
    layer = make_layer(0.0)
    numpy.testing.assert_array_equal(layer.predict([doc])[0], read_attributes(doc, ATTRS))
    numpy.testing.assert_array_equal(learn(layer, [doc])[0], read_attributes(doc, ATTRS))
    assert not any(map(len, layer.attrs["known"]))  # nobody would read them


def test_each_update_hides_other_values_and_a_seed_repeats_them(doc):
    layer = make_layer(0.5)
    learn(layer, [doc])
    runs = []
    for seed in (0, 0, 1):
        numpy.random.seed(seed)
        runs.append(layer([doc], is_train=True)[0][0])
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


def test_known_values_are_saved(doc):
    layer, same = make_layer(0.5), make_layer(0.5)
    set_dropout_rate(layer, 0.0)
    learn(layer, [doc])
    same.from_bytes(layer.to_bytes())
    numpy.testing.assert_array_equal(same.predict([doc])[0], read_attributes(doc, ATTRS))
    for known in (*layer.attrs["known"], *same.attrs["known"]):
        assert (known[1:] > known[:-1]).all()


def test_sorted_values():
    known = numpy.array([3, 5, 2**64 - 1], dtype="uint64")
    values = numpy.array([0, 3, 4, 5, 2**64 - 1, 9, 0], dtype="uint64")
    assert is_in(values, known).tolist() == [False, True, False, True, True, False, False]
    assert not is_in(values, known[:0]).any()
    assert add_values(known, values).tolist() == [0, 3, 4, 5, 9, 2**64 - 1]
    assert add_values(known, known[::-1]) is known


@pytest.mark.parametrize(
    "known",
    [
        None,
        3,
        [],
        [numpy.zeros(1, dtype="uint64")] * 2,
        [numpy.array([1, 1], dtype="uint64")],
        [numpy.array([2, 1], dtype="uint64")],
        [numpy.array([1, 2])],
        [numpy.zeros((1, 1), dtype="uint64")],
        ["abc"],
    ],
    ids=str,
)
def test_damaged_values(known):
    with pytest.raises(ValueError, match="known values.*not sorted arrays of uint64"):
        check_known(known, 1)
    check_known([numpy.array([1, 2], dtype="uint64")], 1)
