"""Makes training configs. A recipe is a .cfg file in this folder. It has the settings that differ
from spaCy's defaults, or from the recipe "default"."""

import re
import warnings
from collections.abc import Sequence
from configparser import ConfigParser
from json import loads
from pathlib import Path
from typing import Any, cast

from spacy.util import get_lang_class
from thinc.api import Config

from ...errors import check_setting
from ...models.clusters_file import check_source
from ...pipeline.factory import DEFAULT_CONFIG
from ..errors import Errors, Warnings

_FOLDER = Path(__file__).parent
DEFAULT, GROW = "default", "grow"
RECIPES = (DEFAULT, *sorted(path.stem for path in _FOLDER.glob("*.cfg") if path.stem != DEFAULT))
PRETRAINED = (DEFAULT, "binary")
"""Recipes whose word representations `pretrain` can learn."""
FEW_WORDS = 20_000
"""With fewer words of training data, training evaluates more often and stops sooner."""
_FEW = {"training": {"eval_frequency": 50, "patience": 600, "max_steps": 1500}}


def make_config(
    lang: str = "en",
    *,
    recipe: str = DEFAULT,
    vectors: str | Path | None = None,
    lexicon: str | Path | None = None,
    clusters: str | Path | None = None,
    labels: Sequence[str] | None = None,
    n_words: int | None = None,
) -> Config:
    """Make a config to train `window_ner` with.

    lang (str): The language code.
    recipe (str): One of RECIPES.
    vectors (Optional[Union[str, Path]]): Folder or package of a pipeline with word vectors, e.g.
        from `spacy init vectors`.
    lexicon (Optional[Union[str, Path]]): A list of phrases with classes, see `LexiconEmbed`.
    clusters (Optional[Union[str, Path]]): The source of word clusters, see `ClusterEmbed`.
    labels (Optional[Sequence[str]]): The labels in the training data, if they are known. If there
        is only one, a recipe that learns a single label learns this one.
    n_words (Optional[int]): The number of words in the training data, if it is known.
    RETURNS (Config): The config, not interpolated.
    RAISES (ValueError): If there is no such recipe or language, or the recipe can't use word
        vectors, a lexicon or clusters, there are no such clusters, or the data lacks the label of
        the recipe.
    """
    check_setting(recipe in RECIPES, "recipe", recipe, f"Choose one of {', '.join(RECIPES)}.")
    try:
        config = get_lang_class(lang).default_config.copy()
    except ImportError as error:
        raise ValueError(Errors.WN220.format(lang=lang, reason=error)) from error
    config["nlp"].update(lang=lang, pipeline=["window_ner"])
    if recipe != GROW:
        component = Config(DEFAULT_CONFIG).copy()
        config["components"]["window_ner"] = {"factory": "window_ner", **component}
    base = config
    changes = [_read(name) for name in dict.fromkeys((DEFAULT, recipe))]
    if n_words is not None and n_words < FEW_WORDS:
        changes.append(_FEW)
    for change in changes:
        config = config.merge(change)
    config.setdefault("pretraining", {})
    config = Config(_in_order(config, base))
    if recipe not in PRETRAINED:
        del config["paths"]["init_words"], config["initialize"]["components"]["window_ner"]
    if recipe != GROW:
        # Other architectures use the default's embedding layer unless they name another.
        config["components"]["window_ner"]["model"].setdefault("embed", component["model"]["embed"])
    if labels and (own := labels_of(config)):
        if len(labels) == 1:
            own[:] = labels
        elif own[0] not in labels:
            raise ValueError(Errors.WN258.format(
                recipe=recipe, label=own[0], labels=", ".join(labels), first=labels[0]
            ))  # fmt: skip
    if vectors is not None:
        config["paths"]["vectors"] = str(vectors)
        _embed_of(config, recipe, "vectors", vectors)["vectors"] = {
            "@architectures": "spacy-windowner.VectorsEmbed.v1",
            "width": 96,
            "update_vectors": False,
        }
    if lexicon is not None:
        config["paths"]["lexicon"] = str(lexicon)
        _embed_of(config, recipe, "lexicon", lexicon)["lexicon"] = {
            "@architectures": "spacy-windowner.LexiconEmbed.v1",
            "path": "${paths.lexicon}",
            "width": 16,
            "attr": "LOWER",
            "dropout": 0.3,
        }
    if clusters is not None:
        check_source(clusters, lang)
        config["paths"]["clusters"] = str(clusters)
        _embed_of(config, recipe, "clusters", clusters)["clusters"] = {
            "@architectures": "spacy-windowner.ClusterEmbed.v1",
            "source": "${paths.clusters}",
            "width": 64,
            "prefixes": [4, 6, 10, 16],
        }
    return config


def warn_of_left_out_labels(config: Config, recipe: str, labels: Sequence[str]) -> None:
    """Warn of labels of the data that a recipe for a single label doesn't learn.

    config (Config): The result of `make_config`.
    recipe (str): Its recipe.
    labels (Sequence[str]): The labels in the training data.
    """
    own = labels_of(config)
    others = [label for label in labels if label not in own]
    if own and others:
        text = Warnings.WW186.format(recipe=recipe, label=own[0], labels=", ".join(others))
        warnings.warn(text, stacklevel=3)


def labels_of(config: Config) -> list[str]:
    """The labels that a config from `make_config` names. Empty if it takes those of the data.

    config (Config): The config.
    RETURNS (List[str]): The labels, which can be changed.
    """
    settings = config["initialize"]["components"].get("window_ner", {})
    return cast(list[str], settings.get("labels", []))


def _read(recipe: str) -> dict[str, Any]:
    """Parse a recipe into nested sections. `Config` can't, because it needs the parent sections."""
    parser = ConfigParser(interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(read_recipe(recipe))
    found: dict[str, Any] = {}
    for section in parser.sections():
        place = found
        for part in section.split("."):
            place = place.setdefault(part, {})
        for name, value in parser.items(section):
            place[name] = value if value.startswith("${") else loads(value)
    return found


def _in_order(config: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Sort a config like another one, because merging puts the changed settings first."""
    places = {name: place for place, name in enumerate(like)}
    names = sorted(config, key=lambda n: (not n.startswith("@"), places.get(n, len(places))))
    return {
        name: _in_order(config[name], like.get(name) or {})
        if isinstance(config[name], dict)
        else config[name]
        for name in names
    }


def _embed_of(config: Config, recipe: str, part: str, value: object) -> dict[str, Any]:
    """The block of the embedding, if it can have a part."""
    embed = config["components"]["window_ner"].get("model", {}).get("embed", {})
    why = f'The recipe "{recipe}" uses another embedding layer, or that of a trained pipeline.'
    check_setting(part in embed, part, value, why)
    return embed


def to_text(config: Config, recipe: str = DEFAULT) -> str:
    """Convert a config to text, with the comments of its recipe.

    config (Config): A config from `make_config`.
    recipe (str): The config's recipe.
    RETURNS (str): The content of a config file.
    """
    text = config.to_str()
    comments = _comments(read_recipe(DEFAULT)) | _comments(read_recipe(recipe))
    for section, comment in comments.items():
        text = text.replace(f"\n[{section}]\n", f"\n{comment}[{section}]\n")
    title = "".join(f"{line}\n" for line in _title(read_recipe(recipe)))
    return f"{title}\n{text.strip()}\n"


def _title(text: str) -> list[str]:
    lines = text.splitlines()
    return lines[: lines.index("")]


def _comments(text: str) -> dict[str, str]:
    """The comments above sections, by section name."""
    body = "\n".join(text.splitlines()[len(_title(text)) :])
    return {name: comment for comment, name in re.findall(r"((?:^#.*\n)+)\[(.+)\]", body, re.M)}


def read_recipe(recipe: str) -> str:
    """Read the text of a recipe.

    recipe (str): One of RECIPES.
    RETURNS (str): The text.
    """
    return (_FOLDER / f"{recipe}.cfg").read_text(encoding="utf8")
