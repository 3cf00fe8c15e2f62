import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.losses.max_margin import sample_corrupt_windows

from .util import B0, M, O, make_scores

tags_lists = st.lists(st.integers(M, 4), max_size=12)
strategies = pytest.mark.parametrize("strategy", ["hardest", "uniform"])


def sample(tags, n, strategy, seed=0, pool_size=100):
    numpy.random.seed(seed)
    S = make_scores(len(tags))
    tags = numpy.array(tags, dtype="int32")
    return S, list(sample_corrupt_windows(S, tags, n, strategy, pool_size))


@strategies
@given(tags=tags_lists, n=st.integers(1, 15))
def test_corrupt_windows_are_centred_on_another_tag(strategy, tags, n):
    S, samples = sample(tags, n, strategy)
    tags = numpy.array(tags, dtype="int32")
    # A tag has pairs if there are windows known to be of another one.
    expected = [
        tag for tag in sorted({*tags[tags > O].tolist()}) if ((tags != tag) & (tags != M)).any()
    ]
    assert [tag for tag, _, _ in samples] == expected
    for tag, true, corrupt in samples:
        pool = numpy.flatnonzero((tags != tag) & (tags != M))
        assert true.tolist() == numpy.flatnonzero(tags == tag).tolist()
        assert corrupt.shape == (len(true), min(n, len(pool)))
        assert numpy.isin(corrupt, pool).all()
        if strategy == "hardest":
            best = numpy.sort(S[pool, tag])[::-1][: corrupt.shape[1]]
            for row in corrupt:
                assert numpy.sort(S[row, tag])[::-1].tolist() == best.tolist()


@strategies
def test_a_seed_repeats_the_sample(strategy):
    tags = [O] * 50 + [B0] * 3
    one, again, other = (sample(tags, 5, strategy, seed)[1][0][2] for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one == other).all() == (strategy == "hardest")


def test_the_hardest_come_from_a_random_pool():
    tags = [O] * 300 + [B0]
    pairs = [sample(tags, 5, "hardest", seed, pool_size=50) for seed in range(40)]
    found = numpy.array([corrupt[0] for _, [(_, _, corrupt)] in pairs])
    assert found.shape == (40, 5)
    assert all(len({*row}) == 5 for row in found.tolist())
    S = pairs[0][0]
    # The best of 50 of 300 is the best of all in one of six draws, and among the best half always.
    ranks = numpy.argsort(numpy.argsort(-S[:300, B0]))[found]
    assert 1 <= (ranks.min(axis=1) == 0).sum() <= 20
    assert (ranks < 150).all()
    [(_, _, corrupt)] = sample(tags, 80, "hardest", pool_size=50)[1]
    assert corrupt.shape == (1, 50)


def test_uniform_samples_differ_between_true_windows_and_reach_all_others():
    _, [(_, _, corrupt)] = sample([O] * 10 + [B0] * 100, 5, "uniform")
    assert len({tuple(row) for row in corrupt.tolist()}) > 90
    counts = numpy.bincount(corrupt.ravel(), minlength=10)
    assert len(counts) == 10
    assert (counts > 25).all()  # 50 expected
