"""Reads annotated documents, has a pipeline predict their entities, and measures its speed."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.training import Corpus, Example
from spacy.training.corpus import walk_corpus

from ...confidence.recall import Promise
from ...pipeline.partial import judged_only
from ...progress import Tell, silent, told
from ..errors import Errors
from ..pipelines import find_components, get_window_ner

_SUFFIX = ".spacy"
_SECONDS = 2.0  # how long a pipeline is timed
_SPANS_KEY = "window_ner"


def read_examples(path: str | Path, nlp: Language) -> list[Example]:
    """Read annotated documents, as `spacy.Corpus.v1` reads them.

    path (Union[str, Path]): A .spacy file, or a folder of them.
    nlp (Language): The pipeline. Its tokenizer makes the documents to predict.
    RETURNS (List[Example]): The documents, in the order of the files.
    RAISES (ValueError): If a file can't be read, or there is none.
    """
    path = Path(path)
    if not path.is_dir() and path.exists() and path.suffix != _SUFFIX:
        raise ValueError(Errors.WN092.format(path=path, reason=f"it is no {_SUFFIX} file"))
    if path.is_dir() and not any(path.rglob(f"*{_SUFFIX}")):
        raise ValueError(Errors.WN092.format(path=path, reason=f"it has no {_SUFFIX} files"))
    examples: list[Example] = []
    for file in walk_corpus(path, _SUFFIX):
        try:
            examples += Corpus(file)(nlp)
        except Exception as error:  # each layer of the format raises its own errors
            reason = str(error).rstrip(".") or type(error).__name__
            raise ValueError(Errors.WN092.format(path=file, reason=reason)) from error
    return examples


def require_entities(examples: list[Example], path: str | Path) -> None:
    """Check that there are entities.

    examples (List[Example]): The documents.
    path (Union[str, Path]): The path of the documents, for errors.
    RAISES (ValueError): If no document has an entity.
    """
    if not any(example.reference.ents for example in examples):
        raise ValueError(Errors.WN093.format(path=path, n_docs=len(examples)))


def require_component(nlp: Language, model: str) -> None:
    """Check that a pipeline has a `window_ner`.

    nlp (Language): The pipeline.
    model (str): The pipeline's folder or package, for errors.
    RAISES (ValueError): If it has none.
    """
    if not find_components(nlp):
        names = ", ".join(nlp.pipe_names) or "no component"
        raise ValueError(Errors.WN090.format(model=model, names=names))


def predict(
    nlp: Language,
    examples: Sequence[Example],
    model: str,
    name: str = "",
    tell: Tell = silent,
) -> list[Example]:
    """Predict the entities of documents. Calibrated `window_ner` components give all probabilities,
    including those of candidates, whatever their settings are.

    nlp (Language): The pipeline.
    examples (Sequence[Example]): The annotated documents.
    model (str): The pipeline's folder or package.
    name (str): The pipeline's short name.
    tell (Tell): Called with the progress.
    RETURNS (List[Example]): The examples to evaluate, without predicted entities of labels that a
        document isn't annotated for.
    RAISES (ValueError): If the pipeline has no component that predicts entities.
    """
    with _all_probabilities(nlp):
        found = nlp.pipe(example.predicted for example in examples)
        docs = list(told(found, f"{name}: finding entities", len(examples), tell))
    finds = any("doc.ents" in nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names)
    if not finds and not any(doc.ents for doc in docs):
        names = ", ".join(nlp.pipe_names) or "no component"
        raise ValueError(Errors.WN091.format(model=model, names=names))
    for example, doc in zip(examples, docs, strict=True):
        example.predicted = doc
    return [judged_only(example, model) for example in examples]


def promise_of(nlp: Language) -> Promise | None:
    """The recall that a pipeline's only `window_ner` promises, None for none.

    nlp (Language): The pipeline.
    """
    promises = [get_window_ner(nlp, name).promise for name in find_components(nlp)]
    return promises[0] if len(promises) == 1 else None


@contextmanager
def _all_probabilities(nlp: Language) -> Iterator[None]:
    """Make the calibrated components of a pipeline write probabilities and candidates."""
    before = []
    for name in find_components(nlp):
        cfg: dict[str, Any] = get_window_ner(nlp, name).cfg
        if cfg["calibration"] is not None:
            before.append((cfg, {key: cfg[key] for key in ("spans_key", "candidates")}))
            cfg.update(spans_key=cfg["spans_key"] or _SPANS_KEY, candidates=True)
    try:
        yield
    finally:
        for cfg, settings in before:
            cfg.update(settings)


def words_per_second(nlp: Language, texts: Sequence[str]) -> float:
    """Measure the speed of a pipeline from texts to entities, in wall-clock time and one process.
    The pipeline goes through the texts as often as it can in two seconds, and the fastest pass
    counts, because other processes can only slow it down. If there is no time for one pass, the
    texts that it gets through count.

    nlp (Language): The pipeline.
    texts (Sequence[str]): The texts.
    RETURNS (float): Words per second.
    """
    end = time.perf_counter() + _SECONDS
    best = 0.0
    while best == 0.0 or time.perf_counter() < end:
        start = time.perf_counter()
        in_time = takewhile(lambda _: time.perf_counter() < end, texts)
        n_texts = n_words = 0
        for doc in nlp.pipe(in_time):
            n_texts += 1
            n_words += len(doc)
        if n_words == 0:
            break
        if n_texts == len(texts) or best == 0.0:
            best = max(best, n_words / (time.perf_counter() - start))
    return best
