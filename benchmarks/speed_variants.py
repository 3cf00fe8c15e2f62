"""The pipelines that `speed.py` compares."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import load_config
from speed_timing import Task
from thinc.compat import has_torch

KERNELS = ["thinc", *(["torch", "torch-int8"] if has_torch else [])]


class Variant(NamedTuple):
    """A pipeline.

    name (str): A name for the tables.
    path (Optional[str]): The folder of the model. None for the tokenizer alone.
    kernel (Optional[str]): The kernel of window_ner.
    """

    name: str
    path: str | None = None
    kernel: str | None = None


TOKENIZER = Variant("tokenizer")
NER = "ner"
# The kernel that "auto" stands for.
WINDOW_NER = f"window_ner {'torch' if has_torch else 'thinc'}"


def make_variants(ner: Path, window_ner: Path) -> list[Variant]:
    """The tokenizer, spaCy's `ner`, and `window_ner` with each kernel that is installed."""
    ours = [Variant(f"window_ner {kernel}", str(window_ner), kernel) for kernel in KERNELS]
    return [TOKENIZER, Variant(NER, str(ner)), *ours]


def load(variant: Variant) -> Language:
    """Load a pipeline, with a vocabulary of its own."""
    if variant.path is None:
        return spacy.blank("en")
    if variant.kernel is None:
        return spacy.load(variant.path)
    name = window_ner_name(Path(variant.path))
    return spacy.load(variant.path, config={"components": {name: {"kernel": variant.kernel}}})


def window_ner_name(path: Path) -> str:
    """What the component is called in a saved pipeline."""
    components = load_config(path / "config.cfg")["components"]
    return next(name for name in components if components[name].get("factory") == "window_ner")


def run_pipeline(nlp: Language, texts: Iterable[str], n_process: int = 1) -> int:
    """Process texts from end to end. Returns the number of words."""
    return sum(len(doc) for doc in nlp.pipe(texts, n_process=n_process))


def run_components(nlp: Language, docs: Sequence[Doc]) -> None:
    """Process tokenized documents. A `tok2vec` that `ner` listens to is part of it."""
    stream: Iterable[Doc] = docs
    for _, pipe in nlp.pipeline:
        stream = pipe.pipe(stream, batch_size=nlp.batch_size)
    for _ in stream:
        pass


def pipeline_task(nlp: Language, texts: Sequence[str], n_process: int = 1) -> Task:
    """Processing texts from end to end."""
    return Task(lambda _: run_pipeline(nlp, texts, n_process))


def component_task(nlp: Language, texts: Sequence[str]) -> Task:
    """The components alone, with fresh documents each time."""
    return Task(
        run=lambda docs: run_components(nlp, docs),
        prepare=lambda: [nlp.make_doc(text) for text in texts],
    )
