"""A torch.nn.Module as a Thinc layer. The layer's parameters are those of the module, so
optimizers, weight averages, L2, clipping and saving as plain arrays all work."""

import copy
import os
from collections.abc import Callable
from typing import Any

import srsly
from thinc.api import Model, deserialize_attr, serialize_attr
from thinc.compat import has_torch, torch
from thinc.types import Floats2d
from thinc.util import get_torch_default_device, get_width, torch2xp, xp2torch

from ..errors import Errors
from .window_features import reject_gradient

_process = os.getpid()


class Modules:
    """The modules of a layer. A copy or a pickle only holds how to build them.

    build (Callable[[int, int], torch.nn.Module]): Makes a module from an input and an output width.
    """

    def __init__(self, build: Callable[[int, int], Any]) -> None:
        self.build = build
        # The widths it was built for, and a module with this structure. Only copies of it run.
        self.template: tuple[tuple[int, int], Any] | None = None
        # The last module that predicted, and the parameters it shares. It is never changed, only
        # replaced when the layer has other parameters, so threads can share it.
        self.predictor: tuple[list[Any], Any] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"build": self.build}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Modules.__init__(self, **state)


def TorchModule(
    build: Callable[[int, int], Any], nO: int | None = None, nI: int | None = None
) -> Model[Floats2d, Floats2d]:
    """Run a torch.nn.Module that maps rows to rows.

    Its dropout modules follow `set_dropout_rate`, as Thinc's layers do, whatever rate they were
    made with. A batch of a single row is trained without dropout and batch statistics.

    build (Callable[[int, int], torch.nn.Module]): Makes the module from nI and nO. To pickle the
        layer, this must be a function of a Python module, or a `functools.partial` of one.
    nO (Optional[int]): Output width.
    nI (Optional[int]): Input width.
    RETURNS (Model[Floats2d, Floats2d]): The layer.
    RAISES (ImportError): If torch is not installed.
    RAISES (ValueError): At initialization, if the module doesn't map nI to nO columns.

    Parameters: the module's parameters and persistent buffers, by their names in its state_dict.
    Buffers, and parameters with requires_grad = False, have no gradient.
    """
    require_torch()
    return Model(
        "torch_module",
        forward,
        init=init,
        dims={"nO": nO, "nI": nI},
        attrs={"modules": Modules(build), "dropout_rate": None},
    )


def require_torch() -> None:
    """RAISES (ImportError): If torch is not installed."""
    if not has_torch:
        raise ImportError(Errors.WN020)


def forward(
    model: Model[Floats2d, Floats2d], X: Floats2d, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    use_one_thread_if_forked()
    if not is_train:
        with torch.no_grad():
            Y = get_predictor(model)(xp2torch(X))
        return _to_xp(model, Y), reject_gradient
    template = get_template(model)
    module = bind_module(template, _arrays(model, template))
    # Batch normalization needs a variance, which a single row doesn't have.
    module.train(len(X) > 1)
    set_dropout(module, model.attrs["dropout_rate"])
    inputs = {"": xp2torch(X, requires_grad=True)}
    with torch.enable_grad():
        Y = module(inputs[""])
    tensors = named_tensors(module)
    inputs.update((name, tensor) for name, tensor in tensors.items() if tensor.requires_grad)
    for name in tensors.keys() - inputs.keys():
        # A module may have replaced a buffer instead of writing to it.
        model.set_param(name, _as_param(model, tensors[name]))

    def backprop(dY: Floats2d) -> Floats2d:
        gradients = torch.autograd.grad(
            Y, list(inputs.values()), grad_outputs=xp2torch(dY), allow_unused=True
        )
        found = dict(zip(inputs, gradients, strict=True))
        d_X = found.pop("")
        for name, gradient in found.items():
            if gradient is not None:
                model.inc_grad(name, _as_param(model, gradient))
        return model.ops.alloc2f(*X.shape) if d_X is None else _to_xp(model, d_X)

    return _to_xp(model, Y), backprop


def get_template(model: Model[Floats2d, Floats2d]) -> Any:
    """The module that defines the structure of a layer, which is built if necessary.

    model (Model[Floats2d, Floats2d]): The layer. Its dimensions are set.
    RETURNS (torch.nn.Module): The module, in evaluation mode. It must not be run.
    RAISES (ValueError): If the module doesn't map nI to nO columns.
    """
    modules = model.attrs["modules"]
    widths = model.get_dim("nI"), model.get_dim("nO")
    found = modules.template
    if found is None or found[0] != widths:
        # Only the structure matters here, so loading a model must not use up random numbers.
        with torch.random.fork_rng(devices=[]):
            found = modules.template = (widths, build_module(modules.build, *widths))
    return found[1]


def get_predictor(model: Model[Floats2d, Floats2d]) -> Any:
    """The module for predictions. It shares the layer's parameters, and must not be changed.

    model (Model[Floats2d, Floats2d]): The layer, initialized.
    RETURNS (torch.nn.Module): The module, in evaluation mode.
    """
    modules, template = model.attrs["modules"], get_template(model)
    arrays = _arrays(model, template)
    found = modules.predictor
    if found is None or any(old is not new for old, new in zip(found[0], arrays, strict=True)):
        found = modules.predictor = (arrays, bind_module(template, arrays))
    return found[1]


def bind_module(template: Any, arrays: list[Any]) -> Any:
    """Copy a module, with parameters and buffers in the memory of a layer's parameters.

    The copy is needed because `torch.func.functional_call` would put them into one module that all
    threads use, and take them out again.

    template (torch.nn.Module): The module.
    arrays (List[FloatsXd]): The values of its `named_tensors`, in the same order.
    RETURNS (torch.nn.Module): The copy, in evaluation mode.
    """
    copies = {}
    for tensor, array in zip(named_tensors(template).values(), arrays, strict=True):
        value = xp2torch(array).to(tensor.dtype).reshape(tensor.shape)
        if isinstance(tensor, torch.nn.Parameter):
            value = torch.nn.Parameter(value, requires_grad=tensor.requires_grad)
        copies[id(tensor)] = value
    return copy.deepcopy(template, copies).to(get_torch_default_device())


def named_tensors(module: Any) -> dict[str, Any]:
    """The parameters and persistent buffers of a module. A tensor with several names comes once."""
    saved = module.state_dict(keep_vars=True)  # the tensors themselves, not copies
    tensors = [(name, value) for name, value in saved.items() if isinstance(value, torch.Tensor)]
    first_names = {id(tensor): name for name, tensor in reversed(tensors)}
    return {name: tensor for name, tensor in tensors if first_names[id(tensor)] == name}


def set_dropout(module: Any, rate: float | None) -> None:
    """Set the rate of a module's dropout modules.

    module (torch.nn.Module): The module.
    rate (Optional[float]): The rate, None to change nothing.
    """
    nn = torch.nn
    kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout,
             nn.FeatureAlphaDropout)  # fmt: skip
    for part in module.modules():
        if rate is not None and isinstance(part, kinds):
            part.p = rate


def use_one_thread_if_forked() -> None:
    """Prepare torch for use in a forked process, which has none of the threads that torch started
    in its parent. Otherwise torch would wait for them forever. Call this before torch."""
    global _process
    if _process != os.getpid():
        torch.set_num_threads(1)
        _process = os.getpid()


def _arrays(model: Model[Floats2d, Floats2d], template: Any) -> list[Any]:
    return [model.get_param(name) for name in named_tensors(template)]


def _to_xp(model: Model, tensor: Any) -> Any:
    return torch2xp(tensor, ops=model.ops)


def _as_param(model: Model, tensor: Any) -> Any:
    # Optimizers can't handle arrays without dimensions.
    return model.ops.xp.atleast_1d(_to_xp(model, tensor.contiguous()))


def init(
    model: Model[Floats2d, Floats2d], X: Floats2d | None = None, Y: Floats2d | None = None
) -> None:
    if X is not None:
        model.set_dim("nI", get_width(X))
    if Y is not None:
        model.set_dim("nO", get_width(Y))
    modules = model.attrs["modules"]
    widths = model.get_dim("nI"), model.get_dim("nO")
    modules.template = (widths, build_module(modules.build, *widths))
    for name, tensor in named_tensors(modules.template[1]).items():
        model.set_param(name, _as_param(model, tensor))


def build_module(build: Callable[[int, int], Any], nI: int, nO: int) -> Any:
    """Build a module, run it once, and check its output. The run gives lazy modules their shapes.

    build (Callable[[int, int], torch.nn.Module]): Makes the module.
    nI (int): Input width.
    nO (int): Output width.
    RETURNS (torch.nn.Module): The module, in 32 bits, in evaluation mode.
    RAISES (ValueError): If that fails, if it isn't a module, or if it doesn't map a matrix of nI
        columns to one of nO.
    """
    shape, expected = (2, nI), (2, nO)
    cause = None
    try:
        module = build(nI, nO)
        if not isinstance(module, torch.nn.Module):
            found = f"a {type(module).__name__} in place of a module"
        else:
            module = module.float().eval()
            with torch.no_grad():
                Y = module(torch.zeros(shape))
            if not isinstance(Y, torch.Tensor):
                found = f"a {type(Y).__name__} in place of scores"
            elif Y.shape == expected and Y.dtype == torch.float32:
                return module
            else:
                found = f"scores of shape {tuple(Y.shape)} and type {Y.dtype}"
    except Exception as error:  # other people's code can raise anything
        found, cause = f"the error {type(error).__name__}: {error}", error
    message = Errors.WN021.format(shape=shape, expected=expected, found=found, nI=nI, nO=nO)
    raise ValueError(message) from cause


def require_params(model: Model, shapes: dict[str, tuple[int, ...]]) -> None:
    """Reject parameters that don't fit a layer's module.

    model (Model[Floats2d, Floats2d]): The layer. Its dimensions are set.
    shapes (Dict[str, Tuple[int, ...]]): The shape of each parameter, by name.
    RAISES (ValueError): If the module has other ones.
    """
    tensors = named_tensors(get_template(model))
    expected = {name: tuple(tensor.shape) or (1,) for name, tensor in tensors.items()}
    if shapes != expected:
        wrong = sorted(dict(shapes.items() ^ expected.items()))
        raise ValueError(Errors.WN023.format(names=", ".join(wrong)))


def save_shapes(_: Modules, value: Modules, name: str, model: Model) -> bytes:
    """Save the shapes of the parameters instead of the modules."""
    return srsly.msgpack_dumps({name: model.get_param(name).shape for name in model.param_names})


def check_shapes(default: Modules, value: bytes, name: str, model: Model) -> Modules:
    """Reject saved parameters that the module doesn't have."""
    saved = {name: tuple(shape) for name, shape in srsly.msgpack_loads(value).items()}
    if saved:
        require_params(model, saved)
    return default


serialize_attr.register(Modules, save_shapes)
deserialize_attr.register(Modules, check_shapes)
