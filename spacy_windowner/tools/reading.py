"""What the commands that read files share: an optional package, checks, and words for messages."""

from typing import Any

from .errors import Errors


def require_pyarrow() -> None:
    """RAISES (ImportError): If PyArrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise ImportError(Errors.WN118) from error


def kind_of(value: Any) -> str:
    """The type of a JSON value, for messages."""
    return "null" if value is None else type(value).__name__


def is_unicode(text: str) -> bool:
    """Whether a text has no lone surrogates."""
    try:
        text.encode("utf8")
    except UnicodeEncodeError:
        return False
    return True


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
