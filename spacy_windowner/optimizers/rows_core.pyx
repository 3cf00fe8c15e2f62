"""A step of Adam for some rows of a table: the twin of `rows_plain.py`, which says what it is."""

from libc.math cimport sqrtf
from libc.stdint cimport int64_t


def update_rows(
    float[:, ::1] weights,
    float[:, ::1] gradient,
    float[:, ::1] second_moment,
    float[:, ::1] average,
    const int64_t[::1] rows,
    const float[:, ::1] decays,
    float scale,
    float rate,
    float eps,
    float past,
):
    """See `rows_plain.update_rows`."""
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
            of_moment, of_weights, of_average = decays[i, 0], decays[i, 1], decays[i, 2]
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
