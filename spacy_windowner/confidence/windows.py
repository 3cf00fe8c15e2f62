from typing import NamedTuple

import numpy
from spacy.errors import Errors as SpacyErrors
from spacy.tokens import Doc
from thinc.api import Model

from ..errors import Errors
from ..layers.windowed_affine import WordRows, window_rows
from ..models.features import feature_columns
from ..models.output import is_initialized
from .grown_network import with_added_labels
from .network import Network, as_doubles, read_window_classifier


class OpenedModel(NamedTuple):
    """A window classifier, taken apart.

    word_rows (Model[List[Doc], WordRows]): Its embedding layer.
    pad (numpy.ndarray): The embedding of padding. Shape (1, width).
    window (int): Words on either side of the centre.
    features (List[Tuple[str, slice]]): The columns of the embedding that come from each feature.
    network (Network): What scores a window.
    """

    word_rows: Model
    pad: numpy.ndarray
    window: int
    features: list[tuple[str, slice]]
    network: Network

    def windows(self, doc: Doc, tokens: list[int]) -> numpy.ndarray:
        """The embeddings of the words around some tokens.

        doc (Doc): The document, at least one token long.
        tokens (List[int]): The tokens' numbers.
        RETURNS (numpy.ndarray): Shape (n_tokens, 2 * window + 1, width).
        """
        embedded: WordRows = self.word_rows.predict([doc])
        rows = numpy.vstack([as_doubles(embedded.rows), self.pad])
        places = window_rows(
            embedded.ids, embedded.lengths, self.window, len(rows) - 1, embedded.is_word
        )
        return rows[places[tokens]]


def open_model(model: Model, name: str) -> OpenedModel:
    """Take a window classifier apart.

    model (Model): The model of a component, initialized.
    name (str): The component's name, for errors.
    RETURNS (OpenedModel): Its parts. They share no parameter that could be changed.
    RAISES (ValueError): If it is no window classifier, or not initialized.
    """
    refs = [ref for ref in ("windowed_affine", "with_windows") if model.has_ref(ref)]
    if not refs:
        raise ValueError(Errors.WN051.format(name=name, model=model.name))
    if not is_initialized(model):
        raise ValueError(SpacyErrors.E109.format(name=name))
    layer = model.get_ref(refs[0])
    pad = as_doubles(layer.get_param("pad"))
    return OpenedModel(
        word_rows=model.get_ref("word_rows"),
        pad=pad,
        window=layer.attrs["window"],
        features=feature_columns(model.get_ref("embed"), pad.shape[1]),
        network=_read_network(model, refs[0], name),
    )


def _read_network(model: Model, ref: str, name: str) -> Network:
    if ref == "windowed_affine":
        return with_added_labels(read_window_classifier(model), model)
    from .torch_network import read_torch_classifier  # torch may not be installed

    return with_added_labels(read_torch_classifier(model, name), model)
