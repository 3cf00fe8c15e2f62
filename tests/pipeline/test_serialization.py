import pickle
import subprocess
import sys

import numpy
import pytest
import spacy
import srsly
from spacy.util import load_model_from_config
from thinc.api import Config

from spacy_windowner.models.output import n_columns

from .util import TRAIN_DATA, ents_of, make_examples, make_nlp, train

TEXTS = [text for text, _ in TRAIN_DATA] + ["", " ", "Who is in Berlin?"]


def predictions(nlp) -> list:
    return [ents_of(nlp(text)) for text in TEXTS]


def test_uninitialized(tmp_path):
    for nO in (5, None):
        nlp = make_nlp(model={"nO": nO})
        nlp.get_pipe("window_ner").add_label("LOC")
        with pytest.raises(ValueError, match="E109"):
            nlp("Berlin")
        with pytest.raises(ValueError, match="E109"):
            nlp.update(make_examples(nlp))
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("window_ner").labels == ("LOC",)
    assert train(loaded)["window_ner"] < 0.01
    assert loaded.get_pipe("window_ner").labels == ("LOC", "PERSON")


@pytest.mark.parametrize("nO", [None, 5])
def test_nO_and_a_label_added_later(nO, tmp_path):
    nlp = make_nlp(model={"nO": nO})
    train(nlp)
    nlp.get_pipe("window_ner").add_label("ORG")
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("window_ner").labels == ("PERSON", "LOC", "ORG")
    assert predictions(loaded) == predictions(nlp)


def test_saved_settings_rank_above_the_config(tmp_path):
    nlp = make_nlp(overwrite=True, label_weights={"LOC": 2.0})
    train(nlp, steps=1)
    nlp.get_pipe("window_ner").to_disk(tmp_path / "ner")
    saved = srsly.read_json(tmp_path / "ner" / "cfg")
    assert saved == {
        "labels": ["PERSON", "LOC"],
        "overwrite": True,
        "scheme": "bio",
        "incorrect_spans_key": None,
        "entity_weight": 1.5,
        "recall_bias": 0.0,
        "document_weight": 0.0,
        "spans_key": None,
        "threshold": 0.0,
        "thresholds": {},
        "candidates": False,
        "redact": False,
        "calibration": None,
        "promise": None,
        "crosses_lines": False,
        "label_weights": {"LOC": 2.0},
        "frozen_labels": [],
        "label_hidden_width": 256,
        "added_labels": {},
        "label_biases": {},
        "yields_to": {},
        "untrained_labels": [],
    }
    other = make_nlp().get_pipe("window_ner").from_disk(tmp_path / "ner")
    assert other.cfg == saved
    assert other.vocab.strings["LOC"] in other.vocab.strings


def test_a_saved_scheme_ranks_above_the_config(tmp_path):
    nlp = make_nlp(scheme="biluo")
    train(nlp)
    nlp.get_pipe("window_ner").to_disk(tmp_path / "ner")
    assert srsly.read_json(tmp_path / "ner" / "cfg")["scheme"] == "biluo"
    other = make_nlp(scheme="bio")
    ner = other.get_pipe("window_ner").from_disk(tmp_path / "ner")
    assert ner.scheme.name == "biluo"
    assert n_columns(ner.model) == 9
    assert predictions(other) == predictions(nlp)
    assert any(predictions(nlp))
    ner.add_label("ORG")
    assert n_columns(ner.model) == 13
    assert predictions(other) == predictions(nlp)


def test_exclude(trained_once, tmp_path):
    ner = trained_once.get_pipe("window_ner")
    ner.to_disk(tmp_path / "ner", exclude=["cfg"])
    fresh = make_nlp().get_pipe("window_ner")
    for label in ner.labels:
        fresh.add_label(label)
    fresh.from_disk(tmp_path / "ner", exclude=["cfg"])
    assert fresh.model.to_bytes() == ner.model.to_bytes()
    assert fresh.from_bytes(ner.to_bytes(exclude=["model"]), exclude=["model"]).cfg == ner.cfg


def test_labels_are_in_the_string_store_after_loading(trained):
    ner = trained.get_pipe("window_ner")
    ner.add_label("A_NEW_LABEL")
    nlp = make_nlp()
    assert "A_NEW_LABEL" not in nlp.vocab.strings
    nlp.get_pipe("window_ner").from_bytes(ner.to_bytes(exclude=["vocab"]), exclude=["vocab"])
    assert "A_NEW_LABEL" in nlp.vocab.strings
    assert predictions(nlp) == predictions(trained)


def test_pickle(trained):
    expected = predictions(trained)
    assert predictions(pickle.loads(pickle.dumps(trained))) == expected
    ner = trained.get_pipe("window_ner")
    copy = pickle.loads(pickle.dumps(ner))
    assert copy.labels == ner.labels
    assert copy.add_label("ORG") == 1
    assert [ents_of(copy(trained.make_doc(text))) for text in TEXTS] == expected


def test_config_round_trip(trained_once):
    config = Config().from_str(trained_once.config.to_str())
    assert config["components"]["window_ner"]["factory"] == "window_ner"
    loaded = load_model_from_config(config).from_bytes(trained_once.to_bytes())
    assert loaded.config.to_str() == trained_once.config.to_str()
    assert predictions(loaded) == predictions(trained_once)


SPAWN = """
import multiprocessing
import spacy
import sys

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    nlp = spacy.load(sys.argv[1])
    nlp.get_pipe("window_ner").add_label("ORG")
    texts = ["Who is Shaka Khan?", "", "I like London and Berlin."] * 10
    one, two = (
        [doc.to_bytes() for doc in nlp.pipe(texts, n_process=n, batch_size=4)] for n in (1, 2)
    )
    assert one == two
    assert len(nlp(texts[2]).ents) == 2
    print("equal", len(two))
"""


@pytest.mark.slow
def test_spawned_processes(trained_once, tmp_path):
    trained_once.to_disk(tmp_path / "nlp")
    script = tmp_path / "spawn.py"
    script.write_text(SPAWN)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "nlp")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["equal", "30"]


# What damage does to a saved component.


def cut(share: float):
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def garbage(data: bytes):
    return lambda path: path.write_bytes(data)


def edit_cfg(path, labels=("PERSON", "LOC"), scheme="bio"):
    cfg = srsly.read_json(path)
    srsly.write_json(path, {**cfg, "labels": list(labels), "scheme": scheme})


@pytest.mark.parametrize(
    "file, damage, message",
    [
        ("cfg", lambda path: path.unlink(), "WN008.*'window_ner'.*the file 'cfg' is missing"),
        ("model", lambda path: path.unlink(), "WN008.*'window_ner'.*the file 'model' is missing"),
        *[("model", cut(share), "WN009") for share in (0.0, 0.001, 0.1, 0.5, 0.9, 0.9999)],
        ("model", garbage(b"no model"), "WN009"),
        ("model", garbage(b"\xff" * 100), "WN009"),
        ("model", garbage(b"\x00" * 100), "WN009"),
        ("model", garbage(b"\xc1"), "WN009"),
        ("model", garbage(b"\xdd\xff\xff\xff\xff"), "WN009"),
        ("model", garbage(srsly.msgpack_dumps({"nodes": []})), "WN009"),
        ("model", garbage(srsly.msgpack_dumps([1, 2, 3])), "WN009"),
        ("cfg", cut(0.5), "WN009"),
        ("cfg", garbage(b""), "WN009"),
        ("cfg", garbage(b"\xff\xfe\x00"), "WN009"),
        ("cfg", garbage(b"[1, 2]"), "WN009"),
        ("cfg", garbage(b'"labels"'), "WN009"),
        ("cfg", garbage(b'{"labels": null}'), "WN160.*`labels` of its cfg is None"),
        ("cfg", garbage(b'{"labels": [1, 2]}'), r"WN160.*`labels` of its cfg is \[1, 2\]"),
        ("cfg", lambda path: edit_cfg(path, ["PERSON"]), r"WN007.*5 tag columns.*need 3.*PERSON"),
        (
            "cfg",
            lambda path: edit_cfg(path, scheme="biluo"),
            "WN007.*need 9.*B- and I- and L- and U-",
        ),
        ("cfg", lambda path: edit_cfg(path, scheme="iob9"), "WN160.*`scheme` of its cfg is 'iob9'"),
        ("cfg", lambda path: edit_cfg(path, ["A", "B", "C"]), "WN007.*need 7.*A, B, C"),
        ("cfg", lambda path: edit_cfg(path, []), "WN007"),
    ],
)
def test_damaged_directory(trained_once, tmp_path, file, damage, message):
    path = tmp_path / "ner"
    trained_once.get_pipe("window_ner").to_disk(path, exclude=["vocab"])
    damage(path / file)
    with pytest.raises(ValueError, match=message) as error:
        make_nlp().get_pipe("window_ner").from_disk(path, exclude=["vocab"])
    if "WN007" not in str(error.value):
        assert str(path) in str(error.value)


def test_missing_directory(tmp_path):
    with pytest.raises(ValueError, match="WN008"):
        make_nlp().get_pipe("window_ner").from_disk(tmp_path / "nothing")


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.7, 0.99, 0.99999])
def test_bytes_cut_short(trained_once, share):
    data = trained_once.get_pipe("window_ner").to_bytes(exclude=["vocab"])
    with pytest.raises(ValueError, match="WN009.*'window_ner' from bytes"):
        make_nlp().get_pipe("window_ner").from_bytes(data[: int(share * len(data))])


@pytest.mark.parametrize("data", [b"no bytes", b"\xc1", b"\xff" * 50], ids=range(3))
def test_bytes_of_something_else(data):
    with pytest.raises(ValueError, match="WN009"):
        make_nlp().get_pipe("window_ner").from_bytes(data)


@pytest.mark.parametrize(
    "model",
    [
        {"hidden_width": 16},
        {"hidden_depth": 2},
        {"hidden_depth": 0},
        {"embed": {"features": {"rows": [100, 100, 100, 100]}}},
    ],
)
def test_a_model_of_another_shape(trained_once, tmp_path, model):
    trained_once.get_pipe("window_ner").to_disk(tmp_path / "ner", exclude=["vocab"])
    ner = make_nlp(model=model).get_pipe("window_ner")
    with pytest.raises(ValueError, match="WN009"):
        ner.from_disk(tmp_path / "ner", exclude=["vocab"])


def test_after_a_refused_load_the_component_is_as_before(trained_once):
    nlp = make_nlp(model={"hidden_width": 8})
    train(nlp, [("Ann left.", {"entities": [(0, 3, "A")]}), ("Rome", {"entities": [(0, 4, "B")]})])
    ner = nlp.get_pipe("window_ner")
    before, found = ner.to_bytes(exclude=["vocab"]), predictions(nlp)
    with pytest.raises(ValueError, match="WN009"):
        ner.from_bytes(trained_once.get_pipe("window_ner").to_bytes())
    assert ner.to_bytes(exclude=["vocab"]) == before and predictions(nlp) == found


def test_columns_that_do_not_fit_the_settings(trained):
    trained.get_pipe("window_ner").cfg["scheme"] = "biluo"
    with pytest.raises(ValueError, match="WN007"):
        trained("Who is in Berlin?")


def test_numbers_of_numpy_can_be_saved(trained):
    ner = trained.get_pipe("window_ner")
    ner.cfg["recall_bias"] = numpy.float32(0.5)
    ner.cfg["thresholds"] = {"LOC": numpy.float16(0.25)}
    again = make_nlp().get_pipe("window_ner").from_bytes(ner.to_bytes())
    assert again.cfg["recall_bias"] == 0.5 and again.cfg["thresholds"] == {"LOC": 0.25}


@pytest.mark.parametrize("grown", ["old", "new"])
def test_a_refused_load_of_added_labels(grown):
    """One of both components has columns for labels that were added later."""
    old, new = make_nlp(), make_nlp()
    for nlp in (old, new):
        train(nlp, steps=2)
    {"old": old, "new": new}[grown].get_pipe("window_ner").add_labels(["ORG"])
    ner = old.get_pipe("window_ner")
    before, found = ner.to_bytes(exclude=["vocab"]), predictions(old)
    damaged = srsly.msgpack_loads(new.get_pipe("window_ner").to_bytes(exclude=["vocab"]))
    damaged["model"] = damaged["model"][:-50]
    with pytest.raises(ValueError, match="WN009"):
        ner.from_bytes(srsly.msgpack_dumps(damaged))
    assert ner.to_bytes(exclude=["vocab"]) == before and predictions(old) == found
