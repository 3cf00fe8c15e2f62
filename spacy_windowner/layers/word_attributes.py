"""A layer that reads the lexical attributes of words, and treats values that training has not shown
as unknown."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Ints2d

UNKNOWN = get_string_id("\ue000")
"""The value that stands for all unknown ones, the hash of a private-use character."""


def WordAttributes(
    attrs: Sequence[str], dropout: float, context_free: bool
) -> Model[list[Doc], list[Ints2d]]:
    """Read attributes of words, as hashes. Values that no update has learned yet are replaced by
    UNKNOWN. Without this, an unknown word would have the vectors of those known words that share
    its rows in a hash table. In training, known values are also replaced with a certain
    probability, so that the model learns what to do with UNKNOWN.

    attrs (Sequence[str]): The attributes, e.g. "NORM".
    dropout (float): The probability. If it is 0, nothing is ever replaced.
    context_free (bool): Whether the attributes depend on the word alone.
    RETURNS (Model[List[Doc], List[Ints2d]]): The layer. Each document's output is of type uint64
        and has shape (len(doc), len(attrs)).

    Source: word dropout, Iyyer et al. (2015); a learned vector for unknown words, Dyer et al.
    (2015).
    """
    return Model(
        "word_attributes",
        forward,
        attrs={
            "attrs": list(attrs),
            "rate": dropout,
            # `set_dropout_rate` sets this one.
            "dropout_rate": dropout,
            "context_free": context_free,
            "known": [_no_values() for _ in attrs],
        },
    )


def forward(
    model: Model[list[Doc], list[Ints2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    attrs, rate, known = (model.attrs[name] for name in ("attrs", "rate", "known"))
    drops = is_train and rate > 0.0 and model.attrs["dropout_rate"] > 0.0
    found = [read_attributes(doc, attrs) for doc in docs]
    shown = found
    if rate > 0.0:
        shown = [_hide(values, known, rate if drops else 0.0) for values in found]

    def backprop(d_found: list[Ints2d]) -> list[Doc]:
        # Only here, because rows that are frozen get no gradient. New arrays, because others may
        # read the old ones.
        model.attrs["known"] = [
            add_values(each, column)
            for each, column in zip(known, numpy.vstack(found).T, strict=True)
        ]
        return []

    return [ops.asarray2i(values, dtype="uint64") for values in shown], backprop


def _hide(values: numpy.ndarray, known: list[numpy.ndarray], rate: float) -> numpy.ndarray:
    """Replace values that are not known, and others with a probability."""
    is_shown = numpy.empty(values.shape, dtype=bool)
    for column, of_attr in enumerate(known):
        is_shown[:, column] = is_in(values[:, column], of_attr)
    if rate:
        is_shown &= numpy.random.random(values.shape) >= rate
    return numpy.where(is_shown, values, numpy.uint64(UNKNOWN))


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
        raise ValueError("the known values of its attributes are no sorted arrays of uint64")


def _is_sorted(known: Any) -> bool:
    is_array = isinstance(known, numpy.ndarray) and known.dtype == "uint64" and known.ndim == 1
    return is_array and bool((known[1:] > known[:-1]).all())


def _no_values() -> numpy.ndarray:
    return numpy.zeros(0, dtype="uint64")
