from collections.abc import Callable
from typing import Any, cast

from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model, chain, ragged2list
from thinc.types import Floats2d

from ..errors import check_setting
from ..layers.dropout import Dropout
from ..layers.torch_module import TorchModule
from ..layers.window_features import with_windows
from ..layers.word_rows import AllTokens, DistinctWords
from .context_free import is_context_free
from .torch_resize import resize_torch_output
from .transitions import add_last_layer


@registry.architectures("spacy-windowner.TorchWindowClassifier.v1")
def TorchWindowClassifier(
    embed: Model[list[Doc], list[Floats2d]],
    scorer: Callable[[int, int], Any],
    window: int = 3,
    dropout: float | None = None,
    nO: int | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """Score the tags of each word by a window of words around it, with a network in PyTorch:

        x[t] = [E(w[t-k]) ... E(w[t]) ... E(w[t+k])]
        s[t] = scorer(x[t])

    The network's parameters are those of a Thinc layer: weights are averaged and saved as those of
    any other (as plain arrays, without pickle). Prediction is safe in threads.

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer E, in Thinc. If it is
        context-free, each distinct word of a batch is embedded once; `model.attrs["embedding"]`
        says which way is taken, "distinct words" or "all tokens".
    scorer (Callable[[int, int], torch.nn.Module]): Makes the network, of the number of features
        (embedding width times 2 * window + 1) and the number of tags. The module maps a float32
        tensor of shape (n_tokens, n_features) to scores of shape (n_tokens, n_tags), each row by
        itself. All its dropout modules have the rate of the training, whatever theirs is; one that
        calls torch.nn.functional.dropout in `forward` keeps its own.
    window (int): k, the words on either side of the centre.
    dropout (Optional[float]): Dropout rate of the embeddings and of the dropout modules in the
        network. If None, that of the training applies. If that is 0, there is no dropout at all.
    nO (Optional[int]): Tags. If None, they follow from the labels.
    RETURNS (Model[List[Doc], List[Floats2d]]): One row a token, one column a tag.
    RAISES (ImportError): If torch is not installed.
    RAISES (ValueError): If a setting makes no sense; at initialization, if the network does not
        map features to scores.
    """
    check_setting(window >= 0, "window", window, "A window has at least 0 words on either side.")
    check_setting(
        dropout is None or 0.0 <= dropout < 1.0,
        "dropout",
        dropout,
        "A rate is at least 0 and below 1, or null to follow the training's.",
    )
    output = TorchModule(scorer, nO=nO)
    output.attrs["dropout_rate"] = dropout
    context_free = is_context_free(embed)
    dropped_embed = cast(Any, chain)(embed, Dropout(dropout or 0.0))
    word_rows = DistinctWords(dropped_embed) if context_free else AllTokens(dropped_embed)
    windows = with_windows(output, window)
    model: Model[list[Doc], list[Floats2d]] = cast(Any, chain)(word_rows, windows, ragged2list())
    add_last_layer(model)
    model.attrs["dropout"] = dropout
    model.attrs["embedding"] = "distinct words" if context_free else "all tokens"
    model.attrs["resize_output"] = resize_torch_output
    refs = {"embed": dropped_embed, "word_rows": word_rows, "with_windows": windows}
    for name, layer in {**refs, "output_layer": output}.items():
        model.set_ref(name, layer)
    return model
