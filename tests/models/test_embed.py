import numpy
import pytest
import spacy
from spacy import registry
from spacy.tokens import Doc
from spacy.vectors import Vectors
from thinc.api import SGD

from spacy_windowner.models.embed import CharNgramEmbed, LexicalEmbed, VectorsEmbed, WordEmbed
from spacy_windowner.models.window_classifier import WindowClassifier

from ..util import check_params, random_like, randomize, weighted_sum
from .util import hash_embed, make_docs, make_model, set_vectors

updates = pytest.mark.parametrize("update_vectors", [False, True])


@pytest.fixture
def vocab():
    return spacy.blank("en").vocab


@pytest.fixture
def docs(vocab):
    return make_docs(vocab)


def table(model):
    [node] = [node for node in model.walk() if node.name == "vectors_table"]
    return node


def train(model, docs):
    scores, backprop = model(docs, is_train=True)
    backprop(random_like(scores))
    model.finish_update(SGD(0.1))


@pytest.mark.parametrize("attr", ["ORTH", "NORM", "LOWER"])
def test_char_ngram_embed(docs, attr):
    embed = CharNgramEmbed(6, 40, lengths=[2, 3], attr=attr).initialize(X=docs)
    Y = embed.predict(docs)
    assert [y.shape for y in Y] == [(len(doc), 6) for doc in docs]
    [table] = [node.get_param("E") for node in embed.walk() if node.has_param("E")]
    assert table.shape == (40, 6)
    # Every word here has an n-gram, so every row is normalized.
    flat = numpy.vstack(Y)
    numpy.testing.assert_allclose(flat.mean(axis=1), 0.0, atol=1e-4)
    numpy.testing.assert_allclose(flat.std(axis=1), 1.0, rtol=1e-2)


def test_char_ngram_embed_has_a_gradient(docs):
    embed = randomize(CharNgramEmbed(6, 40, lengths=[1, 3]).initialize(X=docs))
    Y, backprop = embed(docs, is_train=True)
    weights = random_like(Y)
    backprop(weights)
    check_params(embed, lambda: weighted_sum(embed.predict(docs), weights))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lengths": [0, 3]}, r"WN001.*lengths = \[0, 3\].*1 <= shortest <= longest"),
        ({"lengths": [4, 3]}, r"WN001.*lengths = \[4, 3\]"),
        ({"lengths": [3]}, r"WN001.*lengths = \[3\]"),
        ({"rows": 0}, "WN001.*rows = 0.*at least 1 row"),
        ({"width": 0}, "WN001.*width = 0"),
        ({"attr": "SHAPE"}, "WN001.*attr = 'SHAPE'.*ORTH, NORM or LOWER"),
    ],
    ids=str,
)
def test_char_ngram_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        CharNgramEmbed(**{"width": 4, "rows": 10, **settings})


def test_lexical_embed(vocab):
    docs = [Doc(vocab, words=["Rome", "rome", "Roma"]), Doc(vocab), Doc(vocab, words=["rome"])]
    embed = LexicalEmbed(["NORM", "SHAPE"], rows=[40, 20], width=5).initialize(X=docs)
    first, empty, last = embed.predict(docs)
    assert first.shape == (3, 10) and empty.shape == (0, 10)
    assert sorted(node.get_param("E").shape for node in embed.walk() if node.has_param("E")) == [
        (20, 5),
        (40, 5),
    ]
    numpy.testing.assert_array_equal(first[1], last[0])
    assert not numpy.allclose(first[0], first[1])  # another shape
    numpy.testing.assert_allclose(first.mean(axis=1), 0.0, atol=1e-4)
    numpy.testing.assert_allclose(first.std(axis=1), 1.0, rtol=1e-2)


def test_lexical_embed_has_a_gradient(docs):
    embed = randomize(LexicalEmbed(["NORM", "SHAPE"], rows=[40, 20], width=5).initialize(X=docs))
    Y, backprop = embed(docs, is_train=True)
    weights = random_like(Y)
    backprop(weights)
    check_params(embed, lambda: weighted_sum(embed.predict(docs), weights))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attrs": [], "rows": []}, r"WN001.*attrs = \[\].*at least one"),
        ({"attrs": ["NORM", "SHAPES"]}, r"WN001.*attrs = .*'SHAPES'.*Choose from spaCy's"),
        ({"rows": [10]}, r"WN001.*rows = \[10\].*one for each of 2 attrs"),
        ({"rows": [10, 0]}, r"WN001.*rows = \[10, 0\].*at least 1 row"),
        ({"width": 0}, "WN001.*width = 0"),
        *(
            ({"attr_dropout": rate}, "WN001.*attr_dropout.*at least 0 and below 1")
            for rate in (-0.1, 1.0, float("nan"))
        ),
    ],
    ids=str,
)
def test_lexical_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        LexicalEmbed(**{"attrs": ["NORM", "SHAPE"], "rows": [10, 10], "width": 4, **settings})


@updates
def test_vectors_embed_is_a_normalized_linear_map_of_the_vectors(vocab, docs, update_vectors):
    set_vectors(vocab)
    embed = VectorsEmbed(6, update_vectors=update_vectors).initialize(X=docs)
    [linear] = [node for node in embed.walk() if node.has_param("W")]
    W = linear.get_param("W")
    for doc, Y in zip(docs, embed.predict(docs), strict=True):
        assert Y.shape == (len(doc), 6)
        for token, row in zip(doc, Y, strict=True):
            if token.has_vector:
                mapped = W @ token.vector
                expected = (mapped - mapped.mean()) / mapped.std()
                numpy.testing.assert_allclose(row, expected, rtol=1e-3, atol=1e-4)


@updates
def test_the_scale_of_the_vectors_does_not_matter(vocab, docs, update_vectors):
    found = []
    for scale in (1.0, 100.0):
        set_vectors(vocab)
        vocab.vectors.data *= scale
        numpy.random.seed(0)
        embed = VectorsEmbed(6, update_vectors=update_vectors).initialize(X=docs)
        found.append(numpy.vstack(embed.predict(docs)))
    numpy.testing.assert_allclose(*found, atol=1e-2)


@updates
def test_a_word_without_a_vector_has_a_learned_one(vocab, docs, update_vectors):
    set_vectors(vocab)
    embed = VectorsEmbed(6, update_vectors=update_vectors).initialize(X=docs)
    doc = Doc(vocab, words=["unheard-of"])
    assert not doc[0].has_vector
    [Y], backprop = embed([doc], is_train=True)
    backprop([numpy.ones_like(Y) + Y])
    gradients = [node.get_grad(name) for node in embed.walk() for name in node.param_names]
    assert any(each.any() for each in gradients)
    assert max(float(abs(each).max()) for each in gradients) < 100


def test_updated_vectors_have_a_gradient(vocab, docs):
    set_vectors(vocab)
    embed = VectorsEmbed(6, update_vectors=True).initialize(X=docs)
    Y, backprop = embed(docs, is_train=True)
    weights = random_like(Y)
    backprop(weights)
    check_params(embed, lambda: weighted_sum(embed.predict(docs), weights))


@updates
def test_training_never_changes_the_vectors_of_the_vocabulary(vocab, docs, update_vectors):
    before = set_vectors(vocab)
    model = make_model(docs, embed=VectorsEmbed(6, update_vectors=update_vectors))
    if update_vectors:
        in_model = table(model).get_param("E").copy()
    scores = model.predict(docs)[0]
    for _ in range(3):
        train(model, docs)
    assert (model.predict(docs)[0] != scores).any()
    numpy.testing.assert_array_equal(vocab.vectors.data, before)
    if update_vectors:
        trained = table(model).get_param("E")
        used = sorted({int(row) for row in vocab.vectors.find(keys=docs[0].to_array("ORTH"))})
        assert used == [-1, 0, 1, 2]
        assert (trained[used] != in_model[used]).any(axis=1).all()


def test_fixed_vectors_follow_the_vocabulary_and_updated_ones_do_not(vocab, docs):
    set_vectors(vocab)
    fixed = make_model(docs, embed=VectorsEmbed(6))
    updated = make_model(docs, embed=VectorsEmbed(6, update_vectors=True))
    before = fixed.predict(docs)[0], updated.predict(docs)[0]
    set_vectors(vocab, seed=1)
    assert (fixed.predict(docs)[0] != before[0]).any()
    numpy.testing.assert_array_equal(updated.predict(docs)[0], before[1])


@updates
def test_vectors_model_to_bytes_and_back(vocab, docs, update_vectors):
    set_vectors(vocab)
    model = make_model(docs, embed=VectorsEmbed(6, update_vectors=update_vectors))
    same = WindowClassifier(
        VectorsEmbed(6, update_vectors=update_vectors), window=2, hidden_width=6
    )
    same.from_bytes(model.to_bytes())
    for S, again in zip(model.predict(docs), same.predict(docs), strict=True):
        numpy.testing.assert_array_equal(S, again)


@pytest.mark.parametrize("vectors", ["none", "floret"])
def test_updated_vectors_need_a_table_of_vectors(vocab, docs, vectors):
    if vectors == "floret":
        data = numpy.ones((10, 4), dtype="float32")
        vocab.vectors = Vectors(data=data, mode="floret", hash_count=1)
    with pytest.raises(ValueError, match="WN005.*update_vectors = true.*initialize.vectors"):
        WindowClassifier(VectorsEmbed(6, update_vectors=True), nO=3).initialize(X=docs)


def test_fixed_vectors_need_vectors(docs):
    with pytest.raises(ValueError, match="WN005.*has none.*initialize.vectors"):
        WindowClassifier(VectorsEmbed(6), nO=3).initialize(X=docs)


def test_fixed_vectors_may_be_floret(vocab, docs):
    rng = numpy.random.default_rng(0)
    data = rng.normal(size=(10, 4)).astype("float32")
    vocab.vectors = Vectors(data=data, mode="floret", hash_count=1)
    model = make_model(docs, embed=VectorsEmbed(6))
    assert model.predict(docs)[0].any()


def test_another_vocabulary_than_in_training(vocab, docs):
    set_vectors(vocab)
    model = make_model(docs, embed=VectorsEmbed(6, update_vectors=True))
    other = spacy.blank("en").vocab
    set_vectors(other, words=["one"])
    with pytest.raises(ValueError, match="WN006"):
        model.predict(make_docs(other))


@pytest.mark.parametrize("with_ngrams", [False, True])
@pytest.mark.parametrize("with_vectors", [False, True])
def test_word_embed_puts_its_parts_side_by_side(vocab, docs, with_ngrams, with_vectors):
    set_vectors(vocab)
    parts = [hash_embed(width=8)]
    parts += [CharNgramEmbed(3, 20)] if with_ngrams else [None]
    parts += [VectorsEmbed(2)] if with_vectors else [None]
    embed = WordEmbed(*parts).initialize(X=docs)
    expected = numpy.hstack([numpy.vstack(part.predict(docs)) for part in parts if part])
    numpy.testing.assert_array_equal(numpy.vstack(embed.predict(docs)), expected)


@pytest.mark.parametrize(
    "block",
    [
        {"@architectures": "spacy-windowner.CharNgramEmbed.v1", "width": 4, "rows": 10},
        {"@architectures": "spacy-windowner.VectorsEmbed.v1", "width": 4},
        {
            "@architectures": "spacy-windowner.WordEmbed.v1",
            "features": {
                "@architectures": "spacy.MultiHashEmbed.v2",
                "width": 4,
                "attrs": ["NORM"],
                "rows": [10],
                "include_static_vectors": False,
            },
        },
    ],
    ids=lambda block: block["@architectures"],
)
def test_architectures_are_registered(vocab, docs, block):
    set_vectors(vocab)
    config = {
        "model": {
            "@architectures": "spacy-windowner.WindowClassifier.v1",
            "embed": block,
            "hidden_width": 5,
            "nO": 3,
        }
    }
    model = registry.resolve(config)["model"].initialize(X=docs)
    assert model.predict(docs)[0].shape == (7, 3)
