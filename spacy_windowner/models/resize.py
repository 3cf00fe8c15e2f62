from typing import Any

from thinc.api import Model

from .output import set_output_width

BEHIND_O = 5.0
"""How far behind O a new tag starts: `recall_bias` lowers O by at most 4 in training."""


def resize_output(model: Model, new_nO: int) -> Model:
    """Change the number of tag columns of a window classifier. If it is initialized, old columns
    keep their values, and new ones start as `grow_columns` says.

    model (Model): A window classifier.
    new_nO (int): The number of tags.
    RETURNS (Model): The same model.
    """
    layer = model.get_ref("output_layer")
    if layer.has_param("W"):
        # A new layer, for optimizers remember the old shapes under the old one's id.
        new_layer = grow_columns(layer, new_nO)
        model.replace_node(layer, new_layer)
    set_output_width(model, new_nO)
    return model


def grow_columns(layer: Model, new_nO: int) -> Model:
    """Copy an output layer, with more columns. A new one starts as the column of O minus
    BEHIND_O: new tags change no decision until they have learned.

    layer (Model): A layer with parameters W and b, whose column 0 is O.
    new_nO (int): The number of columns, at least the present one.
    RETURNS (Model): The new layer.
    """
    n_new = new_nO - layer.get_dim("nO")
    params: dict[str, Any] = {name: layer.get_param(name) for name in layer.param_names}
    # W is (nO, nI) or, if the windowed affine layer is the output, (n_positions, nO, nI).
    W, b = params["W"], params["b"]
    xp = layer.ops.xp
    params["W"] = xp.concatenate([W] + [W[..., :1, :]] * n_new, axis=-2)
    params["b"] = xp.concatenate([b] + [b[:1] - BEHIND_O] * n_new)
    dims = {name: layer.maybe_get_dim(name) for name in layer.dim_names}
    new_layer: Model = Model(
        layer.name,
        layer._func,
        init=layer.init,
        dims={**dims, "nO": new_nO},
        params=dict.fromkeys(params),
        attrs=layer.attrs,
        ops=layer.ops,
    )
    for name, value in params.items():
        new_layer.set_param(name, layer.ops.as_contig(value))
    return new_layer
