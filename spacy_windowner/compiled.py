"""Which parts run compiled, and which on their twins in plain Python."""

import os
import warnings
from importlib import import_module
from typing import Any

import spacy

from .errors import Errors, Warnings

PLAIN_VARIABLE = "SPACY_WINDOWNER_PLAIN"
"""The environment variable that asks for the plain twins, whatever is built."""

_missing: list[str] = []


def choose(compiled: str, plain: str) -> Any:
    """Import a compiled module or, if it wasn't built, its twin in plain Python.

    compiled (str): The compiled module's name within this package, e.g. "decoding.core". Its
        `SPACY_SERIES`, if it has one, is the minor version of spaCy that it was built for.
    plain (str): The name of its twin.
    RETURNS (ModuleType): The module.
    RAISES (ImportError): If the compiled module was built for another minor version of spaCy.
    """
    if not os.environ.get(PLAIN_VARIABLE):
        name = f"{__package__}.{compiled}"
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            if compiled not in _missing:
                _missing.append(compiled)
        except ValueError as error:  # Cython found a class of another size
            raise ImportError(_other_spacy("another version")) from error
        else:
            built = getattr(module, "SPACY_SERIES", None)
            if built is not None and not spacy.__version__.startswith(f"{built}."):
                raise ImportError(_other_spacy(built))
            return module
    return import_module(f"{__package__}.{plain}")


def _other_spacy(built: str) -> str:
    return Errors.WN002.format(built=built, installed=spacy.__version__)


def warn_if_missing() -> None:
    """Say once in a process that compiled parts weren't built, and what that costs."""
    if _missing:
        told = Warnings.WW002.format(missing=", ".join(_missing), variable=PLAIN_VARIABLE)
        _missing.clear()
        warnings.warn(told, stacklevel=2)
