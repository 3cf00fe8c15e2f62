from typing import Any

from thinc.api import Model


def resize_output(model: Model, new_nO: int) -> Model:
    """Give a window classifier more tag columns. Old columns keep their values. A new one starts
    as the column of O minus 1, the margin: new tags change no decision until they have learned.

    model (Model): A window classifier, initialized or not.
    new_nO (int): The number of tags, at least the present one.
    RETURNS (Model): The same model.
    """
    layer = model.get_ref("output_layer")
    old_nO = layer.maybe_get_dim("nO")
    if old_nO is None or not layer.has_param("W"):
        layer.set_dim("nO", new_nO, force=True)
        return model
    n_new = new_nO - old_nO
    if n_new > 0:
        # W is (nO, nI) or, if the windowed affine layer is the output, (n_positions, nO, nI).
        W: Any = layer.get_param("W")
        b: Any = layer.get_param("b")
        xp = model.ops.xp
        outside = W[..., :1, :]
        new_W = xp.concatenate([W] + [outside] * n_new, axis=-2)
        new_b = xp.concatenate([b] + [b[:1] - 1.0] * n_new)
        layer.set_dim("nO", new_nO, force=True)
        layer.set_param("W", model.ops.as_contig(new_W))
        layer.set_param("b", model.ops.as_contig(new_b))
    return model
