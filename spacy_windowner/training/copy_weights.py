"""A callback that starts a training with the weights of a trained pipeline."""

from collections.abc import Callable, Sequence
from typing import Any

from spacy.language import Language
from spacy.util import load_model, registry
from thinc.api import Model

from ..decoding.tags import O
from ..errors import Errors
from ..layers.cluster_features import cluster_layers
from ..layers.lexicon_features import find_lexicon
from ..layers.word_attributes import attribute_layers
from ..models.labels import added_columns
from ..models.output import TRANSITIONS, output_layer
from ..models.saved import settings_of
from ..pipeline.window_ner import WindowNER


@registry.callbacks("spacy-windowner.copy_weights.v1")
def copy_weights(base: str, component: str = "window_ner") -> Callable[[Language], Language]:
    """A callback for `[initialize.after_init]`. It copies the weights of a trained component to a
    new one with the same model: those of the words and of the hidden layers, and the columns of
    labels that both have. Other labels start as in any training. Labels that were added to the
    trained component with hidden units of their own are new labels here.

    base (str): The trained pipeline, a folder or a package.
    component (str): The component's name in both pipelines.
    RETURNS (Callable[[Language], Language]): The callback. It returns the same pipeline. If the
        models have different layers, it raises an error.
    """

    def callback(nlp: Language) -> Language:
        pipes = []
        for place, each in ((base, load_model(base)), ("The new pipeline", nlp)):
            pipe = dict(each.components).get(component)
            if not isinstance(pipe, WindowNER):
                names = ", ".join(each.component_names)
                raise ValueError(Errors.WN260.format(base=place, name=component, names=names))
            pipes.append(pipe)
        old, new = pipes
        _copy(old, new, base)
        return nlp

    return callback


def _copy(old: WindowNER, new: WindowNER, base: str) -> None:
    """Copy the weights of a component to another one."""
    shared = [label for label in new.labels if label in old.labels and label not in _added(old)]
    if old.scheme != new.scheme:
        schemes = f"{old.scheme.name}, and that of the new one {new.scheme.name}"
        raise ValueError(Errors.WN261.format(base=base, why=f"its tag scheme is {schemes}"))
    # O, and the tags of the labels that both have.
    columns = [
        [O, *pipe.scheme.columns_of([pipe.labels.index(label) for label in shared])]
        for pipe in (old, new)
    ]
    readers = [attribute_layers(pipe.model) for pipe in (old, new)]
    read, own_read = ([settings_of(layer) for layer in layers] for layers in readers)
    if read != own_read:
        why = f"it reads the words' attributes with {read}, and the new one with {own_read}"
        raise ValueError(Errors.WN261.format(base=base, why=why))
    for what, describe in (("word clusters", _clusters), ("lexicon's classes", _classes)):
        has, wants = (", ".join(describe(pipe.model)) or "none" for pipe in (old, new))
        if has != wants:
            why = f"its {what} are {has}, and those of the new one {wants}"
            raise ValueError(Errors.WN261.format(base=base, why=why))
    params, own = _params(old.model), _params(new.model)
    if len(params) != len(own):
        why = f"it has {len(params)} parameters, and the new one {len(own)}"
        raise ValueError(Errors.WN261.format(base=base, why=why))
    for (source, name), (target, own_name) in zip(params, own, strict=True):
        # thinc's types don't know numpy's indexing.
        value: Any = source.get_param(name)
        start: Any = target.get_param(own_name)
        if target is output_layer(new.model):
            axis = start.ndim - (1 if name == "b" else 2)
            fits = value.ndim == start.ndim and value.shape[-1] in (start.shape[-1], len(value))
            if fits and name == own_name:
                places = (slice(None),) * axis
                start[(*places, columns[1])] = value[(*places, columns[0])]
        else:
            fits = value.shape == start.shape
            start = value.copy()
        if not fits or name != own_name:
            why = f"`{name}` of its layer '{source.name}' has another shape"
            raise ValueError(Errors.WN261.format(base=base, why=why))
        target.set_param(name, start)
    for source, target in zip(*readers, strict=True):
        target.attrs["known"] = source.attrs["known"]


def _clusters(model: Model) -> list[str]:
    """A description of the word clusters of each layer with some."""
    return [layer.attrs["clusters"].describe() for layer in cluster_layers(model)]


def _classes(model: Model) -> Sequence[str]:
    """The classes of the lexicon, to which the rows of its layer belong."""
    layer = find_lexicon(model)
    return () if layer is None else layer.attrs["lexicon"].classes


def _added(pipe: WindowNER) -> set[str]:
    """The labels that have columns outside of the output layer."""
    return set(pipe.labels[pipe.scheme.n_labels(output_layer(pipe.model).get_dim("nO")) :])


def _params(model: Model) -> list[tuple[Model, str]]:
    """All parameters of a model, without transitions and those of added labels."""
    skipped = {id(layer) for columns in added_columns(model) for layer in columns.walk()}
    return [
        (layer, name)
        for layer in model.walk()
        for name in layer.param_names
        if id(layer) not in skipped and name != TRANSITIONS
    ]
