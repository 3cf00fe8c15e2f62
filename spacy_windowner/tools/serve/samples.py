"""Texts to try, and to rehearse."""

import random
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..raw_text import RawText
from .tagger import Tagger

_REHEARSED = 1000
"""As many texts as `docs/corrections.md` recommends."""
_SAMPLES = 20


def read_texts(path: str | Path, nlp: Language) -> list[str]:
    """Read typical texts.

    path (Union[str, Path]): A .txt or .jsonl file with a text on each line.
    nlp (Language): The pipeline.
    RETURNS (List[str]): The texts, at most a thousand, drawn at random.
    RAISES (ValueError): If the file can't be read or has no words.
    """
    # Longer texts count as unreadable lines: spaCy can't tokenize them.
    lines = RawText(path, lambda given: _make_doc(nlp, given))
    rng, texts = random.Random(0), list[str]()
    for number, (doc, _) in enumerate(lines.docs()):
        # Each line has the same chance, however many there are (Vitter, 1985).
        place = number if number < _REHEARSED else rng.randrange(number + 1)
        if place < _REHEARSED:
            texts[place : place + 1] = [doc.text]
    lines.report_lines(bool(texts))
    return texts


def _make_doc(nlp: Language, given: str | list[str]) -> Doc:
    return nlp.make_doc(given if isinstance(given, str) else " ".join(given))


def samples_of(texts: Sequence[str], tagger: Tagger) -> list[str]:
    """Choose texts to try.

    texts (Sequence[str]): Typical texts. If there are none, spaCy's examples for the pipeline's
        language are used, if it has any.
    tagger (Tagger): The tagger, which limits their length.
    RETURNS (List[str]): A few texts.
    """
    if not texts:
        try:
            texts = import_module(f"spacy.lang.{tagger.nlp.lang}.examples").sentences
        except ImportError:  # of this language there are none
            return []
    fitting = [text for text in texts if len(text) <= tagger.max_chars]
    return random.Random(0).sample(fitting, min(_SAMPLES, len(fitting)))
