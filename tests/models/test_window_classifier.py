import numpy
import pytest
from spacy.ml.models.tok2vec import build_hash_embed_cnn_tok2vec
from thinc.api import set_dropout_rate

from spacy_windowner.models.window_classifier import WindowClassifier

from ..util import check_params, random_like, weighted_sum
from .util import SENTENCES, hash_embed, make_docs, make_model

ACTIVATIONS = ["logistic", "tanh", "hard_tanh", "relu", "leaky_relu", "prelu"]
depths = pytest.mark.parametrize("hidden_depth", [0, 1, 2])
poolings = pytest.mark.parametrize("pooling", ["concat", "average"])
activations = pytest.mark.parametrize("activation", ACTIVATIONS)


def contextual_embed():
    return build_hash_embed_cnn_tok2vec(
        width=8, depth=1, embed_size=50, window_size=1, maxout_pieces=2, subword_features=True,
        pretrained_vectors=False,
    )  # fmt: skip


embeds = pytest.mark.parametrize(
    ("embed", "way"), [(hash_embed, "distinct words"), (contextual_embed, "all tokens")]
)


@poolings
@depths
@activations
def test_one_row_a_token_and_one_column_a_tag(docs, pooling, hidden_depth, activation):
    model = make_model(docs, pooling=pooling, hidden_depth=hidden_depth, activation=activation)
    scores = model.predict(docs)
    assert [S.shape for S in scores] == [(len(doc), 5) for doc in docs]
    assert all(S.dtype == numpy.float32 for S in scores)
    assert numpy.isfinite(numpy.vstack(scores)).all()


@poolings
@depths
@activations
def test_gradients_reach_every_parameter(docs, pooling, hidden_depth, activation):
    model = make_model(docs, pooling=pooling, hidden_depth=hidden_depth, activation=activation)
    scores, backprop = model(docs, is_train=True)
    backprop(random_like(scores))
    for node in model.walk():
        for name in node.param_names:
            gradient = node.get_grad(name)
            assert gradient.dtype == numpy.float32
            assert gradient.any(), (node.name, name)


@poolings
@depths
def test_gradients_equal_finite_differences(docs, pooling, hidden_depth):
    model = make_model(docs, pooling=pooling, hidden_depth=hidden_depth, activation="tanh")
    scores, backprop = model(docs, is_train=True)
    weights = random_like(scores)
    backprop(weights)
    check_params(model.layers[1], lambda: weighted_sum(model.predict(docs), weights), rtol=1e-2)


@pytest.mark.parametrize("columns", [5, 3])
@depths
def test_number_of_tags(docs, columns, hidden_depth):
    model = WindowClassifier(hash_embed(), hidden_depth=hidden_depth)
    assert model.get_ref("output_layer").maybe_get_dim("nO") is None
    model.get_ref("output_layer").set_dim("nO", columns)
    model.initialize(X=docs)
    assert model.predict(docs)[0].shape == (7, columns)


@depths
def test_scores_start_as_zero(docs, hidden_depth):
    model = WindowClassifier(hash_embed(), nO=3, hidden_depth=hidden_depth).initialize(X=docs)
    assert not numpy.vstack(model.predict(docs)).any()


@embeds
def test_how_words_are_embedded(embed, way):
    assert WindowClassifier(embed()).attrs["embedding"] == way


@embeds
@poolings
@depths
@activations
def test_predictions_do_not_depend_on_the_batch(
    vocab, docs, embed, way, pooling, hidden_depth, activation
):
    docs += make_docs(vocab, [sentence * 9 for sentence in reversed(SENTENCES)])
    settings = dict(pooling=pooling, hidden_depth=hidden_depth, activation=activation)
    model = make_model(docs, embed=embed(), hidden_width=13, **settings)
    together = model.predict(docs)
    for doc, S in zip(docs, together, strict=True):
        if len(doc):
            numpy.testing.assert_array_equal(model.predict([doc])[0], S)
    for S, again in zip(together, reversed(model.predict(docs[::-1])), strict=True):
        numpy.testing.assert_array_equal(again, S)


@embeds
def test_wide_predictions_do_not_depend_on_the_batch(vocab, embed, way):
    """At the default width, where matrix products use their code for large blocks."""
    rng = numpy.random.default_rng(0)
    words = [f"w{number}" for number in range(300)]
    docs = make_docs(vocab, [rng.choice(words, size=size).tolist() for size in (1, 2, 7, 50, 400)])
    model = make_model(docs, embed=embed(), window=3, hidden_width=256, nO=9)
    for doc, S in zip(docs, model.predict(docs), strict=True):
        numpy.testing.assert_array_equal(model.predict([doc])[0], S)


@embeds
@pytest.mark.parametrize("sentences", [[["Paris"]], [[], ["Paris"]], [[" ", "\n"]]], ids=str)
def test_short_batches(vocab, embed, way, sentences):
    docs = make_docs(vocab, sentences)
    model = make_model(make_docs(vocab), embed=embed())
    scores, backprop = model(docs, is_train=True)
    assert [S.shape for S in scores] == [(len(doc), 5) for doc in docs]
    backprop(random_like(scores))
    assert model.get_ref("output_layer").get_grad("W").any()


@embeds
@pytest.mark.parametrize("n_docs", [1, 3])
def test_batches_without_tokens(vocab, embed, way, n_docs):
    model = make_model(make_docs(vocab), embed=embed())
    scores = model.predict(make_docs(vocab, [[]] * n_docs))
    assert [S.shape for S in scores] == [(0, 5)] * n_docs


@depths
def test_words_outside_the_window_do_not_matter(vocab, hidden_depth):
    docs = make_docs(vocab, [["a", "b", "in", "Paris", "are", "c"], ["x", "b", "in", "Paris"]])
    model = make_model(docs, window=1, hidden_depth=hidden_depth)
    one, other = model.predict(docs)
    numpy.testing.assert_array_equal(one[2], other[2])
    assert (one[3] != other[3]).any()  # "are" versus padding
    assert (one[1] != other[1]).any()  # "a" versus "x"


@depths
def test_to_bytes_and_back(docs, hidden_depth):
    settings = dict(hidden_depth=hidden_depth, activation="prelu")
    model = make_model(docs, **settings)
    same = WindowClassifier(hash_embed(), window=2, hidden_width=6, **settings)
    same.from_bytes(model.to_bytes())
    for S, again in zip(model.predict(docs), same.predict(docs), strict=True):
        numpy.testing.assert_array_equal(S, again)


def test_dropout(docs):
    model = make_model(docs, dropout=0.5)
    assert model.attrs["dropout"] == 0.5
    plain = numpy.vstack(model.predict(docs))
    assert (numpy.vstack(model(docs, is_train=True)[0]) != plain).any()
    set_dropout_rate(model, 0.0)
    without = numpy.vstack(model(docs, is_train=True)[0])
    numpy.testing.assert_allclose(without, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": -1}, "WN001.*window = -1.*at least 0 words"),
        ({"hidden_width": 0}, "WN001.*hidden_width = 0.*at least 1 unit"),
        ({"hidden_depth": 3}, "WN001.*hidden_depth = 3.*0, 1 or 2"),
        ({"hidden_depth": -1}, "WN001.*hidden_depth = -1"),
        ({"pooling": "max"}, "WN001.*pooling = 'max'.*concat.*average"),
        ({"dropout": 1.0}, "WN001.*dropout = 1.0.*below 1"),
        ({"dropout": -0.1}, "WN001.*dropout = -0.1"),
        ({"activation": "gelu"}, "WN001.*'gelu'.*relu"),
        ({"activation": "gelu", "hidden_depth": 0}, "WN001.*'gelu'"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        WindowClassifier(hash_embed(), **settings)
