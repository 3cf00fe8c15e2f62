"""A layer that embeds words by their character n-grams."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.initializers import uniform_init
from thinc.types import Floats2d

from ..compiled import choose
from . import ngrams_plain

_core = choose("layers.ngrams_core", "layers.ngrams_plain")


def CharNgrams(
    nO: int, rows: int, *, min_n: int, max_n: int, attr: str
) -> Model[list[Doc], list[Floats2d]]:
    """Embed each word as the mean of the vectors of its character n-grams. They include marks for
    the word's start and end, as in `<word>`. An n-gram's vector is the mean of two rows of a table,
    which hashes choose: n-grams that share one row rarely share the other.

    nO (int): Output width.
    rows (int): Rows of the table.
    min_n (int): Shortest n-gram.
    max_n (int): Longest n-gram.
    attr (str): The lexical attribute that spells the word, "ORTH", "NORM" or "LOWER".
    RETURNS (Model[List[Doc], List[Floats2d]]): Each document's output has shape (len(doc), nO). A
        word shorter than every n-gram has a zero vector.

    Source: the n-grams of Bojanowski et al. (2017), with the mean in place of the sum; the two
    hashes are the Bloom embeddings of Serra and Karatzoglou (2017), as in thinc's HashEmbed.
    """
    return Model(
        "char_ngrams",
        forward,
        init=init,
        dims={"nO": nO, "nV": rows},
        params={"E": None},
        attrs={"min_n": min_n, "max_n": max_n, "attr": attr, "context_free": True},
    )


def forward(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    attrs = model.attrs
    E: Any = ops.as_contig(model.get_param("E"))
    ngrams = _core if isinstance(E, numpy.ndarray) else ngrams_plain
    chars, ends = characters([word for doc in docs for word in _spellings(doc, attrs["attr"])])
    flat = ngrams.mean_rows(chars, ends, E, attrs["min_n"], attrs["max_n"])
    doc_lengths = ops.asarray1i([len(doc) for doc in docs])

    def backprop(d_docs: list[Floats2d]) -> list[Doc]:
        d_flat = ops.as_contig(ops.flatten(d_docs))
        # Add to the gradient in place, because another array as large as the table would be slow.
        dE = model.get_grad("E") if model.has_grad("E") else ops.alloc2f(*E.shape)
        ngrams.add_gradient(chars, ends, d_flat, dE, attrs["min_n"], attrs["max_n"])
        model.set_grad("E", dE)
        return []

    return cast(list[Floats2d], ops.unflatten(flat, doc_lengths)), backprop


def characters(words: list[str]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The characters of words, with marks at both ends of each word.

    words (List[str]): Words. They may have any characters, even lone surrogates.
    RETURNS (Tuple[numpy.ndarray, numpy.ndarray]): The uint32 characters `<word><word>...`, and the
        int64 offset where each word ends, after its mark. Shapes (n_chars,), (n_words,).
    """
    marked = "".join([f"<{word}>" for word in words])
    chars = numpy.frombuffer(marked.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return chars, numpy.cumsum([len(word) + 2 for word in words], dtype="int64")


def _spellings(doc: Doc, attr: str) -> Iterator[str]:
    strings = doc.vocab.strings
    return (strings[int(key)] for key in doc.to_array([attr]).ravel())


def init(model: Model[list[Doc], list[Floats2d]], X=None, Y=None) -> None:
    model.set_param("E", uniform_init(model.ops, (model.get_dim("nV"), model.get_dim("nO"))))
