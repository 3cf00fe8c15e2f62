"""The arithmetic of scoring, compiled. The twin, `plain.py`, says what each part does."""

import numpy

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free
from libcpp.vector cimport vector


cdef extern from "kernels.h":
    int LANES, ROWS
    cdef struct Sums:
        const float* table
        const int32_t* rows
        int64_t n, width
        int window, shared, relu
        const float** words
    cdef struct Layer:
        const float* W
        const float* b
        int64_t n_in, n_out, n_filled
    void add_up_document "add_up"(Sums, float*) noexcept nogil
    void multiply_matrix "multiply"(Layer, const float*, int64_t, float*) noexcept nogil
    void add_up_and_multiply(Sums, Layer, float*, float*) noexcept nogil


cdef struct Slot:
    uint64_t word
    int64_t row  # 0 for a free slot


cdef class WordIndex:
    """See the twin. Finding and adding hold the GIL, so each is atomic for other threads."""

    cdef Slot* slots
    cdef uint64_t mask
    cdef int64_t length
    cdef readonly int64_t capacity

    def __cinit__(self, int64_t capacity):
        cdef uint64_t n_slots = 4
        while n_slots < 2 * <uint64_t>capacity + 2:
            n_slots *= 2
        self.slots = <Slot*>calloc(n_slots, sizeof(Slot))
        if self.slots is NULL:
            raise MemoryError
        self.capacity = capacity
        self.mask = n_slots - 1
        self.length = 0

    def __dealloc__(self):
        free(self.slots)

    def __len__(self):
        return self.length

    cdef bint find_all(self, const uint64_t[::1] words, int32_t[::1] rows) noexcept:
        cdef int64_t i
        cdef bint found = True
        for i in range(words.shape[0]):
            rows[i] = <int32_t>self.slot(words[i]).row
            found &= rows[i] != 0
        return found

    cdef Slot* slot(self, uint64_t word) noexcept nogil:
        cdef uint64_t at = word & self.mask  # all bits of a hash are random
        while self.slots[at].row != 0 and self.slots[at].word != word:
            at = (at + 1) & self.mask
        return &self.slots[at]

    def find(self, const uint64_t[::1] words):
        found = numpy.empty(words.shape[0], dtype="int32")
        self.find_all(words, found)
        return found

    def add(self, const uint64_t[::1] words):
        cdef int64_t i
        cdef Slot* slot
        if self.length + words.shape[0] > self.capacity:
            raise ValueError(f"{len(words)} words are too many for {self.capacity - self.length}")
        for i in range(words.shape[0]):
            slot = self.slot(words[i])
            self.length += 1
            slot.word = words[i]
            slot.row = self.length


cdef class Linear:
    """See the twin."""

    cdef float[:, ::1] W
    cdef float[::1] b
    cdef Layer layer

    def __init__(self, W, b):
        n_out, n_in = W.shape
        n_filled = -(-n_out // LANES) * LANES
        self.W = numpy.zeros((n_in, n_filled), dtype="float32")
        self.b = numpy.zeros(n_filled, dtype="float32")
        numpy.asarray(self.W)[:, :n_out] = W.T
        numpy.asarray(self.b)[:n_out] = b
        self.layer.n_in, self.layer.n_out, self.layer.n_filled = n_in, n_out, n_filled
        self.layer.W, self.layer.b = &self.W[0, 0], &self.b[0]

    def __call__(self, const float[:, ::1] X, lengths):
        if X.shape[1] != self.layer.n_in:
            raise ValueError(f"{self.layer.n_in} numbers a row are wanted, not {X.shape[1]}")
        product = numpy.empty((X.shape[0], self.layer.n_out), dtype="float32")
        cdef float[:, ::1] Y = product
        if product.size:
            with nogil:
                multiply_matrix(self.layer, &X[0, 0], X.shape[0], &Y[0, 0])
        return product


def add_up(
    const float[:, :, ::1] table,
    const int32_t[::1] rows,
    const int32_t[::1] lengths,
    int window,
    bint relu,
    Linear linear=None,
):
    cdef Sums of
    cdef Layer layer
    cdef bint multiplies = linear is not None
    cdef int64_t doc, at = 0
    cdef vector[const float*] words
    cdef vector[float] sums
    of.table, of.width, of.window = &table[0, 0, 0], table.shape[2], window
    of.shared, of.relu = table.shape[1] == 1, relu
    if multiplies:
        layer = linear.layer
        if layer.n_in > of.width:
            raise ValueError(f"{layer.n_in} numbers a row are wanted, not {of.width}")
    result = numpy.empty((rows.shape[0], layer.n_out if multiplies else of.width), dtype="float32")
    cdef float[:, ::1] out = result
    if not result.size:
        return result
    with nogil:
        words.resize(2 * window + 1)
        sums.resize(ROWS * of.width)
        of.words = words.data()
        for doc in range(lengths.shape[0]):
            of.n = lengths[doc]
            if of.n == 0:
                continue
            of.rows = &rows[at]
            if multiplies:
                add_up_and_multiply(of, layer, sums.data(), &out[at, 0])
            else:
                add_up_document(of, &out[at, 0])
            at += of.n
    return result
