"""The component with word clusters."""

import numpy
import pytest
import spacy
from spacy.tokens import Doc

from spacy_windowner import explain
from spacy_windowner.layers.cluster_features import cluster_layers

from .util import TRAIN_DATA, copy_of, ents_of, make_examples, make_nlp, train

# Only the clusters say which of the words are cities: the model sees nothing else but their shape.
CITIES, OTHERS = ["bak", "dep", "fit", "gol"], ["kum", "lan", "mer", "nis"]
LATER, LATER_OTHER = "quza", "quzo"
PATHS = "".join(
    f"{path}\t{word}\n"
    for words, path in (
        ([*CITIES, LATER], "0101"),
        ([*OTHERS, LATER_OTHER], "0110"),
        ("i like we were in today again .".split(), "1"),
    )
    for word in words
)
DATA = [
    (f"{first} {word} {last}", {"entities": [(len(first) + 1, len(first) + 1 + len(word), "LOC")]
                                if word in CITIES else []})
    for first in ("I like", "we were in")
    for word in CITIES + OTHERS
    for last in ("today", "again .")
]  # fmt: skip
TEXTS = [f"I like {word} today" for word in (LATER, LATER.upper(), LATER_OTHER)] + [""]
FOUND = [[(LATER, "LOC")], [(LATER.upper(), "LOC")], [], []]


def clusters_of(path, **settings):
    return {"@architectures": "spacy-windowner.ClusterEmbed.v1", "source": str(path), **settings}


def with_clusters(path, **settings):
    features = {"attrs": ["LENGTH"], "rows": [100]}
    embed = {"features": features, "ngrams": None, "clusters": clusters_of(path, **settings)}
    return make_nlp(model={"embed": embed})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("clusters") / "paths"
    path.write_text(PATHS)
    return path


@pytest.fixture(scope="module")
def trained_once(path):
    nlp = with_clusters(path)
    train(nlp, DATA, steps=80)
    return nlp


@pytest.fixture
def trained(trained_once):
    return copy_of(trained_once)


def layers_of(nlp):
    return cluster_layers(nlp.get_pipe("window_ner").model)


def found(nlp):
    return [ents_of(doc) for doc in nlp.pipe(TEXTS)]


def test_words_that_training_never_saw(trained):
    assert found(trained) == FOUND
    assert [ents_of(trained(text)) for text in TEXTS] == FOUND
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=TEXTS[0].split())
    assert ents_of(trained.get_pipe("window_ner")(doc)) == FOUND[0]


def test_they_are_saved_with_the_component(trained, path, tmp_path):
    """The file is needed to train, and not to load."""
    (tmp_path / "gone").write_text(path.read_text())
    nlp = with_clusters(tmp_path / "gone")
    train(nlp, DATA, steps=80)
    (tmp_path / "gone").unlink()
    nlp.to_disk(tmp_path / "model")
    for loaded in (
        spacy.load(tmp_path / "model"),
        with_clusters("other").from_bytes(nlp.to_bytes()),
    ):
        assert loaded.get_pipe("window_ner").to_bytes() == nlp.get_pipe("window_ner").to_bytes()
        assert found(loaded) == FOUND
    with pytest.raises(ValueError, match="WN235.*gone"):
        nlp.initialize()


def test_they_are_a_feature_of_an_explanation(trained):
    [entity] = explain(trained, TEXTS[0]).entities
    by_word = {part.text: part.features["cluster"] for part in entity.parts}
    assert by_word[LATER] > abs(by_word["like"]) > 0.0
    assert abs(entity.remainder) < 1e-4


def test_loading_checks_that_they_fit(trained, path, tmp_path):
    (tmp_path / "few").write_text("0\tbak\n1\tkum\n")
    other = with_clusters(tmp_path / "few")
    with pytest.warns(UserWarning, match="WW007"):
        train(other, DATA, steps=1)
    [layer], [small] = (layers_of(nlp) for nlp in (trained, other))
    with pytest.raises(ValueError, match=r"WN009.*`prefixes`.*is \[4, 6, 10, 16\]"):
        with_clusters(path, prefixes=[4]).from_bytes(trained.to_bytes())
    layer.attrs["clusters"] = small.attrs["clusters"]
    with pytest.raises(ValueError, match="WN009.*clusters need 9 rows, and it has"):
        with_clusters(path).from_bytes(trained.to_bytes())


@pytest.mark.parametrize("n", [0, 1, 5, 6, 11])
def test_words_of_the_training_data_in_no_cluster(n, tmp_path, recwarn):
    tokens = [str(token) for text, _ in TRAIN_DATA for token in spacy.blank("xx")(text)]
    assert len(set(tokens)) == len(tokens) == 11
    (tmp_path / "paths").write_text("".join(f"01\t{word}\n" for word in [*tokens[:n], "foo"]))
    nlp = with_clusters(tmp_path / "paths")
    if n == 0:
        with pytest.raises(ValueError, match="WN237.*none of the 11 words.*1 words"):
            nlp.initialize(lambda: make_examples(nlp))
        return
    nlp.initialize(lambda: make_examples(nlp))
    warned = [str(each.message) for each in recwarn]
    assert len(warned) == (n < 6)
    if warned:
        assert f"[WW007] 'window_ner' finds a word cluster for only {n / 11:.0%}" in warned[0]
        assert str(tokens[n : n + 5])[1:-1] in warned[0]


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"width": 0}, "width"), ({"prefixes": []}, "prefixes"), ({"prefixes": [4, 0]}, "prefixes"),
     ({"prefixes": [32]}, "prefixes")],
)  # fmt: skip
def test_settings(settings, name):
    with pytest.raises(ValueError, match=f"WN001.*{name}"):
        with_clusters("paths", **settings)


def test_training_is_reproducible(path):
    models = []
    for _ in range(2):
        nlp = with_clusters(path)
        train(nlp, DATA, steps=5)
        [layer] = layers_of(nlp)
        models.append(layer.get_param("E"))
    numpy.testing.assert_array_equal(*models)
