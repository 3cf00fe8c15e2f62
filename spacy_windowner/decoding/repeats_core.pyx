"""The compiled version of `repeats_plain.py`, which says what it computes."""

import numpy

from libc.math cimport exp
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.vector cimport vector

from .repeats_plain import NEUTRAL


cdef int64_t group_words(
    const uint64_t* words, int64_t n, vector[int64_t]* slots, int64_t* group, vector[int32_t]* counts
) noexcept nogil:
    """Number the distinct words of a document, and count each. A slot holds the first token of a
    word plus 1."""
    cdef uint64_t mask = 4, at
    cdef int64_t t, n_groups = 0, other
    while mask < 2 * <uint64_t>n:
        mask *= 2
    slots.assign(mask, 0)
    mask -= 1
    counts.clear()
    for t in range(n):
        at = words[t] & mask  # all bits of a hash are random
        while True:
            other = slots[0][at] - 1
            if other < 0:
                slots[0][at] = t + 1
                group[t] = n_groups
                counts.push_back(1)
                n_groups += 1
                break
            if words[other] == words[t]:
                group[t] = group[other]
                counts[0][group[t]] += 1
                break
            at = (at + 1) & mask
    return n_groups


cdef inline double probability(const float* row, int64_t label, int n_kinds) noexcept nogil:
    cdef const float* own = row + 1 + label * n_kinds
    cdef float best = own[0]
    cdef int kind
    for kind in range(1, n_kinds):
        best = max(best, own[kind])
    return 1.0 / (1.0 + exp(<double>(row[0] - best)))


def add_repeats(
    float[:, ::1] scores,
    const int32_t[::1] lengths,
    const uint64_t[::1] words,
    int n_kinds,
    double weight,
):
    cdef int64_t n_labels = (scores.shape[1] - 1) // n_kinds, n_words = scores.shape[0]
    added = numpy.zeros((n_words, n_labels), dtype="float32")
    if not added.size:
        return added
    cdef float[:, ::1] out = added
    cdef double neutral = NEUTRAL
    cdef vector[int64_t] slots, groups
    cdef vector[int32_t] counts
    cdef vector[double] p, sums
    cdef double* mine
    cdef float* row
    cdef float value
    cdef int64_t at = 0, n, t, label, n_groups
    cdef int32_t doc, others
    cdef int kind
    if words.shape[0] != n_words or (scores.shape[1] - 1) % n_kinds:
        raise ValueError("Words and tags must be those of the scores")
    with nogil:
        for doc in range(<int32_t>lengths.shape[0]):
            n = lengths[doc]
            if n < 2:
                at += n
                continue
            if <int64_t>groups.size() < n:
                groups.resize(n)
                p.resize(n * n_labels)
            n_groups = group_words(&words[at], n, &slots, groups.data(), &counts)
            if n_groups == n:
                at += n
                continue
            sums.assign(n_groups * n_labels, 0.0)
            for t in range(n):
                if counts[groups[t]] > 1:
                    mine = &sums[groups[t] * n_labels]
                    for label in range(n_labels):
                        p[t * n_labels + label] = probability(&scores[at + t, 0], label, n_kinds)
                        mine[label] += p[t * n_labels + label]
            for t in range(n):
                others = counts[groups[t]] - 1
                if others > 0:
                    mine, row = &sums[groups[t] * n_labels], &scores[at + t, 0]
                    for label in range(n_labels):
                        value = <float>(
                            2.0 * weight
                            * ((mine[label] - p[t * n_labels + label]) / others - neutral)
                        )
                        out[at + t, label] = value
                        for kind in range(n_kinds):
                            row[1 + label * n_kinds + kind] += value
            at += n
    return added
