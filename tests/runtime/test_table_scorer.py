import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.attrs import ORTH
from spacy.ml.models import MultiHashEmbed
from spacy.vectors import Vectors
from spacy_windowner.runtime import table_scorer
from spacy_windowner.runtime.kernels import make_kernel
from spacy_windowner.runtime.table_scorer import (
    BLOCK,
    TableScorer,
    multiply,
    multiply_rows,
)
from thinc.api import SGD, Adam, NumpyOps

from spacy_windowner.models.embed import CharNgramEmbed, VectorsEmbed, WordEmbed
from spacy_windowner.models.window_classifier import WindowClassifier

from ..models.test_window_classifier import ACTIVATIONS, contextual_embed
from ..models.util import SENTENCES, hash_embed, make_docs, make_model, set_vectors
from ..util import random_like, randomize
from .util import EXACT_KERNELS, KERNELS, needs_torch

CLOSE = {"rtol": 1e-5, "atol": 1e-5}
kernels = pytest.mark.parametrize("kernel", KERNELS)
exact_kernels = pytest.mark.parametrize("kernel", EXACT_KERNELS)
MORE_SENTENCES = [*SENTENCES, SENTENCES[0] * 9, [], ["x"] * 70, *SENTENCES[::-1]]


@pytest.fixture(scope="module")
def vocab():
    return spacy.blank("en").vocab


@pytest.fixture
def docs(vocab):
    return make_docs(vocab, MORE_SENTENCES)


def make_scorer(model, vocab, kernel="thinc", table_size=1000):
    return TableScorer(model, make_kernel(kernel), table_size)


def score(scorer, docs):
    """One row a token."""
    lengths = numpy.array([len(doc) for doc in docs])
    words = numpy.concatenate([doc.to_array(ORTH) for doc in docs])
    scores = scorer.scores(docs, words, lengths)
    assert scores.dtype == numpy.float32
    return scores.T


def expected_scores(model, docs):
    return numpy.vstack(model.predict(docs))


def in_parts(scorer, docs, n_parts, seed=0):
    """Scores of a batch that is split at random, each part with a token at least."""
    cuts = numpy.random.default_rng(seed).integers(1, len(docs), size=n_parts - 1)
    parts = numpy.split(numpy.arange(len(docs)), numpy.unique(cuts))
    batches = [[docs[n] for n in part] for part in parts]
    return numpy.vstack([score(scorer, batch) for batch in batches if any(map(len, batch))])


# The same scores as the model's ------------------------------------------------------------------


@pytest.mark.parametrize("window", [0, 1, 2, 3])
@pytest.mark.parametrize("pooling", ["concat", "average"])
@pytest.mark.parametrize(
    "hidden_depth, activation", [(0, "relu"), *[(n, f) for n in (1, 2) for f in ACTIVATIONS]]
)
def test_scores_equal_those_of_the_model(vocab, docs, hidden_depth, activation, pooling, window):
    settings = dict(hidden_depth=hidden_depth, activation=activation, pooling=pooling)
    model = make_model(docs, window=window, hidden_width=13, **settings)
    expected = expected_scores(model, docs)
    scorer = make_scorer(model, vocab)
    together = score(scorer, docs)
    numpy.testing.assert_allclose(together, expected, **CLOSE)
    assert together.std() > 0.1
    # To the last bit in any batch, with any table, whatever was scored before.
    numpy.testing.assert_array_equal(score(scorer, docs), together)
    numpy.testing.assert_array_equal(score(scorer, docs[::-1])[-len(docs[0]) :], together[:7])
    for table_size in (0, 30):
        other = make_scorer(model, vocab, table_size=table_size)
        for n_parts in (3, len(docs)):
            numpy.testing.assert_array_equal(in_parts(other, docs, n_parts), together)


def wide_model(vocab, docs, **settings):
    """A model of the widths of the default one."""
    features = MultiHashEmbed(
        width=64, attrs=["NORM", "PREFIX", "SUFFIX", "SHAPE"], rows=[500] * 4,
        include_static_vectors=False,
    )  # fmt: skip
    embed = WordEmbed(features, CharNgramEmbed(64, 500))
    settings = {"window": 3, "hidden_width": 128, "nO": 9, **settings}
    model = WindowClassifier(embed, **settings).initialize(X=docs)
    return randomize(model, scale=0.1)


@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
@exact_kernels
def test_scores_of_a_wide_model(vocab, kernel, hidden_depth):
    """At the default widths, where matrix products run through their large blocks, and words come
    into the table one by one, in small groups and in large ones."""
    rng = numpy.random.default_rng(0)
    words = numpy.array([f"w{number}" for number in range(400)])
    sizes = (1, 2, 7, 50, 400, 1, 33, 32, 31, 64)
    docs = make_docs(vocab, [words[rng.zipf(1.2, size) % 400].tolist() for size in sizes])
    model = wide_model(vocab, docs, hidden_depth=hidden_depth)
    together = score(make_scorer(model, vocab, kernel), docs)
    numpy.testing.assert_allclose(together, expected_scores(model, docs), **CLOSE)
    for table_size, n_parts in [(0, 10), (40, 5), (200, 3), (1000, 10)]:
        scorer = make_scorer(model, vocab, kernel, table_size)
        for seed in range(3):
            parts = in_parts(scorer, docs, n_parts, seed)
            numpy.testing.assert_array_equal(parts, together)


@needs_torch
@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
def test_torch_gives_the_same_numbers(vocab, docs, hidden_depth):
    model = wide_model(vocab, docs, hidden_depth=hidden_depth)
    numpy.testing.assert_array_equal(
        score(make_scorer(model, vocab, "torch"), docs), score(make_scorer(model, vocab), docs)
    )


@needs_torch
@pytest.mark.parametrize("pooling", ["concat", "average"])
def test_int8_scores(vocab, docs, pooling):
    """A linear model's scores are off by half a step of each word's products at most."""
    model = make_model(docs, hidden_depth=0, pooling=pooling)
    expected = expected_scores(model, docs)
    scorer = make_scorer(model, vocab, "torch-int8")
    found = score(scorer, docs)
    affine = model.get_ref("windowed_affine")
    rows = numpy.vstack([*model.get_ref("embed").predict(docs), affine.get_param("pad")])
    products = multiply(affine, rows)
    bound = 5 * (products.max(axis=1) - products.min(axis=1)).max() / 510
    assert 0 < abs(found - expected).max() <= bound + 1e-4
    for table_size, n_parts in [(0, 3), (6, 5), (1000, 10)]:
        other = make_scorer(model, vocab, "torch-int8", table_size)
        numpy.testing.assert_array_equal(in_parts(other, docs, n_parts), found)


WORDS = ["Not", "all", "museums", "in", "Paris", "are", "amazing", " ", "😀", "x1", "x2", "x3"]
GIVEN_MODEL: list = []


@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=9), min_size=1, max_size=9),
    st.integers(1, 9),
    st.sampled_from([0, 2, 5, 10, 100]),
)
def test_any_documents(sentences, n_parts, table_size):
    if not GIVEN_MODEL:
        vocab = spacy.blank("en").vocab
        GIVEN_MODEL[:] = [vocab, make_model(make_docs(vocab))]
    vocab, model = GIVEN_MODEL
    docs = make_docs(vocab, [*sentences, ["in"]])
    scorer = make_scorer(model, vocab, table_size=table_size)
    together = score(scorer, docs)
    numpy.testing.assert_allclose(together, expected_scores(model, docs), **CLOSE)
    numpy.testing.assert_array_equal(in_parts(scorer, docs, n_parts), together)


# Parts of a batch --------------------------------------------------------------------------------

LENGTHS = [
    [31], [32], [33], [64], [200], [32, 32], [31, 1, 1], [1, 0, 31, 0, 0, 1], [0, 100, 0, 1, 0],
    [30, 1, 1, 1, 30, 3], [1] * 70, [29, 70, 0, 2, 40], [0, 0, 32, 0, 32, 0],
]  # fmt: skip


# Tokens that are looked up and added up at a time.
SIZES = [(BLOCK, BLOCK), (3 * BLOCK, BLOCK), (2 * BLOCK, 4 * BLOCK), (10**6, 2 * BLOCK)]


def set_sizes(monkeypatch, looked_up, added_up):
    monkeypatch.setattr(table_scorer, "_LOOKED_UP", looked_up)
    monkeypatch.setattr(table_scorer, "_ADDED_UP", added_up)


@pytest.mark.parametrize("lengths", LENGTHS, ids=range(len(LENGTHS)))
@pytest.mark.parametrize("window", [0, 1, 3])
@pytest.mark.parametrize("pooling", ["concat", "average"])
def test_borders_of_parts(vocab, monkeypatch, pooling, window, lengths):
    rng = numpy.random.default_rng(0)
    words = [f"w{number}" for number in range(40)]
    docs = make_docs(vocab, [rng.choice(words, size=length).tolist() for length in lengths])
    model = make_model(make_docs(vocab), window=window, pooling=pooling)
    expected = score(make_scorer(model, vocab), docs)
    numpy.testing.assert_allclose(expected, expected_scores(model, docs), **CLOSE)
    for sizes in SIZES:
        set_sizes(monkeypatch, *sizes)
        scorer = make_scorer(model, vocab, table_size=60)
        for _ in range(2):
            numpy.testing.assert_array_equal(score(scorer, docs), expected)


def test_more_tokens_than_a_part(vocab):
    """With the real sizes: they are whole numbers of blocks."""
    n = 2 * max(table_scorer._LOOKED_UP, table_scorer._ADDED_UP) + 17
    rng = numpy.random.default_rng(0)
    tokens = rng.choice(WORDS, size=n).tolist()
    model = make_model(make_docs(vocab))
    long, short = make_docs(vocab, [tokens]), make_docs(vocab, [tokens[:9]])
    scores = score(make_scorer(model, vocab), long)
    numpy.testing.assert_allclose(scores, expected_scores(model, long), **CLOSE)
    alone = score(make_scorer(model, vocab), short)
    numpy.testing.assert_array_equal(alone[:7], scores[:7])  # the last two see padding


@pytest.mark.parametrize("n_tags", [1, 3, 9, 13, 37, 101])
@pytest.mark.parametrize("width", [1, 13, 128])
def test_numbers_of_a_product_do_not_depend_on_the_others(n_tags, width):
    rng = numpy.random.default_rng(0)
    W = rng.normal(size=(n_tags, width)).astype("float32")
    X = rng.normal(size=(40 * BLOCK, width)).astype("float32")
    together = multiply_rows(W, X)
    for n_fewer in {1, n_tags // 2, n_tags - 1} - {0}:  # tags, as before labels were added
        numpy.testing.assert_array_equal(multiply_rows(W[:n_fewer], X), together[:n_fewer])
    numpy.testing.assert_allclose(together, W @ X.T, **CLOSE)
    for n_blocks in (1, 2, 3, 17):
        part = multiply_rows(W, X[: n_blocks * BLOCK])
        numpy.testing.assert_array_equal(part, together[:, : n_blocks * BLOCK])
    for shift in (1, 5, 31):
        part = multiply_rows(W, X[shift : shift + BLOCK])
        numpy.testing.assert_array_equal(part, together[:, shift : shift + BLOCK])


# Weights that change -----------------------------------------------------------------------------


def check_after(change, model, vocab, docs, **settings):
    """Scores follow a change of the weights."""
    scorer = make_scorer(model, vocab, **settings)
    before = score(scorer, docs).copy()
    change()
    after = score(scorer, docs)
    numpy.testing.assert_allclose(after, expected_scores(model, docs), **CLOSE)
    assert abs(after - before).max() > 1e-3
    return scorer


def rich_embed():
    """An embedding with every kind of layer."""
    return WordEmbed(hash_embed(), CharNgramEmbed(4, 50), VectorsEmbed(4, update_vectors=True), 0.1)


@pytest.fixture
def vectors_vocab():
    vocab = spacy.blank("en").vocab
    set_vectors(vocab)
    return vocab


@pytest.mark.parametrize("hidden_depth", [0, 2])
def test_any_parameter_is_exchanged(vectors_vocab, hidden_depth):
    vocab = vectors_vocab
    docs = make_docs(vocab)
    model = make_model(docs, embed=rich_embed(), hidden_depth=hidden_depth, activation="prelu")
    nodes = [(node, name) for node in model.walk() for name in node.param_names]
    assert len(nodes) >= 12
    for node, name in nodes:
        [value] = random_like([node.get_param(name)], seed=1)
        check_after(lambda node=node, name=name, value=value: node.set_param(name, value),
                    model, vocab, docs)  # fmt: skip


def test_a_scorer_made_before_the_model_is_initialized(vectors_vocab):
    docs = make_docs(vectors_vocab)
    model = WindowClassifier(rich_embed(), window=2, hidden_width=6, nO=5)
    scorer = make_scorer(model, vectors_vocab)
    randomize(model.initialize(X=docs))
    score(scorer, docs)
    for seed in (1, 2):
        randomize(model, seed)
        found = score(scorer, docs)
        numpy.testing.assert_allclose(found, expected_scores(model, docs), **CLOSE)
    model.initialize(X=docs)
    numpy.testing.assert_allclose(score(scorer, docs), expected_scores(model, docs), **CLOSE)


@pytest.mark.parametrize(
    "optimizer", [Adam(0.1), Adam(0.1, L2=0.1, L2_is_weight_decay=True), SGD(0.5)], ids=range(3)
)
@pytest.mark.parametrize("hidden_depth", [0, 1])
@exact_kernels
def test_an_optimizer_writes_into_the_parameters(vocab, docs, kernel, hidden_depth, optimizer):
    model = make_model(docs, hidden_depth=hidden_depth)

    def step():
        scores, backprop = model.begin_update(docs)
        backprop(random_like(scores))
        model.finish_update(optimizer)

    scorer = check_after(step, model, vocab, docs, kernel=kernel)
    step()
    numpy.testing.assert_allclose(score(scorer, docs), expected_scores(model, docs), **CLOSE)


def test_use_params(vocab, docs):
    model = make_model(docs)
    params = {
        (node.id, name): random_like([node.get_param(name)], seed=5)[0]
        for node in model.walk()
        for name in node.param_names
    }
    scorer = make_scorer(model, vocab)
    before = score(scorer, docs).copy()
    for _ in range(2):
        with model.use_params(params):
            inside = score(scorer, docs)
            numpy.testing.assert_allclose(inside, expected_scores(model, docs), **CLOSE)
        assert abs(inside - before).max() > 0.1
        numpy.testing.assert_array_equal(score(scorer, docs), before)


@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
def test_from_bytes(vocab, docs, hidden_depth):
    model = make_model(docs, hidden_depth=hidden_depth)
    other = randomize(model.copy(), seed=7)
    check_after(lambda: model.from_bytes(other.to_bytes()), model, vocab, docs)
    other = randomize(model.copy(), seed=8)
    check_after(lambda: model.from_dict(other.to_dict()), model, vocab, docs)


@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
def test_another_number_of_tags(vocab, docs, hidden_depth):
    model = make_model(docs, hidden_depth=hidden_depth)
    scorer = make_scorer(model, vocab)
    before = score(scorer, docs).copy()
    model.attrs["resize_output"](model, 7)
    after = score(scorer, docs)
    assert after.shape == (len(before), 7)
    numpy.testing.assert_allclose(after, expected_scores(model, docs), **CLOSE)
    numpy.testing.assert_allclose(after[:, :5], before, **CLOSE)


def test_other_vectors(vectors_vocab):
    vocab = vectors_vocab
    docs = make_docs(vocab)
    model = make_model(docs, embed=VectorsEmbed(4))
    check_after(lambda: set_vectors(vocab, seed=1), model, vocab, docs)


def test_vectors_of_the_same_numbers_for_other_words(vectors_vocab):
    vocab = vectors_vocab
    docs = make_docs(vocab)
    model = make_model(docs, embed=VectorsEmbed(4))
    data = vocab.vectors.data

    def exchange():
        words = ["amazing", "Paris", "all"]
        vocab.vectors = Vectors(data=data, keys=[vocab.strings[word] for word in words])

    check_after(exchange, model, vocab, docs)


def test_clear(vocab, docs):
    model = make_model(docs)
    scorer = make_scorer(model, vocab)
    before = score(scorer, docs)
    # What nothing but `clear` can tell it.
    W = model.get_ref("windowed_affine").get_param("W")
    W *= 2.0
    numpy.testing.assert_array_equal(score(scorer, docs), before)
    scorer.clear()
    numpy.testing.assert_allclose(score(scorer, docs), expected_scores(model, docs), **CLOSE)
    assert abs(score(scorer, docs) - before).max() > 0.1


# What it keeps -----------------------------------------------------------------------------------


def embedded_words(model, monkeypatch):
    """The words that a model's embedding gets from now on."""
    embed = model.get_ref("embed")
    seen, forward = [], embed._func

    def spy(layer, docs, is_train):
        seen.extend(token.text for doc in docs for token in doc)
        return forward(layer, docs, is_train)

    monkeypatch.setattr(embed, "_func", spy)
    return seen


def test_a_word_is_embedded_once(vocab, docs, monkeypatch):
    model = make_model(docs)
    seen = embedded_words(model, monkeypatch)
    scorer = make_scorer(model, vocab)
    for batch in (docs[:1], docs, docs[::-1]):
        score(scorer, batch)
    assert sorted(seen) == sorted({token.text for doc in docs for token in doc})


def test_without_a_table_each_batch_embeds_its_words(vocab, docs, monkeypatch):
    model = make_model(docs)
    seen = embedded_words(model, monkeypatch)
    scorer = make_scorer(model, vocab, table_size=0)
    for _ in range(2):
        score(scorer, [docs[-1]])
    assert sorted(seen) == sorted(2 * list({token.text for token in docs[-1]}))


def test_predicting_does_not_change_the_documents(vocab, docs):
    before = [doc.to_bytes() for doc in docs]
    score(make_scorer(make_model(docs), vocab), docs)
    assert [doc.to_bytes() for doc in docs] == before


@kernels
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_have_no_table(vocab, docs, kernel, copied):
    model = make_model(docs)
    scorer = make_scorer(model, vocab, kernel, table_size=900)
    before = len(pickle.dumps(scorer))
    scores = score(scorer, docs)
    assert len(pickle.dumps(scorer)) == before
    [other, other_model] = copied([scorer, model])
    assert other._known is None
    assert other.model is other_model is not model
    assert other.table_size == 900
    assert type(other.kernel) is type(scorer.kernel)
    numpy.testing.assert_array_equal(score(other, docs), scores)


@exact_kernels
@pytest.mark.parametrize("table_size", [0, 60, 1000])
def test_threads(vocab, kernel, table_size):
    rng = numpy.random.default_rng(0)
    words = numpy.array([f"w{number}" for number in range(300)])
    docs = make_docs(vocab, [words[rng.zipf(1.3, 20) % 300].tolist() for _ in range(150)])
    model = make_model(docs)
    expected = [score(make_scorer(model, vocab, kernel), [doc]) for doc in docs]
    scorer = make_scorer(model, vocab, kernel, table_size)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda doc: score(scorer, [doc]), docs))
    finally:
        sys.setswitchinterval(interval)
    for one, other in zip(found, expected, strict=True):
        numpy.testing.assert_array_equal(one, other)


# Vocabularies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("table_size", [0, 6, 1000])
def test_documents_of_other_vocabularies(vectors_vocab, table_size):
    """Words are embedded with the vocabulary of their document, as the model does it."""
    model = make_model(make_docs(vectors_vocab), embed=VectorsEmbed(4))
    other = spacy.blank("de").vocab
    set_vectors(other)
    other.vectors.data[:] *= 2.0
    scorer = make_scorer(model, None, table_size=table_size)
    expected = [expected_scores(model, make_docs(vocab)) for vocab in (vectors_vocab, other)]
    assert not numpy.allclose(*expected, **CLOSE)
    for _ in range(2):
        for vocab, right in zip((vectors_vocab, other), expected, strict=True):
            numpy.testing.assert_allclose(score(scorer, make_docs(vocab)), right, **CLOSE)


@pytest.mark.parametrize("table_size", [0, 8, 1000])
def test_words_of_a_memory_zone(docs, table_size):
    nlp = spacy.blank("en")
    sentences = [[f"transient{n}", "in", f"other{n}"] for n in range(5)]
    model = make_model(docs)
    expected = expected_scores(model, make_docs(spacy.blank("en").vocab, sentences))
    scorer = make_scorer(model, nlp.vocab, table_size=table_size)
    n_strings, n_lexemes = len(nlp.vocab.strings), len(list(nlp.vocab))
    for _ in range(2):
        with nlp.memory_zone():
            inside = score(scorer, make_docs(nlp.vocab, sentences))
            numpy.testing.assert_allclose(inside, expected, **CLOSE)
        assert (len(nlp.vocab.strings), len(list(nlp.vocab))) == (n_strings, n_lexemes)
        assert "transient1" not in nlp.vocab.strings
    after = score(scorer, make_docs(nlp.vocab, sentences[::-1]))
    numpy.testing.assert_allclose(after[:3], expected[-3:], **CLOSE)


# When it can't be used ---------------------------------------------------------------------------


class OtherOps(NumpyOps.__base__):
    """The arrays of another device."""

    name = "other"


def test_can_score(docs):
    assert TableScorer.can_score(make_model(docs))
    assert TableScorer.can_score(WindowClassifier(hash_embed()))
    assert TableScorer.can_score(WindowClassifier(hash_embed(), hidden_depth=0, pooling="average"))
    assert not TableScorer.can_score(WindowClassifier(contextual_embed()))
    assert not TableScorer.can_score(hash_embed())


def test_not_on_another_device(docs):
    model = make_model(docs)
    model._to_ops(OtherOps())
    assert not TableScorer.can_score(model)
