"""Has a pipeline predict the entities of annotated documents, and measures its speed."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import takewhile
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ...confidence.recall import Promise
from ...pipeline.ner_score import set_ner_score
from ...pipeline.partial import judged_only
from ...progress import Tell, silent, told
from ..errors import Errors
from ..pipelines import find_components, get_window_ner

_SECONDS = 2.0  # how long a pipeline is timed
_SPANS_KEY = "window_ner"


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
    including those of candidates, whatever their settings are. They are in `doc.user_data`, see
    `saved_scores`, and `doc.spans` is empty.

    nlp (Language): The pipeline.
    examples (Sequence[Example]): The annotated documents.
    model (str): The pipeline's folder or package.
    name (str): The pipeline's short name.
    tell (Tell): Called with the progress.
    RETURNS (List[Example]): The examples to evaluate, without predicted entities of labels that a
        document isn't annotated for.
    RAISES (ValueError): If the pipeline has no component that predicts entities.
    """
    with _all_probabilities(nlp) as groups:
        found = nlp.pipe((example.predicted for example in examples), disable=_later(nlp))
        # Later components may merge or split tokens, and then the groups are wrong.
        found = nlp.pipe(map(partial(_note, groups), found), disable=_earlier(nlp))
        docs = list(told(found, f"{name}: finding entities", len(examples), tell))
    finds = any("doc.ents" in nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names)
    if not finds and not any(doc.ents for doc in docs):
        names = ", ".join(nlp.pipe_names) or "no component"
        raise ValueError(Errors.WN091.format(model=model, names=names))
    for example, doc in zip(examples, docs, strict=True):
        doc.spans.clear()  # if tokens were merged, a Doc with groups can't be copied
        example.predicted = doc
    return [judged_only(example, model) for example in examples]


def promise_of(nlp: Language) -> Promise | None:
    """The recall that a pipeline's only `window_ner` promises, None for none.

    nlp (Language): The pipeline.
    """
    promises = [get_window_ner(nlp, name).promise for name in find_components(nlp)]
    return promises[0] if len(promises) == 1 else None


@contextmanager
def _all_probabilities(nlp: Language) -> Iterator[dict[str, list[str]]]:
    """Make the calibrated components of a pipeline write the probabilities of all candidates.
    Yields the keys of the groups of candidates in `doc.spans`. Each has those of the groups that
    wouldn't be there otherwise."""
    before, added = [], {}
    for name in find_components(nlp):
        cfg: dict[str, Any] = get_window_ner(nlp, name).cfg
        if cfg["calibration"] is not None:
            before.append((cfg, {key: cfg[key] for key in ("spans_key", "candidates")}))
            key = cfg["spans_key"] or _SPANS_KEY
            near = f"{key}_candidates"
            added[near] = [key] * (cfg["spans_key"] is None) + [near] * (not cfg["candidates"])
            cfg.update(spans_key=key, candidates=True)
    try:
        yield added
    finally:
        for cfg, kept in before:
            cfg.update(kept)


def _note(groups: dict[str, list[str]], doc: Doc) -> Doc:
    """Keep the probabilities of all candidates by their characters, for `span._.ner_score`."""
    for key, added in groups.items():
        group = doc.spans[key]
        for span, score in zip(group, group.attrs["scores"], strict=True):
            set_ner_score(span, score)
        for other in added:
            del doc.spans[other]
    return doc


def _earlier(nlp: Language) -> list[str]:
    """The components up to the last `window_ner`."""
    last = max(map(nlp.pipe_names.index, find_components(nlp)), default=-1)
    return nlp.pipe_names[: last + 1]


def _later(nlp: Language) -> list[str]:
    return nlp.pipe_names[len(_earlier(nlp)) :]


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
