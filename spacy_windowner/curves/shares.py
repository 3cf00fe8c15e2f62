"""Growing shares of documents."""

import math
import random
from collections.abc import Sequence

from ..errors import Errors


def check_shares(shares: Sequence[float]) -> list[float]:
    """Reject shares that can't be used.

    shares (Sequence[float]): The shares, in percent.
    RETURNS (List[float]): The same, the smallest first.
    RAISES (ValueError): If there is none, or two are the same, or one isn't above 0 and at most
        100.
    """
    in_range = all(math.isfinite(share) and 0 < share <= 100 for share in shares)
    if not shares or not in_range or len(set(shares)) < len(shares):
        raise ValueError(Errors.WN200.format(shares=",".join(f"{share:g}" for share in shares)))
    return sorted(shares)


def parse_shares(text: str) -> list[float]:
    """Read shares that are separated by commas.

    text (str): The shares, e.g. "25,50,100".
    RETURNS (List[float]): The shares.
    RAISES (ValueError): If one of them is no number.
    """
    try:
        return [float(share) for share in text.split(",")]
    except ValueError:
        raise ValueError(Errors.WN200.format(shares=text)) from None


def sizes_of(shares: Sequence[float], n_docs: int) -> list[int]:
    """How many documents each share has.

    shares (Sequence[float]): The shares in percent, growing.
    n_docs (int): The number of all documents.
    RETURNS (List[int]): The numbers, growing.
    RAISES (ValueError): If a share has no document, or no more than the one before.
    """
    sizes = [round(n_docs * share / 100) for share in shares]
    for i, (share, size) in enumerate(zip(shares, sizes, strict=True)):
        if size <= (sizes[i - 1] if i else 0):
            raise ValueError(Errors.WN201.format(share=share, n_docs=n_docs, size=size))
    return sizes


def draw(n_docs: int, sizes: Sequence[int], seed: int) -> list[list[int]]:
    """Draw documents at random: those of each size are among those of every larger one.

    n_docs (int): The number of all documents.
    sizes (Sequence[int]): How many to draw.
    seed (int): The seed. Another one draws others.
    RETURNS (List[List[int]]): The numbers of the documents of each size, in their order.
    """
    order = list(range(n_docs))
    random.Random(seed).shuffle(order)
    return [sorted(order[:size]) for size in sizes]
