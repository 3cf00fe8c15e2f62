"""Offsets of entities in other units than characters, which the texts of the entities tell."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .records import Entity

CHARACTERS = "characters"
UTF16 = "UTF-16 units"
BYTES = "UTF-8 bytes"
UNITS = (CHARACTERS, UTF16, BYTES)
"""The units that offsets may be in, the most likely first."""


class Converted(NamedTuple):
    """Entities with offsets converted to characters.

    unit (str): The original unit: "characters", "UTF-16 units" or "UTF-8 bytes".
    entities (Sequence[Entity]): The entities.
    others (Sequence[Entity]): Entities whose text isn't at their offsets in any unit.
    """

    unit: str
    entities: Sequence[Entity]
    others: Sequence[Entity] = ()


def convert_offsets(text: str, entities: Sequence[Entity], expected: str = CHARACTERS) -> Converted:
    """Convert offsets to characters. The texts of the entities show the unit. If there are none,
    the offsets are taken for characters.

    text (str): The text.
    entities (Sequence[Entity]): The entities.
    expected (str): The unit if several are possible.
    RETURNS (Converted): The converted entities.
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


def units_of(text: str, entities: Sequence[Entity]) -> set[str]:
    """Find the possible units of offsets from the texts of entities.

    text (str): The text.
    entities (Sequence[Entity]): The entities.
    RETURNS (Set[str]): The units in which the texts of all entities are at their offsets. Empty if
        there are no texts, or if all units are the same because the text is ASCII.
    """
    known = [entity for entity in entities if entity.text is not None]
    if not known or text.isascii():
        return set()
    return {unit for unit in UNITS if _converted(text, known, unit) is not None}


def _converted(text: str, entities: Sequence[Entity], unit: str) -> Sequence[Entity] | None:
    """Convert entities from a unit, None if a text isn't at its offsets."""
    moved = entities
    if unit != CHARACTERS:
        places = _unit_places(text, _SIZES[unit])
        found = [_move(entity, places) for entity in entities]
        moved = [entity for entity in found if entity is not None]
        if len(moved) < len(entities):
            return None
    right = all(entity.text is None or _is_at(text, entity) for entity in moved)
    return moved if right else None


def _is_at(text: str, entity: Entity) -> bool:
    """Whether the text of an entity is at its offsets. Whitespace is ignored, because some programs
    replace line breaks."""
    if not 0 <= entity.start <= entity.end <= len(text):
        return False
    return text[entity.start : entity.end].split() == (entity.text or "").split()


def _unit_places(text: str, size_of: Callable[[str], int]) -> dict[int, int]:
    """Map offsets in a unit to characters."""
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
