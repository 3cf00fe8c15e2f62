"""Offsets that don't count characters: other programs count units of UTF-16, or bytes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .records import Entity

CHARACTERS = "characters"
UTF16 = "UTF-16 units"
BYTES = "UTF-8 bytes"


class Converted(NamedTuple):
    """Entities whose offsets count characters.

    unit (str): What they counted: "characters", "UTF-16 units" or "UTF-8 bytes".
    entities (Sequence[Entity]): The entities.
    others (Sequence[Entity]): Those with a text that isn't at their offsets, however counted.
    """

    unit: str
    entities: Sequence[Entity]
    others: Sequence[Entity] = ()


def convert_offsets(text: str, entities: Sequence[Entity]) -> Converted:
    """Find out what offsets count, from the texts of entities. Without these it isn't guessed.

    text (str): The text.
    entities (Sequence[Entity]): The entities.
    RETURNS (Converted): The same, with offsets of characters.
    """
    known = [entity for entity in entities if entity.text is not None]
    if all(_is_at(text, entity) for entity in known):
        return Converted(CHARACTERS, entities)
    if not text.isascii():
        for unit, size_of in _SIZES.items():
            places = _places(text, size_of)
            moved = [_move(entity, places) for entity in entities]
            if all(new is not None and (new.text is None or _is_at(text, new)) for new in moved):
                return Converted(unit, [new for new in moved if new is not None])
    right = [entity for entity in entities if entity.text is None or _is_at(text, entity)]
    others = [entity for entity in known if not _is_at(text, entity)]
    return Converted(CHARACTERS, right, others)


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
