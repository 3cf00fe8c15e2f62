"""Writes an explanation as tables for the terminal."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from wasabi import color as paint
from wasabi import row

from ...pages.render_page import visible
from .explanation import EXACT, ExplainedEntity, Explanation, Part, Removal

NONE_FOUND = "No entities are found in this text."
SHOWN = 0.005  # smaller numbers are shown as 0.00
MOST = 3  # words that are shown first
_WIDTH = 90
_MAX_FEATURES = 6  # columns that fit into the width
_OTHERS = "others"
_PLACE, _TEXT, _NUMBER, _NAME = 3, 14, 7, 8
_TITLE = 50  # characters of an entity in a title
_DIFFERENCES = 20  # tokens whose tags are shown


def explanation_to_text(
    explanation: Explanation, color: bool = False, all_words: bool = False
) -> str:
    """Write an explanation as text for the terminal, at most 90 columns wide. Each entity gets a
    table of what the words around it contribute.

    explanation (Explanation): The explanation.
    color (bool): Whether to use colors (ANSI escape sequences).
    all_words (bool): Whether to show all words in the order of the text, and the tags in which the
        rival differs. Otherwise only the three words that matter most.
    RETURNS (str): The text.
    """
    if not explanation.entities:
        return NONE_FOUND
    tables = _Tables(color, all_words)
    blocks = [tables.entity(entity) for entity in explanation.entities]
    return "\n\n".join([*blocks, textwrap.fill(describe_method(explanation), _WIDTH)])


class _Tables:
    def __init__(self, color: bool, all_words: bool) -> None:
        self.color = color
        self.all_words = all_words

    def _paint(self, text: str, fg: str | None = None, bold: bool = False) -> str:
        return paint(text, fg=fg, bold=bold) if self.color else text

    def entity(self, entity: ExplainedEntity) -> str:
        title = self._paint(f"{_cut(visible(entity.text), _TITLE)}  {entity.label}", bold=True)
        lines = [f"{title}  {describe_status(entity)}".rstrip()]
        for sentence in (describe_rival(entity), describe_context(entity)):
            lines += textwrap.wrap(sentence, _WIDTH)
        return "\n".join([*lines, "", *self._table(entity), *self._differences(entity)])

    def _table(self, entity: ExplainedEntity) -> list[str]:
        names = _columns(entity.parts)
        widths = [_PLACE, _TEXT, _NUMBER, *(max(_NUMBER, len(_cut(name, _NAME))) for name in names)]
        aligns: Any = ["r", "l"] + ["r"] * (len(widths) - 2)

        def line(place: str, text: str, numbers: Sequence[float]) -> str:
            colors = [None, None, *map(_color_of, numbers)] if self.color else None
            cells = [place, _cut(text, _TEXT), *map(signed, numbers)]
            return row(cells, widths=widths, spacing=2, aligns=aligns, fg_colors=colors).rstrip()

        head = ["", "", "sum", *(_cut(name, _NAME) for name in names)]
        lines = [row(head, widths=widths, spacing=2, aligns=aligns).rstrip()]
        ranked = rank(entity.parts)
        for part in entity.parts if self.all_words else ranked.first:
            numbers = [part.contribution, *_features(part, names)]
            lines.append(line(place_of(part, entity), visible(part.text), numbers))
        if ranked.rest is not None and not self.all_words:
            rest = ranked.rest
            lines.append(line("", rest.text, [rest.contribution, *_features(rest, names)]))
        for name, number in rest_of(entity):
            lines.append(line("", name, [number]))
        return [*lines, line("", "margin", [entity.margin])]

    def _differences(self, entity: ExplainedEntity) -> list[str]:
        if not self.all_words:
            return []
        lines = ["", self._paint("The tags in which the rival differs", "cyan")]
        for each in entity.differences[:_DIFFERENCES]:
            text = _cut(visible(each.text), _TEXT)
            lines.append(
                f"     {text:{_TEXT}}  {signed(each.margin):>7}  {each.tag} / {each.rival}"
            )
        more = len(entity.differences) - _DIFFERENCES
        return [*lines, f"     and {more} more"] if more > 0 else lines


class Ranked(NamedTuple):
    """The words of an explanation by how much they matter.

    first (List[Part]): Those that matter most, the first one most.
    rest (Optional[Part]): The sum of the others, None if there are none.
    """

    first: list[Part]
    rest: Part | None


def rank(parts: Sequence[Part], n: int = MOST) -> Ranked:
    """Find the words that matter most.

    parts (Sequence[Part]): The contributions of all words.
    n (int): How many words to find.
    RETURNS (Ranked): The words with the largest contributions, for or against.
    """
    by_size = sorted(parts, key=lambda part: -abs(part.contribution))
    first, others = by_size[:n], by_size[n:]
    if not others:
        return Ranked(first, None)
    features = {name: sum(part.features[name] for part in others) for name in others[0].features}
    text = f"{len(others)} more" + (" words" if len(others) > 1 else " word")
    return Ranked(first, Part(None, text, sum(features.values()), features))


def rest_of(entity: ExplainedEntity) -> list[tuple[str, float]]:
    """What adds to the margin besides words: the names and the numbers. Zeros are left out, except
    for the constant."""
    others = [
        ("bias", entity.bias),
        ("document", entity.document),
        ("transitions", entity.transitions),
        ("remainder", entity.remainder),
    ]
    return [
        ("constant", entity.constant),
        *((name, number) for name, number in others if abs(number) >= SHOWN),
    ]


def place_of(part: Part, entity: ExplainedEntity) -> str:
    """Where a word is: its distance before or after the entity, such as "-2" or "+1"."""
    if part.token is None or entity.first_token <= part.token <= entity.last_token:
        return ""
    is_before = part.token < entity.first_token
    return f"{part.token - (entity.first_token if is_before else entity.last_token):+d}"


def _columns(parts: Sequence[Part]) -> list[str]:
    """The columns: all features, or the largest ones and a column for the others."""
    names = list(parts[0].features) if parts else []
    if len(names) <= _MAX_FEATURES:
        return names
    weights = {name: sum(abs(part.features[name]) for part in parts) for name in names}
    most = sorted(names, key=weights.__getitem__, reverse=True)[: _MAX_FEATURES - 1]
    return [name for name in names if name in most] + [_OTHERS]


def _features(part: Part, names: Iterable[str]) -> list[float]:
    left = sum(value for name, value in part.features.items() if name not in names)
    return [part.features.get(name, left) for name in names]


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
    if explanation.method == EXACT:
        return "Exact: the parts add up to the margin."
    worst = max((abs(entity.remainder) for entity in explanation.entities), default=0.0)
    return (
        f"Integrated gradients from zero embeddings: the parts add up to the margin within "
        f"{worst:.1g}."
    )


def describe_status(entity: ExplainedEntity) -> str:
    """Whether the entity was found, and its probability."""
    known = "" if entity.probability is None else f"probability {entity.probability:.2f}"
    if entity.found:
        return known
    if entity.threshold is not None:
        return f"not found: {known}, below the threshold of {entity.threshold:.2f}"
    return f"not found, {known}" if known else "not found"


def describe_rival(entity: ExplainedEntity) -> str:
    """A sentence that says what the rival is and how far it is behind."""
    shown = ""
    # The probability of an entity that wasn't found is beside its own text.
    if len(entity.rival) == 1 and entity.rival[0].probability is not None and entity.found:
        shown = f" (probability {entity.rival[0].probability:.2f})"
    return f"The rival, {visible(entity.rival_name)}{shown}, is {entity.margin:.2f} behind."


def describe_context(entity: ExplainedEntity) -> str:
    """One or two sentences about the context word that the entity depends on most."""
    if entity.flip is not None:
        removal = entity.flip
        return f"Without {_where(entity, removal)}, {_found(entity, removal)}."
    if entity.support is None or entity.support.margin is None:
        return "Removing any single word of the context neither changes this nor lowers the margin."
    removal = entity.support
    return (
        "Removing any single word of the context doesn't change this. The margin is lowest "
        f"without {_where(entity, removal)}: {removal.margin:.2f} instead of {entity.margin:.2f}."
    )


def _where(entity: ExplainedEntity, removal: Removal) -> str:
    first, last = entity.first_token, entity.last_token
    before = removal.token < first
    distance = first - removal.token if before else removal.token - last
    words = "the word" if distance == 1 else f"{distance} words"
    return f"“{visible(removal.text)}” ({words} {'before' if before else 'after'} it)"


def _found(entity: ExplainedEntity, removal: Removal) -> str:
    if not entity.found:
        return f"it is found as {entity.label}"
    if not removal.found:
        return "nothing is found here"
    found = " and ".join(f"“{visible(text)}” as {label}" for text, label in removal.found)
    return f"{found} is found instead" if len(removal.found) == 1 else f"{found} are found instead"
