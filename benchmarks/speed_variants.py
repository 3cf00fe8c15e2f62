"""The pipelines that `speed.py` compares."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from speed_timing import Task, compare, interleave


class Variant(NamedTuple):
    """A pipeline.

    name (str): A name for the tables.
    path (Optional[str]): The folder of the model. None for the tokenizer alone.
    cfg (Dict[str, Any]): Settings of the component that differ from those it was saved with.
    """

    name: str
    path: str | None = None
    cfg: dict[str, Any] = {}


TOKENIZER = Variant("tokenizer")
NER = "ner"
WINDOW_NER = "window_ner"
UNCALIBRATED = "window_ner, not calibrated"


def make_variants(ner: Path, window_ner: Path) -> list[Variant]:
    """The tokenizer, spaCy's `ner`, and `window_ner` with probabilities and without them."""
    return [
        TOKENIZER,
        Variant(NER, str(ner)),
        Variant(WINDOW_NER, str(window_ner)),
        Variant(UNCALIBRATED, str(window_ner), {"calibration": None}),
    ]


def load(variant: Variant) -> Language:
    """Load a pipeline, with a vocabulary of its own."""
    if variant.path is None:
        return spacy.blank("en")
    nlp = spacy.load(variant.path)
    if variant.cfg:
        component: Any = nlp.get_pipe(nlp.pipe_names[-1])
        component.cfg.update(variant.cfg)
    return nlp


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


def compare_pipelines(
    pipelines: dict[str, Language], texts: Sequence[str], rounds: int
) -> dict[str, Any]:
    """The speed of pipelines on the same texts, from end to end and of their components alone."""
    n_words = run_pipeline(pipelines[TOKENIZER.name], texts)
    whole = {name: pipeline_task(nlp, texts) for name, nlp in pipelines.items()}
    parts = {name: component_task(nlp, texts) for name, nlp in pipelines.items() if nlp.pipeline}
    return {
        "words": n_words,
        "distinct_words": len({word for text in texts for word in text.split()}),
        "texts": len(texts),
        "end_to_end": compare(interleave(whole, rounds), n_words),
        "component": compare(interleave(parts, rounds), n_words),
    }
