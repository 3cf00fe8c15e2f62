"""How functions that take long tell how far they are."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Stage(NamedTuple):
    """How far something is.

    text (str): What is done now.
    done (float): How much of it is done.
    total (float): How much there is to do. 0 if that isn't known.
    """

    text: str
    done: float = 0
    total: float = 0


Tell = Callable[[Stage], None]
"""What is called with each stage."""


def silent(stage: Stage) -> None:
    """Tell nobody."""


def told(items: Iterable[T], text: str, total: int, tell: Tell) -> Iterator[T]:
    """Tell of each item that it is done, when the next one is asked for.

    items (Iterable[T]): The items.
    text (str): What is done with them.
    total (int): Their number. 0 if it isn't known.
    tell (Tell): Called with each stage.
    YIELDS (T): The items.
    """
    tell(Stage(text, 0, total))
    for done, item in enumerate(items, 1):
        yield item
        tell(Stage(text, done, total))
