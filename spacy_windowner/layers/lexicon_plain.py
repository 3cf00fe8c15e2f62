"""Finds the phrases of a lexicon in Docs, in plain Python. It runs where `lexicon_core.pyx` isn't
compiled, and tests compare the two."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc

CONTINUES = 1 << 16
"""The bit of a prefix that is the beginning of a longer phrase."""
B, I, L, U = 1, 2, 4, 8  # noqa: E741
"""The bits of a token's mark: it begins, continues, ends or is a phrase. Each class has 4 bits."""


class PhraseIndex(NamedTuple):
    """The prefixes of all phrases, sorted by their hashes. The hash of a prefix of n words is
    `mix(hash of the first n - 1, n-th word)`, and 0 for no word.

    hashes (numpy.ndarray): uint64, the hash of each prefix, in ascending order. Shape (n,).
    values (numpy.ndarray): uint32. The lowest 16 bits are the classes of the phrases that the
        prefix is, and `CONTINUES` says whether there are longer ones. Shape (n,).
    starts (numpy.ndarray): int32, the first prefix whose hash has these leading bits or greater
        ones. Shape (n_buckets + 1,).
    shift (int): 64 minus the number of these leading bits.
    bits (numpy.ndarray): uint8, a bit for each combination of a hash's last bits: whether a prefix
        has them. Nearly all words of a text begin or continue no phrase, and this array is small
        enough to stay in the processor's cache. Shape (a power of 2,).
    """

    hashes: numpy.ndarray
    values: numpy.ndarray
    starts: numpy.ndarray
    shift: int
    bits: numpy.ndarray


def mix(state: Any, word: Any) -> Any:
    """Add a word to hashes. The last steps are those of splitmix64.

    state (numpy.ndarray): uint64 hashes.
    word (numpy.ndarray): uint64 hashes of words, of the same shape.
    RETURNS (numpy.ndarray): The new hashes.

    Source: Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators".
    """
    with numpy.errstate(over="ignore"):
        x = (numpy.uint64(state) + numpy.uint64(0x9E3779B97F4A7C15)) ^ numpy.uint64(word)
        x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return x ^ (x >> numpy.uint64(31))


def add_marks(orths: numpy.ndarray, marks: numpy.ndarray) -> numpy.ndarray:
    """The keys of words together with their marks.

    orths (numpy.ndarray): The words' hashes, uint64. Shape (n,).
    marks (numpy.ndarray): Their marks, uint64. Shape (n,).
    RETURNS (numpy.ndarray): uint64, the word's hash if it has no mark. Shape (n,).
    """
    return numpy.where(marks > 0, mix(mix(numpy.zeros_like(orths), orths), marks), orths)


def find_marks(
    docs: Sequence[Doc], attr: int, index: PhraseIndex, seed: int, threshold: int
) -> numpy.ndarray:
    """Mark the tokens of the phrases in documents. Of each class, the matches are those that a
    reader from left to right finds who takes the longest phrase at each word and goes on behind it.
    Whitespace tokens are skipped: they neither end a match nor get a mark.

    docs (Sequence[Doc]): The documents.
    attr (int): The attribute to compare, LOWER or ORTH.
    index (PhraseIndex): The phrases.
    seed (int): Decides which matches are left out. Below 2^64.
    threshold (int): The share of the matches that are left out, times 2^64.
    RETURNS (numpy.ndarray): uint64, the bits B, I, L and U of each class at each token. Shape
        (n_tokens,).
    """
    marks = numpy.zeros(sum(map(len, docs)), dtype="uint64")
    n_before = n_matches = 0
    for doc in docs:
        table = doc.to_array([attr, IS_SPACE])
        places = (numpy.flatnonzero(table[:, 1] == 0) + n_before).tolist()
        words = table[table[:, 1] == 0, 0]
        n_before += len(doc)
        firsts = mix(numpy.zeros_like(words), words)
        known = numpy.flatnonzero(numpy.isin(firsts, index.hashes)).tolist()
        behind: dict[int, int] = {}  # for each class, the word after its last match
        for start in known:
            longest: dict[int, int] = {}
            for end, value in _prefixes(firsts[start], words, start, index):
                for number in range(16):
                    if value >> number & 1 and behind.get(number, 0) <= start:
                        longest[number] = end
            for number, end in sorted(longest.items()):
                behind[number] = end + 1
                n_matches += 1
                if threshold and int(mix(seed, n_matches)) < threshold:
                    continue
                for place in range(start, end + 1):
                    bit = U if start == end else B if place == start else L if place == end else I
                    marks[places[place]] |= numpy.uint64(bit << 4 * number)
    return marks


def _prefixes(state: Any, words: numpy.ndarray, start: int, index: PhraseIndex):
    """Follow a document's words as long as they are the beginning of a phrase. Yields the number of
    the last word and the value of each prefix."""
    for end in range(start, len(words)):
        if end > start:
            state = mix(state, words[end])
        place = int(numpy.searchsorted(index.hashes, state))
        if place == len(index.hashes) or index.hashes[place] != state:
            return
        value = int(index.values[place])
        yield end, value
        if not value & CONTINUES:
            return
