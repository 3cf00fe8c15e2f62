import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.tools.train_curve.train_curve import check_shares, draw, parse_shares, sizes_of


@pytest.mark.parametrize("text", ["", "a", "0,50", "-1", "50,101", "50,50", "nan", "25;50", "inf"])
def test_bad_shares(text):
    with pytest.raises(ValueError, match="WN200"):
        check_shares(parse_shares(text))


def test_shares_are_sorted():
    assert check_shares(parse_shares("100, 12.5,50")) == [12.5, 50.0, 100.0]
    with pytest.raises(ValueError, match="WN200"):
        check_shares([])


def test_every_share_has_more_documents():
    assert sizes_of([25, 50, 75, 100], 474) == [118, 237, 356, 474]
    for shares, n_docs in [([1, 100], 20), ([50, 60], 3), ([100], 0)]:
        with pytest.raises(ValueError, match="WN201"):
            sizes_of(shares, n_docs)


@given(st.lists(st.integers(1, 60), min_size=1, unique=True), st.integers(0, 9))
def test_shares_are_nested(sizes, seed):
    sizes = sorted(sizes)
    drawn = draw(60, sizes, seed)
    assert [len(set(numbers)) for numbers in drawn] == sizes
    assert all(numbers == sorted(numbers) and set(numbers) <= set(range(60)) for numbers in drawn)
    assert all(set(few) < set(more) for few, more in zip(drawn, drawn[1:], strict=False))
    assert drawn == draw(60, sizes, seed)


def test_seeds_draw_other_documents():
    assert draw(60, [20], 0) != draw(60, [20], 1)
