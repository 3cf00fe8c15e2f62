"""The network that ranks windows of a text above corrupt ones, and its loss."""

from typing import Any, NamedTuple, cast

import numpy
from spacy.tokens import Doc
from thinc.api import Model, Optimizer
from thinc.initializers import glorot_uniform_init
from thinc.types import Floats1d, Floats2d, Ragged

from ...layers.activations import Activation
from ...layers.windowed_affine import WordRows
from ...layers.word_rows import DistinctWords
from ...models.words_file import first_activation
from ..errors import Errors

# Windows scored at a time, few enough that their hidden units stay in the processor's cache.
_CHUNK = 512


class RankingNetwork(NamedTuple):
    """A network that scores the windows of a text with a single number, made of the layers of a
    window classifier:

        h[t] = f(W x[t] + b)
        s[t] = U^T h[t]

    The first two layers are the classifier's own, not copies.

    words (Model[List[Doc], WordRows]): Embeds each distinct word of a batch once.
    affine (Model[WordRows, Ragged]): W x + b.
    activation (Model[Floats2d, Floats2d]): f.
    score (Model[Floats2d, Floats1d]): U^T h. A bias would cancel out.
    """

    words: Model[list[Doc], WordRows]
    affine: Model[WordRows, Ragged]
    activation: Model[Floats2d, Floats2d]
    score: Model[Floats2d, Floats1d]

    def finish_update(self, optimizer: Optimizer) -> None:
        """Update the weights by their gradients.

        optimizer (Optimizer): The optimizer.
        """
        for layer in self:
            layer.finish_update(optimizer)
        optimizer.step_schedules()


def make_network(model: Model, name: str) -> RankingNetwork:
    """The ranking network of a window classifier, not initialized.

    model (Model): A window classifier, or another model.
    name (str): The name of its component.
    RETURNS (RankingNetwork): The network.
    RAISES (ValueError): If the model can't be pretrained, because it isn't a `WindowClassifier`,
        has no hidden layer (the scores `U^T x` of two windows with different centres differ by a
        term that doesn't depend on the context), has an embedding that reads more than the word,
        or has a window of only the word.
    """
    if not (model.has_ref("embed") and model.has_ref("windowed_affine")):
        why = "it is no spacy-windowner.WindowClassifier.v1"
        raise ValueError(Errors.WN042.format(name=name, why=why))
    if not model.has_ref("head"):
        why = "it has no hidden layer, and a linear score can't relate a word to its context"
        raise ValueError(Errors.WN042.format(name=name, why=why))
    if model.attrs["embedding"] != "distinct words":
        why = "its embedding reads more than the word itself, as a `tok2vec` does"
        raise ValueError(Errors.WN042.format(name=name, why=why))
    words, affine = DistinctWords(model.get_ref("embed")), model.get_ref("windowed_affine")
    if not affine.attrs["window"]:
        why = "its window is the word alone, and words are learned from those around them"
        raise ValueError(Errors.WN042.format(name=name, why=why))
    activation = Activation(cast(str, first_activation(model)))
    return RankingNetwork(words, affine, activation, ScoreVector(affine.get_dim("nO")))


def initialize_network(network: RankingNetwork, docs: list[Doc]) -> None:
    """Give all weights their initial values.

    network (RankingNetwork): The network.
    docs (List[Doc]): Some documents that contain words.
    """
    network.words.initialize(X=docs)
    X = network.words.predict(docs)
    network.affine.initialize(X=X)
    Y: Any = network.affine.predict(X)
    network.activation.initialize(X=Y.dataXd)
    network.score.initialize()


def ranking_loss(network: RankingNetwork, docs: list[Doc], centres: numpy.ndarray) -> float:
    """Compute the ranking loss of a text, and add its gradients to those of the network. Each true
    window should score at least 1 above its corrupt windows, in which another word replaces the
    centre:

        J = mean over t and c of max(0, 1 - s[t] + s_c[t])

    A corrupt window differs from the true one only in its centre. So the rest isn't computed again:
    W x_c + b = W x + b - W_0 E(w) + W_0 E(w_c), with the matrix W_0 of the centre. If both words
    are the same, the pair adds no loss and no gradient.

    network (RankingNetwork): The network, initialized.
    docs (List[Doc]): The documents, with at least one token.
    centres (numpy.ndarray): For each corrupt window, the token of the batch whose word is its
        centre. Shape (corrupt windows of a true one, n_tokens).
    RETURNS (float): J.

    Source: the lecture's ranking model; Collobert and Weston (2008), section 5.
    """
    X, backprop_words = network.words(docs, is_train=True)
    Y, backprop_affine = network.affine(X, is_train=True)
    ops: Any = network.affine.ops
    ids, rows = X.ids.astype("int32"), X.rows
    Z: Any = Y.dataXd
    W: Any = network.affine.get_param("W")
    window = network.affine.attrs["window"]
    # With pooling "average", all positions share one matrix.
    centre, share = (window, 1.0) if len(W) > 1 else (0, 1.0 / (2 * window + 1))
    products = share * (rows @ W[centre].T)  # W_0 E(word), for each word
    d_products = ops.xp.zeros_like(products)
    dZ = ops.xp.empty_like(Z)
    per_pair = 1.0 / centres.size
    loss = 0.0
    for start in range(0, len(ids), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        own = ids[chunk]
        h, backprop_h = network.activation(Z[chunk], is_train=True)
        s, backprop_s = network.score(h, is_train=True)
        z_without = Z[chunk] - products[own]
        ds = ops.xp.zeros_like(s)
        dz = ops.xp.zeros_like(h)
        for tokens in centres:
            other = ids[tokens[chunk]]
            h_c, backprop_h_c = network.activation(z_without + products[other], is_train=True)
            s_c, backprop_s_c = network.score(h_c, is_train=True)
            margins = 1.0 - s + s_c
            ds_c = per_pair * ((margins > 0.0) & (own != other)).astype(s.dtype)
            loss += float((ds_c * margins).sum())
            ds -= ds_c
            dz_c = backprop_h_c(backprop_s_c(ds_c))
            dz += dz_c
            ops.scatter_add(d_products, other, dz_c)
            ops.scatter_add(d_products, own, -dz_c)
        dZ[chunk] = dz + backprop_h(backprop_s(ds))
    d_rows = backprop_affine(Ragged(dZ, Y.lengths))
    d_products *= share
    d_W = ops.xp.zeros_like(W)
    d_W[centre] = d_products.T @ rows
    network.affine.inc_grad("W", d_W)
    backprop_words(d_rows + d_products @ W[centre])
    return loss


def ScoreVector(nI: int) -> Model[Floats2d, Floats1d]:
    """One score for each row, `s = U^T h`.

    nI (int): Width of a row.
    RETURNS (Model[Floats2d, Floats1d]): The layer. Parameter: U (nI,).
    """
    return Model(
        "score_vector", _forward_score, init=_init_score, dims={"nI": nI}, params={"U": None}
    )


def _forward_score(model: Model[Floats2d, Floats1d], H: Floats2d, is_train: bool) -> Any:
    U: Any = model.get_param("U")

    def backprop(ds: Any) -> Any:
        model.inc_grad("U", ds @ H)
        return ds[:, None] * U

    return H @ U, backprop


def _init_score(model: Model[Floats2d, Floats1d], X: Any = None, Y: Any = None) -> None:
    U: Any = glorot_uniform_init(model.ops, (1, model.get_dim("nI")))
    model.set_param("U", U[0])
