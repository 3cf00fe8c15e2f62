"""Checks that word vectors and word clusters fit the training data."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vectors import Mode, Vectors
from spacy.vocab import Vocab
from thinc.api import Model
from thinc.util import to_numpy

from ..errors import Errors, Warnings
from ..layers.clusters import NO_CLUSTER, Clusters
from ..layers.vectors import have_vectors, with_vectors
from ..models.saved import is_finite

_LAYERS = ("static_vectors", "vectors_table")
"""The names of layers that read word vectors."""
_FEW = 0.5
"""The coverage below which there is a warning. Even vectors for 10,000 lower-case words cover two
thirds of the running words of English tweets (WNUT 2017), and three quarters of those of medical
abstracts (BC5CDR). spaCy's English clusters have more words."""
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
    words = _look_up(examples, lambda doc: _has_vector(vectors, doc))
    if words is None:
        return
    if not words.share:
        some = [vocab.strings[int(key)] for key in list(vectors.key2row)[:_MAX_SHOWN]]
        raise ValueError(Errors.WN025.format(
            name=name, n_words=words.total, n_vectors=vectors.n_keys, shown=_quote(some)
        ))  # fmt: skip
    if words.share < _FEW:
        shown = _quote(vocab.strings[orth] for orth in words.missing)
        warnings.warn(
            Warnings.WW004.format(name=name, share=words.share, n_words=words.total, shown=shown),
            stacklevel=2,
        )


def check_clusters(
    clusters: Clusters, vocab: Vocab, examples: Iterable[Example], name: str
) -> None:
    """Warn if few words of the training data are in a cluster.

    clusters (Clusters): The clusters that the model uses.
    vocab (Vocab): The vocabulary of the examples.
    examples (Iterable[Example]): As for `check_vectors`.
    name (str): The component's name.
    RAISES (ValueError): If no word is in one.
    """
    words = _look_up(examples, lambda doc: clusters.find(doc)[:, 0] != NO_CLUSTER)
    if words is None:
        return
    if not words.share:
        n_known = len(clusters)
        raise ValueError(Errors.WN237.format(name=name, n_words=words.total, n_known=n_known))
    if words.share < _FEW:
        shown = _quote(vocab.strings[orth] for orth in words.missing)
        warnings.warn(
            Warnings.WW007.format(name=name, share=words.share, n_words=words.total, shown=shown),
            stacklevel=2,
        )


class _LookedUp(NamedTuple):
    """Words that were looked up: their number, the share of those that were found, and the hashes
    of the most frequent others."""

    total: int
    share: float
    missing: list[int]


def _look_up(
    examples: Iterable[Example], is_found: Callable[[Doc], numpy.ndarray]
) -> _LookedUp | None:
    """Look up the words of examples. None if there are no entities, or no words."""
    orths, found = [], []
    has_entities = False
    for example in examples:
        has_entities = has_entities or bool(example.reference.ents)
        is_word = example.predicted.to_array(IS_SPACE) == 0
        orths.append(example.predicted.to_array(ORTH)[is_word])
        found.append(is_found(example.predicted)[is_word])
    if not has_entities or not any(map(len, orths)):
        return None
    words, is_known = numpy.concatenate(orths), numpy.concatenate(found)
    missing = Counter(words[~is_known].tolist()).most_common(_MAX_SHOWN)
    return _LookedUp(len(words), float(is_known.mean()), [orth for orth, _ in missing])


def _has_vector(vectors: Any, doc: Doc) -> numpy.ndarray:
    keys = with_vectors(doc).to_array([vectors.attr]).ravel()
    return have_vectors(vectors, keys)


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
