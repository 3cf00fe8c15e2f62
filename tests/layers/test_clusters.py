"""Word clusters: finding the clusters of words."""

import copy
import pickle

import numpy
import pytest
import spacy
import srsly
from spacy.strings import get_string_id
from spacy.tokens import Doc

from spacy_windowner.layers.clusters import NO_CLUSTERS, Clusters

# The first branch is the last digit.
PATHS = {"Paris": 0b1101, "london": 0b0101, "runs": 0b0110, "Runs": 0b10110, "x": 0b1}
WORDS = ["Paris", "paris", "London", "LONDON", "runs", "Runs", "RUNS", "x", "X", "y", " "]


def make_clusters(paths=PATHS, prefixes=(1, 2, 4)):
    items = sorted((get_string_id(word), path) for word, path in paths.items())
    words, values = zip(*items, strict=True)
    return Clusters(prefixes, numpy.array(words, "uint64"), numpy.array(values, "uint32"))


def make_doc(words):
    return Doc(spacy.blank("xx").vocab, words=words)


def test_words_are_in_the_clusters_of_their_paths():
    clusters = make_clusters()
    rows = dict(zip(WORDS, clusters.find(make_doc(WORDS)).tolist(), strict=True))
    # One branch: 0, 1. Two: 01, 10. Four: 0001, 0101, 0110, 1101. Runs has a fifth one.
    assert rows == {
        "Paris": [2, 3, 8],
        **dict.fromkeys(["London", "LONDON"], [2, 3, 6]),
        **dict.fromkeys(["runs", "Runs", "RUNS"], [1, 4, 7]),
        **dict.fromkeys(["x", "X"], [2, 3, 5]),
        **dict.fromkeys(["paris", "y", " "], [0, 0, 0]),
    }
    assert clusters.n_rows == 9 and len(clusters) == 5


def test_a_word_has_its_own_cluster_before_that_of_its_lower_case_form():
    rows = make_clusters(prefixes=[5]).find(make_doc(["Runs", "runs", "RUNS"])).tolist()
    assert rows[0] != rows[1] == rows[2]


def test_documents_without_words():
    assert make_clusters().find(make_doc([])).shape == (0, 3)
    assert NO_CLUSTERS.find(make_doc(["x", "y"])).tolist() == [[0], [0]]


@pytest.mark.parametrize(
    "make_copy",
    [
        lambda clusters: Clusters.from_bytes(clusters.to_bytes()),
        lambda clusters: pickle.loads(pickle.dumps(clusters)),
        copy.deepcopy,
    ],
    ids=["bytes", "pickle", "deepcopy"],
)
def test_copies(make_copy):
    clusters = make_clusters()
    found = make_copy(clusters)
    doc = make_doc(WORDS)
    assert (found.find(doc) == clusters.find(doc)).all()
    assert (found.prefixes, found.n_rows) == (clusters.prefixes, clusters.n_rows)
    assert found.to_bytes() == clusters.to_bytes()


WORD, PATH = numpy.array([3, 5], "uint64"), numpy.array([2, 1], "uint32")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([[4], WORD], "three parts"),
        ("x", "three parts"),
        ([[0], WORD, PATH], r"prefixes .* \[0\]"),
        ([[], WORD, PATH], r"prefixes .* \[\]"),
        ([4, WORD, PATH], "prefixes .* 4"),
        ([["4"], WORD, PATH], "prefixes .*'4'"),
        ([[4], WORD.astype("int64"), PATH], "array of uint64"),
        ([[4], WORD, PATH[:, None]], "array of uint32"),
        ([[4], WORD[::-1].copy(), PATH], "out of order"),
        ([[4], WORD, PATH[:1]], "out of order"),
        ([[4], WORD, PATH * 0], "no path"),
        ([[4], WORD, PATH << 31], "no path"),
    ],
)
def test_damage(parts, message):
    with pytest.raises(ValueError, match=message):
        Clusters.from_bytes(srsly.msgpack_dumps(parts))
