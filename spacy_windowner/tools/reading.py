"""What commands that read files and configs share: an optional package, checks, and words for
messages."""

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


def reason_of(error: Exception) -> str:
    """The message of an error, as a sentence."""
    text = str(error).strip() or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
