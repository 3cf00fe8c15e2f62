"""The window classifier, which scores the tags of each word from a window of words around it."""

from typing import Any, Literal, cast

from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Linear, Model, chain, ragged2list, with_array, zero_init
from thinc.types import Floats2d

from ..errors import check_setting
from ..layers.activations import Activation
from ..layers.dropout import Dropout
from ..layers.windowed_affine import WindowedAffine
from .features import is_context_free
from .labels import resize_output
from .output import mark_last_layer
from .word_rows import embed_words


@registry.architectures("spacy-windowner.WindowClassifier.v1")
def WindowClassifier(
    embed: Model[list[Doc], list[Floats2d]],
    window: int = 3,
    hidden_width: int = 128,
    hidden_depth: int = 1,
    activation: str = "relu",
    pooling: Literal["concat", "average"] = "concat",
    dropout: float | None = None,
    boundary_dropout: float = 0.5,
    nO: int | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """Score the tags of each word from a window of words around it:

        x[t] = [E(w[t-k]) ... E(w[t]) ... E(w[t+k])]
        h[t] = f(W x[t] + b)
        s[t] = U h[t] + c

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer E. If it is context-free, each
        distinct word of a batch is embedded once. `model.attrs["embedding"]` tells which way is
        used, "distinct words" or "all tokens".
    window (int): k, the words on either side of the centre.
    hidden_width (int): Units of each hidden layer.
    hidden_depth (int): Hidden layers: 0 (a linear classifier of the window), 1 or 2.
    activation (str): f: "logistic", "tanh", "hard_tanh", "relu", "leaky_relu" or "prelu".
    pooling (str): "concat", or "average", which loses the order of the words.
    dropout (Optional[float]): Dropout rate of the embeddings and the hidden layers. If None, the
        training's rate applies. If that is 0, there is no dropout at all.
    boundary_dropout (float): Share of the boundaries between the documents of a batch that windows
        cross in training, as if the second document continued the first. So a model that is trained
        on single sentences also works on whole texts. It has no effect on a contextual embedding.
    nO (Optional[int]): The number of tags. If None, it follows from the labels.
    RETURNS (Model[List[Doc], List[Floats2d]]): One row per token, one column per tag.
    RAISES (ValueError): If a setting is invalid.

    Source: the lecture's window classification; Collobert et al. (2011), section 3.
    """
    check_setting(window >= 0, "window", window, "A window has at least 0 words on either side.")
    check_setting(hidden_width >= 1, "hidden_width", hidden_width, "A layer has at least 1 unit.")
    check_setting(0 <= hidden_depth <= 2, "hidden_depth", hidden_depth, "Choose 0, 1 or 2.")
    check_setting(pooling in ("concat", "average"), "pooling", pooling, "Choose concat or average.")
    dropped_embed, word_rows = embed_words(embed, dropout, boundary_dropout)
    rate = dropout or 0.0
    refs: dict[str, Model] = {"embed": dropped_embed, "word_rows": word_rows}
    layers: list[Model] = [word_rows]
    if hidden_depth == 0:
        Activation(activation)  # reject an unknown name, though no layer uses it
        affine = output = WindowedAffine(nO, window=window, pooling=pooling, init_W=zero_init)
        layers.append(affine)
    else:
        affine = WindowedAffine(hidden_width, window=window, pooling=pooling)
        output = cast(Model, Linear(nO, hidden_width, init_W=zero_init))
        hidden = [Activation(activation), Dropout(rate)]
        if hidden_depth == 2:
            hidden += [Linear(hidden_width), Activation(activation), Dropout(rate)]
        refs["head"] = cast(Any, chain)(*hidden, output)
        layers += [affine, with_array(cast(Any, refs["head"]))]
    model: Model[list[Doc], list[Floats2d]] = cast(Any, chain)(*layers, ragged2list())
    mark_last_layer(model)
    model.attrs["dropout"] = dropout
    model.attrs["embedding"] = "distinct words" if is_context_free(embed) else "all tokens"
    model.attrs["resize_output"] = resize_output
    # The scorer uses these names to predict from tables, and `explain` to tell what comes from
    # which word.
    for name, layer in {**refs, "windowed_affine": affine, "output_layer": output}.items():
        model.set_ref(name, layer)
    return model
