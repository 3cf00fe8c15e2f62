from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import Errors


@contextmanager
def explain_damage(name: str, source: str | Path) -> Iterator[None]:
    """Turn what deserialization raises on damaged data into an error that says so.

    name (str): The component's name.
    source (Union[str, Path]): Where the data comes from.
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError) as error:
        reason = str(error) or type(error).__name__
        raise ValueError(Errors.WN009.format(name=name, path=source, reason=reason)) from error
