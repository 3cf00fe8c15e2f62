"""Labels that are learned after others, and labels that stand still meanwhile."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import srsly
from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.training import Example
from spacy.util import get_package_path, registry, resolve_dot_names

from ..errors import Errors, Warnings
from ..models.output import is_initialized
from .gold import is_label_list, require_labels
from .partial import with_labels
from .upstream import find_upstream

NEW_LABEL_WEIGHT = 6.0
"""The factor on the loss of a new label's tokens: one label alone is rarer than all together."""


@registry.callbacks("spacy-windowner.add_labels.v1")
def add_labels(
    labels: list[str],
    component: str = "window_ner",
    frozen_labels: list[str] | Literal["*"] = "*",
    label_hidden_width: int = 256,
    label_weight: float = NEW_LABEL_WEIGHT,
    base: str | None = None,
) -> Callable[[Language], Language]:
    """A callback for `[initialize.before_init]` of a pipeline whose `window_ner` has a `source`:
    add labels to it, which `spacy train` then teaches it.

    labels (List[str]): The new labels.
    component (str): The component's name.
    frozen_labels (Union[List[str], str]): The labels that stay as they are, or "*" for all.
    label_hidden_width (int): Hidden units of its own for each new label.
    label_weight (float): What the loss of each new label's tokens is multiplied by.
    base (Optional[str]): The pipeline that the component comes from. If it has components that the
        new one hasn't, there is a warning. None for no such check.
    RETURNS (Callable[[Language], Language]): The callback. It returns the same pipeline. If the
        training data of its config doesn't have one of the labels, it raises an error.
    """

    def callback(nlp: Language) -> Language:
        pipe: Any = dict(nlp.components).get(component)
        if not hasattr(pipe, "add_labels"):
            names = ", ".join(nlp.component_names)
            raise ValueError(Errors.WN074.format(component=component, names=names))
        if not is_initialized(pipe.model):
            raise ValueError(Errors.WN150.format(component=component))
        upstream = find_upstream(nlp, component, pipe.model)
        if base is not None:
            _warn_of_lost_components(nlp, base)
        with warnings.catch_warnings():
            if upstream in nlp.config["training"].get("frozen_components", []):
                warnings.filterwarnings("ignore", r"\[WW070\]")
            pipe.add_labels(
                labels,
                frozen_labels=frozen_labels,
                label_hidden_width=label_hidden_width,
                label_weight=label_weight,
            )
        _require_examples(nlp, component, labels)
        return nlp

    return callback


def _require_examples(nlp: Language, component: str, labels: Sequence[str]) -> None:
    """Reject new labels that the training data of a pipeline's config doesn't have. Data that is
    streamed, which may be endless, isn't looked at, nor is there any outside of a training."""
    config = nlp.config.interpolate()
    name = config["training"]["train_corpus"]
    if config["training"]["max_epochs"] == -1:
        return
    try:
        [corpus] = resolve_dot_names(config, [name])
    except (KeyError, ValueError):  # a pipeline that isn't trained by its config
        return
    found: Counter[str] = Counter()
    for example in corpus(nlp):
        found.update(ent.label_ for ent in example.reference.ents)
        if all(map(found.get, labels)):
            return
    missing = ", ".join(label for label in labels if label not in found)
    shown = ", ".join(f"{count:,} of {label}" for label, count in found.most_common())
    raise ValueError(
        Errors.WN164.format(name=component, labels=missing, corpus=name, found=shown or "none")
    )


def _warn_of_lost_components(nlp: Language, base: str) -> None:
    """Warn if a saved pipeline, a folder or a package, has components that another one lacks."""
    folder = Path(base) if Path(base).exists() else get_package_path(base)
    names = srsly.read_json(folder / "meta.json")["pipeline"]
    lost = [name for name in names if name not in nlp.component_names]
    if lost:
        warnings.warn(Warnings.WW150.format(base=base, names=", ".join(lost)), stacklevel=3)


def check_new_labels(labels: Sequence[str], present: Sequence[str], name: str) -> None:
    """Reject new labels that aren't new, or no labels.

    labels (Sequence[str]): The new labels.
    present (Sequence[str]): The component's labels.
    name (str): Its name.
    RAISES (ValueError): If they can't be added.
    """
    if not is_label_list(labels) or not labels or len(set(labels)) < len(labels):
        raise ValueError(Errors.WN018.format(name=name, labels=labels))
    for label in labels:
        if label in present:
            known = ", ".join(present)
            raise ValueError(Errors.WN071.format(name=name, label=label, labels=known))


def open_labels(
    frozen: Sequence[str], labels: Sequence[str], added: Sequence[str], name: str
) -> list[str]:
    """The labels that learn while others are frozen.

    frozen (Sequence[str]): The frozen labels.
    labels (Sequence[str]): All labels.
    added (Sequence[str]): Those that have columns apart from the layers that labels share.
    name (str): The component's name.
    RETURNS (List[str]): The labels, in their order.
    RAISES (ValueError): If a frozen label is none of them, or there is nothing to learn, or a label
        can't learn while what it shares with others stands still.
    """
    require_labels("frozen_labels", frozen, labels, name)
    learning = [label for label in labels if label not in frozen]
    if not learning:
        raise ValueError(Errors.WN070.format(name=name, labels=", ".join(labels)))
    for label in learning:
        if label not in added:
            raise ValueError(Errors.WN072.format(name=name, label=label, frozen=", ".join(frozen)))
    return learning


def score_labels(examples: Sequence[Example], labels: Sequence[str], key: str) -> dict:
    """Precision, recall and F1 of some labels, and of no others.

    examples (Sequence[Example]): The examples, with predictions.
    labels (Sequence[str]): The labels.
    key (str): What the names of the scores begin with.
    RETURNS (Dict[str, Optional[float]]): The scores, as spaCy's `ner_scorer` counts: what is found
        where annotation is missing isn't wrong.
    """
    pairs = (
        (with_labels(eg.predicted, labels), with_labels(eg.reference, labels)) for eg in examples
    )
    scores = get_ner_prf([Example(*pair) for pair in pairs])
    return {f"{key}_{name}": scores[f"ents_{name}"] for name in "prf"}
