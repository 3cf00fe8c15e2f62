"""The settings of the component: what each may be, whether a call, a config or a saved component
sets it."""

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, NamedTuple

from ..decoding.tags import SCHEMES
from ..errors import check_setting
from .gold import is_label_list

ALL = "*"
"""As `frozen_labels`: all labels that there are when another one is added."""
_LARGEST = 1e30
"""Products of larger numbers are no floats of 32 bits any more."""
_MOST_UNITS = 2**16


class Problem(NamedTuple):
    """A setting that can't be used.

    setting (str): Its name.
    value (object): Its value.
    why (str): What is expected instead, as a sentence.
    """

    setting: str
    value: object
    why: str


def check_settings(cfg: Mapping[str, Any]) -> None:
    """Reject settings that can't be used.

    cfg (Mapping[str, Any]): All settings or some, as the component's cfg has them. Names that are
        none of its settings are left alone.
    RAISES (ValueError): If one of them can't be used.
    """
    problem = find_problem(cfg)
    check_setting(problem is None, *(problem or ("", "", "")))


def find_problem(cfg: Mapping[str, Any]) -> Problem | None:
    """The first setting that can't be used, see `check_settings`."""
    for setting, (is_right, why) in _SETTINGS.items():
        if setting in cfg and not is_right(cfg[setting]):
            return Problem(setting, cfg[setting], why)
    if cfg.get("candidates") and cfg.get("spans_key", "") is None:
        return Problem("candidates", True, "Set `spans_key`.")
    return _find_unknown_label(cfg) if "labels" in cfg else None


def _find_unknown_label(cfg: Mapping[str, Any]) -> Problem | None:
    """The first setting of labels that are added to a model that doesn't fit the labels."""
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
    """Whether a string can be encoded: half a surrogate can't."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _is_labels(value: Any) -> bool:
    return isinstance(value, list | tuple) and is_label_list(value) and all(map(_is_text, value))


def _is_distinct(value: Any) -> bool:
    return _is_labels(value) and len(set(value)) == len(value)


def _is_frozen(value: Any) -> bool:
    return value == ALL if isinstance(value, str) else _is_labels(value)


def _by_label(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check of a dictionary with a value for each of some labels."""

    def check(value: Any) -> bool:
        is_by_label = isinstance(value, dict) and _is_labels([*value])
        return is_by_label and all(map(is_right, value.values()))

    return check


def _is_some_labels(value: Any) -> bool:
    return _is_labels(value) and len(value) > 0


def _is_calibration(value: Any) -> bool:
    return value is None or isinstance(value, dict)


_PROBABILITY = "A probability is wanted, 0 to 1."
_SETTINGS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "labels": (_is_distinct, "It is a list of labels, each of them once."),
    "overwrite": (_is_bool, "It is true or false."),
    "scheme": (lambda value: value in [*SCHEMES], f"Choose one of {', '.join(SCHEMES)}."),
    "incorrect_spans_key": (_is_key, "It is a key of `doc.spans`, or null for none."),
    "entity_weight": (_is_weight, "It is a number of at least 0."),
    "recall_bias": (_is_number, "It is a number."),
    "spans_key": (_is_key, "It is a key of `doc.spans`, or null for none."),
    "threshold": (_is_probability, _PROBABILITY),
    "thresholds": (_by_label(_is_probability), f"It has a number for each label. {_PROBABILITY}"),
    "candidates": (_is_bool, "It is true or false."),
    "crosses_lines": (_is_bool, "It is true or false."),
    "calibration": (_is_calibration, "It is null, or what calibration has made."),
    "label_weights": (_by_label(_is_weight), "It has a number of at least 0 for each label."),
    "frozen_labels": (_is_frozen, f'It is a list of labels, or "{ALL}" for all.'),
    "label_hidden_width": (_is_units, f"It is a whole number, 0 (for no units) to {_MOST_UNITS}."),
    "added_labels": (_by_label(_is_units), "It has a number of hidden units for each label."),
    "label_biases": (_by_label(_is_number), "It has a number for each label."),
    "yields_to": (_by_label(_is_some_labels), "It has a list of labels for each label."),
    "table_size": (_is_whole, "It is a whole number of words. 0 is for no table."),
}
