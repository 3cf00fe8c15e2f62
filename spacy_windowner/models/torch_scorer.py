from collections.abc import Callable
from functools import partial
from typing import Any

from spacy.util import registry
from thinc.compat import torch

from ..errors import check_setting
from ..layers.activations import LEAK, PRELU_INIT, Activation
from ..layers.torch_module import require_torch

NAMES = {
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "hard_tanh": "Hardtanh",
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "prelu": "PReLU",
}
"""What torch calls the activations."""


@registry.architectures("spacy-windowner.TorchScorer.v1")
def TorchScorer(
    hidden_width: int = 128, hidden_depth: int = 1, activation: str = "relu"
) -> Callable[[int, int], Any]:
    """The network of `WindowClassifier` as a torch module, with the same initialization.

    hidden_width (int): Units of each hidden layer.
    hidden_depth (int): Hidden layers: 0 (a linear classifier of the window), 1 or 2.
    activation (str): f: "logistic", "tanh", "hard_tanh", "relu", "leaky_relu" or "prelu".
    RETURNS (Callable[[int, int], torch.nn.Module]): Makes the module of the numbers of features
        and of tags.
    RAISES (ImportError): If torch is not installed.
    RAISES (ValueError): If a setting makes no sense.
    """
    require_torch()
    check_setting(hidden_width >= 1, "hidden_width", hidden_width, "A layer has at least 1 unit.")
    check_setting(0 <= hidden_depth <= 2, "hidden_depth", hidden_depth, "Choose 0, 1 or 2.")
    Activation(activation)  # rejects an unknown name
    return partial(build_scorer, [hidden_width] * hidden_depth, activation)


def build_scorer(hidden_widths: list[int], activation: str, n_features: int, n_tags: int) -> Any:
    """Build the network: linear layers with an activation and dropout between them.

    hidden_widths (List[int]): Units of the hidden layers.
    activation (str): The name of an activation.
    n_features (int): Width of a window.
    n_tags (int): Number of tags.
    RETURNS (torch.nn.Sequential): The module. Scores start as zero.
    """
    nn = torch.nn
    layers: list[Any] = []
    n_inputs = n_features
    for width in hidden_widths:
        hidden = nn.Linear(n_inputs, width)
        nn.init.xavier_uniform_(hidden.weight)  # by Glorot, Xavier by his first name
        nn.init.zeros_(hidden.bias)
        # The rate follows the training.
        layers += [hidden, _activation(activation, width), nn.Dropout(0.0)]
        n_inputs = width
    output = nn.Linear(n_inputs, n_tags)
    nn.init.zeros_(output.weight)
    nn.init.zeros_(output.bias)
    return nn.Sequential(*layers, output)


def _activation(name: str, width: int) -> Any:
    settings = {"leaky_relu": [LEAK], "prelu": [width, PRELU_INIT]}
    return getattr(torch.nn, NAMES[name])(*settings.get(name, []))
