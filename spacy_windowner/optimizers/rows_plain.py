"""A step of Adam for some rows of a table. `rows_core.pyx` does the same in one pass, compiled."""

import numpy

# Rows updated at a time, few enough to stay in the processor's cache.
_CHUNK = 512


def update_rows(
    weights: numpy.ndarray,
    gradient: numpy.ndarray,
    second_moment: numpy.ndarray,
    average: numpy.ndarray | None,
    rows: numpy.ndarray,
    decays: numpy.ndarray,
    scale: float,
    rate: float,
    eps: float,
    past: float,
) -> None:
    """Update rows in place, and set their gradient to zero. With the weights w, the gradient g, the
    second moment v and the average a of a row, and its decays D:

        v = D_v v + (scale g)^2
        a = w + D_a (a - w)
        w = D_w w - rate scale g / (sqrt(v) + eps)
        a = w + past (a - w)

    weights (numpy.ndarray): The table. All tables are float32. Shape
        (n_rows, width).
    gradient (numpy.ndarray): Its gradient. Shape (n_rows, width).
    second_moment (numpy.ndarray): The second moment. Shape (n_rows, width).
    average (Optional[numpy.ndarray]): The average, if there is one. Shape (n_rows, width).
    rows (numpy.ndarray): The int64 numbers of the rows to update, each once. Shape (n,).
    decays (numpy.ndarray): The float32 D_v, D_w and D_a of each of them. Shape (n, 3).
    """
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        of_moment, of_weights, of_average = decays[start : start + _CHUNK].T[:, :, None]
        w, g, v = weights[chunk], gradient[chunk], second_moment[chunk]
        gradient[chunk] = 0.0
        if average is not None:
            a = w + of_average * (average[chunk] - w)
        g *= scale
        v *= of_moment
        v += g * g
        second_moment[chunk] = v
        numpy.sqrt(v, out=v)
        v += eps
        g /= v
        g *= rate
        w *= of_weights
        w -= g
        weights[chunk] = w
        if average is not None:
            a -= w
            a *= past
            a += w
            average[chunk] = a
