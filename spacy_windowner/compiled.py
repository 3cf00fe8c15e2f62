"""The choice between each compiled module and its twin in plain Python."""

import os
import warnings
from importlib import import_module
from typing import Any

import spacy

from .errors import Errors, Warnings

PLAIN_VARIABLE = "SPACY_WINDOWNER_PLAIN"
"""The environment variable that selects the plain twins even if the compiled modules are built."""
_missing: list[str] = []


def choose(compiled: str, plain: str) -> Any:
    """Import a compiled module or, if it wasn't built, its twin in plain Python.

    compiled (str): The compiled module's name within this package, e.g. "decoding.core". If it has
        a `SPACY_SERIES`, that is the minor version of spaCy it was built for.
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


def warn_if_missing() -> None:
    """Warn, once per process, that compiled modules weren't built, and say what that costs."""
    if _missing:
        message = Warnings.WW002.format(missing=", ".join(_missing), variable=PLAIN_VARIABLE)
        _missing.clear()
        warnings.warn(message, stacklevel=2)


def _other_spacy(built: str) -> str:
    return Errors.WN002.format(built=built, installed=spacy.__version__)
