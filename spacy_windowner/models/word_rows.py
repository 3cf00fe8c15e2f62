"""How a window classifier embeds the words of a batch, with dropout."""

from typing import Any, cast

from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d

from ..errors import check_setting
from ..layers.dropout import Dropout
from ..layers.windowed_affine import WordRows
from ..layers.word_rows import AllTokens, DistinctWords
from .features import is_context_free


def embed_words(
    embed: Model[list[Doc], list[Floats2d]], dropout: float | None, boundary_dropout: float
) -> tuple[Model[list[Doc], list[Floats2d]], Model[list[Doc], WordRows]]:
    """Embed each distinct word of a batch once, if an embedding layer is context-free, and
    otherwise every token.

    embed (Model[List[Doc], List[Floats2d]]): The embedding layer.
    dropout (Optional[float]): The dropout rate, None for that of the training.
    boundary_dropout (float): See `DistinctWords`.
    RETURNS (Tuple[Model, Model]): The embedding layer with dropout, and the layer around it.
    RAISES (ValueError): If a rate is invalid.
    """
    check_setting(
        dropout is None or 0.0 <= dropout < 1.0,
        "dropout",
        dropout,
        "A rate is at least 0 and below 1, or null to follow the training's.",
    )
    check_setting(
        0.0 <= boundary_dropout < 1.0,
        "boundary_dropout",
        boundary_dropout,
        "A rate is at least 0 and below 1.",
    )
    rate = dropout or 0.0
    dropped_embed = cast(Any, chain)(embed, Dropout(rate))
    if not is_context_free(embed):
        return dropped_embed, AllTokens(dropped_embed)
    word_rows = DistinctWords(dropped_embed, boundary_dropout)
    word_rows.attrs["dropout_rate"] = rate
    return dropped_embed, word_rows
