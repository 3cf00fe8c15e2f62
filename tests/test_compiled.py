"""The compiled modules, and their twins in plain Python."""

import json
import os
import subprocess
import sys
import warnings
from types import ModuleType

import pytest
import spacy

from spacy_windowner import compiled
from spacy_windowner.compiled import PLAIN_VARIABLE, choose, warn_if_missing
from spacy_windowner.decoding import plain

from .pipeline.util import TRAIN_DATA, ents_of, make_nlp, train
from .util import compiled_module

CORE = "decoding.core"
FAKE = "decoding.fake"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing is missing yet, and nobody asked for the twins."""
    monkeypatch.setattr(compiled, "_missing", [])
    monkeypatch.delenv(PLAIN_VARIABLE, raising=False)


def choose_fake(monkeypatch, **attributes) -> ModuleType:
    """Choose a fake compiled module with these attributes."""
    module = ModuleType(f"spacy_windowner.{FAKE}")
    vars(module).update(attributes)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    chosen = choose(FAKE, "decoding.plain")
    assert chosen is module
    return chosen


def fail(monkeypatch, error: Exception) -> None:
    """Make the import of a compiled module fail."""
    original = compiled.import_module

    def import_module(name):
        if name.endswith(FAKE):
            raise error
        return original(name)

    monkeypatch.setattr(compiled, "import_module", import_module)


def test_what_is_compiled_is_chosen():
    module = compiled_module(CORE)
    assert choose(CORE, "decoding.plain") is module
    warn_if_missing()


def test_the_twin_is_chosen_by_a_variable(monkeypatch):
    monkeypatch.setenv(PLAIN_VARIABLE, "1")
    assert choose(CORE, "decoding.plain") is plain
    assert choose(FAKE, "decoding.plain") is plain
    warn_if_missing()  # the plain twin was asked for
    monkeypatch.setenv(PLAIN_VARIABLE, "")
    assert choose(FAKE, "decoding.plain") is plain
    assert compiled._missing == [FAKE]


def test_one_warning_of_all_that_is_missing():
    for name in (FAKE, "scoring.fake"):
        assert choose(name, "decoding.plain") is plain
    with pytest.warns(UserWarning, match=r"WW002.*\(decoding.fake, scoring.fake\).*PLAIN=1"):
        warn_if_missing()
    warn_if_missing()


def test_a_component_warns_once(monkeypatch):
    monkeypatch.setattr(compiled, "_missing", [FAKE])
    with pytest.warns(UserWarning, match=r"WW002.*decoding.fake"):
        make_nlp()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_nlp()


def test_the_same_spacy(monkeypatch):
    series = ".".join(spacy.__version__.split(".")[:2])
    assert choose_fake(monkeypatch, SPACY_SERIES=series).SPACY_SERIES == series
    choose_fake(monkeypatch)  # a module that doesn't depend on spaCy's version


@pytest.mark.parametrize("series", ["2.9", "3.80"])
def test_another_spacy(monkeypatch, series):
    built = rf"WN002.*compiled for spaCy {series}, but spaCy {spacy.__version__} is"
    with pytest.raises(ImportError, match=built):
        choose_fake(monkeypatch, SPACY_SERIES=series)


def test_a_spacy_with_classes_of_another_size(monkeypatch):
    fail(monkeypatch, ValueError("spacy.tokens.doc.Doc size changed"))
    with pytest.raises(ImportError, match="WN002.*another version") as raised:
        choose(FAKE, "decoding.plain")
    assert "size changed" in str(raised.value.__cause__)


def test_what_a_compiled_module_imports_is_missing(monkeypatch):
    fail(monkeypatch, ModuleNotFoundError("No module named 'other'", name="other"))
    with pytest.raises(ModuleNotFoundError, match="other"):
        choose(FAKE, "decoding.plain")
    assert compiled._missing == []


def test_what_is_built_names_the_spacy_it_was_built_for():
    module = compiled_module("pipeline.doc_core")
    assert spacy.__version__.startswith(module.SPACY_SERIES + ".")


SCRIPT = """
import json, sys
import spacy
nlp = spacy.load(sys.argv[1])
texts = json.loads(sys.argv[2])
docs = list(nlp.pipe(texts))
modules = [name for name in sys.modules if name.startswith("spacy_windowner.")]
json.dump({
    "modules": modules,
    "ents": [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs],
    "margins": [doc.spans["window_ner"].attrs["margins"] for doc in docs],
}, sys.stdout)
"""


@pytest.mark.usefixtures("light_processes")
def test_a_pipeline_finds_the_same_with_the_twins(tmp_path):
    nlp = make_nlp(spans_key="window_ner")
    train(nlp)
    nlp.to_disk(tmp_path)
    texts = [*[text for text, _ in TRAIN_DATA], "", " Khan in Berlin or\n London? "]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), json.dumps(texts)],
        capture_output=True,
        text=True,
        env={**os.environ, PLAIN_VARIABLE: "1"},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    compiled_ones = {"decoding.core", "scoring.core", "pipeline.doc_core"}
    assert not {f"spacy_windowner.{name}" for name in compiled_ones} & set(found["modules"])
    docs = list(nlp.pipe(texts))
    assert [list(map(tuple, ents)) for ents in found["ents"]] == [ents_of(doc) for doc in docs]
    for margins, doc in zip(found["margins"], docs, strict=True):
        assert margins == pytest.approx(doc.spans["window_ner"].attrs["margins"], abs=1e-4)
