"""Progress reports of functions that take long."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Stage(NamedTuple):
    """How far a task has come.

    text (str): What is being done.
    done (float): How much of it is done.
    total (float): How much there is to do. 0 if unknown.
    """

    text: str
    done: float = 0
    total: float = 0


Tell = Callable[[Stage], None]
"""A function that is called with each stage."""


def silent(stage: Stage) -> None:
    """Ignore a stage."""


def told(items: Iterable[T], text: str, total: int, tell: Tell) -> Iterator[T]:
    """Report the progress of a loop. An item counts as done when the next one is requested.

    items (Iterable[T]): The items.
    text (str): What is done with them.
    total (int): The number of items. 0 if unknown.
    tell (Tell): Called with each stage.
    YIELDS (T): The items.
    """
    tell(Stage(text, 0, total))
    for done, item in enumerate(items, 1):
        yield item
        tell(Stage(text, done, total))
