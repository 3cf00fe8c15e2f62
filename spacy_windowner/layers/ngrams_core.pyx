"""Means of table rows over the character n-grams of words, compiled. The twin, `ngrams_plain.py`,
says what they are. Here there is no list of n-grams, and sums have 64 bits."""

import numpy

from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef struct Rows:
    uint64_t first
    uint64_t second


cdef inline uint64_t extend(uint64_t state, uint32_t char) noexcept nogil:
    state = (state ^ (<uint64_t>char + 1)) * <uint64_t>0x9E3779B97F4A7C15ULL
    return state ^ (state >> 29)


cdef inline Rows rows_of(uint64_t state, uint64_t n_rows) noexcept nogil:
    cdef uint64_t value = state * <uint64_t>0xBF58476D1CE4E5B9ULL
    cdef Rows rows
    value ^= value >> 29
    rows.first = <uint32_t>value % n_rows
    rows.second = (value >> 32) % n_rows
    return rows


cdef inline int64_t count_rows(int64_t length, int64_t min_n, int64_t max_n) noexcept nogil:
    cdef int64_t n, count = 0
    for n in range(min_n, min(max_n, length) + 1):
        count += 2 * (length - n + 1)
    return count


def mean_rows(
    const uint32_t[::1] chars,
    const int64_t[::1] ends,
    const float[:, ::1] E,
    int64_t min_n,
    int64_t max_n,
):
    """See `ngrams_plain.mean_rows`."""
    cdef int64_t word, place, n, column, count, start = 0
    cdef int64_t width = E.shape[1]
    cdef uint64_t state
    cdef Rows rows
    means = numpy.zeros((len(ends), width), dtype="float32")
    cdef float[:, ::1] out = means
    cdef double[::1] total = numpy.empty(width)
    with nogil:
        for word in range(ends.shape[0]):
            count = count_rows(ends[word] - start, min_n, max_n)
            if count > 0:
                for column in range(width):
                    total[column] = 0.0
                for place in range(start, ends[word]):
                    state = 0
                    for n in range(1, min(max_n, ends[word] - place) + 1):
                        state = extend(state, chars[place + n - 1])
                        if n >= min_n:
                            rows = rows_of(state, E.shape[0])
                            for column in range(width):
                                total[column] += <double>E[rows.first, column] + E[rows.second, column]
                for column in range(width):
                    out[word, column] = <float>(total[column] / count)
            start = ends[word]
    return means


def add_gradient(
    const uint32_t[::1] chars,
    const int64_t[::1] ends,
    const float[:, ::1] d_words,
    float[:, ::1] dE,
    int64_t min_n,
    int64_t max_n,
):
    """See `ngrams_plain.add_gradient`."""
    cdef int64_t word, place, n, column, count, start = 0
    cdef int64_t width = dE.shape[1]
    cdef uint64_t state
    cdef Rows rows
    cdef float[::1] d_row = numpy.empty(width, dtype="float32")
    with nogil:
        for word in range(ends.shape[0]):
            count = count_rows(ends[word] - start, min_n, max_n)
            if count > 0:
                for column in range(width):
                    d_row[column] = d_words[word, column] / count
                for place in range(start, ends[word]):
                    state = 0
                    for n in range(1, min(max_n, ends[word] - place) + 1):
                        state = extend(state, chars[place + n - 1])
                        if n >= min_n:
                            rows = rows_of(state, dE.shape[0])
                            for column in range(width):
                                dE[rows.first, column] += d_row[column]
                            for column in range(width):
                                dE[rows.second, column] += d_row[column]
            start = ends[word]
