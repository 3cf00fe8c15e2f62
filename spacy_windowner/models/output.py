"""What the component asks of a model's output: how many columns it has, one for each tag."""

from thinc.api import Model

from ..layers.grown import column_layers


def output_layer(model: Model) -> Model:
    """The layer that a model names "output_layer", or else the model itself."""
    return model.get_ref("output_layer") if model.has_ref("output_layer") else model


def is_listener(model: Model) -> bool:
    """Whether a layer listens to another component, e.g. to a shared `tok2vec`."""
    return any(hasattr(node, "upstream_name") for node in model.walk())


def n_columns(model: Model) -> int | None:
    """The number of columns, those of added labels included. None if it isn't known yet."""
    own = output_layer(model).maybe_get_dim("nO")
    grown = next((layer for layer in model.layers if layer.name == "grown"), None)
    if own is None or grown is None:
        return own
    return own + sum(columns.get_dim("nO") for columns in column_layers(grown))


def is_initialized(model: Model) -> bool:
    """Whether all parameters of a model have values."""
    return all(node.has_param(name) for node in model.walk() for name in node.param_names)


def set_output_width(model: Model, nO: int | None) -> None:
    """Set nO of the output layer, which must have no parameters yet, and of every layer around it
    that has a value for it.

    model (Model): The model.
    nO (Optional[int]): The number of columns, None for unknown.
    """
    layer = output_layer(model)
    for node in model.walk():
        is_around = layer in node.walk() and node.maybe_get_dim("nO") is not None
        if (node is layer or is_around) and node.maybe_get_dim("nO") != nO:
            node.set_dim("nO", nO, force=True)  # type: ignore[arg-type]
