import numpy
import pytest
import spacy

from spacy_windowner.tools.suggest.near_duplicates import (
    SIMILAR,
    NearDuplicates,
    shingles,
    signature,
)


@pytest.fixture(scope="module")
def nlp():
    return spacy.blank("en")


def jaccard(a, b):
    return len(set(a) & set(b)) / len(set(a) | set(b))


def random_pair(rng, n, n_shared):
    """Two sets of n hashes, n_shared of them in common."""
    hashes = rng.integers(2**63, size=2 * n - n_shared, dtype="uint64")
    return numpy.unique(hashes[:n]), numpy.unique(hashes[n - n_shared :])


@pytest.mark.parametrize("shared", [0, 10, 40, 70, 100])
def test_equal_minima_estimate_the_common_share(shared):
    rng = numpy.random.default_rng(shared)
    pairs = [random_pair(rng, 100, shared) for _ in range(50)]
    found = [(signature(a) == signature(b)).mean() for a, b in pairs]
    expected = [jaccard(a.tolist(), b.tolist()) for a, b in pairs]
    assert numpy.mean(found) == pytest.approx(numpy.mean(expected), abs=0.02)
    assert numpy.abs(numpy.subtract(found, expected)).max() < 4 * 0.045


def test_the_index_finds_what_is_alike_and_nothing_else():
    rng = numpy.random.default_rng(0)
    index = NearDuplicates()
    pairs = [random_pair(rng, 60, 51) for _ in range(100)]  # 51 of 69 are common
    for key, (a, _) in enumerate(pairs):
        index.add(key, signature(a))
    assert [index.find(signature(b)) for _, b in pairs] == [[key] for key in range(100)]
    others = [random_pair(rng, 60, 0)[0] for _ in range(100)]
    assert all(index.find(signature(other)) == [] for other in others)
    index.remove(7)
    assert index.find(signature(pairs[7][1])) == []
    assert index.find(signature(pairs[8][1])) == [8]


def test_the_index_forgets_all_of_what_is_removed():
    index = NearDuplicates()
    for key in range(5):
        index.add(key, signature(numpy.arange(key + 1, dtype="uint64")))
    for key in range(5):
        index.remove(key)
    assert not index._buckets and not index._signatures


@pytest.mark.parametrize(
    "one, other, alike",
    [
        ("Anna flew to Rome today.", "Anna flew to Rome today!!", True),
        ("I got 144 points in Temple Run. Beat that! http://a.b/1",
         "I GOT 7,021 points in temple run. Beat that http://c.d/2", True),
        ("WATCH: storms batter the coast of Wales and surf wreaks havoc",
         "Storms batter the coast of Wales and surf wreaks havoc", True),
        ("Anna flew to Rome today.", "Bob drove from Oslo yesterday.", False),
        ("Good morning, people of Rome", "Good evening to the people in Oslo", False),
    ],
)  # fmt: skip
def test_texts_that_are_alike(nlp, one, other, alike):
    a, b = (shingles(nlp.make_doc(text)) for text in (one, other))
    assert (jaccard(a.tolist(), b.tolist()) >= SIMILAR) == alike
    index = NearDuplicates()
    index.add(0, signature(a))
    assert index.find(signature(b)) == [0] * alike


def test_the_order_of_words_counts(nlp):
    a, b = (shingles(nlp.make_doc(text)) for text in ("Rome beat Oslo", "Oslo beat Rome"))
    assert len(a) == 5 and jaccard(a.tolist(), b.tolist()) == 3 / 7


@pytest.mark.parametrize("text", ["", " ", "?!", "\n\n..."])
def test_texts_without_words(nlp, text):
    found = shingles(nlp.make_doc(text))
    assert found.shape == (0,) and signature(found).tolist() == [0] * 128


def test_one_word(nlp):
    assert len(shingles(nlp.make_doc("Rome!"))) == 1
