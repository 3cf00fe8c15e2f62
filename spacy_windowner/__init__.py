"""Named entity recognition for spaCy by window classification."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .confidence.explain import explain

__all__ = ["__version__", "explain"]
__version__ = version("spacy-windowner")


def __getattr__(name: str) -> Any:
    # spaCy imports this package whenever a pipeline is made, and few explain one.
    if name == "explain":
        from .confidence.explain import explain

        return explain
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
