"""How the component gets scores from its model: from a table of words, or by running the model."""

import os
from collections.abc import Sequence
from functools import partial
from operator import is_
from typing import TYPE_CHECKING, Any, Protocol

import numpy
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model, NumpyOps
from thinc.util import to_numpy

from ..compiled import choose
from ..decoding.words import Words, word_mask
from ..layers.label_columns import grown_layer
from ..layers.lexicon import add_marks
from ..layers.lexicon_features import distinct_words, find_marks
from ..layers.word_attributes import attribute_layers
from ..models.labels import added_columns
from .word_table import WordCache

if TYPE_CHECKING:
    from . import plain as core
else:
    core = choose("scoring.core", "scoring.plain")


class Scorer(Protocol):
    """Scores the tags of tokens."""

    model: Model

    def scores(self, docs: Sequence[Doc], words: Words) -> numpy.ndarray:
        """Score the tags of all words of a batch.

        docs (Sequence[Doc]): The documents, at least one, all with one vocabulary.
        words (Words): Their words.
        RETURNS (numpy.ndarray): float32, one row per word, one column per tag. The caller may
            change it.
        """

    def clear(self) -> None:
        """Forget everything that was computed with the model's weights."""


def make_scorer(model: Model, table_size: int) -> Scorer:
    """Make the fastest scorer for a model. A table of words needs a window classifier on a CPU
    whose embedding is context-free.

    model (Model[List[Doc], List[Floats2d]]): The model.
    table_size (int): The most words in the table.
    RETURNS (Scorer): The scorer.
    """
    is_context_free = model.attrs.get("embedding") == "distinct words"
    if model.has_ref("windowed_affine") and is_context_free and isinstance(model.ops, NumpyOps):
        return TableScorer(model, table_size)
    return ModelScorer(model)


class ModelScorer:
    """Scores the tags of tokens by running the model.

    model (Model[List[Doc], List[Floats2d]]): Any model with one row per token and one column per
        tag.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def scores(self, docs: Sequence[Doc], words: Words) -> numpy.ndarray:
        """See `Scorer.scores`."""
        ops: Any = self.model.ops  # thinc's types don't know lists of arrays
        scores = to_numpy(ops.flatten(self.model.predict(docs)))
        chosen = slice(None) if words.positions is None else word_mask(docs)
        return numpy.array(scores[chosen], "float32", order="C")

    def clear(self) -> None:
        """Do nothing, because nothing is kept."""


class TableScorer:
    """Scores the tags of tokens with a window classifier whose embedding is context-free. It keeps
    a cache of the products of words with all positions of the window:

        W x[t] = sum_j W_j E(w[t+j])

    Labels that were added to a trained classifier have products of their own. With a lexicon, a
    word has one entry for each of its places in phrases.

    A token costs 2 * window + 1 additions of rows, the activation and one small product. The scores
    equal those of the model to float32 rounding. They don't depend on the batch, on the size of the
    cache or on what was scored before.

    model (Model): The classifier.
    table_size (int): The most words in the cache. 0 for no cache.
    """

    def __init__(self, model: Model, table_size: int) -> None:
        self.model = model
        self.table_size = table_size
        self._window = model.get_ref("windowed_affine").attrs["window"]
        embed = model.get_ref("embed")
        self._lexicon = model.get_ref("word_rows").maybe_get_ref("lexicon")
        self._embed_params = [(node, name) for node in embed.walk() for name in node.param_names]
        self._readers = [layer.attrs for layer in attribute_layers(embed)]
        self.clear()

    def clear(self) -> None:
        """Forget all words."""
        self._state: _CacheState | None = None

    def __reduce__(self):
        # The cache is neither copied nor pickled.
        return TableScorer, (self.model, self.table_size)

    def scores(self, docs: Sequence[Doc], words: Words) -> numpy.ndarray:
        """See `Scorer.scores`."""
        vocab, lengths = docs[0].vocab, words.lengths
        state = self._current(vocab)
        keys, marks = words.orths, self._find_marks(docs, words)
        if marks is not None:
            keys = add_marks(words.orths, marks)
        make_products = partial(self._make_products, vocab, words.orths, marks)
        table, rows = state.cache.look_up(keys, make_products)
        if state.after_relu is not None:
            return table.multiply(rows, lengths, self._window, state.after_relu)
        base, *own_sums = table.add_up(rows, lengths, self._window)
        scores, hidden = base, base
        if self.model.has_ref("head"):
            scores, hidden = _run(self.model.get_ref("head"), base, lengths)
        parts = [scores]
        rest = iter(own_sums)
        for label in added_columns(self.model):
            direct, *own = label.layers
            reads_hidden = self.model.has_ref("head")
            columns = _linear(direct)(hidden, lengths) if reads_hidden else next(rest)
            for head in own[1:]:
                columns = columns + _run(head, next(rest), lengths)[0]
            parts.append(columns + scores[:, :1])
        return scores if len(parts) == 1 else numpy.concatenate(parts, axis=1)

    def _affines(self) -> list[Model]:
        """The layers whose products with words are kept."""
        affines = [self.model.get_ref("windowed_affine")]
        for label in added_columns(self.model):
            affines += label.layers[int(bool(self.model.has_ref("head"))) : 2]
        return affines

    def _find_marks(self, docs: Sequence[Doc], words: Words) -> numpy.ndarray | None:
        """The lexicon's marks of a batch's words, None without a lexicon. Shape (n_words,)."""
        if self._lexicon is None:
            return None
        marks = find_marks(self._lexicon, docs, is_train=False)
        if words.positions is not None:
            n_tokens = numpy.array([len(doc) for doc in docs])
            starts = numpy.cumsum(n_tokens) - n_tokens
            marks = marks[numpy.repeat(starts, words.lengths) + words.positions]
        return marks

    def _make_products(
        self, vocab: Vocab, orths: numpy.ndarray, marks: numpy.ndarray | None, keys: numpy.ndarray
    ) -> list[numpy.ndarray]:
        """The products of words with all positions, for each layer. Shapes (n, n_positions, nO).

        vocab (Vocab): The vocabulary.
        orths (numpy.ndarray): The hashes of a batch's words. Shape (n_words,).
        marks (Optional[numpy.ndarray]): Their marks. Shape (n_words,).
        keys (numpy.ndarray): The keys of words of the batch. Shape (n,).
        """
        words = [(key, 0) for key in keys.tolist()]
        if marks is not None:
            marked = numpy.flatnonzero(marks)
            pairs = zip(orths[marked].tolist(), marks[marked].tolist(), strict=True)
            by_key = dict(zip(add_marks(orths[marked], marks[marked]).tolist(), pairs, strict=True))
            words = [by_key.get(key, (key, mark)) for key, mark in words]
        spelled = [vocab.strings[orth] for orth, _ in words]
        found = numpy.array([mark for _, mark in words], dtype="uint64")
        [rows] = self.model.get_ref("embed").predict([distinct_words(vocab, spelled, found)])
        return [multiply(affine, rows) for affine in self._affines()]

    def _current(self, vocab: Vocab) -> "_CacheState":
        """The cache for the model's current weights and a vocabulary."""
        state = self._state
        if state is None or not state.is_current(self.model, vocab):
            affines = self._affines()
            pads = [multiply(affine, _param(affines[0], "pad"))[0] for affine in affines]
            after_relu = self._after_relu()
            kept = affines if after_relu is None else [*affines, self.model.get_ref("output_layer")]
            params = [(layer, name) for layer in kept for name in ("W", "b")]
            params += [(affines[0], "pad"), *self._embed_params]
            state = self._state = _CacheState(
                structure=_structure(self.model),
                places=[
                    *((node._params._params, (node.id, name)) for node, name in params),
                    *((attrs, "known") for attrs in self._readers),
                ],
                biases=[_param(layer, "b") for layer in kept],
                vocab=[vocab, vocab.vectors, vocab.vectors.data],
                cache=WordCache(self.table_size, pads),
                after_relu=after_relu,
            )
        return state

    def _after_relu(self) -> Any:
        """The linear layer that turns sums into scores, if only ReLU comes between them. Otherwise
        None."""
        if not self.model.has_ref("head") or added_columns(self.model):
            return None
        first, *_, output = layers = self.model.get_ref("head").layers
        n_linear = sum(layer.name == "linear" for layer in layers)
        if first.attrs.get("nonlinearity") != "relu" or n_linear > 1:
            return None
        return _linear(output)


def multiply(affine: Model, rows: numpy.ndarray) -> numpy.ndarray:
    """Multiply rows with all positions of a windowed affine layer. The products include its bias,
    so the layer's output is the sum over a window.

    affine (Model): The layer.
    rows (numpy.ndarray): Embeddings. Shape (n, nI).
    RETURNS (numpy.ndarray): Products. Shape (n, n_positions, nO).
    """
    ops: Any = affine.ops  # thinc's types don't know numpy.ndarray
    W, b = _param(affine, "W"), _param(affine, "b")
    window = affine.attrs["window"]
    n_positions, nO, nI = W.shape
    products = ops.gemm(rows, W.reshape((-1, nI)), trans2=True).reshape((-1, n_positions, nO))
    if n_positions == 1:  # all positions share it, and the layer takes their mean
        return (products + b) / (2 * window + 1)
    products[:, window] += b
    return products


class _CacheState:
    """A cache, and what it was computed from: layers, parameters, known values and a vocabulary
    with its vectors."""

    def __init__(self, *, structure, places, biases, vocab, cache, after_relu) -> None:
        self.structure = structure
        self.places = places  # thinc's own dictionaries, because asking each layer takes longer
        self.values = [found[key] for found, key in places]
        self.biases = biases
        self.bits = self._bits()
        self.vocab = vocab
        # A forked process may have inherited a half-changed cache, and a lock that is held.
        self.process = os.getpid()
        self.cache = cache
        self.after_relu = after_relu

    def is_current(self, model: Model, vocab: Vocab) -> bool:
        """Whether none of this has changed since."""
        vectors = vocab.vectors
        # Loading and `use_params` replace the arrays. An optimizer writes into them, and each
        # update changes the biases.
        return (
            all(map(is_, self.values, [found[key] for found, key in self.places]))
            and all(map(is_, self.vocab, (vocab, vectors, vectors.data)))
            and all(map(is_, self.structure, _structure(model)))
            and self.bits == self._bits()
            and self.process == os.getpid()
        )

    def _bits(self) -> bytes:
        return b"".join([bias.tobytes() for bias in self.biases])


def _structure(model: Model) -> tuple[Any, Any]:
    """The layers that a model may replace: the one with added labels, and the output layer."""
    return grown_layer(model), model.get_ref("output_layer")


def _param(node: Model, name: str) -> Any:
    """A parameter. thinc's types don't know numpy.ndarray."""
    return node.get_param(name)


def _run(head: Model, Z: Any, lengths: numpy.ndarray) -> tuple[Any, Any]:
    """Run a chain of layers. Returns its output, and the input of its last layer."""
    hidden = Z
    for layer in head.layers:
        hidden = Z
        Z = _linear(layer)(Z, lengths) if layer.name == "linear" else layer.predict(Z)
    return Z, hidden


def _linear(layer: Model) -> Any:
    return core.Linear(_param(layer, "W"), _param(layer, "b"))
