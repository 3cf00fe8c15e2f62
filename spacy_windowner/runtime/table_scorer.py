import os
from collections.abc import Sequence
from functools import partial
from operator import is_not
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model, NumpyOps

from ..layers.windowed_affine import table_indices, window_rows
from ..models.growth import added_columns
from .kernels import Kernel
from .word_cache import WordCache
from .word_table import WordTable

BLOCK, GROUP = 16, 12
"""Rows that are multiplied at a time, and units, in multiples. OpenBLAS, with AVX2, adds up in one
order for 16 rows and 12 units, and in others for what is left of a larger product."""
# Tokens whose words are looked up at a time, and whose products are added up at a time. Larger
# numbers have new words embedded in larger batches; smaller ones keep the sums in the cache.
_LOOKED_UP = 2**14
_ADDED_UP = 2**12


class TableScorer:
    """Scores the tags of tokens with a window classifier whose embedding is context-free, from a
    cache of its words' products with all positions of the window:

        W x[t] = sum_j W_j E(w[t+j])

    Labels that were added to a trained classifier have products of their own beside the others.

    A token costs 2 * window + 1 additions of rows, the activation and one small product. The
    scores equal those of the model to float32 rounding (or to the kernel's precision), and do not
    depend on the batch, on the size of the cache or on what was scored before.

    model (Model): A model that `can_score` is true for.
    kernel (Kernel): How products are stored and added up.
    table_size (int): The most words in the cache. 0 for no cache.
    """

    def __init__(self, model: Model, kernel: Kernel, table_size: int) -> None:
        self.model = model
        self.kernel = kernel
        self.table_size = table_size
        embed = model.get_ref("embed")
        self._embed_params = [(node, name) for node in embed.walk() for name in node.param_names]
        self.clear()

    @staticmethod
    def can_score(model: Model) -> bool:
        """Whether a model's scores can be had from a table: it is a window classifier on a CPU
        whose embedding reads nothing but the word."""
        is_window_classifier = model.has_ref("windowed_affine")
        is_context_free = model.attrs.get("embedding") == "distinct words"
        return bool(is_window_classifier and is_context_free and isinstance(model.ops, NumpyOps))

    def clear(self) -> None:
        """Forget all words."""
        self._known: _Known | None = None

    def __reduce__(self):
        # The cache is neither copied nor pickled.
        return TableScorer, (self.model, self.kernel, self.table_size)

    def scores(
        self, docs: Sequence[Doc], words: numpy.ndarray, lengths: numpy.ndarray
    ) -> numpy.ndarray:
        """Score the tags of all tokens of a batch.

        docs (Sequence[Doc]): The documents, of one vocabulary, with which words are embedded.
        words (numpy.ndarray): The ORTH of all their tokens, uint64. Shape (n_tokens,).
        lengths (numpy.ndarray): The number of tokens of every document. Shape (n_docs,).
        RETURNS (numpy.ndarray): One row a tag. Shape (n_tags, n_tokens).
        """
        cache = self._present_cache(docs[0].vocab)
        parts = []
        for start in range(0, len(words), _LOOKED_UP):
            stop = min(start + _LOOKED_UP, len(words))
            table, indices = self._indices(cache, start, stop, words, lengths)
            for at in range(0, len(indices), _ADDED_UP):
                sums = table.add_up(indices[at : at + _ADDED_UP])
                parts.append(self._tag_scores(sums))
        return parts[0] if len(parts) == 1 else numpy.concatenate(parts, axis=1)

    def _indices(
        self,
        cache: WordCache,
        start: int,
        stop: int,
        words: numpy.ndarray,
        lengths: numpy.ndarray,
    ) -> tuple[WordTable, numpy.ndarray]:
        """A table that has all words of the windows of tokens start ... stop - 1, and what each
        window adds up."""
        k = self.model.get_ref("windowed_affine").attrs["window"]
        first, last = max(start - k, 0), min(stop + k, len(words))
        table, rows = cache.look_up(words[first:last])
        if last - first < len(words):
            # Where this cuts a document, only windows at the cut come out wrong, and those are
            # not of these tokens.
            ends = numpy.clip(numpy.cumsum(lengths), first, last)
            lengths = numpy.diff(ends, prepend=first)
        windows = window_rows(rows, lengths, k, pad_id=0)[start - first : stop - first]
        return table, table_indices(windows, slice(None), table.n_positions)

    def _tag_scores(self, sums: Sequence[numpy.ndarray]) -> numpy.ndarray:
        """Run the layers that follow the sums of products."""
        base, *added = sums
        scores, hidden = base.T, None
        if self.model.has_ref("head"):
            scores, hidden = _run(self.model.get_ref("head"), base)
        columns = added_columns(self.model)
        if not columns:
            return scores
        rest = iter(added)
        parts = [scores]
        for label in columns:
            direct = label.layers[0]
            own = next(rest).T if hidden is None else _output(direct, hidden)
            for head in label.layers[2:]:
                own = own + _run(head, next(rest))[0]
            parts.append(own + scores[:1])
        return numpy.concatenate(parts)

    def _affines(self) -> list[Model]:
        """The layers whose products with words are kept."""
        affines = [self.model.get_ref("windowed_affine")]
        for label in added_columns(self.model):
            affines += label.layers[int(bool(self.model.has_ref("head"))) : 2]
        return affines

    def _make_products(self, vocab: Vocab, words: numpy.ndarray) -> list[numpy.ndarray]:
        """The products of words with all positions, of each layer. Shapes (n * n_positions, nO)."""
        spelled = [vocab.strings[word] for word in words.tolist()]
        [rows] = self.model.get_ref("embed").predict([Doc(vocab, words=spelled)])
        return [multiply(affine, rows) for affine in self._affines()]

    def _present_cache(self, vocab: Vocab) -> WordCache:
        """The cache for the model's present weights and a vocabulary."""
        affines = self._affines()
        pad: Any = affines[0].get_param("pad")
        vectors = vocab.vectors
        # Loading and `use_params` exchange the arrays. An optimizer writes into them, and every
        # update reaches the bias.
        sources: list[Any] = [node.get_param(name) for node, name in self._embed_params]
        sources += [affine.get_param("W") for affine in affines]
        sources += [pad, vocab, vectors, vectors.data]
        # A forked process may have inherited a cache in the middle of a change, and its lock.
        biases: list[Any] = [affine.get_param("b") for affine in affines]
        state = (b"".join(bias.tobytes() for bias in biases), os.getpid())
        known = self._known
        is_new = known is None or state != known.state or len(sources) != len(known.sources)
        if known is None or is_new or any(map(is_not, sources, known.sources)):
            pads = [multiply(affine, pad) for affine in affines]
            make_products = partial(self._make_products, vocab)
            cache = WordCache(self.kernel, self.table_size, pads, make_products)
            known = self._known = _Known(sources, state, cache)
        return known.cache


class _Known(NamedTuple):
    """A cache, and what it was made of."""

    sources: list[Any]
    state: tuple[bytes, int]
    cache: WordCache


def _run(head: Model, Z: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Run a chain of layers whose last one is linear: its output, one row a unit, and its input,
    one row a token."""
    for layer in head.layers[:-1]:
        Z = layer.predict(Z)
    return _output(head.layers[-1], Z), Z


def _output(linear: Model, X: numpy.ndarray) -> numpy.ndarray:
    """The output of a linear layer, one row a unit."""
    W: Any = linear.get_param("W")
    b: Any = linear.get_param("b")
    return multiply_rows(W, X) + b[:, None]


def multiply(affine: Model, rows: numpy.ndarray) -> numpy.ndarray:
    """The products of rows with all positions of a windowed affine layer. They include its bias,
    so that the sum over a window is all that the layer does.

    affine (Model): The layer.
    rows (numpy.ndarray): Embeddings. Shape (n, nI).
    RETURNS (numpy.ndarray): Products, those of a row side by side. Shape (n * n_positions, nO).
    """
    ops: Any = affine.ops  # thinc's types know no numpy.ndarray
    W: Any = affine.get_param("W")
    b: Any = affine.get_param("b")
    window = affine.attrs["window"]
    n_positions, nO, nI = W.shape
    products = ops.gemm(rows, W.reshape((-1, nI)), trans2=True).reshape((-1, nO))
    if n_positions == 1:  # all positions share it, and the layer takes their mean
        return (products + b) / (2 * window + 1)
    products[window::n_positions] += b
    return products


def multiply_rows(W: numpy.ndarray, X: numpy.ndarray) -> numpy.ndarray:
    """W X^T, in which a number doesn't depend on other rows of X or W, nor on how many there are:
    each product is of BLOCK rows of X and a multiple of GROUP rows of W, both filled up with zeros.
    (In a product of all rows at once the order of addition depends on where a row stands.)

    W (numpy.ndarray): Shape (nO, nI).
    X (numpy.ndarray): Shape (n, nI).
    RETURNS (numpy.ndarray): Shape (nO, n).
    """
    (nO, nI), n = W.shape, len(X)
    W = _fill_up(W, GROUP)
    n_whole = n - n % BLOCK
    parts = [X[:n_whole]] if n_whole else []
    if n_whole < n:
        parts.append(_fill_up(X[n_whole:], BLOCK))
    products = [
        numpy.matmul(W, part.reshape(-1, BLOCK, nI).transpose(0, 2, 1)).transpose(1, 0, 2)
        for part in parts
    ]
    whole = [product[:nO].reshape(nO, -1) for product in products]
    return whole[0][:, :n] if len(whole) == 1 else numpy.concatenate(whole, axis=1)[:, :n]


def _fill_up(X: numpy.ndarray, multiple: int) -> numpy.ndarray:
    """Rows, and as many rows of zeros as make their number a multiple."""
    filled = numpy.zeros((len(X) + -len(X) % multiple, X.shape[1]), dtype=X.dtype)
    filled[: len(X)] = X
    return filled
