from typing import Any

from thinc.api import Model
from thinc.compat import torch

from ..errors import Errors
from ..layers.torch_build import named_tensors
from ..layers.torch_module import TorchModule, get_template
from .output import set_output_width
from .resize import BEHIND_O


def resize_torch_output(model: Model, new_nO: int) -> Model:
    """Change the number of tag columns of a torch window classifier. If it is initialized, old
    columns keep their values, and new ones start as `grow_columns` says.

    model (Model): A window classifier whose scorer is a torch module.
    new_nO (int): The number of tags.
    RETURNS (Model): The same model.
    RAISES (ValueError): If it is initialized, and its scores are not the output of a linear layer.
    """
    layer = model.get_ref("output_layer")
    if layer.param_names:
        # A new layer, for optimizers remember the old shapes under the old one's id.
        model.replace_node(layer, grow_module(layer, new_nO))
    set_output_width(model, new_nO)
    return model


def grow_module(layer: Model, new_nO: int) -> Model:
    """Copy a torch layer, with more columns.

    layer (Model): The layer, initialized.
    new_nO (int): The number of columns, at least the present one.
    RETURNS (Model): The new layer.
    RAISES (ValueError): If its output is not that of a linear layer with a bias.
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
    # The linear layer may not be the last thing the module does.
    X = xp.random.RandomState(0).normal(size=(8, nI)).astype("float32")
    before, after = layer.predict(X), new_layer.predict(X)
    expected = xp.hstack([before] + [before[:, :1] - BEHIND_O] * (new_nO - nO))
    if not xp.allclose(after, expected, rtol=1e-3, atol=1e-3):
        raise ValueError(Errors.WN022.format(kind=type(old).__name__))
    return new_layer


def _output_names(old: Any, new: Any) -> tuple[str, str]:
    """The names of the weight and the bias of the output layer: the parameters in which a module
    differs from one of more outputs."""
    before = {name: tensor.shape for name, tensor in named_tensors(old).items()}
    after = {name: tensor.shape for name, tensor in named_tensors(new).items()}
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    for path, part in new.named_modules():
        weight, bias = (f"{path}.{name}".lstrip(".") for name in ("weight", "bias"))
        if isinstance(part, torch.nn.Linear) and changed == {weight, bias}:
            return weight, bias
    raise ValueError(Errors.WN022.format(kind=type(old).__name__))
