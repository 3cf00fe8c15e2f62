import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.ml.models import MultiHashEmbed
from spacy.vectors import Vectors
from thinc.api import SGD, Adam

from spacy_windowner.models.embed import CharNgramEmbed, LexicalEmbed, VectorsEmbed, WordEmbed
from spacy_windowner.models.labels import added_columns, set_added_labels
from spacy_windowner.models.window_classifier import WindowClassifier
from spacy_windowner.scoring.scorer import TableScorer

from ..models.test_window_classifier import ACTIVATIONS
from ..models.util import hash_embed, make_docs, make_model, set_vectors
from ..util import random_like, randomize
from .util import CLOSE, expected_scores, in_parts, score

pytestmark = pytest.mark.usefixtures("core")


def make_scorer(model, table_size=1000):
    return TableScorer(model, table_size)


# The model's scores ------------------------------------------------------------------------------


CASES = [
    *[(depth, f, n) for depth, f in [(0, "relu"), (1, "relu"), (2, "tanh")] for n in range(6)],
    *[(depth, activation, 2) for depth in (1, 2) for activation in ACTIVATIONS],
]


@pytest.mark.parametrize("pooling", ["concat", "average"])
@pytest.mark.parametrize("hidden_depth, activation, window", CASES)
def test_scores_equal_those_of_the_model(docs, hidden_depth, activation, pooling, window):
    settings = dict(hidden_depth=hidden_depth, activation=activation, pooling=pooling)
    model = make_model(docs, window=window, hidden_width=13, **settings)
    expected = expected_scores(model, docs)
    scorer = make_scorer(model)
    together = score(scorer, docs)
    numpy.testing.assert_allclose(together, expected, **CLOSE)
    assert together.std() > 0.1
    # The same to the last bit in any batch, with any table, whatever was scored before.
    numpy.testing.assert_array_equal(score(scorer, docs), together)
    numpy.testing.assert_array_equal(score(scorer, docs[::-1])[-len(docs[0]) :], together[:7])
    for table_size in (0, 1, 30):
        other = make_scorer(model, table_size)
        for n_parts in (3, len(docs)):
            numpy.testing.assert_array_equal(in_parts(other, docs, n_parts), together)


@pytest.mark.parametrize("hidden_depth, activation", [(0, "relu"), (1, "relu"), (1, "tanh")])
@pytest.mark.parametrize("hidden_width", [1, 17, 100, 130])
@pytest.mark.parametrize("nO", [1, 16, 33])
def test_any_width(docs, hidden_depth, activation, hidden_width, nO):
    settings = dict(hidden_depth=hidden_depth, activation=activation, hidden_width=hidden_width)
    model = make_model(docs, nO=nO, **settings)
    scorer = make_scorer(model)
    together = score(scorer, docs)
    numpy.testing.assert_allclose(together, expected_scores(model, docs), rtol=1e-4, atol=1e-4)
    numpy.testing.assert_array_equal(in_parts(scorer, docs, len(docs)), together)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
@pytest.mark.parametrize("pooling", ["concat", "average"])
@pytest.mark.parametrize("hidden_width", [6, 17, 128])
def test_labels_that_were_there_keep_their_scores(
    docs, hidden_width, pooling, hidden_depth, activation
):
    """Scores stay the same to the last bit when other labels are added and trained, each with
    hidden units of its own."""
    settings = dict(hidden_depth=hidden_depth, activation=activation, pooling=pooling)
    model = make_model(docs, hidden_width=hidden_width, **settings)
    scorer = make_scorer(model)
    before = score(scorer, docs)
    for units in ([4], [4, 0], [4, 0, 17]):
        set_added_labels(model, units, 2)
        randomize(added_columns(model)[-1], seed=len(units))
        after = score(scorer, docs)
        assert after.shape[1] == 5 + 2 * len(units)
        numpy.testing.assert_array_equal(after[:, : before.shape[1]], before)
        numpy.testing.assert_allclose(after, expected_scores(model, docs), rtol=1e-4, atol=1e-4)
        numpy.testing.assert_array_equal(in_parts(make_scorer(model, 9), docs, 7), after)
        before = after


def wide_model(docs, **settings):
    """A model with the default widths."""
    features = MultiHashEmbed(
        width=64, attrs=["NORM", "PREFIX", "SUFFIX", "SHAPE"], rows=[500] * 4,
        include_static_vectors=False,
    )  # fmt: skip
    embed = WordEmbed(features, CharNgramEmbed(64, 500))
    settings = {"window": 3, "hidden_width": 128, "nO": 9, **settings}
    model = WindowClassifier(embed, **settings).initialize(X=docs)
    return randomize(model, scale=0.1)


@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
def test_scores_of_a_wide_model(vocab, hidden_depth):
    """At the default widths. Words are added to the table one by one, in small groups and in large
    ones."""
    rng = numpy.random.default_rng(0)
    words = numpy.array([f"w{number}" for number in range(400)])
    sizes = (1, 2, 7, 50, 400, 1, 33, 32, 31, 64)
    docs = make_docs(vocab, [words[rng.zipf(1.2, size) % 400].tolist() for size in sizes])
    model = wide_model(docs, hidden_depth=hidden_depth)
    together = score(make_scorer(model), docs)
    numpy.testing.assert_allclose(together, expected_scores(model, docs), **CLOSE)
    for table_size, n_parts in [(0, 10), (40, 5), (200, 3), (1000, 10)]:
        scorer = make_scorer(model, table_size)
        for seed in range(3):
            parts = in_parts(scorer, docs, n_parts, seed)
            numpy.testing.assert_array_equal(parts, together)


WORDS = ["Not", "all", "museums", "in", "Paris", "are", "amazing", " ", "😀", "x1", "x2", "x3"]


@pytest.fixture(scope="module")
def given_model(vocab):
    return make_model(make_docs(vocab))


@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=9), min_size=1, max_size=9),
    st.integers(1, 9),
    st.sampled_from([0, 2, 5, 10, 100]),
)
def test_any_documents(vocab, given_model, sentences, n_parts, table_size):
    model = given_model
    docs = make_docs(vocab, [*sentences, ["in"]])
    scorer = make_scorer(model, table_size)
    together = score(scorer, docs)
    numpy.testing.assert_allclose(together, expected_scores(model, docs), **CLOSE)
    numpy.testing.assert_array_equal(in_parts(scorer, docs, n_parts), together)


# Documents of a batch ----------------------------------------------------------------------------

LENGTHS = [
    [1], [2], [3], [4], [5], [31], [64], [200], [32, 32], [31, 1, 1], [1, 0, 31, 0, 0, 1],
    [0, 100, 0, 1, 0], [30, 1, 1, 1, 30, 3], [1] * 70, [29, 70, 0, 2, 40], [0, 0, 32, 0, 32, 0],
]  # fmt: skip


@pytest.mark.parametrize("hidden_depth", [0, 1])
@pytest.mark.parametrize("window", [0, 1, 5])
@pytest.mark.parametrize("pooling", ["concat", "average"])
def test_documents_of_any_length(vocab, pooling, window, hidden_depth):
    rng = numpy.random.default_rng(0)
    words = [f"w{number}" for number in range(40)]
    settings = dict(window=window, pooling=pooling, hidden_depth=hidden_depth)
    model = make_model(make_docs(vocab), **settings)
    scorer = make_scorer(model, 60)
    for lengths in LENGTHS:
        docs = make_docs(vocab, [rng.choice(words, size=length).tolist() for length in lengths])
        expected = score(make_scorer(model), docs)
        numpy.testing.assert_allclose(expected, expected_scores(model, docs), **CLOSE)
        numpy.testing.assert_array_equal(score(scorer, docs), expected)
        alone = [score(scorer, [doc]) for doc in docs if len(doc)]
        numpy.testing.assert_array_equal(numpy.vstack(alone), expected)


def test_a_long_document(vocab):
    tokens = numpy.random.default_rng(0).choice(WORDS, size=5000).tolist()
    model = make_model(make_docs(vocab))
    long = make_docs(vocab, [tokens])
    scores = score(make_scorer(model), long)
    numpy.testing.assert_allclose(scores, expected_scores(model, long), **CLOSE)


# Changes of weights ------------------------------------------------------------------------------


def check_after(change, model, docs):
    """Check that scores follow a change of the weights."""
    scorer = make_scorer(model)
    before = score(scorer, docs).copy()
    change()
    after = score(scorer, docs)
    numpy.testing.assert_allclose(after, expected_scores(model, docs), **CLOSE)
    assert abs(after - before).max() > 1e-3
    return scorer


def rich_embed():
    """An embedding with every kind of layer."""
    return WordEmbed(hash_embed(), CharNgramEmbed(4, 50), VectorsEmbed(4, update_vectors=True))


@pytest.fixture
def vectors_vocab():
    vocab = spacy.blank("xx").vocab
    set_vectors(vocab)
    return vocab


@pytest.mark.parametrize("hidden_depth, activation", [(0, "relu"), (1, "relu"), (2, "prelu")])
def test_any_parameter_is_exchanged(vectors_vocab, hidden_depth, activation):
    docs = make_docs(vectors_vocab)
    settings = dict(hidden_depth=hidden_depth, activation=activation)
    model = make_model(docs, embed=rich_embed(), **settings)
    nodes = [(node, name) for node in model.walk() for name in node.param_names]
    assert len(nodes) >= 12
    for node, name in nodes:
        [value] = random_like([node.get_param(name)], seed=1)
        check_after(lambda node=node, name=name, value=value: node.set_param(name, value),
                    model, docs)  # fmt: skip


def test_a_scorer_made_before_the_model_is_initialized(vectors_vocab):
    docs = make_docs(vectors_vocab)
    model = WindowClassifier(rich_embed(), window=2, hidden_width=6, nO=5)
    scorer = make_scorer(model)
    randomize(model.initialize(X=docs))
    score(scorer, docs)
    for seed in (1, 2):
        randomize(model, seed)
        found = score(scorer, docs)
        numpy.testing.assert_allclose(found, expected_scores(model, docs), **CLOSE)
    model.initialize(X=docs)
    numpy.testing.assert_allclose(score(scorer, docs), expected_scores(model, docs), **CLOSE)


def test_words_become_known(docs):
    """Learning a word changes its vector before an optimizer changes any parameter."""
    embed = LexicalEmbed(["NORM", "SHAPE"], [20, 20], width=4, attr_dropout=0.1)
    model = make_model(docs, embed=embed)
    unknown = score(make_scorer(model), docs)

    def learn():
        scores, backprop = model.begin_update(docs)
        backprop(scores)

    check_after(learn, model, docs)
    assert not numpy.allclose(score(make_scorer(model), docs), unknown)


@pytest.mark.parametrize(
    "optimizer", [Adam(0.1), Adam(0.1, L2=0.1, L2_is_weight_decay=True), SGD(0.5)], ids=range(3)
)
@pytest.mark.parametrize("hidden_depth", [0, 1])
def test_an_optimizer_writes_into_the_parameters(docs, hidden_depth, optimizer):
    model = make_model(docs, hidden_depth=hidden_depth)

    def step():
        scores, backprop = model.begin_update(docs)
        backprop(random_like(scores))
        model.finish_update(optimizer)

    scorer = check_after(step, model, docs)
    step()
    numpy.testing.assert_allclose(score(scorer, docs), expected_scores(model, docs), **CLOSE)


def test_an_update_of_dead_hidden_units(docs):
    """Only the output's bias changes."""
    model = make_model(docs)
    model.get_ref("windowed_affine").get_param("b")[:] = -1e3

    def step():
        scores, backprop = model.begin_update(docs)
        backprop(random_like(scores))
        model.finish_update(SGD(0.5))

    check_after(step, model, docs)


def test_use_params(vocab, docs):
    model = make_model(docs)
    params = {
        (node.id, name): random_like([node.get_param(name)], seed=5)[0]
        for node in model.walk()
        for name in node.param_names
    }
    scorer = make_scorer(model)
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
    check_after(lambda: model.from_bytes(other.to_bytes()), model, docs)
    other = randomize(model.copy(), seed=8)
    check_after(lambda: model.from_dict(other.to_dict()), model, docs)


@pytest.mark.parametrize("hidden_depth", [0, 1, 2])
def test_another_number_of_tags(vocab, docs, hidden_depth):
    model = make_model(docs, hidden_depth=hidden_depth)
    scorer = make_scorer(model)
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
    check_after(lambda: set_vectors(vocab, seed=1), model, docs)


def test_vectors_of_the_same_numbers_for_other_words(vectors_vocab):
    vocab = vectors_vocab
    docs = make_docs(vocab)
    model = make_model(docs, embed=VectorsEmbed(4))
    data = vocab.vectors.data

    def exchange():
        words = ["amazing", "Paris", "all"]
        vocab.vectors = Vectors(data=data, keys=[vocab.strings[word] for word in words])

    check_after(exchange, model, docs)


def test_clear(vocab, docs):
    model = make_model(docs)
    scorer = make_scorer(model)
    before = score(scorer, docs)
    # A change that it can't notice.
    W = model.get_ref("windowed_affine").get_param("W")
    W *= 2.0
    numpy.testing.assert_array_equal(score(scorer, docs), before)
    scorer.clear()
    numpy.testing.assert_allclose(score(scorer, docs), expected_scores(model, docs), **CLOSE)
    assert abs(score(scorer, docs) - before).max() > 0.1


# The cache ---------------------------------------------------------------------------------------


def embedded_words(model, monkeypatch):
    """The words that a model embeds from now on."""
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
    scorer = make_scorer(model)
    for batch in (docs[:1], docs, docs[::-1]):
        score(scorer, batch)
    assert sorted(seen) == sorted({word.text for doc in docs for word in doc if not word.is_space})


def test_without_a_table_each_batch_embeds_its_words(vocab, docs, monkeypatch):
    model = make_model(docs)
    seen = embedded_words(model, monkeypatch)
    scorer = make_scorer(model, 0)
    for _ in range(2):
        score(scorer, [docs[-1]])
    assert sorted(seen) == sorted(2 * list({token.text for token in docs[-1]}))


def test_predicting_does_not_change_the_documents(vocab, docs):
    before = [doc.to_bytes() for doc in docs]
    score(make_scorer(make_model(docs)), docs)
    assert [doc.to_bytes() for doc in docs] == before


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_have_no_table(docs, copied):
    model = make_model(docs)
    scorer = make_scorer(model, 900)
    before = len(pickle.dumps(scorer))
    scores = score(scorer, docs)
    assert len(pickle.dumps(scorer)) == before
    [other, other_model] = copied([scorer, model])
    assert other._state is None
    assert other.model is other_model is not model
    assert other.table_size == 900
    numpy.testing.assert_array_equal(score(other, docs), scores)


@pytest.mark.parametrize("table_size", [0, 60, 1000])
def test_threads(vocab, table_size):
    rng = numpy.random.default_rng(0)
    words = numpy.array([f"w{number}" for number in range(300)])
    docs = make_docs(vocab, [words[rng.zipf(1.3, 20) % 300].tolist() for _ in range(150)])
    model = make_model(docs)
    expected = [score(make_scorer(model), [doc]) for doc in docs]
    scorer = make_scorer(model, table_size)
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
    """Words are embedded with the vocabulary of their document, as in the model."""
    model = make_model(make_docs(vectors_vocab), embed=VectorsEmbed(4))
    other = spacy.blank("de").vocab
    set_vectors(other, seed=1)
    scorer = make_scorer(model, table_size)
    expected = [expected_scores(model, make_docs(vocab)) for vocab in (vectors_vocab, other)]
    assert not numpy.allclose(*expected, **CLOSE)
    for _ in range(2):
        for vocab, right in zip((vectors_vocab, other), expected, strict=True):
            numpy.testing.assert_allclose(score(scorer, make_docs(vocab)), right, **CLOSE)


@pytest.mark.parametrize("table_size", [0, 8, 1000])
def test_words_of_a_memory_zone(docs, table_size):
    nlp = spacy.blank("xx")
    sentences = [[f"transient{n}", "in", f"other{n}"] for n in range(5)]
    model = make_model(docs)
    expected = expected_scores(model, make_docs(spacy.blank("xx").vocab, sentences))
    scorer = make_scorer(model, table_size)
    n_strings, n_lexemes = len(nlp.vocab.strings), len(list(nlp.vocab))
    for _ in range(2):
        with nlp.memory_zone():
            inside = score(scorer, make_docs(nlp.vocab, sentences))
            numpy.testing.assert_allclose(inside, expected, **CLOSE)
        assert (len(nlp.vocab.strings), len(list(nlp.vocab))) == (n_strings, n_lexemes)
        assert "transient1" not in nlp.vocab.strings
    after = score(scorer, make_docs(nlp.vocab, sentences[::-1]))
    numpy.testing.assert_allclose(after[:3], expected[-3:], **CLOSE)
