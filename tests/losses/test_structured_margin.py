import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.losses.structured_margin import StructuredMargin
from spacy_windowner.losses.targets import Targets

from .util import B0, I0, M, O, make_scores, make_targets, structured_margin, valid_sequences


@st.composite
def batches(draw):
    """Up to three short documents, with valid gold tags of which some are unknown."""
    scheme = draw(st.sampled_from([BIO, BILUO]))
    docs = draw(
        st.lists(
            st.integers(0, 4).flatmap(
                lambda n: st.sampled_from(list(valid_sequences(n, 2, scheme)))
            ),
            max_size=3,
        )
    )
    targets = make_targets(*docs, scheme=scheme)
    n = len(targets.tags)
    known = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    weights = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=n, max_size=n))
    tags = numpy.where(numpy.array(known, dtype=bool), targets.tags, M).astype("int32")
    return Targets(tags, numpy.array(weights), targets.lengths, scheme)


@settings(max_examples=120)
@given(batches(), st.integers(0, 1000))
def test_loss_equals_brute_force_over_all_valid_sequences(targets, seed):
    S = make_scores(len(targets.tags), targets.scheme.n_tags(2), seed=seed)
    gradient, J = StructuredMargin()(S, targets)
    assert J == pytest.approx(structured_margin(S, targets))
    assert J >= 0.0  # the gold sequence itself has no loss
    numpy.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-12)


def test_scores_may_be_in_any_order():
    targets = make_targets([O, B0, I0, O], [B0])
    S = make_scores(5)
    gradient, J = StructuredMargin()(S, targets)
    other_gradient, other_J = StructuredMargin()(numpy.asfortranarray(S), targets)
    assert other_J == J
    numpy.testing.assert_array_equal(other_gradient, gradient)


def test_invalid_sequences_are_no_rivals():
    # I-0 at the start of a document scores best, and is not possible.
    S = numpy.array([[2.0, 0.0, 9.0], [2.0, 0.0, -9.0]])
    gradient, J = StructuredMargin()(S, make_targets([O, O]))
    assert J == 0.0
    assert not gradient.any()


def test_an_entity_left_open_is_no_rival():
    # B-0 scores best and has no end: neither at the document's end nor before O.
    scheme, B = BILUO, BILUO.tag(0, "B")
    S = numpy.zeros((2, 5))
    S[:, O], S[1, B], S[:, 2:] = 2.0, 9.0, -9.0
    gradient, J = StructuredMargin()(S, make_targets([O, O], scheme=scheme))
    assert J == 0.0
    assert not gradient.any()


def test_no_loss_once_every_sequence_is_beaten():
    targets = make_targets([O, B0, I0], [B0])
    S = numpy.eye(5)[targets.tags]
    assert StructuredMargin()(S, targets)[1] == 0.0
    assert StructuredMargin()(0.9 * S, targets)[1] > 0.0
