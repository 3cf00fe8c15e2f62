"""A layer that reads the lexical attributes of words, and hides values that training has not
learned."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints2d

UNKNOWN = get_string_id("\ue000")
"""What stands for a hidden value, the hash of a private-use character."""


def WordAttributes(
    attrs: Sequence[str], dropout: float, context_free: bool
) -> Model[list[Doc], list[Ints2d]]:
    """Read attributes of words, as hashes. In training, each value is hidden with a certain
    probability: UNKNOWN takes its place. In prediction, all values are hidden that training has
    never shown. Without this, an unknown word would have the vectors of those known words that
    share its rows in a hash table.

    attrs (Sequence[str]): The attributes, e.g. "NORM".
    dropout (float): The probability. If it is 0, nothing is ever hidden.
    context_free (bool): Whether the attributes depend on the word alone.
    RETURNS (Model[List[Doc], List[Ints2d]]): The layer. Each document's output is of type uint64
        and has shape (len(doc), len(attrs)).

    Source: word dropout, Iyyer et al. (2015); a learned vector for unknown words, Dyer et al.
    (2015).
    """
    return Model(
        "word_attributes",
        forward,
        init=init,
        attrs={
            "attrs": list(attrs),
            "hides_unknown": dropout > 0.0,
            "rate": dropout,
            # `set_dropout_rate` sets this one.
            "dropout_rate": dropout,
            "context_free": context_free,
            "known": _nothing(attrs),
            "learning": True,
        },
    )


def forward(
    model: Model[list[Doc], list[Ints2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    attrs, known = model.attrs["attrs"], model.attrs["known"]
    learns = is_train and model.attrs["learning"]
    rate = model.attrs["rate"] if is_train and model.attrs["dropout_rate"] > 0.0 else 0.0
    values = numpy.vstack([read_attributes(doc, attrs) for doc in docs])
    is_shown = numpy.ones(values.shape, dtype=bool)
    if model.attrs["hides_unknown"]:
        if not learns:
            for column, of_attr in enumerate(known):
                is_shown[:, column] = is_in(values[:, column], of_attr)
        if rate > 0.0:
            is_shown &= numpy.random.random(values.shape) >= rate

    def backprop(d_found: list[Ints2d]) -> list[Doc]:
        # Only here, because rows that are frozen get no gradient. New arrays, because others may
        # read the old ones.
        if learns and model.attrs["hides_unknown"]:
            model.attrs["known"] = [
                add_values(of_attr, column[shown])
                for of_attr, column, shown in zip(known, values.T, is_shown.T, strict=True)
            ]
        return []

    found = numpy.where(is_shown, values, numpy.uint64(UNKNOWN))
    stops = numpy.cumsum([len(doc) for doc in docs])[:-1]
    return [ops.asarray2i(each, dtype="uint64") for each in numpy.split(found, stops)], backprop


def init(model: Model[list[Doc], list[Ints2d]], X: list[Doc] | None = None, Y=None) -> None:
    model.attrs["known"] = _nothing(model.attrs["attrs"])


@contextmanager
def no_new_values(model: Model) -> Iterator[None]:
    """Hide unknown values in updates that begin inside, as in prediction, because these updates
    don't teach the words anything.

    model (Model): A model with any such layers.
    """
    layers = attribute_layers(model)
    for layer in layers:
        layer.attrs["learning"] = False
    try:
        yield
    finally:
        for layer in layers:
            layer.attrs["learning"] = True


def read_attributes(doc: Doc, attrs: Sequence[str]) -> numpy.ndarray:
    """The attributes of a document's words, as uint64. Shape (len(doc), len(attrs))."""
    # Without words, or with a single attribute, spaCy's array has other shapes.
    return doc.to_array(list(attrs)).astype("uint64").reshape(len(doc), len(attrs))


def is_in(values: numpy.ndarray, known: numpy.ndarray) -> numpy.ndarray:
    """Which values are among sorted ones. Shape of the result: that of `values`."""
    if not len(known):
        return numpy.zeros(values.shape, dtype=bool)
    places = numpy.searchsorted(known, values)
    return cast(numpy.ndarray, known[numpy.minimum(places, len(known) - 1)] == values)


def add_values(known: numpy.ndarray, values: numpy.ndarray) -> numpy.ndarray:
    """Add values to sorted ones. Returns the same array if all are among them."""
    new = numpy.unique(values[~is_in(values, known)])
    return numpy.insert(known, numpy.searchsorted(known, new), new) if len(new) else known


def attribute_layers(model: Model) -> list[Model]:
    """The layers of a model that are `WordAttributes`."""
    return [layer for layer in model.walk() if layer._func is forward]


def check_known(known: Any, n_attrs: int) -> None:
    """Check the known values of a saved layer.

    known (Any): The values.
    n_attrs (int): The number of attributes.
    RAISES (ValueError): If they aren't a sorted array of uint64 for each attribute. The message is
        only the reason, a part of a sentence.
    """
    is_list = isinstance(known, list | tuple) and len(known) == n_attrs
    if not is_list or not all(map(_is_sorted, known)):
        raise ValueError("the known values of its attributes are not sorted arrays of uint64")


def _is_sorted(known: Any) -> bool:
    is_array = isinstance(known, numpy.ndarray) and known.dtype == "uint64" and known.ndim == 1
    return is_array and bool((known[1:] > known[:-1]).all())


def _nothing(attrs: Sequence[str]) -> list[numpy.ndarray]:
    """No known values, for each attribute."""
    return [numpy.zeros(0, dtype="uint64") for _ in attrs]
