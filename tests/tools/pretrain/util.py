"""A small text, and a small pipeline to learn its words."""

from functools import cache
from pathlib import Path
from typing import Any

import spacy
import srsly
from thinc.api import Config

from ...pipeline.util import SMALL, merge

TEXTS = [
    "Not all museums in Paris are amazing.",
    "All museums in London are free.",
    "Who likes Paris in the spring?",
    "The river runs through London, and through Paris another.",
] * 5


def write_text(folder: Path, texts=TEXTS, name: str = "raw.txt") -> Path:
    """A file with one text a line."""
    path = folder / name
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf8")
    return path


def make_config(**component: Any) -> Config:
    """The config of a pipeline with a small component."""
    return _make_config(srsly.json_dumps(component)).copy()


@cache
def _make_config(component: str) -> Config:
    nlp = spacy.blank("xx")  # is made faster than one for English
    nlp.add_pipe("window_ner", config=merge(SMALL, srsly.json_loads(component)))
    return nlp.config
