import numpy
import pytest

from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.optimizers.state import get_state, set_state

SHAPES = {"table": (400, 6), "small": (10, 6), "idle": (400, 6)}
KEYS = [(7, name) for name in SHAPES]


def gradients(n_steps, seed=0):
    rng = numpy.random.default_rng(seed)
    for step in range(n_steps):
        made = {name: rng.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}
        made["table"][rng.random(400) < 0.8] = 0.0
        if step < 4:  # so that it isn't decided yet whether this is a table
            made["idle"][:] = 0.0
        yield made


def make_weights():
    rng = numpy.random.default_rng(1)
    return {name: rng.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}


def learn(optimizer, weights, all_gradients, node=7):
    for made in all_gradients:
        for name, gradient in made.items():
            optimizer((node, name), weights[name], gradient.copy())


@pytest.mark.parametrize("stop", [0, 1, 3, 8])
def test_it_goes_on_as_if_it_had_never_stopped(stop):
    made = list(gradients(12))
    expected, weights = make_weights(), make_weights()
    optimizer = SparseAdam(0.01, L2=0.1)
    learn(optimizer, expected, made[:stop])
    # Averages that are read are brought up to date, which rounds.
    dict(optimizer.averages)
    learn(optimizer, expected, made[stop:])

    stopped = SparseAdam(0.01, L2=0.1)
    learn(stopped, weights, made[:stop])
    states = get_state(stopped, KEYS)
    resumed = SparseAdam(0.01, L2=0.1)
    keys = [(99, name) for name in SHAPES]
    set_state(resumed, keys, list(weights.values()), states)
    learn(resumed, weights, made[stop:], node=99)
    for name, (_, key) in zip(SHAPES, zip(KEYS, keys, strict=True), strict=True):
        numpy.testing.assert_array_equal(weights[name], expected[name])
        numpy.testing.assert_array_equal(resumed.averages[key], optimizer.averages[7, name])


def test_the_state_is_a_copy():
    weights = make_weights()
    optimizer, other = SparseAdam(0.01), SparseAdam(0.01)
    learn(optimizer, weights, gradients(5))
    set_state(other, KEYS, list(weights.values()), get_state(optimizer, KEYS))
    before = {key: average.copy() for key, average in optimizer.averages.items()}
    learn(other, make_weights(), gradients(3, seed=5))
    for key, average in before.items():
        numpy.testing.assert_array_equal(optimizer.averages[key], average)
