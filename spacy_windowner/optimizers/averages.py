from collections import UserDict
from collections.abc import Callable
from typing import Any


class Averages(UserDict):
    """Parameters' averages, each brought up to date when it is read.

    catch_up (Callable[[Tuple[int, str], FloatsXd], None]): Called with the key and the array of
        an average that is about to be read.
    """

    def __init__(self, catch_up: Callable[[Any, Any], None]) -> None:
        super().__init__()
        self._catch_up = catch_up

    def __getitem__(self, key: Any) -> Any:
        average = super().__getitem__(key)
        self._catch_up(key, average)
        return average
