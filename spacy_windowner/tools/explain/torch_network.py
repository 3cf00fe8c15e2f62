"""Reads the network of a `TorchWindowClassifier` and computes its gradients, without changing the
model."""

from typing import Any

import numpy
from thinc.api import Model
from thinc.compat import torch
from thinc.util import get_torch_default_device

from ...layers.torch_module import get_predictor, use_one_thread_if_forked
from ..errors import Errors
from .network import Affine, LayeredNetwork, Network, Units


class TorchNetwork:
    """Any torch module. Torch computes the gradients, in 32 bits. See `Network`.

    module (torch.nn.Module): The module, in evaluation mode.
    name (str): The name of the component, for errors.
    """

    is_piecewise_linear = False  # unknown

    def __init__(self, module: Any, name: str) -> None:
        self.module = module
        self.name = name

    def scores(self, X: numpy.ndarray) -> numpy.ndarray:
        """See `Network.scores`."""
        with torch.no_grad():
            return _array(self.module(_tensor(X)))

    def scores_and_gradient(
        self, X: numpy.ndarray, directions: numpy.ndarray
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """See `Network.scores_and_gradient`.

        RAISES (ValueError): If the scores have no gradient.
        """
        inputs = _tensor(X).requires_grad_()
        with torch.enable_grad():
            Y = self.module(inputs)
        d_Y = _tensor(directions).expand(len(X), -1)
        try:
            # Only with respect to the inputs: the gradients of the parameters stay as they are.
            [d_X] = torch.autograd.grad(Y, [inputs], d_Y)
        except RuntimeError as error:
            kind = type(self.module).__name__
            message = Errors.WN052.format(name=self.name, kind=kind, reason=error)
            raise ValueError(message) from error
        return _array(Y), _array(d_X)


def read_torch_classifier(model: Model, name: str) -> Network:
    """Read the network of a `TorchWindowClassifier`. A `torch.nn.Sequential` of known modules, as
    `TorchScorer` makes it, is copied into layers.

    model (Model): The initialized classifier.
    name (str): The name of the component, for errors.
    RETURNS (Network): The network.
    """
    use_one_thread_if_forked()
    module = get_predictor(model.get_ref("output_layer"))
    layers = read_layers(module)
    return TorchNetwork(module, name) if layers is None else LayeredNetwork(layers)


def read_layers(module: Any) -> list[Affine | Units] | None:
    """Copy the layers of a module. Subclasses of known modules, and modules with hooks, count as
    unknown because they may compute something else.

    module (torch.nn.Module): The module, in evaluation mode.
    RETURNS (Optional[List[Union[Affine, Units]]]): The layers, None if a module is unknown.
    """
    nn = torch.nn
    kind = type(module)
    if _has_hooks(module):
        return None
    if kind is nn.Sequential:
        layers: list[Affine | Units] = []
        for part in module:
            found = read_layers(part)
            if found is None:
                return None
            layers += found
        return layers
    if kind in (nn.Identity, nn.Dropout, nn.AlphaDropout):
        return []
    if kind is nn.Linear:
        bias = numpy.zeros(module.out_features) if module.bias is None else _array(module.bias)
        return [Affine(_array(module.weight), bias)]
    if kind is nn.PReLU:
        return [Units("prelu", _array(module.weight))]
    if kind is nn.LeakyReLU:
        return [Units("prelu", numpy.array([module.negative_slope]))]
    if kind is nn.Hardtanh and (module.min_val, module.max_val) != (-1.0, 1.0):
        return None
    names = {nn.ReLU: "relu", nn.Hardtanh: "hard_tanh", nn.Sigmoid: "logistic", nn.Tanh: "tanh"}
    return [Units(names[kind])] if kind in names else None


def _has_hooks(module: Any) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _array(tensor: Any) -> numpy.ndarray:
    return tensor.detach().cpu().numpy().astype("float64")


def _tensor(array: numpy.ndarray) -> Any:
    return torch.tensor(array, dtype=torch.float32, device=get_torch_default_device())
