"""Checks the values of the component's settings, wherever they come from: a call, a config or a
saved component."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

from ..confidence.recall import is_recall
from ..decoding.tags import SCHEMES
from ..errors import Errors, check_setting

ALL = "*"
"""As the value of `frozen_labels`: all labels that exist when another one is added."""
_LARGEST = 1e30
"""The largest absolute value of a number. Products of larger numbers would overflow float32."""
_MOST_UNITS = 2**16
"""The largest number of hidden units of a label."""


class Problem(NamedTuple):
    """A setting with an invalid value.

    setting (str): Its name.
    value (object): Its value.
    why (str): What is expected instead, as a sentence.
    """

    setting: str
    value: object
    why: str


def check_settings(cfg: Mapping[str, Any]) -> None:
    """Raise an error if a setting has an invalid value.

    cfg (Mapping[str, Any]): All settings or some of them, as in the component's cfg. Unknown names
        are ignored.
    RAISES (ValueError): If a value is invalid.
    """
    problem = find_problem(cfg)
    if problem is not None:
        check_setting(False, *problem)


def find_problem(cfg: Mapping[str, Any]) -> Problem | None:
    """Find the first setting with an invalid value.

    cfg (Mapping[str, Any]): The settings, see `check_settings`.
    RETURNS (Optional[Problem]): The setting, or None if all values are valid.
    """
    for setting, (is_right, why) in _SETTINGS.items():
        if setting in cfg and not is_right(cfg[setting]):
            return Problem(setting, cfg[setting], why)
    if cfg.get("candidates") and cfg.get("spans_key", "") is None:
        return Problem("candidates", True, "Set `spans_key`.")
    return _find_unknown_label(cfg) if "labels" in cfg else None


def is_label_list(labels: object) -> bool:
    """Whether a value is a collection of strings, but not a string itself."""
    if isinstance(labels, str) or not isinstance(labels, Collection):
        return False
    return all(isinstance(label, str) for label in labels)


def require_labels(setting: str, named: Iterable[str], labels: Sequence[str], name: str) -> None:
    """Raise an error if a setting contains labels that the component doesn't have.

    setting (str): The name of the setting.
    named (Iterable[str]): The labels in the setting.
    labels (Sequence[str]): The component's labels.
    name (str): The component's name.
    RAISES (ValueError): If one of the labels is unknown.
    """
    for label in named:
        if label not in labels:
            known = ", ".join(labels)
            raise ValueError(Errors.WN011.format(
                setting=setting, name=name, label=label, labels=known
            ))  # fmt: skip


def require_recall(recall: object) -> None:
    """Raise an error if a recall can't be promised.

    recall (object): The recall.
    RAISES (ValueError): If it isn't a number above 0 and below 1.
    """
    why = (
        "It must be a number above 0 and below 1, for example 0.95. 1 can't be promised, because "
        "no finite number of examples excludes that an entity is missed."
    )
    check_setting(is_recall(recall), "recall", recall, why)


def _find_unknown_label(cfg: Mapping[str, Any]) -> Problem | None:
    """The first setting for added labels that doesn't fit the component's labels."""
    labels = list(cfg["labels"])
    added = list(cfg.get("added_labels", ()))
    if added and labels[-len(added) :] != added:
        why = f"Its labels must be the last ones of `labels`, {labels}."
        return Problem("added_labels", cfg["added_labels"], why)
    yields_to = cfg.get("yields_to", {})
    named = {
        "label_biases": cfg.get("label_biases", ()),
        "yields_to": {*yields_to, *(label for others in yields_to.values() for label in others)},
    }
    for setting, mine in named.items():
        if not set(mine) <= set(labels):
            return Problem(setting, cfg[setting], f"Its labels must be among `labels`, {labels}.")
    return None


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return is_real and bool(abs(value) <= _LARGEST)


def _is_weight(value: Any) -> bool:
    return _is_number(value) and bool(value >= 0.0)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_probability(value: Any) -> bool:
    return _is_number(value) and 0.0 <= value <= 1.0


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_units(value: Any) -> bool:
    return _is_whole(value) and value <= _MOST_UNITS


def _is_key(value: Any) -> bool:
    return value is None or isinstance(value, str) and _is_text(value)


def _is_text(value: str) -> bool:
    """Whether a string can be encoded as UTF-8. Half of a surrogate pair can't."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _is_labels(value: Any) -> bool:
    return isinstance(value, list | tuple) and is_label_list(value) and all(map(_is_text, value))


def _is_distinct(value: Any) -> bool:
    return _is_labels(value) and len(set(value)) == len(value)


def _is_frozen(value: Any) -> bool:
    return value == ALL if isinstance(value, str) else _is_labels(value)


def _by_label(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check for a dictionary with a value for each of some labels."""

    def check(value: Any) -> bool:
        is_by_label = isinstance(value, dict) and _is_labels([*value])
        return is_by_label and all(map(is_right, value.values()))

    return check


def _is_some_labels(value: Any) -> bool:
    return _is_labels(value) and len(value) > 0


def _is_calibration(value: Any) -> bool:
    return value is None or isinstance(value, dict)


_SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "labels": (_is_distinct, "It must be a list of labels without duplicates."),
    "overwrite": (_is_bool, "It must be true or false."),
    "scheme": (lambda value: value in [*SCHEMES], f"It must be one of {', '.join(SCHEMES)}."),
    "incorrect_spans_key": (_is_key, "It must be a key of `doc.spans`, or null for none."),
    "entity_weight": (_is_weight, "It must be a number of at least 0."),
    "recall_bias": (_is_number, "It must be a finite number."),
    "document_weight": (_is_weight, "It must be a number of at least 0."),
    "spans_key": (_is_key, "It must be a key of `doc.spans`, or null for none."),
    "threshold": (_is_probability, "It must be a probability, from 0 to 1."),
    "thresholds": (_by_label(_is_probability), "It must map labels to probabilities, from 0 to 1."),
    "candidates": (_is_bool, "It must be true or false."),
    "redact": (_is_bool, "It must be true or false."),
    "promise": (_is_calibration, "It must be null, or the result of a calibration with `recall`."),
    "crosses_lines": (_is_bool, "It must be true or false."),
    "calibration": (_is_calibration, "It must be null, or the result of a calibration."),
    "label_weights": (_by_label(_is_weight), "It must map labels to numbers of at least 0."),
    "frozen_labels": (_is_frozen, f'It must be a list of labels, or "{ALL}" for all.'),
    "label_hidden_width": (_is_units, f"It must be a whole number from 0 to {_MOST_UNITS}."),
    "added_labels": (_by_label(_is_units), "It must map labels to numbers of hidden units."),
    "label_biases": (_by_label(_is_number), "It must map labels to numbers."),
    "untrained_labels": (_is_labels, "It must be a list of labels."),
    "yields_to": (_by_label(_is_some_labels), "It must map labels to lists of labels."),
    "table_size": (_is_whole, "It must be a whole number of words. 0 is for no table."),
}
