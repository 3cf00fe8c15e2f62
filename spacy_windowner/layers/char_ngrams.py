from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy
from spacy.tokens import Doc
from thinc.api import Model
from thinc.initializers import uniform_init
from thinc.types import Floats2d, Ints1d
from thinc.util import partial

# Odd multipliers of a 64-bit mixing hash; wrap-around is intended.
_MULTIPLY = numpy.uint64(0x9E3779B97F4A7C15)
_FINISH = numpy.uint64(0xBF58476D1CE4E5B9)
_SHIFT = numpy.uint64(29)
_HALF = numpy.uint64(32)
_LOW_HALF = numpy.uint64(0xFFFFFFFF)
# Words embedded at a time, so that memory does not grow with the vocabulary of a batch.
_CHUNK = 4096


def CharNgrams(
    nO: int, rows: int, *, min_n: int, max_n: int, attr: str
) -> Model[list[Doc], list[Floats2d]]:
    """Embed each word as the mean of the vectors of its character n-grams, those of `<word>` with
    marks at both ends. An n-gram's vector is the mean of two rows of a table, chosen by hashes:
    n-grams that share one row rarely share the other.

    nO (int): Output width.
    rows (int): Rows of the table.
    min_n (int): Shortest n-gram.
    max_n (int): Longest n-gram.
    attr (str): The lexical attribute that spells the word, "ORTH", "NORM" or "LOWER".
    RETURNS (Model[List[Doc], List[Floats2d]]): Each document's output has shape (len(doc), nO).
        A word shorter than every n-gram has a zero vector.

    Source: the n-grams of Bojanowski et al. (2017), with the mean in place of the sum; the two
    hashes are the Bloom embeddings of Serra and Karatzoglou (2017), as in thinc's HashEmbed.
    """
    return Model(
        "char_ngrams",
        forward,
        init=partial(init, rows),
        dims={"nO": nO},
        params={"E": None},
        attrs={"min_n": min_n, "max_n": max_n, "attr": attr, "context_free": True},
    )


def forward(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    ops: Any = model.ops  # thinc's types know no numpy.ndarray
    E = cast(Floats2d, model.get_param("E"))
    attrs = model.attrs
    parts: list[Floats2d] = []
    backprops: list[tuple[Ints1d, Ints1d]] = []
    words = [word for doc in docs for word in _spellings(doc, attrs["attr"])]
    for start in range(0, len(words), _CHUNK):
        hashes, counts = hash_ngrams(words[start : start + _CHUNK], attrs["min_n"], attrs["max_n"])
        keys = ops.asarray(table_rows(hashes, len(E)))
        lengths = ops.asarray(2 * counts)
        parts.append(ops.reduce_mean(cast(Floats2d, E[keys]), lengths))
        if is_train:
            backprops.append((keys, lengths))
    flat = cast(Floats2d, ops.xp.vstack(parts)) if parts else ops.alloc2f(0, E.shape[1])
    doc_lengths = ops.asarray1i([len(doc) for doc in docs])

    def backprop(d_docs: list[Floats2d]) -> list[Doc]:
        d_flat = ops.flatten(d_docs)
        # Add to the gradient in place: another array as large as the table would take longer.
        dE = model.get_grad("E") if model.has_grad("E") else ops.alloc2f(*E.shape)
        start = 0
        for keys, lengths in backprops:
            d_part = ops.as_contig(d_flat[start : start + len(lengths)])
            ops.scatter_add(dE, keys, ops.backprop_reduce_mean(d_part, lengths))
            start += len(lengths)
        model.set_grad("E", dE)
        return []

    return cast(list[Floats2d], ops.unflatten(flat, doc_lengths)), backprop


def _spellings(doc: Doc, attr: str) -> Iterator[str]:
    strings = doc.vocab.strings
    return (strings[int(key)] for key in doc.to_array([attr]).ravel())


def hash_ngrams(words: list[str], min_n: int, max_n: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Hash the character n-grams of `<word>` for every word at once.

    words (List[str]): Words, of any characters, lone surrogates included.
    min_n (int): Shortest n-gram.
    max_n (int): Longest n-gram.
    RETURNS (Tuple[numpy.ndarray, numpy.ndarray]): The uint64 hashes, word after word, and the
        int32 number of hashes of each word. Shapes (n_hashes,), (n_words,).
    """
    marked = "".join([f"<{word}>" for word in words])
    chars = numpy.frombuffer(marked.encode("utf-32-le", "surrogatepass"), dtype="uint32")
    lengths = numpy.array([len(word) + 2 for word in words], dtype="int64")
    word_of_char = numpy.repeat(numpy.arange(len(words)), lengths)
    left = numpy.cumsum(lengths)[word_of_char] - numpy.arange(len(chars))  # chars to the word's end
    hashes, owners = [], []
    state = numpy.zeros(len(chars), dtype="uint64")
    for n in range(1, max_n + 1):
        # Extend the n-grams that start at each place by one character.
        state = state[: len(chars) - n + 1]
        state = (state ^ (chars[n - 1 :] + numpy.uint64(1))) * _MULTIPLY
        state ^= state >> _SHIFT
        if n >= min_n:
            fits = left[: len(state)] >= n
            hashes.append(state[fits] * _FINISH)
            owners.append(word_of_char[: len(state)][fits])
    owner = numpy.concatenate(owners)
    order = numpy.argsort(owner, kind="stable")
    flat = numpy.concatenate(hashes)[order]
    counts = numpy.bincount(owner, minlength=len(words)).astype("int32")
    return flat ^ (flat >> _SHIFT), counts


def table_rows(hashes: numpy.ndarray, n_rows: int) -> numpy.ndarray:
    """The two rows of each hash.

    hashes (numpy.ndarray): uint64 hashes. Shape (n_hashes,).
    n_rows (int): Rows of the table.
    RETURNS (numpy.ndarray): int32 rows. Shape (2 * n_hashes,), the two of a hash side by side.
    """
    halves = numpy.stack([hashes & _LOW_HALF, hashes >> _HALF], axis=1)
    return (halves % numpy.uint64(n_rows)).astype("int32").ravel()


def init(rows: int, model: Model[list[Doc], list[Floats2d]], X=None, Y=None) -> None:
    model.set_param("E", uniform_init(model.ops, (rows, model.get_dim("nO"))))
