import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.losses.max_margin import sample_corrupt_windows

from .util import B0, M, O, make_scores

tags_lists = st.lists(st.integers(M, 4), max_size=12)


def sample(tags, n, seed=0, pool_size=100):
    numpy.random.seed(seed)
    S = make_scores(len(tags))
    tags = numpy.array(tags, dtype="int32")
    return S, list(sample_corrupt_windows(S, tags, n, pool_size))


@given(tags=tags_lists, n=st.integers(1, 15), pool_size=st.sampled_from([1, 3, 100]))
def test_corrupt_windows_are_centred_on_another_tag(tags, n, pool_size):
    S, samples = sample(tags, n, pool_size=pool_size)
    tags = numpy.array(tags, dtype="int32")
    # A tag has pairs if there are windows known to be of another one.
    expected = [
        tag for tag in sorted({*tags[tags > O].tolist()}) if ((tags != tag) & (tags != M)).any()
    ]
    assert [tag for tag, _, _ in samples] == expected
    for tag, true, corrupt in samples:
        pool = numpy.flatnonzero((tags != tag) & (tags != M))
        assert true.tolist() == numpy.flatnonzero(tags == tag).tolist()
        assert corrupt.shape == (len(true), min(n, pool_size, len(pool)))
        assert numpy.isin(corrupt, pool).all()
        if pool_size >= len(pool):
            best = numpy.sort(S[pool, tag])[::-1][: corrupt.shape[1]]
            for row in corrupt:
                assert numpy.sort(S[row, tag])[::-1].tolist() == best.tolist()


@pytest.mark.parametrize("pool_size", [10, 100])
def test_a_seed_repeats_the_sample(pool_size):
    tags = [O] * 50 + [B0] * 3
    one, again, other = (sample(tags, 5, seed, pool_size)[1][0][2] for seed in (1, 1, 2))
    assert (one == again).all()
    # A pool of all windows is the same whatever the seed.
    assert (one == other).all() == (pool_size == 100)


def test_the_hardest_come_from_a_random_pool():
    tags = [O] * 300 + [B0]
    pairs = [sample(tags, 5, seed, pool_size=50) for seed in range(40)]
    found = numpy.array([corrupt[0] for _, [(_, _, corrupt)] in pairs])
    assert found.shape == (40, 5)
    assert all(len({*row}) == 5 for row in found.tolist())
    S = pairs[0][0]
    # The best of 50 of 300 is the best of all in one of six draws, and among the best half always.
    ranks = numpy.argsort(numpy.argsort(-S[:300, B0]))[found]
    assert 1 <= (ranks.min(axis=1) == 0).sum() <= 20
    assert (ranks < 150).all()
    [(_, _, corrupt)] = sample(tags, 80, pool_size=50)[1]
    assert corrupt.shape == (1, 50)


def test_a_pool_as_large_as_the_sample_is_a_uniform_sample():
    tags = [O] * 10 + [B0] * 3
    counts = numpy.zeros(10, dtype=int)
    for seed in range(400):
        _, [(_, true, corrupt)] = sample(tags, 5, seed, pool_size=5)
        assert len({*corrupt[0].tolist()}) == 5  # without replacement
        assert (corrupt == corrupt[0]).all() and len(corrupt) == len(true)
        counts += numpy.bincount(corrupt[0], minlength=10)
    assert (abs(counts - 200) < 40).all()  # the standard deviation is 10
