"""The table of words behind the component's predictions: it changes nothing but the speed."""

import copy
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
import spacy
from spacy.tokens import Doc
from spacy.util import load_config
from thinc.api import SGD, Adam, ConfigValidationError
from thinc.compat import has_torch

from spacy_windowner.decoding.words import word_mask
from spacy_windowner.losses.cross_entropy import CrossEntropy
from spacy_windowner.models.window_classifier import WindowClassifier
from spacy_windowner.pipeline.doc_io import read_words
from spacy_windowner.pipeline.window_ner import WindowNER
from spacy_windowner.scoring.scorer import ModelScorer, TableScorer

from ..models.util import hash_embed, set_vectors
from ..util import randomize
from .util import (
    ENTITIES,
    TRAIN_DATA,
    copy_of,
    ents_of,
    make_examples,
    make_nlp,
    scoring_ner,
    train,
)

needs_torch = pytest.mark.skipif(not has_torch, reason="torch is an extra")
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
TEXTS = [
    *[text for text, _ in TRAIN_DATA], "", " ", "Who is in Berlin?", "Khan likes Shaka London.",
]  # fmt: skip


def many_texts(n: int, n_names: int = 300, suffix: str = "") -> list[str]:
    """Texts of names, the first of them often and the last ones seldom."""
    rng = numpy.random.default_rng(0)
    names = ["London", "Berlin"]
    names += [f"{'Khan' if n % 2 else 'Shaka'}{suffix}{n}" for n in range(2, n_names)]
    frames = ["Who is {} {}?", "I like {} and {}.", "{} {} likes Shaka Khan, in London or Berlin."]
    return [
        frames[rng.integers(3)].format(*(names[n] for n in rng.zipf(1.3, 2) % n_names))
        for _ in range(n)
    ]


def score(ner: WindowNER, docs: list[Doc]) -> numpy.ndarray:
    """The scores a component's predictions come from, one row a token."""
    ner.predict(docs)
    return ner._tag_scorer.scores(docs, read_words(docs, False, False))


def model_scores(ner: WindowNER, docs: list[Doc]) -> numpy.ndarray:
    return numpy.vstack(ner.model.predict(docs))[word_mask(docs)]


def rebuilt(nlp, **settings):
    """A pipeline with a copy of the component, with other settings of the runtime."""
    other = type(nlp)(nlp.vocab, create_tokenizer=lambda _: nlp.tokenizer)
    config = {**nlp.config["components"]["window_ner"], **settings}
    ner = other.add_pipe(config.pop("factory"), name="window_ner", config=config)
    ner.from_bytes(nlp.get_pipe("window_ner").to_bytes(exclude=["vocab"]), exclude=["vocab"])
    return other


def predictions(nlp, texts=TEXTS) -> list:
    return [ents_of(doc) for doc in nlp.pipe(texts)]


# The same predictions ----------------------------------------------------------------------------


@pytest.mark.parametrize("table_size", [0, 12, 25000])
def test_predictions_do_not_depend_on_the_settings(trained_once, table_size):
    texts = [*TEXTS, *many_texts(50)]
    nlp = rebuilt(trained_once, table_size=table_size)
    ner = nlp.get_pipe("window_ner")
    docs = [nlp.make_doc(text) for text in texts]
    scores = score(ner, docs)
    numpy.testing.assert_allclose(scores, model_scores(ner, docs), **CLOSE)
    expected = predictions(trained_once, texts)
    assert len({ent for ents in expected for ent in ents}) > 3
    for batch_size in (1, 3, 50, 1000):
        found = [ents_of(doc) for doc in nlp.pipe(texts, batch_size=batch_size)]
        assert found == expected
    assert [ents_of(nlp(text)) for text in texts] == expected
    one_by_one = [score(ner, [doc]) for doc in docs if len(doc)]
    numpy.testing.assert_array_equal(numpy.vstack(one_by_one), scores)
    numpy.testing.assert_array_equal(score(ner, docs), scores)


def check_threads(nlp, n: int) -> None:
    """What 8 threads find with one pipeline equals what one thread finds with another."""
    texts = many_texts(n, n_names=n // 4, suffix="thread")
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            docs = list(pool.map(nlp, texts))
    finally:
        sys.setswitchinterval(interval)
    expected = [doc.to_bytes() for doc in rebuilt(nlp).pipe(texts)]
    assert [doc.to_bytes() for doc in docs] == expected
    assert sum(len(doc.ents) for doc in docs) > n / 2


@pytest.mark.parametrize("table_size", [0, 80])
def test_threads(trained_once, table_size):
    check_threads(rebuilt(trained_once, table_size=table_size), 120)


@pytest.mark.slow
@pytest.mark.parametrize("table_size", [500, 25000])
def test_threads_with_10_000_documents(trained_once, table_size):
    check_threads(rebuilt(trained_once, table_size=table_size), 10_000)


# Weights that change -----------------------------------------------------------------------------


class Change:
    """Checks that a component's predictions follow a change of its weights."""

    def __init__(self, nlp) -> None:
        self.ner = nlp.get_pipe("window_ner")
        self.docs = [nlp.make_doc(text) for text in TEXTS]
        self.before = score(self.ner, self.docs).copy()

    def check(self, atol: float = 1e-5) -> None:
        after = score(self.ner, self.docs)
        expected = model_scores(self.ner, self.docs)
        numpy.testing.assert_allclose(after, expected, rtol=1e-5, atol=atol)
        n_tags = min(after.shape[1], self.before.shape[1])
        assert abs(after[:, :n_tags] - self.before[:, :n_tags]).max() > 2 * atol
        self.before = after.copy()


def test_update(trained_once):
    nlp = rebuilt(trained_once)
    change = Change(nlp)
    other = [("Is Berlin Khan?", {"entities": [(3, 9, "PERSON"), (10, 14, "LOC")]})]
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.01
    for _ in range(3):
        nlp.update(make_examples(nlp, other), sgd=optimizer)
        change.check()


@pytest.mark.parametrize("optimizer", [Adam(0.1), SGD(0.1)], ids=["Adam", "SGD"])
def test_finish_update_of_the_model(trained_once, optimizer):
    change = Change(rebuilt(trained_once))
    for _ in range(2):
        scores, backprop = change.ner.model.begin_update(change.docs)
        backprop([numpy.ones_like(S) * S for S in scores])
        change.ner.model.finish_update(optimizer)
        change.check()


@pytest.mark.parametrize("whole", [True, False], ids=["component", "model"])
def test_from_bytes(trained_once, whole):
    other = rebuilt(trained_once).get_pipe("window_ner")
    randomize(other.model)
    change = Change(rebuilt(trained_once))
    if whole:
        change.ner.from_bytes(other.to_bytes(exclude=["vocab"]), exclude=["vocab"])
    else:
        change.ner.model.from_bytes(other.model.to_bytes())
    change.check()


@pytest.mark.parametrize("whole", [True, False], ids=["component", "model"])
def test_from_disk(trained_once, tmp_path, whole):
    other = rebuilt(trained_once).get_pipe("window_ner")
    randomize(other.model)
    change = Change(rebuilt(trained_once))
    if whole:
        other.to_disk(tmp_path / "ner", exclude=["vocab"])
        change.ner.from_disk(tmp_path / "ner", exclude=["vocab"])
    else:
        other.model.to_disk(tmp_path / "model")
        change.ner.model.from_disk(tmp_path / "model")
    change.check()


def test_the_pipeline_is_loaded_anew(trained):
    other = copy_of(trained)
    randomize(other.get_pipe("window_ner").model)
    change = Change(trained)
    trained.from_bytes(other.to_bytes())
    change.check()


def test_initialize(trained):
    change = Change(trained)
    trained.initialize(lambda: make_examples(trained))
    change.check()


def test_use_params():
    nlp = make_nlp()
    nlp.initialize(lambda: make_examples(nlp))
    optimizer = Adam(0.01, use_averages=True)
    for _ in range(3):
        nlp.update(make_examples(nlp), sgd=optimizer)
    change = Change(nlp)
    now = change.before
    for _ in range(2):
        with nlp.use_params(optimizer.averages):
            change.check()
        change.check()
        numpy.testing.assert_array_equal(change.before, now)
    nlp.update(make_examples(nlp), sgd=optimizer)
    change.check()
    with nlp.use_params(optimizer.averages):
        change.check()


@pytest.mark.parametrize("hidden_depth", [0, 1])
def test_add_label(hidden_depth):
    nlp = make_nlp(model={"hidden_depth": hidden_depth})
    train(nlp)
    change = Change(nlp)
    assert change.ner.add_label("ORG") == 1
    after = score(change.ner, change.docs)
    assert after.shape[1] == 7
    numpy.testing.assert_allclose(after[:, :5], change.before, **CLOSE)
    numpy.testing.assert_allclose(after, model_scores(change.ner, change.docs), **CLOSE)
    assert predictions(nlp)[:2] == ENTITIES
    nlp.update(make_examples(nlp, [("ORG is it", {"entities": [(0, 3, "ORG")]})]), sgd=Adam(0.1))
    change.check()


@pytest.mark.parametrize("kind", ["of words", "custom"])
def test_another_model(trained_once, kind):
    """Whether or not it has a table."""
    nlp = rebuilt(trained_once)
    change = Change(nlp)
    if kind == "of words":
        other = randomize(rebuilt(nlp).get_pipe("window_ner").model)
    else:
        ner = scoring_ner({"London": [0.0, 0.0, 0.0, 2.0, 0.0]}, ["PERSON", "LOC"])
        other = ner.model
    change.ner.model, own = other, change.ner.model
    change.check()
    change.ner.model = own
    change.check()
    assert predictions(nlp)[:2] == ENTITIES


WITH_VECTORS = ["London", "Khan", "is", "I", "Who", "."]


def vectors_nlp():
    nlp = spacy.blank("xx")
    set_vectors(nlp.vocab, words=WITH_VECTORS)
    embed = {
        "features": {"width": 8, "rows": [50, 50, 50, 50]},
        "ngrams": None,
        "vectors": {"@architectures": "spacy-windowner.VectorsEmbed.v1", "width": 4},
    }
    nlp.add_pipe("window_ner", config={"model": {"embed": embed, "hidden_width": 8}})
    nlp.initialize(lambda: make_examples(nlp))
    randomize(nlp.get_pipe("window_ner").model)
    return nlp


def test_other_vectors():
    nlp = vectors_nlp()
    change = Change(nlp)
    set_vectors(nlp.vocab, words=WITH_VECTORS, seed=1)
    change.check()
    set_vectors(nlp.vocab, words=[*WITH_VECTORS[2:], "Berlin", "like", "who"], seed=2)
    change.check()


# What is saved -----------------------------------------------------------------------------------


def test_nothing_of_the_table_is_saved(trained_once, tmp_path):
    nlp = rebuilt(trained_once)
    ner = nlp.get_pipe("window_ner")

    def save(name):
        ner.to_disk(tmp_path / name, exclude=["vocab"])
        files = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        return ner.to_bytes(exclude=["vocab"]), files, len(pickle.dumps(ner.model))

    ner.predict([nlp.make_doc("London")])  # what is found out of the settings stays the same
    # Texts of known words: new ones would grow the vocabulary, which is saved.
    before, pickled = save("before"), len(pickle.dumps(ner))
    score(ner, [nlp.make_doc(text) for text, _ in TRAIN_DATA])
    assert save("after") == before
    assert len(pickle.dumps(ner)) == pickled


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_the_component(trained_once, copied):
    nlp = rebuilt(trained_once)
    ner = nlp.get_pipe("window_ner")
    docs = [nlp.make_doc(text) for text in TEXTS]
    expected = score(ner, docs)
    other = copied(ner)
    assert other.table_size == ner.table_size
    assert other.model is not ner.model
    numpy.testing.assert_array_equal(score(other, docs), expected)
    randomize(other.model)
    numpy.testing.assert_allclose(score(other, docs), model_scores(other, docs), **CLOSE)
    numpy.testing.assert_array_equal(score(ner, docs), expected)


def test_settings_are_in_the_config_only(trained_once, tmp_path):
    nlp = rebuilt(trained_once, table_size=77)
    expected = predictions(nlp)
    assert nlp.config["components"]["window_ner"]["table_size"] == 77
    ner = nlp.get_pipe("window_ner")
    assert "table_size" not in ner.cfg
    nlp.to_disk(tmp_path)
    assert b"table_size" not in (tmp_path / "window_ner" / "cfg").read_bytes()
    assert spacy.load(tmp_path).get_pipe("window_ner").table_size == 77
    nlp = spacy.load(tmp_path, config={"components": {"window_ner": {"table_size": 5}}})
    other = nlp.get_pipe("window_ner")
    assert other.table_size == other._tag_scorer.table_size == 5
    assert predictions(nlp) == expected


# Settings ----------------------------------------------------------------------------------------


def test_defaults():
    ner = make_nlp().get_pipe("window_ner")
    assert ner.table_size == 25000
    model = WindowClassifier(hash_embed())
    ner = WindowNER(spacy.blank("xx").vocab, model, loss=CrossEntropy())
    assert ner.table_size == 25000


def test_settings_that_make_no_sense():
    model = WindowClassifier(hash_embed())
    with pytest.raises(ValueError, match="WN001.*table_size = -1.*0 is for no table"):
        WindowNER(spacy.blank("xx").vocab, model, loss=CrossEntropy(), table_size=-1)


def test_settings_that_make_no_sense_in_a_config():
    with pytest.raises(ValueError, match="WN001.*table_size"):
        make_nlp(table_size=-1)
    with pytest.raises(ConfigValidationError, match="table_size"):
        make_nlp(table_size="many")


# When there is no table --------------------------------------------------------------------------

HASH_EMBED_CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": 16,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
    "pretrained_vectors": None,
}


def make_other(kind: str, root):
    """A pipeline whose model has no table."""
    nlp = spacy.blank("xx")
    model = {"embed": HASH_EMBED_CNN, "hidden_width": 8}
    if kind == "torch":
        model = load_config(root / "configs" / "torch.cfg")["components"]["window_ner"]["model"]
    nlp.add_pipe("window_ner", config={"model": model})
    return nlp


@pytest.mark.parametrize("kind", ["contextual", pytest.param("torch", marks=needs_torch)])
def test_models_without_a_table(pytestconfig, kind):
    nlp = make_other(kind, pytestconfig.rootpath)
    ner = nlp.get_pipe("window_ner")
    assert isinstance(ner._tag_scorer, ModelScorer)
    train(nlp, steps=100)
    texts = [*TEXTS, *many_texts(30)]
    docs = [nlp.make_doc(text) for text in texts]
    numpy.testing.assert_array_equal(score(ner, docs), model_scores(ner, docs))
    expected = predictions(nlp, texts)
    assert expected[:2] == ENTITIES
    assert [ents_of(nlp(text)) for text in texts] == expected
    change = Change(nlp)
    other = [("Is Berlin Khan?", {"entities": [(3, 9, "PERSON"), (10, 14, "LOC")]})]
    nlp.update(make_examples(nlp, other), sgd=Adam(0.1))
    change.check()
    assert isinstance(ner._tag_scorer, ModelScorer)


def test_a_custom_model():
    ner = scoring_ner({"London": [0.0, 2.0, 0.0]}, ["LOC"])
    assert isinstance(ner._tag_scorer, ModelScorer)
    doc = ner(Doc(ner.vocab, words=["in", "London"]))
    assert ents_of(doc) == [("London", "LOC")]


def test_the_default_model_has_a_table():
    assert isinstance(make_nlp().get_pipe("window_ner")._tag_scorer, TableScorer)


# Vocabularies and memory -------------------------------------------------------------------------


@pytest.mark.parametrize("table_size", [0, 25000])
def test_documents_of_another_vocabulary(trained_once, table_size):
    ner = rebuilt(trained_once, table_size=table_size).get_pipe("window_ner")
    texts = [*TEXTS, *many_texts(20, suffix="elsewhere")]
    expected = predictions(copy_of(trained_once), texts)
    for _ in range(2):
        other = spacy.blank("xx")
        docs = list(ner.pipe([other.make_doc(text) for text in texts]))
        assert [ents_of(doc) for doc in docs] == expected
        assert ents_of(ner(other.make_doc(texts[0]))) == ENTITIES[0]


@pytest.mark.parametrize("table_size", [0, 40])
def test_words_of_a_memory_zone_are_used_after_it(trained_once, table_size):
    nlp = rebuilt(trained_once, table_size=table_size)
    for suffix in ("once", "twice"):
        suffix += str(table_size)
        texts = [*TEXTS, *many_texts(40, suffix=suffix)]
        expected = predictions(copy_of(trained_once), texts)
        with nlp.memory_zone():
            assert predictions(nlp, texts) == expected
        assert not any(suffix in string for string in nlp.vocab.strings)
        assert predictions(nlp, texts[::-1]) == expected[::-1]


def growth(nlp, n_zones: int, n_texts: int) -> int:
    """Bytes that the last three quarters of much ever-new text take, each part of it in a zone."""
    n_strings, n_lexemes = len(nlp.vocab.strings), len(list(nlp.vocab))

    def read(zone: int) -> None:
        with nlp.memory_zone():
            texts = (f"I like New{zone}x{n} and Other{zone}x{n}." for n in range(n_texts))
            for doc in nlp.pipe(texts, batch_size=100):
                assert len(doc) == 6

    for zone in range(n_zones // 4):
        read(zone)
    tracemalloc.start()
    for zone in range(n_zones // 4, n_zones):
        read(zone)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert (len(nlp.vocab.strings), len(list(nlp.vocab))) == (n_strings, n_lexemes)
    return taken


def check_memory(nlp, table_size: int, **settings) -> None:
    """A pipeline takes no more memory than one without the component, but for its tables: both may
    have been replaced since the measurement began."""
    nlp, blank = rebuilt(nlp, table_size=table_size), spacy.blank(nlp.lang)
    affine = nlp.get_pipe("window_ner").model.get_ref("windowed_affine")
    n_positions, width, _ = affine.get_param("W").shape
    tables = (table_size + 2) * (n_positions * width * 4 + 12 * (8 + 4))
    assert growth(nlp, **settings) - growth(blank, **settings) < tables + 60_000


@pytest.fixture(scope="module")
def english():
    """A pipeline whose tables of strings are so large that none of them is doubled meanwhile."""
    nlp = make_nlp(lang="en")
    train(nlp)
    return nlp


@pytest.mark.parametrize("table_size", [0, 300])
def test_memory_of_ever_new_text_in_zones(english, table_size):
    check_memory(english, table_size, n_zones=16, n_texts=50)


@pytest.mark.slow
def test_memory_of_100_000_distinct_words_in_zones(english):
    check_memory(english, 5000, n_zones=40, n_texts=1250)


# Processes ---------------------------------------------------------------------------------------

PROCESSES = """
import multiprocessing
import sys

import spacy

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[2])
    nlp = spacy.load(sys.argv[1])
    texts = ["Who is Shaka Khan?", "", "I like London and Berlin."] * 100
    one, two = (
        [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs]
        for docs in (nlp.pipe(texts), nlp.pipe(texts, n_process=2, batch_size=100))
    )
    assert one == two
    print("equal", len(two), sum(map(len, two)))
"""


def check_processes(nlp, path, start_method: str) -> None:
    """Two processes find what one finds. After predictions with several threads, none of which
    are there in a forked process."""
    if start_method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system can't {start_method}")
    nlp.to_disk(path / "nlp")
    script = path / "processes.py"
    script.write_text(PROCESSES)
    process = subprocess.Popen(
        [sys.executable, str(script), str(path / "nlp"), start_method],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own processes, too
        process.communicate()
        raise
    assert process.returncode == 0, stderr
    assert stdout.split() == ["equal", "300", "300"]


@pytest.mark.usefixtures("light_processes")
def test_forked_processes(trained_once, tmp_path):
    check_processes(trained_once, tmp_path, "fork")


@pytest.mark.slow
@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_processes(trained_once, tmp_path, start_method):
    check_processes(trained_once, tmp_path, start_method)


def test_documents_of_several_vocabularies_in_a_batch(trained_once):
    ner = rebuilt(trained_once).get_pipe("window_ner")
    vocabs = [spacy.blank("xx").vocab, spacy.blank("de").vocab]
    vocabs[1]["London"].norm_ = "other"
    docs = [Doc(vocabs[n // 2 % 2], words=["I", "like", "London"]) for n in range(6)]
    for doc, entities in zip(docs, ner.predict(docs).entities.by_doc(6), strict=True):
        assert [entities] == ner.predict([doc]).entities.by_doc(1)
        numpy.testing.assert_allclose(score(ner, [doc]), model_scores(ner, [doc]), **CLOSE)


def test_an_empty_document_of_another_vocabulary_comes_first(trained_once):
    ner = rebuilt(trained_once).get_pipe("window_ner")
    doc = Doc(spacy.blank("xx").vocab, words=["unheardof", "London"])
    empty = Doc(spacy.blank("xx").vocab)
    entities = [(), *ner.predict([doc]).entities.by_doc(1), ()]
    assert ner.predict([empty, doc, empty]).entities.by_doc(3) == entities


def test_settings_of_a_loaded_component_are_fixed(trained_once):
    ner = rebuilt(trained_once).get_pipe("window_ner")
    with pytest.raises(AttributeError):
        ner.table_size = 5
