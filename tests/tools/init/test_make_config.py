"""The configs that `init` writes, and those of the repository."""

import re

import pytest
import spacy
from spacy.util import load_config, load_model_from_config
from thinc.api import Config

from spacy_windowner.layers.cluster_features import cluster_layers
from spacy_windowner.layers.lexicon_features import find_lexicon
from spacy_windowner.tools.init.make_config import (
    FEW_WORDS,
    GROW,
    RECIPES,
    labels_of,
    make_config,
    read_recipe,
    to_text,
)

from ...scripts import ROOT


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_configs_of_the_repository_are_written_by_init(recipe):
    path = ROOT / "configs" / f"{recipe}.cfg"
    assert path.read_text(encoding="utf8") == to_text(make_config(recipe=recipe), recipe)


def test_every_config_has_a_recipe():
    assert sorted(path.stem for path in (ROOT / "configs").glob("*.cfg")) == sorted(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
def test_comments_change_nothing(recipe, tmp_path):
    config = make_config(recipe=recipe)
    (tmp_path / "x.cfg").write_text(to_text(config, recipe), encoding="utf8")
    assert load_config(tmp_path / "x.cfg") == Config().from_str(config.to_str(), interpolate=False)
    text = to_text(config, recipe)
    assert text.startswith(read_recipe(recipe).split("\n\n")[0])
    comments = [line for line in text.splitlines() if line.startswith("# ")]
    assert len(comments) > (1 if recipe in (GROW,) else 2)


def test_the_comment_on_the_batch_size_is_true_of_every_recipe():
    """They differ in their numbers, so the comment names none."""
    configs = {recipe: make_config(recipe=recipe) for recipe in RECIPES}
    sizes = {config["training"]["batcher"]["size"]["start"] for config in configs.values()}
    assert sizes == {100, 200}
    for recipe, config in configs.items():
        [comment] = re.findall("# Words per batch.*", to_text(config, recipe))
        assert not re.search(r"\d", comment)


def test_the_default_recipe_is_the_factory():
    """`nlp.add_pipe` gives the same model and scheme."""
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner")
    assert make_config()["components"] == nlp.config["components"]


@pytest.mark.parametrize("lang", ["de", "xx", "ja", "zh", "th"])
def test_languages(lang):
    """Their tokenizers too, even of those that need a package that isn't installed."""
    config = make_config(lang)
    assert config["nlp"]["lang"] == lang
    words = "spacy.Tokenizer.v1" if lang in ("de", "xx") else f"spacy.{lang}."
    assert config["nlp"]["tokenizer"]["@tokenizers"].startswith(words)


def test_little_data():
    many, few = (make_config(n_words=n)["training"] for n in (FEW_WORDS, FEW_WORDS - 1))
    assert many == make_config()["training"]
    for name in ("patience", "eval_frequency", "max_steps"):
        assert few[name] < many[name]


def test_vectors():
    config = make_config(vectors="en_vectors")
    assert config["paths"]["vectors"] == "en_vectors"
    vectors = config["components"]["window_ner"]["model"]["embed"]["vectors"]
    assert vectors["@architectures"] == "spacy-windowner.VectorsEmbed.v1"
    assert make_config(recipe="torch", vectors="v")["paths"]["vectors"] == "v"


def test_lexicon(tmp_path):
    (tmp_path / "CITY.txt").write_text("New York")
    config = make_config(lexicon=tmp_path)
    assert config["paths"]["lexicon"] == str(tmp_path)
    assert config["components"]["window_ner"]["model"]["embed"]["lexicon"]["path"] == (
        "${paths.lexicon}"
    )
    assert make_config(recipe="torch", vectors="v", lexicon="x")["paths"]["lexicon"] == "x"
    (tmp_path / "x.cfg").write_text(to_text(config), encoding="utf8")
    nlp = load_model_from_config(load_config(tmp_path / "x.cfg"), auto_fill=True)
    ner = nlp.get_pipe("window_ner")
    ner.add_label("LOC")
    nlp.initialize()
    assert find_lexicon(ner.model).attrs["lexicon"].classes == ("CITY",)


def test_clusters(tmp_path):
    (tmp_path / "paths").write_text("01\tParis\n")
    config = make_config(clusters=tmp_path / "paths")
    block = config["components"]["window_ner"]["model"]["embed"]["clusters"]
    assert block["source"] == "${paths.clusters}"
    (tmp_path / "x.cfg").write_text(to_text(config), encoding="utf8")
    nlp = load_model_from_config(load_config(tmp_path / "x.cfg"), auto_fill=True)
    ner = nlp.get_pipe("window_ner")
    ner.add_label("LOC")
    nlp.initialize()
    [layer] = cluster_layers(ner.model)
    assert len(layer.attrs["clusters"]) == 1 and layer.get_dim("nO") == 64


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lang": "qq"}, "WN220.*'qq'"),
        ({"recipe": "best"}, "WN001.*recipe.*default, binary"),
        ({"recipe": "tok2vec", "vectors": "v"}, "WN001.*vectors.*tok2vec"),
        ({"recipe": "grow", "vectors": "v"}, "WN001.*vectors.*grow"),
        ({"recipe": "tok2vec", "lexicon": "x"}, "WN001.*lexicon.*tok2vec"),
        ({"recipe": "tok2vec", "clusters": "."}, "WN001.*clusters.*tok2vec"),
        ({"clusters": "none"}, "WN235.*none: there is no such file, and no package"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        make_config(**settings)


def test_the_label_of_the_binary_recipe(tmp_path):
    """It is that of the recipe, or the only one of the data."""
    config = make_config(recipe="binary", labels=["DRUG"])
    (tmp_path / "x.cfg").write_text(to_text(config, "binary"), encoding="utf8")
    config = load_config(tmp_path / "x.cfg", interpolate=True)
    blocks = [config["corpora"][part]["augmenter"] for part in ("train", "dev")]
    assert [block["labels"] for block in blocks] == [["DRUG"], ["DRUG"]]
    assert config["initialize"]["components"]["window_ner"]["labels"] == ["DRUG"]
    assert labels_of(make_config(recipe="binary", labels=["ORG", "PER"])) == ["PER"]
    assert labels_of(make_config(labels=["ORG"])) == []
    with pytest.raises(ValueError, match=r"WN258.*PER, .*: DRUG, ORG\..*labels '\[\"DRUG\"\]'"):
        make_config(recipe="binary", labels=["DRUG", "ORG"])
