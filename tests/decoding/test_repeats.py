"""The occurrences of a word in a document support each other."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding import repeats_plain
from spacy_windowner.decoding.repeats_plain import NEUTRAL

from ..util import compiled_module

# O, B-A, I-A, B-C, I-C
SURE = [0.0, 9.0, -9.0, -9.0, -9.0]
UNSURE = [0.0, -0.5, -9.0, -1.0, -9.0]
NO = [0.0, -9.0, -9.0, -9.0, -9.0]


def run(module, rows, words, lengths=None, weight=2.0, n_kinds=2):
    scores = numpy.array(rows, dtype="float32")
    lengths = numpy.array([len(words)] if lengths is None else lengths, dtype="int32")
    added = module.add_repeats(scores, lengths, numpy.array(words, "uint64"), n_kinds, weight)
    return scores, added


@pytest.fixture(params=["plain", "compiled"])
def module(request):
    return repeats_plain if request.param == "plain" else compiled_module("decoding.repeats_core")


def test_a_word_gains_the_label_that_it_has_elsewhere(module):
    scores, added = run(module, [SURE, UNSURE, NO], [7, 7, 8])
    p = 1 / (1 + numpy.exp(-numpy.array([9.0, -9.0])))  # of A and C at the first word
    numpy.testing.assert_allclose(added[1], 4 * (p - NEUTRAL), rtol=1e-6)
    numpy.testing.assert_allclose(scores[1, 1:3], numpy.array(UNSURE[1:3]) + added[1, 0], rtol=1e-6)
    numpy.testing.assert_allclose(scores[1, 3:5], numpy.array(UNSURE[3:5]) + added[1, 1], rtol=1e-6)
    assert scores[1, 0] == UNSURE[0]
    assert added[1, 0] > 0.0 > added[1, 1]
    assert scores[2].tolist() == NO and not added[2].any()  # it occurs once


def test_several_occurrences_count_by_their_mean(module):
    _, added = run(module, [UNSURE, SURE, NO], [7, 7, 7])
    p = 1 / (1 + numpy.exp(-numpy.array([9.0, -9.0])))
    numpy.testing.assert_allclose(added[0, 0], 4 * (p.mean() - NEUTRAL), rtol=1e-5)


def test_documents_do_not_depend_on_each_other(module):
    scores, added = run(module, [SURE, UNSURE], [7, 7], lengths=[1, 1])
    assert not added.any()
    assert scores.tolist() == numpy.array([SURE, UNSURE], "float32").tolist()


@pytest.mark.parametrize("rows", [[], [SURE]])
def test_too_short(module, rows):
    scores, added = run(module, rows or numpy.zeros((0, 5)), [7] * len(rows))
    assert added.shape == (len(rows), 2) and not added.any()


def test_no_labels(module):
    assert run(module, [[1.0], [2.0]], [7, 7])[1].shape == (2, 0)


@settings(max_examples=80)
@given(st.data())
def test_compiled_equals_plain(data):
    core = compiled_module("decoding.repeats_core")
    n_kinds, n_labels = data.draw(st.sampled_from([2, 4])), data.draw(st.integers(0, 3))
    lengths = data.draw(st.lists(st.integers(0, 12), max_size=5))
    rng = numpy.random.default_rng(data.draw(st.integers(0, 9999)))
    rows = rng.normal(0, 5, (sum(lengths), 1 + n_kinds * n_labels))
    words = rng.integers(0, 6, sum(lengths)) * 2**40 + 3  # collide in the table
    mine, plain = (run(each, rows, words, lengths, 1.5, n_kinds) for each in (core, repeats_plain))
    for one, other in zip(mine, plain, strict=True):
        numpy.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
        assert one.dtype == other.dtype
