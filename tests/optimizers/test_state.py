"""Saving the state of an optimizer, and going on with it."""

import numpy
import pytest
import srsly
from thinc.api import Adam, Linear, chain

from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.optimizers.state import get_state, set_state


def make_model():
    """The first layer is a table: its gradient has few rows."""
    numpy.random.seed(0)
    model = chain(Linear(300, 3), Linear(2, 300))
    return model.initialize()


def step(model, optimizer, number):
    rng = numpy.random.default_rng(number)
    for layer in model.layers:
        for name in layer.param_names:
            gradient = rng.normal(size=layer.get_param(name).shape).astype("float32")
            if layer is model.layers[0]:
                gradient[number % 7 :: 7] = 0.0
                gradient[20:] = 0.0
            layer.set_grad(name, gradient)
    model.finish_update(optimizer)


def parameters(model):
    return [layer.get_param(name) for layer in model.layers for name in layer.param_names]


@pytest.mark.parametrize("make_optimizer", [SparseAdam, Adam])
@pytest.mark.parametrize("use_averages", [True, False])
def test_it_goes_on_as_before(make_optimizer, use_averages):
    model, optimizer = make_model(), make_optimizer(0.01, use_averages=use_averages)
    for number in range(5):
        step(model, optimizer, number)
    state = srsly.msgpack_loads(srsly.msgpack_dumps(get_state(optimizer, [model])))
    other, new = make_model(), make_optimizer(0.01, use_averages=use_averages)
    set_state(new, [other], state)
    for number in range(5, 10):
        step(model, optimizer, number)
        step(other, new, number)
    pairs = zip(parameters(model), parameters(other), strict=True)
    assert all((a == b).all() for a, b in pairs)
    assert (parameters(model)[0] != parameters(make_model())[0]).any()
    if use_averages:
        for a, b in zip(optimizer.averages, new.averages, strict=True):
            assert (optimizer.averages[a] == new.averages[b]).all()


def test_other_layers():
    model, optimizer = make_model(), SparseAdam()
    with pytest.raises(ValueError):
        set_state(optimizer, [Linear(2, 2).initialize()], get_state(optimizer, [model]))
