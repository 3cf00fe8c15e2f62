"""Writes an explanation as tables for the terminal."""

import textwrap
from collections.abc import Sequence
from typing import Any

from wasabi import color as paint
from wasabi import row

from ...pages.render_page import visible
from .explanation import ExplainedEntity, ExplainedToken, Explanation, Part, Removal

NONE_FOUND = "No entities are found in this text."
SHOWN = 0.005  # smaller numbers are shown as 0.00
_WIDTH = 90
_MAX_FEATURES = 6  # columns that fit into the width
_OTHERS = "others"
_PLACE, _TEXT, _NUMBER, _NAME = 3, 14, 7, 8
_TITLE = 50  # characters of an entity or token in a title


def explanation_to_text(explanation: Explanation, color: bool = False) -> str:
    """Write an explanation as text for the terminal, at most 90 columns wide. Each entity gets a
    table of what the words around it contribute. An entity of several tokens also gets a table for
    each token.

    explanation (Explanation): The explanation.
    color (bool): Whether to use colors (ANSI escape sequences).
    RETURNS (str): The text.
    """
    if not explanation.entities:
        return NONE_FOUND
    tables = _Tables(color)
    blocks = [tables.entity(entity) for entity in explanation.entities]
    return "\n\n".join([*blocks, textwrap.fill(describe_method(explanation), _WIDTH)])


class _Tables:
    def __init__(self, color: bool) -> None:
        self.color = color

    def _paint(self, text: str, fg: str | None = None, bold: bool = False) -> str:
        return paint(text, fg=fg, bold=bold) if self.color else text

    def entity(self, entity: ExplainedEntity) -> str:
        title = self._paint(f"{_cut(visible(entity.text), _TITLE)}  {entity.label}", bold=True)
        lines = [f"{title}  margin {signed(entity.margin)}"]
        lines += [*textwrap.wrap(describe_context(entity), _WIDTH), ""]
        names = _columns(entity.parts)
        if len(entity.tokens) > 1:
            lines += [self._paint("The whole entity, the sum of its tokens", "cyan")]
            lines += [*self._table(entity, names), ""]
        for token in entity.tokens:
            head = f"{_cut(visible(token.text), _TITLE)}  {token.tag} over {token.runner_up}"
            lines += [self._paint(head, "cyan"), *self._table(token, names), ""]
        return "\n".join(lines[:-1])

    def _table(self, of: ExplainedEntity | ExplainedToken, names: list[str]) -> list[str]:
        widths = [_PLACE, _TEXT, _NUMBER, *(max(_NUMBER, len(_cut(name, _NAME))) for name in names)]
        aligns: Any = ["r", "l"] + ["r"] * (len(widths) - 2)

        def line(cells: Sequence[str], colors: Sequence[str | None] | None = None) -> str:
            shown = colors if self.color else None
            return row(cells, widths=widths, spacing=2, aligns=aligns, fg_colors=shown).rstrip()

        lines = [line(["", "", "sum", *(_cut(name, _NAME) for name in names)])]
        for part in of.parts:
            numbers = [part.contribution, *(_feature(part, name, names) for name in names)]
            place = "" if part.offset is None else f"{part.offset:+d}".replace("+0", "0")
            colors = [None, None, *map(_color_of, numbers)]
            text = _cut(visible(part.text), _TEXT)
            lines.append(line([place, text, *map(signed, numbers)], colors))
        rest = [("bias", of.bias), ("recall bias", of.recall_bias), ("remainder", of.remainder)]
        for name, number in rest:
            if name == "bias" or abs(number) >= SHOWN:
                colors = [None, None, _color_of(number)]
                lines.append(line(["", name, signed(number)], colors))
        lines.append(line(["", "margin", signed(of.margin)], [None, None, _color_of(of.margin)]))
        return lines


def _columns(parts: Sequence[Part]) -> list[str]:
    """The columns: all features, or the largest ones and a column for the others."""
    names = list(parts[0].features)
    if len(names) <= _MAX_FEATURES:
        return names
    weights = {name: sum(abs(part.features[name]) for part in parts) for name in names}
    most = sorted(names, key=weights.__getitem__, reverse=True)[: _MAX_FEATURES - 1]
    return [name for name in names if name in most] + [_OTHERS]


def _feature(part: Part, name: str, names: list[str]) -> float:
    if name in part.features:
        return part.features[name]
    return sum(value for feature, value in part.features.items() if feature not in names)


def _color_of(number: float) -> str | None:
    if abs(number) < SHOWN:
        return None
    return "green" if number > 0.0 else "red"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def signed(number: float) -> str:
    """A number with its sign, or 0.00."""
    return f"{number:+.2f}" if abs(number) >= SHOWN else "0.00"


def describe_method(explanation: Explanation) -> str:
    """A sentence about the method."""
    tokens = [token for entity in explanation.entities for token in entity.tokens]
    if explanation.method == "exact":
        return "Exact: the parts and the bias add up to the margin."
    worst = max((abs(token.remainder) for token in tokens), default=0.0)
    return (
        f"Integrated gradients from zero embeddings: parts and bias add up to the margin within "
        f"{worst:.1g}."
    )


def describe_context(entity: ExplainedEntity) -> str:
    """One or two sentences about the context word that the entity depends on most."""
    if entity.flip is not None:
        removal = entity.flip
        return f"Without {_where(entity, removal)}, {_found(entity, removal)}."
    if entity.support is None:
        return "Removing any single word of the context neither changes this nor lowers the margin."
    removal = entity.support
    return (
        "Removing any single word of the context doesn't change this. The margin is lowest "
        f"without {_where(entity, removal)}: {removal.margin:.2f} instead of {entity.margin:.2f}."
    )


def _where(entity: ExplainedEntity, removal: Removal) -> str:
    before = removal.token < entity.start
    distance = entity.start - removal.token if before else removal.token - entity.end + 1
    words = "the word" if distance == 1 else f"{distance} words"
    return f"“{visible(removal.text)}” ({words} {'before' if before else 'after'} it)"


def _found(entity: ExplainedEntity, removal: Removal) -> str:
    if not removal.found:
        return "nothing is found here"
    found = " and ".join(f"“{visible(text)}” as {label}" for text, label in removal.found)
    return f"{found} is found instead" if len(removal.found) == 1 else f"{found} are found instead"
