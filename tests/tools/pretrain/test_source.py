from pathlib import Path

import pytest
import spacy
from spacy.util import registry
from thinc.api import Config

from spacy_windowner.tools.pretrain.source import (
    RenewingTokenizer,
    component_in_config,
    load_parts,
    read_config,
)

from ...models.util import set_vectors
from .util import make_config

CONFIGS = Path(__file__).parents[3] / "configs"


def test_the_default_is_the_factorys():
    config = read_config(None, {})
    assert config["nlp"]["lang"] == "en"
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner")
    assert config["components"] == nlp.config["components"]


def test_a_config_of_a_file_or_an_object_with_overrides(tmp_path):
    config = make_config()
    config["paths"]["vectors"] = "some"
    config["initialize"]["vectors"] = "${paths.vectors}"
    config.to_disk(tmp_path / "config.cfg")
    overrides = {"components.window_ner.model.window": 1, "paths.vectors": "other"}
    for source in (tmp_path / "config.cfg", str(tmp_path / "config.cfg"), config):
        found = read_config(source, overrides)
        assert found["components"]["window_ner"]["model"]["window"] == 1
        assert found["initialize"]["vectors"] == "other"
    assert config["components"]["window_ner"]["model"]["window"] == 2


def two_components() -> Config:
    nlp = spacy.blank("en")
    for name in ("sentencizer", "window_ner"):
        nlp.add_pipe(name)
    nlp.add_pipe("window_ner", name="other")
    return nlp.config


def test_component_in_config():
    assert component_in_config(make_config(), None) == "window_ner"
    assert component_in_config(two_components(), "other") == "other"


@pytest.mark.parametrize("name", [None, "sentencizer", "missing"])
def test_no_component_or_several(name):
    with pytest.raises(ValueError, match="WN043.*window_ner.*--component"):
        component_in_config(two_components(), name)


def test_no_component_at_all():
    with pytest.raises(ValueError, match="WN043.*none"):
        component_in_config(spacy.blank("en").config, None)


@pytest.mark.parametrize("name", [None, "window_ner"])
def test_a_component_of_a_trained_pipeline(name):
    config = read_config(CONFIGS / "grow.cfg", {"paths.base": "model"})
    with pytest.raises(ValueError, match="WN042.*'window_ner'.*`source`"):
        component_in_config(config, name)
    with pytest.raises(ValueError, match="WN043.*named 'missing'"):
        component_in_config(config, "missing")


def test_a_pipeline_has_the_vectors_and_the_tokenizer_of_the_config(tmp_path):
    nlp = spacy.blank("de")
    data = set_vectors(nlp.vocab)
    nlp.to_disk(tmp_path / "vectors")

    @registry.callbacks("tests.no_infixes.v1")
    def make_callback():
        return lambda nlp: setattr(nlp.tokenizer, "infix_finditer", None)

    config = two_components().copy()
    config["nlp"]["lang"] = "de"
    config["initialize"]["vectors"] = str(tmp_path / "vectors")
    config["initialize"]["before_init"] = {"@callbacks": "tests.no_infixes.v1"}
    # Settings of training that pretraining doesn't need.
    config["initialize"]["components"] = {"window_ner": {"init_words": "missing"}}
    for names in (["window_ner"], []):
        loaded = load_parts(config, names)
        assert loaded.lang == "de"
        assert loaded.pipe_names == names
        assert loaded.vocab.vectors.data.tolist() == data.tolist()
        assert loaded.tokenizer.infix_finditer is None


def test_a_full_vocabulary_is_replaced():
    maker = RenewingTokenizer(make_config(), max_strings=10)
    expected = RenewingTokenizer(make_config())
    vocabs = []
    for i in range(100):
        text = f"This is word{i}."
        doc = maker(text if i % 2 else ["a", f"b{i}"])
        assert doc.to_array("ORTH").tolist() == expected(
            text if i % 2 else ["a", f"b{i}"]
        ).to_array("ORTH").tolist()  # fmt: skip
        vocabs.append(doc.vocab)
    assert 5 < len({id(vocab) for vocab in vocabs}) < 50
    assert max(len(vocab.strings) for vocab in vocabs) < len(spacy.blank("en").vocab.strings) + 30
    assert expected.nlp.vocab is expected("still the first").vocab


def test_whitespace_is_no_word():
    maker = RenewingTokenizer(read_config(None, {}))
    for text in ("  one  two\n three ", ["one", " ", "two", "\n", "three"]):
        assert [token.text for token in maker(text)] == ["one", "two", "three"]
    assert len(maker("one")) == 1 and len(maker(" \n ")) == len(maker("")) == 0
