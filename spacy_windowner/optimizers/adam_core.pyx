"""The steps of Adam, compiled, in one pass. The twin, `adam_plain.py`, says what they compute."""

from libc.math cimport exp, sqrtf
from libc.stdint cimport int64_t


def update_rows(
    float[:, ::1] weights,
    float[:, ::1] gradient,
    float[:, ::1] second_moment,
    float[:, ::1] average,
    double[:, ::1] seen,
    const int64_t[::1] rows,
    const double[::1] now,
    const double[::1] then,
    float scale,
    float rate,
    float eps,
    float past,
):
    """See `adam_plain.update_rows`."""
    cdef Py_ssize_t i, column, width = weights.shape[1]
    cdef bint averages = average is not None
    cdef float *w
    cdef float *g
    cdef float *v
    cdef float *a
    cdef float of_moment, of_weights, of_average, scaled, updated
    with nogil:
        for i in range(rows.shape[0]):
            w, g, v = &weights[rows[i], 0], &gradient[rows[i], 0], &second_moment[rows[i], 0]
            of_moment = <float>exp(then[0] - seen[rows[i], 0])
            of_weights = <float>exp(then[1] - seen[rows[i], 1])
            of_average = <float>exp(now[2] - seen[rows[i], 2])
            for column in range(3):
                seen[rows[i], column] = then[column]
            if averages:
                a = &average[rows[i], 0]
                for column in range(width):
                    a[column] = w[column] + of_average * (a[column] - w[column])
            for column in range(width):
                scaled = g[column] * scale
                v[column] = v[column] * of_moment + scaled * scaled
                w[column] = w[column] * of_weights - scaled / (sqrtf(v[column]) + eps) * rate
            if averages:
                for column in range(width):
                    a[column] = w[column] + past * (a[column] - w[column])
            for column in range(width):
                g[column] = 0.0


def update_all(
    float[::1] weights,
    float[::1] gradient,
    float[::1] first_moment,
    float[::1] second_moment,
    float[::1] average,
    float beta1,
    float beta2,
    float scale,
    float rate,
    float eps,
    float kept,
    float past,
):
    """See `adam_plain.update_all`."""
    cdef Py_ssize_t i, n = weights.shape[0]
    cdef bint averages = average is not None
    cdef float *w = &weights[0]
    cdef float *g = &gradient[0]
    cdef float *m = &first_moment[0]
    cdef float *v = &second_moment[0]
    cdef float *a = &average[0] if averages else NULL
    cdef float scaled
    with nogil:
        for i in range(n):
            scaled = g[i] * scale
            m[i] = m[i] * beta1 + scaled * (1 - beta1)
            v[i] = v[i] * beta2 + scaled * scaled * (1 - beta2)
            w[i] = (w[i] - m[i] / (sqrtf(v[i]) + eps) * rate) * kept
            g[i] = 0.0
        if averages:
            for i in range(n):
                a[i] = w[i] + past * (a[i] - w[i])
