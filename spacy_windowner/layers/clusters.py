"""Word clusters, and the words of each."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy
import srsly
from spacy.attrs import LOWER, ORTH
from spacy.tokens import Doc
from thinc.api import Model, deserialize_attr, serialize_attr

MAX_DEPTH = 31
"""The most branches of a path."""
NO_CLUSTER = 0
"""The row of words that are in no cluster."""


class Clusters:
    """Words in clusters, which are the leaves of a binary tree. Words that occur in similar
    contexts are in the same cluster or in clusters whose paths from the root start alike, so the
    start of a path is a larger cluster. The hashes of the words are kept and not the words
    themselves, so they fit documents of any vocabulary. An object never changes.

    prefixes (Sequence[int]): The lengths of the starts of a path that have a row of their own.
    words (numpy.ndarray): The hashes of the words, sorted, uint64. Shape (n_words,).
    paths (numpy.ndarray): The path to each word's cluster, uint32. The first branch is the lowest
        bit. 0 is no path. Shape (n_words,).
    RAISES (ValueError): If the parts don't fit together. The message is only the reason, a part of
        a sentence.

    Source: Brown et al. (1992); prefixes of paths as features, Miller, Guinness and Zamanian
    (2004).
    """

    def __init__(self, prefixes: Sequence[int], words: numpy.ndarray, paths: numpy.ndarray) -> None:
        _check_parts(prefixes, words, paths)
        self.prefixes = list(prefixes)
        self.words = words
        self.paths = paths
        distinct, numbers = numpy.unique(paths, return_inverse=True)
        self._clusters = numbers + 1
        self._rows = numpy.full((len(distinct) + 1, len(prefixes)), NO_CLUSTER, dtype="int32")
        self.n_rows = 1
        for column, length in enumerate(prefixes):
            starts = distinct & numpy.uint32(2**length - 1)
            found, places = numpy.unique(starts, return_inverse=True)
            self._rows[1:, column] = self.n_rows + places
            self.n_rows += len(found)

    def __len__(self) -> int:
        return len(self.words)

    def __reduce__(self):
        return Clusters, (self.prefixes, self.words, self.paths)

    def __deepcopy__(self, memo: dict) -> "Clusters":
        return self

    def find(self, doc: Doc) -> numpy.ndarray:
        """Find the clusters of a document's words. A word in none is in that of its lower-case
        form.

        doc (Doc): The document.
        RETURNS (numpy.ndarray): The row of each prefix of each word's path, below `n_rows`. A word
            in no cluster has row NO_CLUSTER. int32, shape (len(doc), len(prefixes)).
        """
        # Without words, spaCy's array has another shape.
        exact, lower = doc.to_array([ORTH, LOWER]).reshape(len(doc), 2).T
        clusters = self._find(exact)
        return self._rows[numpy.where(clusters, clusters, self._find(lower))]

    def _find(self, words: numpy.ndarray) -> numpy.ndarray:
        """The number of each word's cluster, from 1. 0 means none."""
        if not len(self):
            return numpy.zeros(len(words), dtype="int64")
        places = numpy.minimum(numpy.searchsorted(self.words, words), len(self) - 1)
        return numpy.where(self.words[places] == words, self._clusters[places], 0)

    def describe(self) -> str:
        """RETURNS (str): What tells these clusters from others, for messages and comparisons."""
        digest = hashlib.sha256(self.to_bytes()).hexdigest()
        return f"those of {len(self):,} words with the checksum {digest[:8]}"

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The serialized clusters."""
        return srsly.msgpack_dumps([self.prefixes, self.words, self.paths])

    @staticmethod
    def from_bytes(data: bytes) -> "Clusters":
        """Load clusters.

        data (bytes): The result of `to_bytes`.
        RETURNS (Clusters): The clusters.
        RAISES (ValueError): If the data is damaged. The message is only the reason, a part of a
            sentence.
        """
        parts: Any = srsly.msgpack_loads(data)
        if not isinstance(parts, list) or len(parts) != 3:
            raise ValueError("its word clusters don't have three parts")
        prefixes, words, paths = parts
        _check_parts(prefixes, words, paths)
        return Clusters(prefixes, words.copy(), paths.copy())


def _check_parts(prefixes: Any, words: Any, paths: Any) -> None:
    is_list = isinstance(prefixes, list | tuple) and len(prefixes) >= 1
    if not is_list or not all(type(n) is int and 1 <= n <= MAX_DEPTH for n in prefixes):
        raise ValueError(f"the prefixes of its word clusters are {prefixes!r:.100}")
    for array, dtype in ((words, "uint64"), (paths, "uint32")):
        if not isinstance(array, numpy.ndarray) or array.dtype != dtype or array.ndim != 1:
            raise ValueError(f"its word clusters have no array of {dtype}")
    if len(words) != len(paths) or (words[1:] <= words[:-1]).any():
        raise ValueError("the words of its clusters are out of order")
    if not paths.all() or (paths >> MAX_DEPTH).any():
        raise ValueError("words of its clusters have no path")


NO_CLUSTERS = Clusters([1], numpy.zeros(0, "uint64"), numpy.zeros(0, "uint32"))
"""The clusters of a layer that isn't initialized."""


def _serialize_clusters(_: Any, value: Clusters, name: str, model: Model) -> bytes:
    return value.to_bytes()


def _deserialize_clusters(_: Any, value: bytes, name: str, model: Model) -> Clusters:
    return Clusters.from_bytes(value)


serialize_attr.register(Clusters, _serialize_clusters)
deserialize_attr.register(Clusters, _deserialize_clusters)
