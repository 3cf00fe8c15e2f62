"""The dynamic programs over the tags of a document, compiled. The twin, `plain.py`, says what they
compute. The columns are those of `spread`: O, then B of every label, every I, L and U."""

import numpy

from libc.math cimport INFINITY, exp
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.vector cimport vector

from .spans import NO_SPANS, Spans


cdef extern from "loops.h":
    int BREAK
    void best_forward(int, const double*, const double*, double*) noexcept nogil
    void best_backward(int, const double*, const double*, double*) noexcept nogil
    void soft_forward(int, const double*, const double*, double*) noexcept nogil
    void soft_backward(int, const double*, const double*, double*) noexcept nogil
    void fill(int, int, const float*, const float*, int, double*) noexcept nogil
    int best_close(int, const double*) noexcept nogil
    double best_other(int, const double*, const double*, int) noexcept nogil
    bint may_begin(int, const double*, const double*, double) noexcept nogil


ctypedef void (*Step)(int, const double*, const double*, double*) noexcept nogil


cdef struct Tags:
    int n_labels
    int width  # 1 + 4 * n_labels
    const double* transitions  # shape (width, width), NULL for none
    int64_t n_tags  # of the scheme
    int size  # the tags of a label
    const float* biases


cdef struct Found:
    int32_t doc
    int32_t start
    int32_t end
    int32_t label
    double margin
    bint is_near  # not an entity, but a near miss


cdef Tags make_tags(int width, const double[:, ::1] transitions) except *:
    cdef Tags tags
    tags.n_labels, tags.width = (width - 1) // 4, width
    tags.transitions = NULL
    if transitions is not None:
        if transitions.shape[0] != width or transitions.shape[1] != width:
            raise ValueError(f"The transitions of {width} tags are {transitions.shape[0]}")
        tags.transitions = &transitions[0, 0]
    return tags


cdef inline void begin_back(Tags* tags, double* b, bint is_end, bint soft) noexcept nogil:
    """Start a row of the backward pass, at a document's end or before it."""
    cdef int y, n = tags.n_labels
    for y in range(tags.width):
        b[y] = 1.0 if soft else 0.0
        if is_end and 0 < y <= 2 * n:
            b[y] = 0.0 if soft else -INFINITY


def forward_backward(
    const double[:, ::1] X, const int32_t[::1] lengths, const double[:, ::1] transitions, bint soft
):
    cdef Tags tags = make_tags(X.shape[1], transitions)
    cdef int y, W = tags.width
    cdef int64_t doc, t, start, stop = 0
    cdef vector[double] q
    forward = numpy.array(X, order="C")
    backward = numpy.empty_like(forward)
    scale = numpy.zeros(len(forward))
    cdef double[:, ::1] F = forward, B = backward
    cdef double[::1] scales = scale
    cdef double highest
    cdef Step go_on = soft_forward if soft else best_forward
    cdef Step go_back = soft_backward if soft else best_backward
    with nogil:
        q.resize(W)
        for doc in range(lengths.shape[0]):
            start, stop = stop, stop + lengths[doc]
            for t in range(start, stop):
                if t > start:
                    go_on(tags.n_labels, tags.transitions, &F[t - 1, 0], &F[t, 0])
                if soft:
                    for y in range(W):
                        scales[t] += F[t, y]
                    for y in range(W):
                        F[t, y] /= scales[t]
            for t in range(stop - 1, start - 1, -1):
                begin_back(&tags, &B[t, 0], t == stop - 1, soft)
                if t == stop - 1:
                    continue
                highest = 0.0
                for y in range(W):
                    q[y] = X[t + 1, y] * B[t + 1, y] if soft else X[t + 1, y] + B[t + 1, y]
                    highest = max(highest, q[y])
                if soft:  # else the numbers would become 0
                    for y in range(W):
                        q[y] /= highest
                go_back(tags.n_labels, tags.transitions, q.data(), &B[t, 0])
    return forward, backward, scale


cdef inline void fill_token(
    Tags* tags, const float* scores, const uint8_t* places, int64_t t, double* x
) noexcept nogil:
    cdef int place = places[t] | BREAK if t == 0 else places[t]
    fill(tags.n_labels, tags.size, scores + t * tags.n_tags, tags.biases, place, x)


cdef int best_before(Tags* tags, const double* p, int y) noexcept nogil:
    """The best tag before y, where -1 is the end of the document."""
    cdef int z, l, n = tags.n_labels, W = tags.width, best = 0
    cdef const double* A = tags.transitions if y >= 0 else NULL
    cdef double highest, score
    if n < y <= 3 * n:  # I or L, after B or I
        l = (y - 1) % n
        highest, score = p[1 + l], p[1 + n + l]
        if A is not NULL:
            highest, score = highest + A[(1 + l) * W + y], score + A[(1 + n + l) * W + y]
        return 1 + n + l if score > highest else 1 + l
    if A is NULL:
        return best_close(n, p)
    highest = p[0] + A[y]
    for z in range(1 + 2 * n, W):
        score = p[z] + A[z * W + y]
        if score > highest:
            best, highest = z, score
    return best


cdef bint trace(Tags* tags, int64_t n, const double* F, int32_t* y) noexcept nogil:
    """Find the tags of the best sequence, and return whether one isn't O."""
    cdef int64_t t
    cdef int tag = -1
    cdef bint found = False
    for t in range(n - 1, -1, -1):
        tag = y[t] = best_before(tags, F + t * tags.width, tag)
        found |= tag != 0
    return found


cdef void collect(
    Tags* tags, int32_t doc, int64_t n, const int32_t* y, vector[Found]* out
) noexcept nogil:
    """Add the entities of a sequence of tags."""
    cdef int64_t t
    cdef Found found
    found.doc, found.start, found.margin, found.is_near = doc, 0, 0.0, False
    for t in range(n):
        if 0 < y[t] <= tags.n_labels or y[t] > 3 * tags.n_labels:
            found.start = <int32_t>t
        if y[t] > 2 * tags.n_labels:
            found.end, found.label = <int32_t>t + 1, (y[t] - 1) % tags.n_labels
            out.push_back(found)


cdef void go_back(
    Tags* tags, int64_t n, int64_t first, const float* scores, const uint8_t* places, double* q,
    double* B,
) noexcept nogil:
    """The backward pass over a document, down to word `first`. `q` has room for a row."""
    cdef int y, W = tags.width
    cdef int64_t t
    begin_back(tags, B + (n - 1) * W, True, False)
    for t in range(n - 2, first - 1, -1):
        fill_token(tags, scores, places, t + 1, q)
        for y in range(W):
            q[y] += B[(t + 1) * W + y]
        begin_back(tags, B + t * W, False, False)
        best_backward(tags.n_labels, tags.transitions, q, B + t * W)


cdef void rate(
    Tags* tags, double total, const double* F, const double* B, const int32_t* tagged, Found* found,
    const Found* none,
) noexcept nogil:
    """The margins of the entities of a document."""
    cdef int W = tags.width
    cdef int64_t t
    cdef double rival
    while found != none:
        rival = -INFINITY
        for t in range(found.start, found.end):
            rival = max(rival, best_other(W, F + t * W, B + t * W, tagged[t]))
        found.margin = max(total - rival, 0.0)
        found += 1


cdef void add(vector[Found]* out, size_t first, Found span) noexcept nogil:
    """Add a span to those of the same first token, from `first` on, in the order of their ends and
    labels."""
    cdef size_t i = out.size()
    cdef Found before
    out.push_back(span)
    while i > first:
        before = out[0][i - 1]
        if before.end < span.end or before.end == span.end and before.label < span.label:
            break
        out[0][i] = before
        i -= 1
    out[0][i] = span


cdef void add_near(
    Tags* tags, int32_t doc, int64_t n, const float* scores, const uint8_t* places, double total,
    const double* F, const double* B, const double* reach, const Found* entity, const Found* none,
    double* x, vector[Found]* out,
) noexcept nogil:
    """Add the candidates of a document, in order: the entities, from `entity` to before `none`, and
    the near misses. `x` has room for a row."""
    cdef int l, y, labels = tags.n_labels, W = tags.width
    cdef int64_t t, e
    cdef size_t first
    cdef const double* f
    cdef const double* b
    cdef const double* A = tags.transitions
    cdef double furthest = 0.0, so_far, ended, cut
    cdef Found near
    near.doc, near.is_near = doc, True
    for l in range(labels):
        furthest = max(furthest, reach[l])
    for t in range(n):
        f, b, first = F + t * W, B + t * W, out.size()
        near.start = <int32_t>t
        if may_begin(labels, f, b, total - furthest):
            for l in range(labels):
                near.label, cut, y, e = l, total - reach[l], 1 + l, t
                ended = f[1 + 3 * labels + l] + b[1 + 3 * labels + l]
                so_far = f[y]
                while True:
                    near.end, near.margin = <int32_t>e + 1, min(ended - total, 0.0)
                    if ended >= cut and not is_same(&near, entity, none):
                        add(out, first, near)
                    if e + 1 == n or so_far + B[e * W + y] < cut:
                        break
                    e += 1
                    fill_token(tags, scores, places, e, x)
                    ended = so_far + x[1 + 2 * labels + l] + B[e * W + 1 + 2 * labels + l]
                    so_far += x[1 + labels + l]
                    if A is not NULL:
                        ended += A[y * W + 1 + 2 * labels + l]
                        so_far += A[y * W + 1 + labels + l]
                    y = 1 + labels + l
        if entity != none and entity.start == t:
            add(out, first, entity[0])
            entity += 1


cdef inline bint is_same(const Found* one, const Found* other, const Found* none) noexcept nogil:
    if other == none:
        return False
    return one.start == other.start and one.end == other.end and one.label == other.label


def find_spans(
    const int32_t[::1] lengths,
    const uint8_t[::1] places,
    const float[:, ::1] scores,
    scheme,
    const double[:, ::1] transitions,
    bint margins,
    biases,
    const double[:, ::1] curves,
    const double[::1] reach,
    const double[:, ::1] near_curves,
):
    if scores.shape[0] == 0:
        return NO_SPANS, NO_SPANS
    cdef Tags tags = make_tags(1 + 4 * scheme.n_labels(scores.shape[1]), transitions)
    cdef const float[::1] b = numpy.zeros(scores.shape[1], "float32") if biases is None else biases
    cdef int W = tags.width
    cdef vector[double] F, B, row
    cdef vector[int32_t] tagged
    cdef vector[Found] best, near
    cdef int32_t doc
    cdef int64_t n, t, first, at = 0
    cdef size_t before
    cdef double total
    cdef const double* f
    cdef Found* found
    cdef Found* none
    if (
        b.shape[0] != scores.shape[1]
        or (curves is not None and curves.shape[1] != tags.n_labels)
        or (near_curves is not None and (curves is None or near_curves.shape[1] != tags.n_labels))
        or (reach is not None and reach.shape[0] != tags.n_labels)
    ):
        raise ValueError("Biases, curves and reach must be those of the tags and labels")
    tags.n_tags, tags.size, tags.biases = scores.shape[1], len(scheme.kinds), &b[0]
    with nogil:
        row.resize(W)
        for doc in range(<int32_t>lengths.shape[0]):
            n = lengths[doc]
            if n == 0 or tags.n_labels == 0:
                continue
            if <int64_t>tagged.size() < n:
                F.resize(n * W)
                B.resize(n * W if margins else 0)
                tagged.resize(n)
            for t in range(n):
                fill_token(&tags, &scores[at, 0], &places[at], t, &F[t * W])
                if t > 0:
                    best_forward(tags.n_labels, tags.transitions, &F[(t - 1) * W], &F[t * W])
            before = best.size()
            if trace(&tags, n, F.data(), tagged.data()):
                collect(&tags, doc, n, tagged.data(), &best)
            if margins and (reach is not None or best.size() > before):
                first = best[before].start if reach is None else 0
                go_back(&tags, n, first, &scores[at, 0], &places[at], row.data(), B.data())
                f = &F[(n - 1) * W]
                total, found, none = f[best_before(&tags, f, -1)], best.data(), best.data()
                found, none = found + before, none + best.size()
                rate(&tags, total, F.data(), B.data(), tagged.data(), found, none)
                if reach is not None:
                    add_near(
                        &tags, doc, n, &scores[at, 0], &places[at], total, F.data(), B.data(),
                        &reach[0], found, none, row.data(), &near,
                    )
            at += n
    return to_spans(&best, curves, near_curves), to_spans(&near, curves, near_curves)


cdef to_spans(vector[Found]* found, const double[:, ::1] curves, const double[:, ::1] near_curves):
    """Spans as arrays, with curves rated by their probability."""
    if found.empty():
        return NO_SPANS
    columns = numpy.empty((4, found.size()), dtype="int32")
    of_all = numpy.empty(found.size())
    cdef int32_t[:, ::1] c = columns
    cdef double[::1] m = of_all
    cdef size_t i
    cdef int n = 0
    cdef const double* own = NULL
    cdef const double* near = NULL
    cdef const double* slope
    cdef Found span
    if curves is not None:
        own, n = &curves[0, 0], curves.shape[1]
    if near_curves is not None:
        near = &near_curves[0, 0]
    for i in range(found.size()):
        span = found[0][i]
        c[0, i], c[1, i], c[2, i], c[3, i] = span.doc, span.start, span.end, span.label
        m[i], slope = span.margin, near if span.is_near else own
        if slope is not NULL:
            slope += span.label
            m[i] = 1.0 / (1.0 + exp(-(slope[0] * span.margin + slope[n])))
    return Spans(*columns, of_all)
