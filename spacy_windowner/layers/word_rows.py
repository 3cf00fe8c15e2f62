"""Layers that embed the tokens of a batch for a window layer."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from .lexicon import add_marks
from .lexicon_features import distinct_words, find_lexicon, find_marks
from .windowed_affine import WordRows


def DistinctWords(
    embed: Model[list[Doc], list[Floats2d]], boundary_dropout: float = 0.0
) -> Model[list[Doc], WordRows]:
    """Embed each distinct word of a batch once, in a document that consists of these words. This is
    for embeddings that only read the word itself and, if they have a lexicon, its place in a
    phrase. The same word in different places counts as different words.

    embed (Model[List[Doc], List[Floats2d]]): A context-free embedding layer.
    boundary_dropout (float): The probability in training that windows cross the boundary between
        two documents of a batch, as if the second one continued the first. No window does in
        updates whose dropout rate is 0.
    RETURNS (Model[List[Doc], WordRows]): Rows of the distinct words, and the row of each token. A
        gradient of None, for rows that are frozen, ends here.
    """
    lexicon = find_lexicon(embed)
    refs: dict[str, Model | None] = {} if lexicon is None else {"lexicon": lexicon}
    # `set_dropout_rate` sets the second one.
    attrs = {"boundary_dropout": boundary_dropout, "dropout_rate": boundary_dropout}
    return Model("distinct_words", forward_words, init=init, layers=[embed], refs=refs, attrs=attrs)


def AllTokens(embed: Model[list[Doc], list[Floats2d]]) -> Model[list[Doc], WordRows]:
    """Embed every token of a batch in its context, one row per token.

    embed (Model[List[Doc], List[Floats2d]]): Any embedding layer.
    RETURNS (Model[List[Doc], WordRows]): Rows of the tokens, in the same order. A gradient of None
        is treated as in `DistinctWords`.
    """
    return Model("all_tokens", forward_tokens, init=init, layers=[embed])


def forward_words(
    model: Model[list[Doc], WordRows], docs: list[Doc], is_train: bool
) -> tuple[WordRows, Callable]:
    embed = model.layers[0]
    lexicon = model.maybe_get_ref("lexicon")
    lengths = _lengths(docs)
    orths = numpy.concatenate([doc.to_array(ORTH) for doc in docs])
    marks = numpy.zeros_like(orths) if lexicon is None else find_marks(lexicon, docs, is_train)
    _, firsts, ids = numpy.unique(add_marks(orths, marks), return_index=True, return_inverse=True)
    words = spell(orths[firsts], firsts, docs, lengths)
    distinct = distinct_words(docs[0].vocab, words, marks[firsts])
    [rows], backprop_embed = embed([distinct], is_train)
    is_space = distinct.to_array(IS_SPACE) == 1
    is_word = ~is_space[ids] if is_space.any() else None

    def backprop(d_rows: Floats2d | None) -> list[Doc]:
        return [] if d_rows is None else cast(list[Doc], backprop_embed([d_rows]))

    rate = model.attrs["boundary_dropout"]
    stretches = None
    if is_train and rate > 0.0 and model.attrs["dropout_rate"] > 0.0:
        starts = numpy.random.random(len(lengths)) >= rate
        starts[0] = True
        stretches = numpy.add.reduceat(lengths, numpy.flatnonzero(starts))
    return WordRows(rows, ids, lengths, is_word, stretches), backprop


def forward_tokens(
    model: Model[list[Doc], WordRows], docs: list[Doc], is_train: bool
) -> tuple[WordRows, Callable]:
    ops: Any = model.ops  # thinc's types don't know numpy.ndarray
    lengths = _lengths(docs)
    rows, backprop_embed = model.layers[0](docs, is_train)

    def backprop(d_rows: Floats2d | None) -> list[Doc]:
        if d_rows is None:
            if any(node.param_names for node in model.walk()):
                return []
            # It is a listener. Others may listen to the same layer, which waits for all gradients.
            d_rows = ops.xp.zeros_like(flat)
        return cast(list[Doc], backprop_embed(ops.unflatten(d_rows, ops.asarray(lengths))))

    flat = ops.flatten(rows)
    is_word = numpy.concatenate([doc.to_array(IS_SPACE) for doc in docs]) == 0
    ids = numpy.arange(len(flat))
    return WordRows(flat, ids, lengths, None if is_word.all() else is_word), backprop


def spell(
    orths: numpy.ndarray, tokens: numpy.ndarray, docs: Sequence[Doc], lengths: numpy.ndarray
) -> list[str]:
    """The strings of words. Documents may have different vocabularies, so each word is looked up in
    the vocabulary of a document that contains it.

    orths (numpy.ndarray): The words' hashes. Shape (n,).
    tokens (numpy.ndarray): A token of each word, by its index in the batch. Shape (n,).
    docs (Sequence[Doc]): The documents of the batch.
    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    RETURNS (List[str]): The strings.
    """
    owners = numpy.searchsorted(numpy.cumsum(lengths), tokens, side="right")
    return [
        docs[owner].vocab.strings[orth]
        for owner, orth in zip(owners.tolist(), orths.tolist(), strict=True)
    ]


def _lengths(docs: list[Doc]) -> numpy.ndarray:
    return numpy.array([len(doc) for doc in docs], dtype="int32")


def init(model: Model[list[Doc], WordRows], X: list[Doc] | None = None, Y=None) -> None:
    model.layers[0].initialize(X=X)
