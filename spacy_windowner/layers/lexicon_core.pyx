"""The compiled version of `lexicon_plain.py`, which documents these functions: it finds the phrases
of a lexicon in Docs."""

import numpy

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from spacy.attrs cimport IS_SPACE, LOWER
from spacy.lexeme cimport Lexeme
from spacy.structs cimport TokenC
from spacy.tokens.doc cimport Doc

from . import lexicon_plain as _plain


cdef extern from *:
    const char* _SERIES "SPACY_SERIES"

SPACY_SERIES = _SERIES.decode("ascii")

cdef uint32_t CONTINUES = _plain.CONTINUES
cdef uint64_t B = _plain.B, I = _plain.I, L = _plain.L, U = _plain.U
cdef enum:
    N_CLASSES = 16


cdef inline uint64_t mix(uint64_t state, uint64_t word) noexcept nogil:
    cdef uint64_t x = (state + <uint64_t>0x9E3779B97F4A7C15ULL) ^ word
    x = (x ^ (x >> 30)) * <uint64_t>0xBF58476D1CE4E5B9ULL
    x = (x ^ (x >> 27)) * <uint64_t>0x94D049BB133111EBULL
    return x ^ (x >> 31)


cdef struct Index:
    const uint64_t* hashes
    const uint32_t* values
    const int32_t* starts
    int shift
    const uint8_t* bits
    uint64_t mask


cdef inline uint32_t look_up(Index* index, uint64_t state) noexcept nogil:
    """The value of a prefix, 0 if there is none."""
    cdef uint64_t bucket = state >> index.shift
    cdef int32_t i
    if not index.bits[(state & index.mask) >> 3] >> (state & 7) & 1:
        return 0
    for i in range(index.starts[bucket], index.starts[bucket + 1]):
        if index.hashes[i] == state:
            return index.values[i]
    return 0


cdef inline uint64_t word_of(const TokenC* token, bint lower) noexcept nogil:
    return token.lex.lower if lower else token.lex.orth


cdef inline bint is_space(const TokenC* token) noexcept nogil:
    return Lexeme.c_check_flag(token.lex, IS_SPACE)


def add_marks(const uint64_t[::1] orths, const uint64_t[::1] marks):
    cdef int64_t i
    keys = numpy.empty(orths.shape[0], dtype="uint64")
    cdef uint64_t[::1] out = keys
    for i in range(orths.shape[0]):
        out[i] = mix(mix(0, orths[i]), marks[i]) if marks[i] else orths[i]
    return keys


def find_marks(docs, int attr, index, uint64_t seed, uint64_t threshold):
    cdef const uint64_t[::1] hashes = index.hashes
    cdef const uint32_t[::1] values = index.values
    cdef const int32_t[::1] starts = index.starts
    cdef const uint8_t[::1] bits = index.bits
    cdef uint64_t mask = 8 * bits.shape[0] - 1
    cdef Index found = Index(NULL, NULL, &starts[0], index.shift, &bits[0], mask)
    cdef Doc doc
    cdef int64_t n_tokens = 0, at = 0
    cdef uint64_t n_matches = 0
    if hashes.shape[0]:
        found.hashes, found.values = &hashes[0], &values[0]
    for doc in docs:
        n_tokens += doc.length
    marks = numpy.zeros(n_tokens, dtype="uint64")
    cdef uint64_t[::1] out = marks
    if n_tokens:
        for doc in docs:
            if doc.length:
                mark_doc(doc.c, doc.length, attr == LOWER, &found, seed, threshold, &n_matches,
                         &out[at])
            at += doc.length
    return marks


cdef void mark_doc(
    const TokenC* tokens, int length, bint lower, Index* index, uint64_t seed, uint64_t threshold,
    uint64_t* n_matches, uint64_t* out
) noexcept nogil:
    cdef int behind[N_CLASSES]
    cdef int longest[N_CLASSES]
    cdef int start, end, number, place
    cdef uint64_t state, bit
    cdef uint32_t value, ending, matched
    for number in range(N_CLASSES):
        behind[number] = 0
    for start in range(length):
        if is_space(&tokens[start]):
            continue
        state = mix(0, word_of(&tokens[start], lower))
        value = look_up(index, state)
        if not value:
            continue
        end, matched = start, 0
        while True:
            ending = value & 0xFFFF
            number = 0
            while ending:
                if ending & 1 and behind[number] <= start:
                    longest[number] = end
                    matched |= <uint32_t>1 << number
                ending >>= 1
                number += 1
            if not value & CONTINUES:
                break
            place = end + 1
            while place < length and is_space(&tokens[place]):
                place += 1
            if place == length:
                break
            state = mix(state, word_of(&tokens[place], lower))
            value = look_up(index, state)
            if not value:
                break
            end = place
        number = 0
        while matched:
            if matched & 1:
                end = longest[number]
                behind[number] = end + 1
                n_matches[0] += 1
                if not threshold or mix(seed, n_matches[0]) >= threshold:
                    for place in range(start, end + 1):
                        if is_space(&tokens[place]):
                            continue
                        bit = U
                        if start != end:
                            bit = B if place == start else L if place == end else I
                        out[place] |= bit << (4 * number)
            matched >>= 1
            number += 1
