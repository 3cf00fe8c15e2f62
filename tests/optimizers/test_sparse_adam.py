import numpy
import pytest
from thinc.api import Adam, Linear, NumpyOps
from thinc.layers import HashEmbed

from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.optimizers.table_rows import is_table

from ..util import both_versions

versions = both_versions("adam", "optimizers.adam_core", "optimizers.adam_plain")
KEY = (1, "E")
SHAPE = (700, 8)  # more rows than are updated at a time
# thinc's Adam has no branch for momentum 0.
NO_MOMENTUM = 1e-30


def sparse_gradients(n_steps, share=0.2, seed=0):
    """Gradients of a table. In each of them, only a share of the rows isn't zero."""
    rng = numpy.random.default_rng(seed)
    for _ in range(n_steps):
        gradient = rng.normal(scale=0.01, size=SHAPE).astype("float32")
        gradient[rng.random(len(gradient)) >= share] = 0.0
        yield gradient


def make_weights(seed=1):
    return numpy.random.default_rng(seed).normal(size=SHAPE).astype("float32")


def run(optimizer, gradients):
    weights = make_weights()
    for gradient in gradients:
        gradient = gradient.copy()
        updated, rest = optimizer(KEY, weights, gradient)
        assert numpy.shares_memory(updated, weights)
        assert numpy.shares_memory(rest, gradient)
        assert not gradient.any()
        optimizer.step_schedules()
    return weights


def assert_close(found, expected):
    numpy.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"L2": 0.5},
        {"grad_clip": 0.05},
        {"grad_clip": 0.0},
        {"beta2": 0.9},
        {"eps": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("share", [0.05, 0.4])
def test_a_table_learns_as_by_thincs_adam_without_momentum(settings, share):
    # The last step has gradients for all rows, which applies all weight decay.
    last = numpy.full(SHAPE, 0.01, dtype="float32")
    gradients = [*sparse_gradients(40, share), last]
    dense = run(Adam(0.01, beta1=NO_MOMENTUM, **settings), gradients)
    sparse = SparseAdam(0.01, **settings)
    assert_close(run(sparse, gradients), dense)
    assert not sparse.mom1


@pytest.mark.parametrize(
    "name, value",
    [("beta1", 1.0), ("beta1", -0.1), ("beta2", 0.0), ("beta2", 1.0), ("beta2", float("nan"))],
)
def test_numbers_that_break_a_step(name, value):
    with pytest.raises(ValueError, match=f"WN001.*{name}.*1"):
        SparseAdam(**{name: value})


def test_a_weight_decay_that_leaves_nothing():
    """A schedule may reach it in the middle of the training."""
    optimizer = SparseAdam(iter([0.1, 0.5]), L2=2.0)
    weights, gradients = make_weights(), sparse_gradients(2)
    optimizer(KEY, weights, next(gradients))
    optimizer.step_schedules()
    before = weights.copy()
    with pytest.raises(ValueError, match=r"WN001.*L2 = 2\.0.*learn_rate = 0\.5 it is 1\."):
        optimizer(KEY, weights, next(gradients))
    numpy.testing.assert_array_equal(weights, before)


def test_schedules():
    rates = [0.01, 0.03, 0.002] * 10
    gradients = list(sparse_gradients(30))
    dense = run(Adam(iter(rates), beta1=NO_MOMENTUM), gradients)
    assert_close(run(SparseAdam(iter(rates)), gradients), dense)


class Average:
    """The average of a parameter, in 64 bits."""

    def __init__(self, weights):
        self.t, self.value = 0, weights.astype("float64")

    def add(self, weights):
        self.t += 1
        self.value = (1 + self.t) / (3 + self.t) * self.value + 2 / (3 + self.t) * weights


def test_averages_are_exact_whenever_they_are_read():
    dense, sparse = Adam(0.01, beta1=NO_MOMENTUM), SparseAdam(0.01)
    expected, weights, average = make_weights(), make_weights(), Average(make_weights())
    for step, gradient in enumerate(sparse_gradients(60, share=0.02)):
        dense(KEY, expected, gradient.copy())
        sparse(KEY, weights, gradient.copy())
        average.add(expected)
        if step % 7 == 0:
            for _ in range(2):
                assert_close(sparse.averages[KEY], average.value)
    assert [*sparse.averages] == [KEY]
    assert_close(next(iter(sparse.averages.values())), average.value)


def test_averages_are_those_of_the_weights_at_every_step():
    """Also with weight decay, which waits for a row's next gradient."""
    optimizer, weights, average = SparseAdam(0.01, L2=0.5), make_weights(), Average(make_weights())
    for gradient in sparse_gradients(60, share=0.02):
        optimizer(KEY, weights, gradient)
        average.add(weights)
    assert_close(optimizer.averages[KEY], average.value)


def test_the_average_of_a_row_without_gradient_is_the_row():
    optimizer, weights = SparseAdam(0.01), make_weights()
    rest = numpy.ones(len(weights), dtype=bool)
    for gradient in sparse_gradients(10, share=0.02):
        rest &= ~gradient.any(axis=1)
        optimizer(KEY, weights, gradient)
    assert rest.sum() > 500
    numpy.testing.assert_array_equal(optimizer.averages[KEY][rest], make_weights()[rest])


def test_the_mean_age_of_averaged_weights():
    """It is a third of the steps, and the first steps hardly count."""
    n_steps, optimizer = 300, SparseAdam(0.0, grad_clip=0.0)
    weights = numpy.zeros((1, 2), dtype="float32")
    for step in range(1, n_steps + 1):
        weights[:] = step, step <= n_steps // 10
        optimizer(KEY, weights, numpy.zeros_like(weights))
    mean_step, of_first_tenth = optimizer.averages[KEY][0]
    assert mean_step == pytest.approx(n_steps * 2 / 3, rel=0.01)
    assert of_first_tenth == pytest.approx(0.01, abs=0.002)


def test_arrays_that_compiled_code_cant_take():
    """thinc updates them, and their averages are like all others."""
    dense, other = Adam(0.01, L2=0.1), SparseAdam(0.01, L2=0.1)
    expected, weights, average = make_weights(), make_weights(), Average(make_weights())
    for gradient in sparse_gradients(5):
        dense(KEY, expected, gradient.copy())
        other(KEY, weights, numpy.asfortranarray(gradient))
        average.add(weights)
    assert_close(weights, expected)
    assert_close(other.averages[KEY], average.value)
    empty = numpy.zeros((0, 3), dtype="float32")
    other((2, "W"), empty, empty)
    assert [*other.averages] == [KEY]


def test_a_row_without_gradient_stands_still():
    weights = make_weights()
    gradient = next(sparse_gradients(1))
    untouched = ~gradient.any(axis=1)
    SparseAdam(0.01, L2=0.5)(KEY, weights, gradient)
    assert (weights == make_weights()).all(axis=1).tolist() == untouched.tolist()


def test_other_parameters_are_those_of_thincs_adam():
    rng = numpy.random.default_rng(0)
    shapes = {"W": (30, 20), "b": (30,), "wide": (3, 40, 5), "large": (600, 4)}
    dense, sparse = Adam(0.01, L2=0.1), SparseAdam(0.01, L2=0.1)
    for name, shape in shapes.items():
        start = rng.normal(size=shape).astype("float32")
        one, other, average = start.copy(), start.copy(), Average(start)
        # The first gradient of a layer under a zero output layer is zero.
        gradients = [rng.normal(size=shape).astype("float32") * scale for scale in (0, 1, 2)]
        for gradient in gradients:
            dense((1, name), one, gradient.copy())
            sparse((1, name), other, gradient.copy())
            average.add(one)
        assert_close(other, one)
        assert_close(sparse.averages[1, name], average.value)
        assert sparse.averages[1, name].shape == shapes[name]


def test_what_is_a_table():
    gradient = numpy.zeros((300, 4), dtype="float32")
    assert is_table(gradient) is None
    gradient[:150, 2] = -1.0
    assert is_table(gradient) is True
    gradient[150] = 1.0
    assert is_table(gradient) is False
    assert is_table(numpy.zeros((255, 4))) is False
    assert is_table(numpy.zeros((300, 4, 1))) is False
    assert is_table(memoryview(gradient)) is False  # of another library


def test_no_averages():
    optimizer = SparseAdam(0.01, use_averages=False)
    weights = run(optimizer, sparse_gradients(3))
    assert optimizer.averages is None
    numpy.testing.assert_array_equal(weights, run(SparseAdam(0.01), sparse_gradients(3)))


def test_use_params():
    """A model has the averages while they are used, and the weights afterwards."""
    embed = HashEmbed(4, 500, seed=0).initialize()
    linear = Linear(3, 4).initialize()
    optimizer = SparseAdam(0.1)
    ids = numpy.arange(20, dtype="uint64")
    for _ in range(5):
        Y, backprop = embed(ids, is_train=True)
        Z, backprop_linear = linear(Y, is_train=True)
        backprop(backprop_linear(Z))
        for layer in (embed, linear):
            layer.finish_update(optimizer)
    E = embed.get_param("E").copy()
    with embed.use_params(optimizer.averages), linear.use_params(optimizer.averages):
        average = embed.get_param("E")
        assert (average != E).any()
    numpy.testing.assert_array_equal(embed.get_param("E"), E)


def test_the_same_numbers_every_time():
    runs = [run(SparseAdam(0.01, L2=0.1), sparse_gradients(10)) for _ in range(2)]
    numpy.testing.assert_array_equal(*runs)


@versions
@pytest.mark.parametrize("has_average", [True, False])
def test_rows_are_updated_by_the_formula(adam, has_average):
    """Compared in 64 bits, row by row. The other rows stay as they are."""
    rng = numpy.random.default_rng(2)
    weights, gradient, average = rng.normal(size=(3, *SHAPE)).astype("float32")
    moment = rng.random(SHAPE).astype("float32")
    gradient[3] = moment[3] = 0.0
    rows = numpy.array([0, 3, *range(5, 600), SHAPE[0] - 1])
    seen = rng.normal(size=(len(weights), 3))
    now, then = rng.normal(size=(2, 3))
    last = seen.copy()
    before = [array.astype("float64") for array in (weights, gradient, moment, average)]
    scale, rate, eps, past = 0.7, 0.01, 1e-3, 0.9
    given = weights, gradient, moment, average if has_average else None
    adam.update_rows(*given, seen, rows, now, then, scale=scale, rate=rate, eps=eps, past=past)
    for row in rows:
        w, g, v, a, s = (array[row] for array in (*before, last))
        v[:] = numpy.exp(then[0] - s[0]) * v + (scale * g) ** 2
        a[:] = w + numpy.exp(now[2] - s[2]) * (a - w)
        w[:] = numpy.exp(then[1] - s[1]) * w - rate * scale * g / (numpy.sqrt(v) + eps)
        a[:] = w + past * (a - w)
        g[:] = 0.0
        s[:] = then
    numpy.testing.assert_array_equal(seen, last)
    if not has_average:
        before[3] = average
    for found, expected in zip((weights, gradient, moment, average), before, strict=True):
        numpy.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@versions
@pytest.mark.parametrize("has_average", [True, False])
def test_a_parameter_is_updated_by_the_formula(adam, has_average):
    """Compared in 64 bits."""
    rng = numpy.random.default_rng(2)
    arrays = rng.normal(size=(5, 1001)).astype("float32")
    arrays[3] = abs(arrays[3])
    w, g, m, v, a = arrays.astype("float64")
    beta1, beta2, scale, rate, eps, kept, past = 0.8, 0.95, 0.7, 0.01, 1e-3, 0.99, 0.9
    given = *arrays[:4], arrays[4] if has_average else None
    adam.update_all(*given, beta1, beta2, scale, rate, eps, kept, past)
    m = beta1 * m + (1 - beta1) * scale * g
    v = beta2 * v + (1 - beta2) * (scale * g) ** 2
    w = kept * (w - rate * m / (numpy.sqrt(v) + eps))
    if has_average:
        a = w + past * (a - w)
    numpy.testing.assert_allclose(arrays, [w, 0 * g, m, v, a], rtol=1e-5, atol=1e-6)


def test_arrays_keep_their_type():
    weights = NumpyOps().xp.ones(SHAPE, dtype="float32")
    optimizer = SparseAdam(0.01, L2=0.1)
    optimizer(KEY, weights, next(sparse_gradients(1)))
    assert weights.dtype == optimizer.averages[KEY].dtype == "float32"
