"""Checks that the word vectors of the vocabulary fit the training data."""

import warnings
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy
from spacy.attrs import IS_SPACE, ORTH
from spacy.training import Example
from spacy.vectors import Mode, Vectors
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.util import to_numpy

from ..errors import Errors, Warnings
from ..layers.vectors import with_vectors
from ..models.saved import is_finite

_LAYERS = ("static_vectors", "vectors_table")
"""The names of layers that read word vectors."""
_FEW = 0.5
"""The coverage below which there is a warning. Even vectors for 10,000 lower-case words cover two
thirds of the running words of English tweets (WNUT 2017), and three quarters of those of medical
abstracts (BC5CDR)."""
_MAX_SHOWN = 5


def uses_vectors(model: Model) -> bool:
    """Whether a model reads the word vectors of the vocabulary."""
    return any(node.name in _LAYERS for node in model.walk())


def check_vectors(vocab: Vocab, examples: Iterable[Example], name: str) -> None:
    """Warn if few words of the training data have a vector.

    vocab (Vocab): The vocabulary with the vectors that the model uses.
    examples (Iterable[Example]): Training data, or a part of it. If it has no entities, like
        spaCy's dummy example, coverage is not checked.
    name (str): The component's name.
    RAISES (ValueError): If there are no vectors, some aren't finite, or no word has one.
    """
    vectors: Any = vocab.vectors
    if not numpy.prod(vectors.shape):
        raise ValueError(Errors.WN005.format(that=""))
    _require_finite(vocab, name)
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default:
        return  # floret vectors: every word has one, made of parts of the word
    tables = []
    has_entities = False
    for example in examples:
        has_entities = has_entities or bool(example.reference.ents)
        keys = with_vectors(example.predicted).to_array([vectors.attr])
        own = example.predicted.to_array([ORTH, IS_SPACE])
        tables.append(numpy.column_stack([keys.ravel(), own]))
    if not has_entities:
        return
    table = numpy.concatenate(tables)
    table = table[table[:, 2] == 0]
    without = vectors.find(keys=table[:, 0]) < 0
    if not without.any() or (share := 1.0 - without.mean()) >= _FEW:
        return
    if share == 0.0:
        words = [vocab.strings[int(key)] for key in list(vectors.key2row)[:_MAX_SHOWN]]
        raise ValueError(Errors.WN025.format(
            name=name, n_words=len(table), n_vectors=vectors.n_keys, shown=_quote(words)
        ))  # fmt: skip
    frequent = Counter(table[without, 1].tolist()).most_common(_MAX_SHOWN)
    shown = _quote([vocab.strings[int(orth)] for orth, _ in frequent])
    warnings.warn(
        Warnings.WW004.format(name=name, share=share, n_words=len(table), shown=shown),
        stacklevel=2,
    )


def _require_finite(vocab: Vocab, name: str) -> None:
    vectors: Any = vocab.vectors
    if is_finite(vectors.data):
        return
    bad = numpy.flatnonzero(~numpy.isfinite(to_numpy(vectors.data)).all(axis=1))
    keys = vectors.find(rows=bad[:_MAX_SHOWN]) if vectors.mode == Mode.default else []
    shown = _quote(vocab.strings[int(key)] for key in keys if key in vocab.strings)
    raise ValueError(
        Errors.WN166.format(name=name, count=len(bad), total=len(vectors.data), shown=shown)
    )


def _quote(words: Iterable[Any]) -> str:
    return ", ".join(map(repr, words)) or "none"
