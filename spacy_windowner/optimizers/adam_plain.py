"""The steps of Adam in plain Python. `adam_core.pyx` does the same in one pass, compiled."""

import numpy

# The number of rows updated at a time, which fit into the processor's cache.
_CHUNK = 512


def update_rows(
    weights: numpy.ndarray,
    gradient: numpy.ndarray,
    second_moment: numpy.ndarray,
    average: numpy.ndarray | None,
    seen: numpy.ndarray,
    rows: numpy.ndarray,
    now: numpy.ndarray,
    then: numpy.ndarray,
    scale: float,
    rate: float,
    eps: float,
    past: float,
) -> None:
    """Update rows in place, and set their gradient to zero. A row has the weights w, the gradient
    g, the second moment v and the average a. The decays of v, w and a are kept as logarithms: s
    when the row was last updated, n before this step and t after it.

        v = exp(t_v - s_v) v + (scale g)^2
        a = w + exp(n_a - s_a) (a - w)
        w = exp(t_w - s_w) w - rate scale g / (sqrt(v) + eps)
        a = w + past (a - w)
        s = t

    weights (numpy.ndarray): The table. All tables are float32. Shape (n_rows, width).
    gradient (numpy.ndarray): Its gradient. Shape (n_rows, width).
    second_moment (numpy.ndarray): The second moment. Shape (n_rows, width).
    average (Optional[numpy.ndarray]): The average, if there is one. Shape (n_rows, width).
    seen (numpy.ndarray): s, float64. Shape (n_rows, 3).
    rows (numpy.ndarray): The int64 numbers of the rows to update, each once. Shape (n,).
    now (numpy.ndarray): n, float64. Shape (3,).
    then (numpy.ndarray): t, float64. Shape (3,).
    """
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        since = numpy.append(then[:2], now[2]) - seen[chunk]
        of_moment, of_weights, of_average = numpy.exp(since).astype("float32").T[:, :, None]
        seen[chunk] = then
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


def update_all(
    weights: numpy.ndarray,
    gradient: numpy.ndarray,
    first_moment: numpy.ndarray,
    second_moment: numpy.ndarray,
    average: numpy.ndarray | None,
    beta1: float,
    beta2: float,
    scale: float,
    rate: float,
    eps: float,
    kept: float,
    past: float,
) -> None:
    """Update a whole parameter in place, and set its gradient to zero. With the weights w, the
    gradient g, the moments m and v and the average a:

        m = beta1 m + (1 - beta1) scale g
        v = beta2 v + (1 - beta2) (scale g)^2
        w = kept (w - rate m / (sqrt(v) + eps))
        a = w + past (a - w)

    weights (numpy.ndarray): The parameter. All arrays are float32, of shape (n,).
    gradient (numpy.ndarray): Its gradient.
    first_moment (numpy.ndarray): The first moment.
    second_moment (numpy.ndarray): The second moment.
    average (Optional[numpy.ndarray]): The average, if there is one.
    """
    gradient *= scale
    first_moment *= beta1
    first_moment += (1.0 - beta1) * gradient
    gradient *= gradient
    second_moment *= beta2
    second_moment += (1.0 - beta2) * gradient
    weights -= rate * first_moment / (numpy.sqrt(second_moment) + eps)
    weights *= kept
    gradient[:] = 0.0
    if average is not None:
        average -= weights
        average *= past
        average += weights
