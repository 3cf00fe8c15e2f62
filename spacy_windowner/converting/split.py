"""Splits documents at random, near-duplicates on one side."""

import random
from collections.abc import Sequence
from hashlib import blake2b

from ..errors import Errors, check_setting
from .targets import PARTS

_DIGITS = {ord(digit): "0" for digit in "123456789"}


def parse_shares(split: str) -> list[int]:
    """The shares of a split.

    split (str): The same as text, e.g. "80/10/10", or "90/10" for two parts.
    RETURNS (List[int]): The shares.
    RAISES (ValueError): If it is none.
    """
    pieces = [piece.strip() for piece in split.split("/")]
    right = 2 <= len(pieces) <= len(PARTS) and all(
        piece.isdecimal() and 0 < int(piece) < 1_000_000 for piece in pieces
    )
    check_setting(right, "split", split, "Expected two or three numbers, such as 80/10/10.")
    return [int(piece) for piece in pieces]


def key_of(text: str) -> int:
    """A number that near-duplicates have in common: case, white space and which digits there are
    don't count.

    text (str): The text.
    RETURNS (int): A hash of eight bytes.
    """
    plain = "".join(text.lower().split()).translate(_DIGITS)
    return int.from_bytes(blake2b(plain.encode("utf8", "replace"), digest_size=8).digest(), "big")


def assign(keys: Sequence[int], shares: Sequence[int], seed: int) -> list[int]:
    """Assign documents to parts.

    keys (Sequence[int]): The key of each.
    shares (Sequence[int]): The shares of the parts.
    seed (int): Another one gives another split.
    RETURNS (List[int]): The part of each.
    RAISES (ValueError): If a part would be empty.
    """
    sizes: dict[int, int] = {}
    for key in keys:
        sizes[key] = sizes.get(key, 0) + 1
    if len(sizes) < len(shares):
        text = Errors.WN193.format(n=len(keys), parts=len(shares), n_groups=len(sizes))
        raise ValueError(text)
    groups = list(sizes)
    random.Random(seed).shuffle(groups)
    groups.sort(key=lambda key: -sizes[key])  # a large one fits only while there is room
    wanted = [max(1.0, len(keys) * share / sum(shares)) for share in shares]
    parts: dict[int, int] = {}
    empty = list(range(len(shares)))
    for left, key in zip(range(len(groups), 0, -1), groups, strict=True):
        part = empty[0] if left <= len(empty) else wanted.index(max(wanted))
        parts[key] = part
        wanted[part] -= sizes[key]
        if part in empty:
            empty.remove(part)
    return [parts[key] for key in keys]
