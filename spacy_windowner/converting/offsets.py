"""Offsets that don't count characters: other programs count units of UTF-16, or bytes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .records import Entity

CHARACTERS = "characters"
UTF16 = "UTF-16 units"
BYTES = "UTF-8 bytes"
UNITS = (CHARACTERS, UTF16, BYTES)
"""What offsets may count, the likeliest first."""


class Converted(NamedTuple):
    """Entities whose offsets count characters.

    unit (str): What they counted: "characters", "UTF-16 units" or "UTF-8 bytes".
    entities (Sequence[Entity]): The entities.
    others (Sequence[Entity]): Those with a text that isn't at their offsets, however counted.
    """

    unit: str
    entities: Sequence[Entity]
    others: Sequence[Entity] = ()


def units_of(text: str, entities: Sequence[Entity]) -> set[str]:
    """What offsets may count, from the texts of entities.

    text (str): The text.
    entities (Sequence[Entity]): The entities.
    RETURNS (Set[str]): The units in which all texts are at their offsets. None if there are no
        texts, or if units are all the same.
    """
    known = [entity for entity in entities if entity.text is not None]
    if not known or text.isascii():
        return set()
    return {unit for unit in UNITS if _converted(text, known, unit) is not None}


def convert_offsets(text: str, entities: Sequence[Entity], expected: str = CHARACTERS) -> Converted:
    """Find out what offsets count, from the texts of entities. Without these it isn't guessed.

    text (str): The text.
    entities (Sequence[Entity]): The entities.
    expected (str): What they count if several units are possible.
    RETURNS (Converted): The same, with offsets of characters.
    """
    known = [entity for entity in entities if entity.text is not None]
    if not known or text.isascii():
        units = [CHARACTERS]
    else:
        units = [expected, *(unit for unit in UNITS if unit != expected)]
    for unit in units:
        moved = _converted(text, entities, unit)
        if moved is not None:
            return Converted(unit, moved)
    right = [entity for entity in entities if entity.text is None or _is_at(text, entity)]
    return Converted(CHARACTERS, right, [entity for entity in known if not _is_at(text, entity)])


def _converted(text: str, entities: Sequence[Entity], unit: str) -> Sequence[Entity] | None:
    """Entities whose offsets count a unit, None if a text isn't at its offsets."""
    moved = entities
    if unit != CHARACTERS:
        places = _places(text, _SIZES[unit])
        found = [_move(entity, places) for entity in entities]
        moved = [entity for entity in found if entity is not None]
        if len(moved) < len(entities):
            return None
    right = all(entity.text is None or _is_at(text, entity) for entity in moved)
    return moved if right else None


def _is_at(text: str, entity: Entity) -> bool:
    """Whether the text of an entity is at its offsets. White space isn't compared: programs
    replace line breaks."""
    if not 0 <= entity.start <= entity.end <= len(text):
        return False
    return text[entity.start : entity.end].split() == (entity.text or "").split()


def _places(text: str, size_of: Callable[[str], int]) -> dict[int, int]:
    """Characters by their offsets in a unit."""
    places, at = {}, 0
    for index, character in enumerate(text):
        places[at] = index
        at += size_of(character)
    return {**places, at: len(text)}


def _move(entity: Entity, places: dict[int, int]) -> Entity | None:
    start, end = places.get(entity.start), places.get(entity.end)
    return None if start is None or end is None else entity._replace(start=start, end=end)


def _utf16_size(character: str) -> int:
    return 1 + (character > "\uffff")


def _utf8_size(character: str) -> int:
    return len(character.encode("utf8"))


_SIZES = {UTF16: _utf16_size, BYTES: _utf8_size}
