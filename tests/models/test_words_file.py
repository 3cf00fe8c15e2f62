import numpy
import pytest
import spacy
from spacy.vectors import Vectors
from spacy.vocab import Vocab
from thinc.api import Model, set_dropout_rate

from spacy_windowner.files import write_packed
from spacy_windowner.layers.word_attributes import attribute_layers
from spacy_windowner.models.embed import (
    CharNgramEmbed,
    ClusterEmbed,
    LexicalEmbed,
    VectorsEmbed,
    WordEmbed,
)
from spacy_windowner.models.window_classifier import WindowClassifier
from spacy_windowner.models.words_file import load_words, save_words

from ..util import randomize
from .util import hash_embed, make_docs

KIND = "spacy-windowner.words.v3"
WORDS: dict = {"activation": "relu", "known": [], "embed": [], "windowed_affine": []}
DOCS_WORDS = [["Not", "all", "museums"]]


def make_model(vocab, *, width=8, attrs=("NORM", "SHAPE"), lengths=(3, 4), dropout=None,
               seed=0, **settings) -> Model:  # fmt: skip
    ngrams = CharNgramEmbed(width=4, rows=30, lengths=lengths)
    embed = WordEmbed(hash_embed(attrs, width), ngrams)
    settings = {"window": 2, "hidden_width": 6, "nO": 3, **settings}
    model = WindowClassifier(embed, dropout=dropout, **settings)
    model.initialize(X=make_docs(vocab, DOCS_WORDS))
    return randomize(model, seed=seed)


@pytest.fixture
def path(tmp_path, en_vocab):
    save_words(make_model(en_vocab, seed=1), tmp_path / "words.bin")
    return tmp_path / "words.bin"


@pytest.fixture(scope="module")
def en_vocab():
    return spacy.blank("en").vocab


def test_round_trip(path, en_vocab):
    """Parts that aren't pretrained, and settings for training, may differ."""
    saved = make_model(en_vocab, seed=1)
    model = make_model(en_vocab, seed=2, nO=9, hidden_depth=2, dropout=0.4)
    output = model.get_ref("output_layer").get_param("W").copy()
    load_words(model, path, "ner")
    docs = make_docs(en_vocab)
    for part in ("embed", "windowed_affine"):
        pairs = zip(saved.get_ref(part).walk(), model.get_ref(part).walk(), strict=True)
        for one, other in pairs:
            for name in one.param_names:
                numpy.testing.assert_array_equal(other.get_param(name), one.get_param(name))
    numpy.testing.assert_array_equal(model.get_ref("output_layer").get_param("W"), output)
    for rows, expected in zip(*(m.get_ref("embed").predict(docs) for m in (model, saved)),
                              strict=True):  # fmt: skip
        numpy.testing.assert_array_equal(rows, expected)
    # The weights are the model's own, and can be trained.
    model.get_ref("windowed_affine").get_param("W")[:] += 1.0


def test_known_words_are_in_the_file(tmp_path, en_vocab):
    docs = make_docs(en_vocab, DOCS_WORDS)
    models = []
    for _ in range(2):
        embed = LexicalEmbed(["NORM", "SHAPE"], [20, 20], width=4, attr_dropout=0.1)
        model = WindowClassifier(embed, window=1, hidden_width=4, nO=3)
        models.append(model.initialize(X=docs))
    saved, model = models
    set_dropout_rate(saved, 0.0)
    scores, backprop = saved.begin_update(docs)
    backprop(scores)
    save_words(saved, tmp_path / "words.bin")
    load_words(model, tmp_path / "words.bin", "ner")
    for rows, expected in zip(*(m.get_ref("embed").predict(docs) for m in (model, saved)),
                              strict=True):  # fmt: skip
        numpy.testing.assert_array_equal(rows, expected)
    [layer] = attribute_layers(model)
    assert [len(each) for each in layer.attrs["known"]] == [3, 3]


@pytest.mark.parametrize(
    "settings, where, found, expected",
    [
        ({"width": 10}, "hashembed", r"shape \(50, 8\)", r"shape \(50, 10\)"),
        ({"hidden_width": 7}, "windowed_affine", r"shape \(5, 6, 12\)", r"shape \(5, 7, 12\)"),
        ({"window": 1}, "windowed_affine", "2", "1"),
        ({"window": 0, "pooling": "average"}, "windowed_affine", "2", "0"),
        ({"activation": "tanh"}, "`activation`", "relu", "tanh"),
        ({"lengths": (2, 4)}, "char_ngrams", "3", "2"),
        ({"attrs": ("SHAPE", "NORM")}, "extract_features", r"\['NORM', 'SHAPE'\]", "'SHAPE', "),
        ({"attrs": ("NORM", "SHAPE", "LOWER")}, "", "hashembed, hashembed", "hashembed, hash"),
    ],
    ids=str,
)
def test_words_of_another_model(path, en_vocab, settings, where, found, expected):
    model = make_model(en_vocab, **settings)
    before = model.to_bytes()
    message = rf"WN046.*'ner'.*{where}.*file has.*{found}.*model.*{expected}.*pretrain again"
    with pytest.raises(ValueError, match=message):
        load_words(model, path, "ner")
    assert model.to_bytes() == before


def test_words_of_other_clusters(tmp_path, en_vocab):
    """The rows of the layer belong to the clusters."""
    models = []
    for name, text in (("one", "00\tNot\n01\tall\n"), ("two", "01\tNot\n00\tall\n")):
        (tmp_path / name).write_text(text)
        embed = WordEmbed(hash_embed(), clusters=ClusterEmbed(tmp_path / name))
        model = WindowClassifier(embed, window=2, hidden_width=6, nO=3)
        models.append(model.initialize(X=make_docs(en_vocab, DOCS_WORDS)))
    one, two = models
    save_words(one, tmp_path / "words.bin")
    load_words(one, tmp_path / "words.bin", "ner")
    with pytest.raises(ValueError, match="WN046.*`clusters` of the layer .* those of 2 words"):
        load_words(two, tmp_path / "words.bin", "ner")


def test_vectors_of_other_words(tmp_path):
    """Each row of the layer belongs to a word."""
    models = []
    for words in (["Not", "all", "museums"], ["all", "Not", "museums"]):
        vocab = Vocab()
        vocab.vectors = Vectors(strings=vocab.strings, data=numpy.eye(3, dtype="f"), keys=words)
        embed = WordEmbed(hash_embed(), vectors=VectorsEmbed(4, update_vectors=True))
        model = WindowClassifier(embed, window=2, hidden_width=6, nO=3)
        models.append(model.initialize(X=make_docs(vocab, DOCS_WORDS)))
    one, two = models
    save_words(one, tmp_path / "words.bin")
    load_words(one, tmp_path / "words.bin", "ner")
    with pytest.raises(ValueError, match="WN046.*`vectors` of the layer .* the checksum"):
        load_words(two, tmp_path / "words.bin", "ner")


def test_a_model_without_these_layers(path, en_vocab):
    model = hash_embed().initialize(X=make_docs(en_vocab))
    with pytest.raises(ValueError, match="WN046.*no spacy-windowner.WindowClassifier.v1"):
        load_words(model, path, "ner")


def test_there_is_no_file(tmp_path, en_vocab):
    with pytest.raises(ValueError, match="WN045.*no such file.*paths.init_words"):
        load_words(make_model(en_vocab), tmp_path / "words.bin", "ner")


@pytest.mark.parametrize("data", [b"", b"\xc1 no msgpack", KIND.encode()])
def test_files_of_another_kind(tmp_path, en_vocab, data):
    path = tmp_path / "words.bin"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"WN045.*doesn't begin with '{KIND}'.*paths.init_words"):
        load_words(make_model(en_vocab), path, "ner")


def layer(**params):
    return {"name": "linear", "settings": {}, "params": params}


@pytest.mark.parametrize(
    "data, reason",
    [
        *[({k: v for k, v in WORDS.items() if k != name}, f"KeyError.*{name}") for name in WORDS],
        ({**WORDS, "embed": 3}, "TypeError"),
        ({**WORDS, "embed": [3]}, "TypeError"),
        ({**WORDS, "embed": [{"name": "linear"}]}, "KeyError"),
        ({**WORDS, "embed": [{"name": "linear", "settings": 3, "params": {}}]}, "TypeError"),
        ({**WORDS, "embed": [{"name": "linear", "settings": {}, "params": []}]}, "AttributeError"),
        ({**WORDS, "embed": [layer(W=[1.0])]}, "`W of the layer linear` is no array of float32"),
        ({**WORDS, "embed": [layer(W=numpy.ones(2))]}, "no array of float32"),
        ({**WORDS, "embed": [layer(W=numpy.array([1, numpy.nan], "float32"))]}, "NaN or infinite"),
        ({**WORDS, "embed": [layer(W=numpy.array([-numpy.inf], "float32"))]}, "NaN or infinite"),
        ({**WORDS, "activation": 3}, "WN046"),
    ],
    ids=str,
)
def test_files_with_other_content(tmp_path, en_vocab, data, reason):
    path = tmp_path / "words.bin"
    write_packed(path, KIND, data)
    model = make_model(en_vocab)
    before = model.to_bytes()
    with pytest.raises(ValueError, match=reason if "WN" in reason else f"WN045.*{reason}"):
        load_words(model, path, "ner")
    assert model.to_bytes() == before


def test_a_file_cut_short(path, en_vocab):
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="WN045.*damaged or cut short: its checksum differs"):
        load_words(make_model(en_vocab), path, "ner")


def test_a_folder_is_no_file(path, en_vocab):
    with pytest.raises(ValueError, match="WN045.*it is a folder.*words.bin"):
        load_words(make_model(en_vocab), path.parent, "ner")
