import copy
from collections.abc import Callable
from typing import Any

from thinc.compat import torch
from thinc.util import get_torch_default_device, xp2torch

from ..errors import Errors


def build_module(build: Callable[[int, int], Any], nI: int, nO: int) -> Any:
    """Build a module, run it once, which gives lazy modules their shapes, and check its output.

    build (Callable[[int, int], torch.nn.Module]): Makes the module.
    nI (int): Input width.
    nO (int): Output width.
    RETURNS (torch.nn.Module): The module, in 32 bits, in evaluation mode.
    RAISES (ValueError): If it is no module, or doesn't map a matrix of nI columns to one of nO.
    """
    module = build(nI, nO)
    shape, expected = (2, nI), (2, nO)
    found, cause = f"a {type(module).__name__} in place of a module", None
    if isinstance(module, torch.nn.Module):
        module = module.float().eval()
        try:
            with torch.no_grad():
                Y = module(torch.zeros(shape))
            if not isinstance(Y, torch.Tensor):
                found = f"a {type(Y).__name__} in place of scores"
            elif Y.shape == expected and Y.dtype == torch.float32:
                return module
            else:
                found = f"scores of shape {tuple(Y.shape)} and type {Y.dtype}"
        except Exception as error:  # whatever code of others raises
            found, cause = f"the error {type(error).__name__}: {error}", error
    message = Errors.WN021.format(shape=shape, expected=expected, found=found, nI=nI, nO=nO)
    raise ValueError(message) from cause


def named_tensors(module: Any) -> dict[str, Any]:
    """The parameters and persistent buffers of a module. One of several names comes once."""
    saved = module.state_dict(keep_vars=True)  # the tensors themselves, not copies
    tensors = [(name, value) for name, value in saved.items() if isinstance(value, torch.Tensor)]
    first_names = {id(tensor): name for name, tensor in reversed(tensors)}
    return {name: tensor for name, tensor in tensors if first_names[id(tensor)] == name}


def bind_module(template: Any, arrays: list[Any]) -> Any:
    """Copy a module, with parameters and buffers in the memory of a layer's parameters.

    A copy, for `torch.func.functional_call` would put them into one module that all threads use,
    and take them out again.

    template (torch.nn.Module): The module.
    arrays (List[FloatsXd]): The values of its `named_tensors`, in their order.
    RETURNS (torch.nn.Module): The copy, in evaluation mode.
    """
    copies = {}
    for tensor, array in zip(named_tensors(template).values(), arrays, strict=True):
        value = xp2torch(array).to(tensor.dtype).reshape(tensor.shape)
        if isinstance(tensor, torch.nn.Parameter):
            value = torch.nn.Parameter(value, requires_grad=tensor.requires_grad)
        copies[id(tensor)] = value
    return copy.deepcopy(template, copies).to(get_torch_default_device())


def set_dropout(module: Any, rate: float | None) -> None:
    """Set the rate of the dropout modules in a module.

    module (torch.nn.Module): The module.
    rate (Optional[float]): The rate, None to leave them as they are.
    """
    nn = torch.nn
    kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout,
             nn.FeatureAlphaDropout)  # fmt: skip
    for part in module.modules():
        if rate is not None and isinstance(part, kinds):
            part.p = rate
