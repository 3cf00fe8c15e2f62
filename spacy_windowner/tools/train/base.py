"""Makes the config of a training that starts from a trained pipeline."""

import warnings
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import cast

from spacy.language import Language
from thinc.api import Config

from ...errors import check_setting
from ...models.output import is_listener
from ...pipeline.coverage import uses_vectors
from ..errors import Errors, Warnings
from ..init.make_config import DEFAULT, GROW, make_config
from ..pipelines import choose_component, find_components, get_window_ner, load_pipeline

_COMPONENT = "window_ner"
"""The name of the component in the recipes."""


def make_base_config(
    base: str | Path,
    labels: Sequence[str],
    *,
    lang: str = "en",
    keep_labels: bool = False,
    n_words: int | None = None,
) -> tuple[Config, str]:
    """Make a config to train with that starts from a trained pipeline.

    base (Union[str, Path]): The folder or the package of the pipeline.
    labels (Sequence[str]): The labels in the training data.
    lang (str): The language code of the data.
    keep_labels (bool): Whether to add the labels to those of the pipeline, which stay as they are.
        If False, the new pipeline has only the labels of the data. It starts with the weights of
        the words, of the hidden layers and of the labels that both have, and all of them learn.
    n_words (Optional[int]): The number of words in the training data, if it is known.
    RETURNS (Tuple[Config, str]): The config, not interpolated, and its recipe. If the pipeline has
        other components, there is a warning.
    RAISES (ValueError): If the pipeline can't be loaded or isn't fit for it, or there are no labels
        to add.
    """
    nlp = load_pipeline(base)
    found = find_components(nlp)
    several = f"It has {len(found)} components of the factory `window_ner`: {', '.join(found)}."
    fix = "Save a pipeline with one of them, and start from that."
    check_setting(len(found) < 2, "base", str(base), f"{several} {fix}")
    name = choose_component(nlp, None)
    ner = get_window_ner(nlp, name)
    if nlp.lang != lang:
        raise ValueError(Errors.WN262.format(base=base, own=nlp.lang, lang=lang))
    if is_listener(ner.model):
        raise ValueError(Errors.WN263.format(base=base, name=name))
    recipe = GROW if keep_labels else DEFAULT
    config = make_config(lang, recipe=recipe, n_words=n_words)
    config["nlp"]["tokenizer"] = nlp.config.interpolate()["nlp"]["tokenizer"]
    if uses_vectors(ner.model):
        config["paths"]["vectors"] = str(base)
    config["paths"]["base"] = str(base)
    if keep_labels:
        _add_labels(config, base, name, labels, ner.labels)
    else:
        _start_from(config, nlp, name, labels)
        _warn_of_other_components(nlp, name, base)
    return config, recipe


def _add_labels(
    config: Config, base: str | Path, name: str, labels: Sequence[str], own: Sequence[str]
) -> None:
    """Fill in the recipe that teaches a pipeline new labels."""
    check_setting(name == _COMPONENT, "base", str(base), f"Its component is not '{_COMPONENT}'.")
    new = [label for label in labels if label not in own]
    if not new:
        raise ValueError(Errors.WN264.format(base=base, labels=", ".join(own)))
    config["initialize"]["before_init"]["labels"] = new


def _start_from(config: Config, nlp: Language, name: str, labels: Sequence[str]) -> None:
    """Use the settings of a trained component, and have its weights copied."""
    config["nlp"]["pipeline"] = [name]
    # Its variables may not be in the new config.
    settings = cast(dict, nlp.config.interpolate()["components"][name])
    # Users change the settings in `cfg`.
    cfg = get_window_ner(nlp, name).cfg
    settings |= {each: deepcopy(value) for each, value in cfg.items() if each in settings}
    thresholds = cfg["thresholds"].items()
    # Those that it has learned, or that name its labels, start afresh.
    settings |= {
        "recall_bias": 0.0,
        "document_weight": 0.0,
        "frozen_labels": [],
        "label_weights": {},
        "thresholds": {label: value for label, value in thresholds if label in labels},
    }
    settings["model"]["nO"] = None
    embed = settings["model"].get("embed", {})
    for part, source in (("clusters", "source"), ("lexicon", "path")):
        if isinstance(block := embed.get(part), dict) and source in block:
            block[source] = "${paths.base}"
    config["components"] = {name: settings}
    config["initialize"]["components"] = {}
    config["initialize"]["after_init"] = {
        "@callbacks": "spacy-windowner.copy_weights.v1",
        "base": "${paths.base}",
        "component": name,
    }
    config["paths"].pop("init_words", None)


def _warn_of_other_components(nlp: Language, name: str, base: str | Path) -> None:
    """Warn of the components that a pipeline has beside the one to start from."""
    names = nlp.component_names
    if lost := [each for each in names if each != name]:
        side = "before" if names.index(lost[0]) < names.index(name) else "after"
        text = Warnings.WW185.format(
            base=base, names=", ".join(lost), first=lost[0], side=side, name=name
        )
        warnings.warn(text, stacklevel=3)
