"""A lexicon: phrases, each with a class, that are looked up in documents."""

from collections.abc import Sequence
from typing import Any

import numpy
import srsly
from spacy.attrs import LOWER, ORTH
from spacy.tokens import Doc
from thinc.api import Model, deserialize_attr, serialize_attr

from ..compiled import choose
from .lexicon_plain import CONTINUES, PhraseIndex, mix

_core = choose("layers.lexicon_core", "layers.lexicon_plain")
add_marks = _core.add_marks

ATTRS = {"LOWER": LOWER, "ORTH": ORTH}
"""The attributes by which words can be compared."""
MAX_CLASSES = 16
"""The bits of all classes at a token fit into 64."""
MAX_WORDS = 50
"""The most words of a phrase, so that the time to find phrases is linear in the text."""
N_PLACES = 4
"""The places in a phrase that a word can have: beginning, inside, last and the only word."""


class Lexicon:
    """Phrases with a class each. It keeps the hashes of their prefixes and not the phrases
    themselves, so it is small, and fits documents of any vocabulary. It never changes.

    classes (Sequence[str]): The classes, at most MAX_CLASSES.
    attr (str): The attribute by which words are compared, "LOWER" or "ORTH".
    hashes (numpy.ndarray): See `PhraseIndex`.
    values (numpy.ndarray): See `PhraseIndex`.
    RAISES (ValueError): If the parts don't fit together. The message is only the reason.
    """

    def __init__(
        self, classes: Sequence[str], attr: str, hashes: numpy.ndarray, values: numpy.ndarray
    ) -> None:
        _check_parts(classes, attr, hashes, values)
        self.classes = tuple(classes)
        self.attr = attr
        n_bits = max(len(hashes), 2).bit_length() - 1  # one or two prefixes a bucket
        starts, bits = _bucket_starts(hashes, n_bits), _last_bits(hashes)
        self._index = PhraseIndex(hashes, values, starts, 64 - n_bits, bits)

    def __reduce__(self):
        return Lexicon, (self.classes, self.attr, self._index.hashes, self._index.values)

    def __deepcopy__(self, memo: dict) -> "Lexicon":
        return self

    def find(self, docs: Sequence[Doc], dropout: float = 0.0) -> numpy.ndarray:
        """Mark the tokens of the phrases in documents.

        docs (Sequence[Doc]): The documents.
        dropout (float): The probability that a match is left out, drawn with numpy's global
            generator.
        RETURNS (numpy.ndarray): uint64, the marks of each token, see `lexicon_plain.find_marks`.
            Shape (n_tokens,).
        """
        seed, threshold = 0, min(int(dropout * 2.0**64), 2**64 - 1)
        if threshold:
            seed = int(numpy.random.randint(0, 2**63, dtype="int64"))
        return _core.find_marks(docs, ATTRS[self.attr], self._index, seed, threshold)

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The serialized lexicon."""
        hashes, values = self._index.hashes, self._index.values
        return srsly.msgpack_dumps([list(self.classes), self.attr, hashes, values])

    @staticmethod
    def from_bytes(data: bytes) -> "Lexicon":
        """Load a lexicon.

        data (bytes): The result of `to_bytes`.
        RETURNS (Lexicon): The lexicon.
        RAISES (ValueError): If the data is damaged. The message is only the reason.
        """
        parts: Any = srsly.msgpack_loads(data)
        if not isinstance(parts, list) or len(parts) != 4:
            raise ValueError("its lexicon doesn't have four parts")
        classes, attr, hashes, values = parts
        _check_parts(classes, attr, hashes, values)
        return Lexicon(classes, attr, hashes.copy(), values.copy())


def _check_parts(classes: Any, attr: Any, hashes: Any, values: Any) -> None:
    is_named = isinstance(classes, list | tuple) and all(isinstance(c, str) for c in classes)
    if not is_named or len(set(classes)) != len(classes) or len(classes) > MAX_CLASSES:
        raise ValueError(f"the classes of its lexicon are {classes!r:.100}")
    if attr not in ATTRS:
        raise ValueError(f"`attr` of its lexicon is {attr!r:.50}")
    for array, dtype in ((hashes, "uint64"), (values, "uint32")):
        if not isinstance(array, numpy.ndarray) or array.dtype != dtype or array.ndim != 1:
            raise ValueError(f"its lexicon has no array of {dtype}")
    if len(hashes) != len(values) or (hashes[1:] <= hashes[:-1]).any():
        raise ValueError("the prefixes of its lexicon are out of order")
    ending = values & (CONTINUES - 1)
    if (values >= 2 * CONTINUES).any() or (ending >> len(classes)).any():
        raise ValueError("its lexicon has phrases of classes that it doesn't have")


def _bucket_starts(hashes: numpy.ndarray, n_bits: int) -> numpy.ndarray:
    """The first hash with each combination of leading bits. int32, shape (2^n_bits + 1,)."""
    buckets = (hashes >> numpy.uint64(64 - n_bits)).astype("int64")
    starts = numpy.zeros(2**n_bits + 1, dtype="int32")
    numpy.cumsum(numpy.bincount(buckets, minlength=2**n_bits), out=starts[1:])
    return starts


def _last_bits(hashes: numpy.ndarray) -> numpy.ndarray:
    """The `bits` of an index, 8 to 16 for each of the hashes."""
    n_bits = 8 << max(len(hashes), 1).bit_length()
    is_set = numpy.zeros(n_bits, dtype=bool)
    is_set[(hashes & numpy.uint64(n_bits - 1)).astype("int64")] = True
    return numpy.packbits(is_set, bitorder="little")


NO_LEXICON = Lexicon((), "LOWER", numpy.zeros(0, "uint64"), numpy.zeros(0, "uint32"))
"""The lexicon of a layer that isn't initialized."""


class LexiconBuilder:
    """Collects phrases for a lexicon.

    attr (str): The attribute by which words are compared.
    """

    def __init__(self, attr: str) -> None:
        self.attr = attr
        self.n_phrases = 0
        self._parts: list[tuple[numpy.ndarray, numpy.ndarray]] = []

    def add(self, phrases: Sequence[numpy.ndarray], classes: Sequence[int]) -> None:
        """Add phrases. Many at a time are faster.

        phrases (Sequence[numpy.ndarray]): The hashes of each phrase's words, uint64. Each phrase
            has at least one.
        classes (Sequence[int]): The number of each phrase's class.
        """
        self.n_phrases += len(phrases)
        lengths = numpy.array([len(phrase) for phrase in phrases])
        words = numpy.concatenate(phrases)
        firsts = numpy.cumsum(lengths) - lengths
        endings = numpy.uint32(1) << numpy.array(classes, dtype="uint32")
        left = numpy.arange(len(phrases))
        states = numpy.zeros(len(phrases), dtype="uint64")
        for place in range(int(lengths.max())):
            left = left[lengths[left] > place]
            states[left] = mix(states[left], words[firsts[left] + place])
            is_last = lengths[left] == place + 1
            values = numpy.where(is_last, endings[left], numpy.uint32(CONTINUES))
            self._parts.append((states[left], values))

    def build(self, classes: Sequence[str]) -> Lexicon:
        """Make the lexicon.

        classes (Sequence[str]): The names of the classes.
        RETURNS (Lexicon): The lexicon of the phrases that were added.
        """
        if not self._parts:
            return Lexicon(classes, self.attr, *NO_LEXICON.__reduce__()[1][2:])
        hashes, values = (numpy.concatenate(part) for part in zip(*self._parts, strict=True))
        hashes, where = numpy.unique(hashes, return_inverse=True)
        order = numpy.argsort(where, kind="stable")
        firsts = numpy.searchsorted(where[order], numpy.arange(len(hashes)))
        return Lexicon(classes, self.attr, hashes, numpy.bitwise_or.reduceat(values[order], firsts))


def _serialize_lexicon(_: Any, value: Lexicon, name: str, model: Model) -> bytes:
    return value.to_bytes()


def _deserialize_lexicon(_: Any, value: bytes, name: str, model: Model) -> Lexicon:
    return Lexicon.from_bytes(value)


serialize_attr.register(Lexicon, _serialize_lexicon)
deserialize_attr.register(Lexicon, _deserialize_lexicon)
