"""The component with a lexicon."""

import json
import os
import pickle
import subprocess
import sys

import pytest
import spacy
from spacy.tokens import Doc

from spacy_windowner import explain
from spacy_windowner.compiled import PLAIN_VARIABLE
from spacy_windowner.layers.lexicon_features import find_lexicon
from spacy_windowner.models.torch_classifier import torch

from .util import TRAIN_DATA, copy_of, ents_of, make_nlp, train

# Only the lexicon says which of the words are cities: the model sees nothing else but their shape.
WORDS = [
    f"{a}{b}{c}a" for a, b, c in zip("bdfgklmnprst", "aeiouaeiouae", "ktplmnrsdbfg", strict=True)
]
CITIES, OTHERS = [*WORDS[:6], "new york", "old ur town"], WORDS[6:]
KNOWN = [*(("CITY", city) for city in CITIES), ("NAME", "Shaka Khan"), ("NAME", "Anna")]
LATER = [("CITY", "Foo Bar Baz"), ("CITY", "quza"), ("NAME", "new york")]
DATA = [
    (f"{first} {word} {last}", {"entities": [(len(first) + 1, len(first) + 1 + len(word), "LOC")]
                                if word in CITIES else []})
    for first in ("I like", "we were in")
    for word in CITIES + OTHERS
    for last in ("today", "again .")
]  # fmt: skip
TEXTS = ["I like quza today", "we were in foo bar baz again", f"I like {CITIES[0]} today", "", " "]


def write(path, phrases):
    lines = [json.dumps({"label": label, "pattern": text}) for label, text in phrases]
    path.write_text("\n".join(lines), encoding="utf8")
    return path


def lexicon_of(path, **settings):
    return {"@architectures": "spacy-windowner.LexiconEmbed.v1", "path": str(path), **settings}


def with_lexicon(path, **settings):
    features = {"attrs": ["SHAPE"], "rows": [100]}
    embed = {"features": features, "ngrams": None, "lexicon": lexicon_of(path, **settings)}
    return make_nlp(model={"embed": embed})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lexicon")
    write(folder / "known.jsonl", KNOWN)
    write(folder / "later.jsonl", LATER)
    return folder


@pytest.fixture(scope="module")
def trained_once(files):
    nlp = with_lexicon(files / "known.jsonl")
    train(nlp, DATA, steps=80)
    return nlp


@pytest.fixture
def trained(trained_once):
    return copy_of(trained_once)


def found(nlp, texts=TEXTS):
    return [ents_of(doc) for doc in nlp.pipe(texts)]


def test_a_phrase_that_training_never_saw(trained, files):
    """The model has learned what the classes mean."""
    assert found(trained)[0] == [] and found(trained)[2] == [(CITIES[0], "LOC")]
    trained.get_pipe("window_ner").set_lexicon(files / "later.jsonl")
    assert found(trained)[:2] == [[("quza", "LOC")], [("foo bar baz", "LOC")]]


def test_training_is_reproducible(files):
    losses = []
    for _ in range(2):
        nlp = with_lexicon(files / "known.jsonl", dropout=0.5)
        losses.append(train(nlp, DATA, steps=5))
    assert losses[0] == losses[1]


def test_it_is_saved_with_the_component(trained, tmp_path):
    """The file is needed to train, and not to load."""
    nlp = with_lexicon(write(tmp_path / "gone.jsonl", KNOWN))
    train(nlp, DATA, steps=5)
    (tmp_path / "gone.jsonl").unlink()
    nlp.to_disk(tmp_path / "model")
    with pytest.raises(ValueError, match="WN230.*gone.jsonl"):
        nlp.initialize()
    scores = nlp.get_pipe("window_ner").model.predict([nlp.make_doc("see New York")])
    for loaded in (
        spacy.load(tmp_path / "model"),
        with_lexicon("other").from_bytes(nlp.to_bytes()),
    ):
        model = loaded.get_pipe("window_ner").model
        assert find_lexicon(model).attrs["lexicon"].classes == ("CITY", "NAME")
        assert (model.predict([loaded.make_doc("see New York")])[0] == scores[0]).all()
        assert loaded.get_pipe("window_ner").to_bytes() == nlp.get_pipe("window_ner").to_bytes()


def test_a_replaced_lexicon_is_saved(trained, files, tmp_path):
    ner = trained.get_pipe("window_ner")
    ner.set_lexicon(files / "later.jsonl", tokenizer=trained.tokenizer)
    expected = found(trained)
    trained.to_disk(tmp_path)
    assert found(spacy.load(tmp_path)) == expected
    pickled = pickle.loads(pickle.dumps(ner))
    docs = [trained.make_doc(text) for text in TEXTS]
    assert [ents_of(doc) for doc in pickled.pipe(docs)] == expected


@pytest.mark.parametrize("table_size", [0, 25000])
def test_predictions_are_those_of_the_model(trained, files, table_size):
    """In any batch, in several processes, with documents of other vocabularies."""
    ner = trained.get_pipe("window_ner")
    ner.set_lexicon(files / "later.jsonl")
    expected = found(trained)
    assert [ents_of(trained(text)) for text in TEXTS] == expected
    assert found(trained, TEXTS[::-1]) == expected[::-1]
    assert [ents_of(doc) for doc in trained.pipe(TEXTS, n_process=2, batch_size=2)] == expected
    other = spacy.blank("en")
    assert [ents_of(ner(Doc(other.vocab, words=text.split()))) for text in TEXTS[:2]] == (
        expected[:2]
    )


def test_whitespace(trained, files):
    """It is no word."""
    trained.get_pipe("window_ner").set_lexicon(files / "later.jsonl")
    [[city]] = found(trained, ["we were in foo   bar  baz again"])
    assert city == ("foo   bar  baz", "LOC")
    lexicon = find_lexicon(trained.get_pipe("window_ner").model).attrs["lexicon"]
    marks = lexicon.find([trained.make_doc("in Foo \n\n Bar   Baz again")]).tolist()
    assert [mark for mark in marks if mark] == [1, 2, 4]


def test_what_it_says_is_a_feature_of_an_explanation(trained):
    explanation = explain(trained, TEXTS[2])
    [entity] = explanation.entities
    assert all("lexicon" in part.features for part in entity.parts)
    by_word = {part.text: part.features["lexicon"] for part in entity.parts}
    assert by_word[CITIES[0]] != 0.0 and by_word["like"] == 0.0
    assert abs(entity.remainder) < 1e-4


def test_the_twins_find_the_same(trained, tmp_path, light_processes):
    trained.to_disk(tmp_path)
    script = (
        "import json, sys, spacy, spacy_windowner.models.embed\n"
        "nlp = spacy.load(sys.argv[1])\n"
        "docs = nlp.pipe(json.loads(sys.argv[2]))\n"
        "print(json.dumps([[[e.text, e.label_] for e in doc.ents] for doc in docs]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path, json.dumps(TEXTS)],
        env={**os.environ, PLAIN_VARIABLE: "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[list(ent) for ent in ents] for ents in found(trained)]


def test_a_lexicon_that_can_not_be_replaced(trained, files, tmp_path):
    ner = trained.get_pipe("window_ner")
    before = ner.to_bytes()
    write(tmp_path / "a.jsonl", [("CITY", "x"), ("DRUG", "y")])
    with pytest.raises(ValueError, match="WN232.*'DRUG' in line 2.*CITY, NAME"):
        ner.set_lexicon(tmp_path / "a.jsonl")
    write(tmp_path / "a.jsonl", [("CITY", "x"), ("NAME", " ")])
    with pytest.raises(ValueError, match="WN231.*line 2"):
        ner.set_lexicon(tmp_path / "a.jsonl")
    assert ner.to_bytes() == before
    with pytest.raises(ValueError, match="WN234"):
        with_lexicon(files / "known.jsonl").get_pipe("window_ner").set_lexicon(files)
    plain = make_nlp()
    train(plain, steps=1)
    with pytest.raises(ValueError, match="WN233.*window_ner.model.embed.lexicon"):
        plain.get_pipe("window_ner").set_lexicon(files / "later.jsonl")


def test_the_classes_fit_the_parameters(trained, files, tmp_path):
    other = with_lexicon(write(tmp_path / "a.jsonl", KNOWN[:2]))
    train(other, DATA, steps=1)
    model, small = (nlp.get_pipe("window_ner").model for nlp in (trained, other))
    find_lexicon(model).attrs["lexicon"] = find_lexicon(small).attrs["lexicon"]
    data = trained.to_bytes()
    with pytest.raises(ValueError, match="WN009.*lexicon needs 4 rows, and it has 8"):
        with_lexicon(files / "known.jsonl").from_bytes(data)


def test_training_again_reads_the_file_again(tmp_path):
    nlp = with_lexicon(write(tmp_path / "a.jsonl", KNOWN))
    train(nlp, DATA, steps=1)
    write(tmp_path / "a.jsonl", [("DRUG", "aspirin")])
    train(nlp, DATA, steps=1)
    layer = find_lexicon(nlp.get_pipe("window_ner").model)
    assert layer.attrs["lexicon"].classes == ("DRUG",)
    assert layer.get_param("E").shape == (4, 16)


def listening_config(path):
    embed = {
        "@architectures": "spacy-windowner.WordEmbed.v1",
        "features": {
            "@architectures": "spacy.HashEmbedCNN.v2", "width": 16, "depth": 1, "embed_size": 50,
            "window_size": 1, "maxout_pieces": 2, "subword_features": True,
            "pretrained_vectors": None,
        },
        "ngrams": None, "vectors": None, "lexicon": lexicon_of(path),
    }  # fmt: skip
    return {"embed": embed}


@pytest.mark.parametrize("kind", ["tok2vec", "torch"])
def test_other_models(kind, files):
    if kind == "torch" and torch is None:
        pytest.skip("torch isn't installed")
    nlp = spacy.blank("xx")
    model = {"window": 2, "dropout": None, **listening_config(files / "known.jsonl")}
    if kind == "torch":
        model |= {
            "@architectures": "spacy-windowner.TorchWindowClassifier.v1",
            "scorer": {"@architectures": "spacy-windowner.TorchScorer.v1"},
            "embed": {
                "@architectures": "spacy-windowner.WordEmbed.v1",
                "features": {"@architectures": "spacy-windowner.LexicalEmbed.v1",
                             "attrs": ["NORM"], "rows": [50], "width": 16},
                "lexicon": lexicon_of(files / "known.jsonl"),
            },
        }  # fmt: skip
    else:
        model["@architectures"] = "spacy-windowner.WindowClassifier.v1"
    nlp.add_pipe("window_ner", config={"model": model})
    train(nlp, DATA, steps=120)
    ner = nlp.get_pipe("window_ner")
    assert ner.model.attrs["embedding"] == ("all tokens" if kind == "tok2vec" else "distinct words")
    assert found(nlp)[2] == [(CITIES[0], "LOC")]
    loaded = spacy.blank("xx")
    loaded.add_pipe("window_ner", config={"model": model})
    loaded.from_bytes(nlp.to_bytes())
    assert found(loaded) == found(nlp)
    before = ner.model.predict([nlp.make_doc("see quza")])[0]
    ner.set_lexicon(files / "later.jsonl")
    assert (ner.model.predict([nlp.make_doc("see quza")])[0] != before).any()


def test_defaults_have_none():
    nlp = make_nlp()
    train(nlp, TRAIN_DATA, steps=1)
    assert find_lexicon(nlp.get_pipe("window_ner").model) is None
