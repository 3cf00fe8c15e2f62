"""Window classifiers whose network is a PyTorch module."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model, chain, ragged2list
from thinc.compat import torch
from thinc.types import Floats2d

from ..errors import Errors, check_setting
from ..layers.activations import LEAK, PRELU_INIT, Activation
from ..layers.torch_module import TorchModule, get_template, named_tensors, require_torch
from ..layers.window_features import with_windows
from .features import is_context_free
from .labels import BEHIND_O
from .output import mark_last_layer, set_output_width
from .word_rows import embed_words

_TORCH_NAMES = {
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "hard_tanh": "Hardtanh",
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "prelu": "PReLU",
}
"""The activations' names in torch."""


@registry.architectures("spacy-windowner.TorchWindowClassifier.v1")
def TorchWindowClassifier(
    embed: Model[list[Doc], list[Floats2d]],
    scorer: Callable[[int, int], Any],
    window: int = 3,
    dropout: float | None = None,
    boundary_dropout: float = 0.5,
    nO: int | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """Score the tags of each word from a window of words around it, with a network in PyTorch:

        x[t] = [E(w[t-k]) ... E(w[t]) ... E(w[t+k])]
        s[t] = scorer(x[t])

    The network's parameters are those of a Thinc layer, so weights are averaged and saved as in any
    other layer (as plain arrays, without pickle). Prediction is thread-safe.

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer E, in Thinc. If it is
        context-free, each distinct word of a batch is embedded once. `model.attrs["embedding"]`
        tells which way is used, "distinct words" or "all tokens".
    scorer (Callable[[int, int], torch.nn.Module]): Makes the network from the number of features
        (embedding width times 2 * window + 1) and the number of tags. The module maps a float32
        tensor of shape (n_tokens, n_features) to scores of shape (n_tokens, n_tags), each row
        separately. Its dropout modules get the rate of the training, whatever their own rate is. A
        module that calls torch.nn.functional.dropout in `forward` keeps its own rate.
    window (int): k, the words on either side of the centre.
    dropout (Optional[float]): Dropout rate of the embeddings and of the dropout modules in the
        network. If None, the training's rate applies. If that is 0, there is no dropout at all.
    boundary_dropout (float): See `WindowClassifier`.
    nO (Optional[int]): The number of tags. If None, it follows from the labels.
    RETURNS (Model[List[Doc], List[Floats2d]]): One row per token, one column per tag.
    RAISES (ImportError): If torch is not installed.
    RAISES (ValueError): If a setting is invalid; at initialization, if the network does not map
        features to scores.
    """
    check_setting(window >= 0, "window", window, "A window has at least 0 words on either side.")
    dropped_embed, word_rows = embed_words(embed, dropout, boundary_dropout)
    output = TorchModule(scorer, nO=nO)
    output.attrs["dropout_rate"] = dropout
    windows = with_windows(output, window)
    model: Model[list[Doc], list[Floats2d]] = cast(Any, chain)(word_rows, windows, ragged2list())
    mark_last_layer(model)
    model.attrs["dropout"] = dropout
    model.attrs["embedding"] = "distinct words" if is_context_free(embed) else "all tokens"
    model.attrs["resize_output"] = resize_torch_output
    refs: dict[str, Model] = {
        "embed": dropped_embed,
        "word_rows": word_rows,
        "with_windows": windows,
    }
    for name, layer in {**refs, "output_layer": output}.items():
        model.set_ref(name, layer)
    return model


@registry.architectures("spacy-windowner.TorchScorer.v1")
def TorchScorer(
    hidden_width: int = 128, hidden_depth: int = 1, activation: str = "relu"
) -> Callable[[int, int], Any]:
    """The network of `WindowClassifier` as a torch module, with the same initialization.

    hidden_width (int): Units of each hidden layer.
    hidden_depth (int): Hidden layers: 0 (a linear classifier of the window), 1 or 2.
    activation (str): f: "logistic", "tanh", "hard_tanh", "relu", "leaky_relu" or "prelu".
    RETURNS (Callable[[int, int], torch.nn.Module]): Makes the module from the numbers of features
        and of tags.
    RAISES (ImportError): If torch is not installed.
    RAISES (ValueError): If a setting is invalid.
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
        nn.init.xavier_uniform_(hidden.weight)  # named after Xavier Glorot
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
    return getattr(torch.nn, _TORCH_NAMES[name])(*settings.get(name, []))


def resize_torch_output(model: Model, new_nO: int) -> Model:
    """Change the number of tag columns of a torch window classifier. If it is initialized, old
    columns keep their values, and new ones start as in `grow_columns`.

    model (Model): A window classifier whose scorer is a torch module.
    new_nO (int): The number of tags.
    RETURNS (Model): The same model.
    RAISES (ValueError): If it is initialized, and its scores don't come from a linear layer.
    """
    layer = model.get_ref("output_layer")
    if layer.param_names:
        # A new layer, because optimizers remember the old shapes under the old layer's id.
        model.replace_node(layer, grow_module(layer, new_nO))
    set_output_width(model, new_nO)
    return model


def grow_module(layer: Model, new_nO: int) -> Model:
    """Copy a torch layer and add columns.

    layer (Model): The layer, initialized.
    new_nO (int): The number of columns, at least the current one.
    RETURNS (Model): The new layer.
    RAISES (ValueError): If its output doesn't come from a linear layer with a bias.
    """
    nI, nO, xp = layer.get_dim("nI"), layer.get_dim("nO"), layer.ops.xp
    new_layer = TorchModule(layer.attrs["modules"].build, nO=new_nO, nI=nI)
    new_layer.attrs["dropout_rate"] = layer.attrs["dropout_rate"]
    old, new = get_template(layer), get_template(new_layer)
    params: dict[str, Any] = {name: layer.get_param(name) for name in layer.param_names}
    if new_nO > nO:
        weight, bias = _output_names(old, new)
        W, b = params[weight], params[bias]
        params[weight] = xp.concatenate([W] + [W[:1]] * (new_nO - nO))
        params[bias] = xp.concatenate([b] + [b[:1] - BEHIND_O] * (new_nO - nO))
    for name, value in params.items():
        new_layer.set_param(name, layer.ops.as_contig(value.copy()))
    # The module may do more after the linear layer.
    X = xp.random.RandomState(0).normal(size=(8, nI)).astype("float32")
    before, after = layer.predict(X), new_layer.predict(X)
    expected = xp.hstack([before] + [before[:, :1] - BEHIND_O] * (new_nO - nO))
    if not xp.allclose(after, expected, rtol=1e-3, atol=1e-3):
        raise ValueError(Errors.WN022.format(kind=type(old).__name__))
    return new_layer


def _output_names(old: Any, new: Any) -> tuple[str, str]:
    """The names of the weight and the bias of the output layer. They are the only parameters that
    differ between modules with different numbers of outputs."""
    before = {name: tensor.shape for name, tensor in named_tensors(old).items()}
    after = {name: tensor.shape for name, tensor in named_tensors(new).items()}
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    for path, part in new.named_modules():
        weight, bias = (f"{path}.{name}".lstrip(".") for name in ("weight", "bias"))
        if isinstance(part, torch.nn.Linear) and changed == {weight, bias}:
            return weight, bias
    raise ValueError(Errors.WN022.format(kind=type(old).__name__))
