"""Splits a margin into the contributions of the words and features in the windows of its tokens.

The margin of a window x is `m(x) = <direction, s(x)>`, where `direction` is +1 for a tag and -1 for
its rival. If the network is piecewise linear, then around x

    m(x) = <g, x> + m_0        g = dm/dx,  m_0 the constant of the local affine map

The parts are `g_i x_i` and the constant is m_0, exactly. Otherwise the parts are integrated
gradients from the zero embedding,

    part_i = x_i * integral of dm/dx_i (a x) over a from 0 to 1,  constant = m(0)

which also add up to m(x), up to the error of the numerical integration. Source: the identity
W x = sum_j W_j E(w[t+j]); Sundararajan et al. (2017), "Axiomatic Attribution for Deep Networks".
"""

from functools import lru_cache
from typing import NamedTuple

import numpy
from spacy.errors import Errors as SpacyErrors
from spacy.tokens import Doc
from thinc.api import Model

from ...layers.windowed_affine import WordRows
from ...models.features import feature_columns
from ...models.output import is_initialized
from ..errors import Errors
from .explanation import PADDING, Part
from .network import Network, as_doubles, read_window_classifier, with_added_labels

TOLERANCE = 1e-3
"""The number of steps is increased until the error of the integral is at most this."""
_STEPS = (16, 32, 64, 128, 256, 512, 1024)
_BATCH = 128  # windows at a time, to limit memory


class OpenedModel(NamedTuple):
    """The parts of a window classifier.

    word_rows (Model[List[Doc], WordRows]): The embedding layer.
    pad (numpy.ndarray): The embedding of padding. Shape (1, width).
    window (int): The number of words on either side of the centre.
    features (List[Tuple[str, slice]]): The columns of the embedding that come from each feature.
    network (Network): The network that scores a window.
    """

    word_rows: Model
    pad: numpy.ndarray
    window: int
    features: list[tuple[str, slice]]
    network: Network

    @property
    def feature_names(self) -> list[str]:
        """The names of the features, each once."""
        return list(dict.fromkeys(name for name, _ in self.features))


class Windows(NamedTuple):
    """The embeddings of a document's windows.

    rows (numpy.ndarray): The embeddings of its distinct words, and of padding. Shape
        (n_rows, width).
    places (numpy.ndarray): The rows in the window of each token. Shape
        (n_tokens, 2 * window + 1).
    """

    rows: numpy.ndarray
    places: numpy.ndarray

    @classmethod
    def of(cls, opened: OpenedModel, doc: Doc) -> "Windows":
        """Embed a document.

        opened (OpenedModel): The model.
        doc (Doc): The document. Must have at least one token.
        RETURNS (Windows): Its windows.
        """
        embedded: WordRows = opened.word_rows.predict([doc])
        rows = numpy.vstack([as_doubles(embedded.rows), opened.pad])
        return cls(rows, embedded.windows(opened.window, len(rows) - 1))

    def around(self, tokens: numpy.ndarray) -> numpy.ndarray:
        """The embeddings of the windows around some tokens.

        tokens (numpy.ndarray): The indices of the tokens. Shape (n,).
        RETURNS (numpy.ndarray): Shape (n, 2 * window + 1, width).
        """
        return self.rows[self.places[tokens]]


class InputParts(NamedTuple):
    """What the inputs of windows add to margins.

    inputs (numpy.ndarray): The contribution of each input. Shape (n, n_features).
    constants (numpy.ndarray): The constant terms. Shape (n,).
    steps (int): The largest number of integration steps, 0 if the parts are exact.
    """

    inputs: numpy.ndarray
    constants: numpy.ndarray
    steps: int


class WordParts(NamedTuple):
    """What the words of a document add to a margin.

    parts (List[Part]): The contribution of each word that is in one of the windows, in the order of
        the text.
    constant (float): The constant term.
    steps (int): The largest number of integration steps, 0 if the parts are exact.
    """

    parts: list[Part]
    constant: float
    steps: int


def word_parts(
    opened: OpenedModel,
    windows: Windows,
    doc: Doc,
    words: numpy.ndarray,
    places: numpy.ndarray,
    directions: numpy.ndarray,
) -> WordParts:
    """Split the sum of the margins of some words into the contributions of the words around them.

    opened (OpenedModel): The model.
    windows (Windows): The windows of the document.
    doc (Doc): The document.
    words (numpy.ndarray): The token index of each word. Shape (n_words,).
    places (numpy.ndarray): Which words they are, as indices of `words`. Shape (n,).
    directions (numpy.ndarray): The weight of each tag's score at each of them. Shape (n, n_tags).
    RETURNS (WordParts): The contributions.
    """
    names = opened.feature_names
    # A row for each word, and one for the padding at each end.
    sums = numpy.zeros((len(words) + 2, len(names)))
    is_used = numpy.zeros(len(sums), dtype=bool)
    constant, steps = 0.0, 0
    for start in range(0, len(places), _BATCH):
        batch = places[start : start + _BATCH]
        X = windows.around(words[batch])
        found = input_parts(opened.network, X.reshape(len(X), -1), directions[start:][:_BATCH])
        numbers = batch[:, None] + numpy.arange(-opened.window, opened.window + 1)
        rows = numpy.clip(numbers + 1, 0, len(words) + 1)
        is_used[rows] = True
        inputs = found.inputs.reshape(X.shape)
        for name, columns in opened.features:
            numpy.add.at(sums[:, names.index(name)], rows, inputs[:, :, columns].sum(axis=2))
        constant += float(found.constants.sum())
        steps = max(steps, found.steps)
    parts = []
    for row in numpy.flatnonzero(is_used).tolist():
        token = int(words[row - 1]) if 0 < row <= len(words) else None
        text = PADDING[int(row > 0)] if token is None else doc[token].text
        values = dict(zip(names, sums[row].tolist(), strict=True))
        parts.append(Part(token, text, sum(values.values()), values))
    return WordParts(parts, constant, steps)


def input_parts(network: Network, X: numpy.ndarray, directions: numpy.ndarray) -> InputParts:
    """Split margins into the contributions of the inputs.

    network (Network): The network.
    X (numpy.ndarray): The features of windows. Shape (n, n_features).
    directions (numpy.ndarray): The weight of each tag's score. Shape (n, n_tags).
    RETURNS (InputParts): The contributions.
    """
    if network.is_piecewise_linear:
        scores, gradient = network.scores_and_gradient(X, directions)
        inputs = gradient * X
        margins = (scores * directions).sum(axis=1)
        return InputParts(inputs, margins - inputs.sum(axis=1), 0)
    rows = [_integrate(network, x, direction) for x, direction in zip(X, directions, strict=True)]
    inputs, constants, steps = zip(*rows, strict=True)
    return InputParts(numpy.stack(inputs), numpy.array(constants), max(steps))


def _integrate(
    network: Network, x: numpy.ndarray, direction: numpy.ndarray
) -> tuple[numpy.ndarray, float, int]:
    at_zero, at_x = (network.scores(numpy.stack([numpy.zeros_like(x), x])) @ direction).tolist()
    for steps in _STEPS:
        places, weights = _quadrature(steps)
        _, gradients = network.scores_and_gradient(places[:, None] * x, direction)
        inputs = x * (weights @ gradients)
        if abs(at_x - at_zero - inputs.sum()) <= TOLERANCE:
            break
    return inputs, at_zero, steps


@lru_cache(maxsize=len(_STEPS))
def _quadrature(steps: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The nodes and weights of Gauss-Legendre quadrature between 0 and 1."""
    places, weights = numpy.polynomial.legendre.leggauss(steps)
    return (places + 1.0) / 2.0, weights / 2.0


def open_model(model: Model, name: str) -> OpenedModel:
    """Split a window classifier into its parts.

    model (Model): The initialized model of a component.
    name (str): The component's name, for errors.
    RETURNS (OpenedModel): The parts. Changing them doesn't change the model's parameters.
    RAISES (ValueError): If the model isn't a window classifier or isn't initialized.
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
    from .torch_network import read_torch_classifier

    return with_added_labels(read_torch_classifier(model, name), model)
