"""Named entity recognition for spaCy by window classification."""

from importlib.metadata import version

__version__ = version("spacy-windowner")
