"""What `confidence.py` measures: how sure trained models are of the entities they find, and how
right they are."""

import datetime
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import spacy
from accuracy_rows import BEAM, BEST, Job, train_row
from confidence_metrics import measure
from machine import describe_machine
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus
from spacy.util import minibatch
from thinc.api import NumpyOps

from spacy_windowner.confidence.metrics import Judged
from spacy_windowner.decoding.spans import sigmoid
from spacy_windowner.tools.report.matching import judge

OURS, CROSS_ENTROPY = "window_ner", "cross-entropy"
ROWS = [OURS, CROSS_ENTROPY, BEAM]
PROBABILITY, MARGIN, SOFTMAX, SCORE = "probability", "sigmoid of margin", "mean softmax", "score"
_BATCH = 128
_DIGITS = 6

Confidences = list[dict[tuple[int, int, str], float]]
"""How sure each entity of each document is, by its start, end and label."""


def run(job: Job, trained: bool) -> dict[str, Any]:
    """Measure one row.

    job (Job): The row, one of ROWS.
    trained (bool): Whether there is a model already, which is taken.
    RETURNS (Dict): The row's key, what was measured, and what it was measured on.
    """
    if not trained:
        train_row(job)
    found = measure_row(job.row, spacy.load(job.folder / BEST), job.corpus / "test.spacy")
    when = datetime.date.today().isoformat()
    return {**job.key, **found, "date": when, "machine": describe_machine()}


def measure_row(row: str, nlp: Language, path: Path) -> dict[str, Any]:
    """How sure a model is, and how right.

    row (str): The row of the model.
    nlp (Language): The pipeline.
    path (Path): The test part.
    RETURNS (Dict): Whether each entity is right, as 1 or 0; each kind of confidence in them; and
        the measures of it.
    RAISES (ValueError): If no entity is found.
    """
    examples = list(Corpus(path)(nlp))
    kinds = _RATE[row](nlp, [eg.predicted for eg in examples])
    right: list[int] = []
    confidences: dict[str, list[float]] = defaultdict(list)
    for i, eg in enumerate(examples):
        for ent, _, is_right in judge(eg) if eg.reference.has_annotation("ENT_IOB") else ():
            right.append(int(is_right))
            for kind, ratings in kinds.items():
                value = ratings[i][ent.start, ent.end, ent.label_]
                confidences[kind].append(round(value, _DIGITS))
    if not right:
        raise ValueError(f"{row} finds no entity in {path.parent.name}.")
    measures = {kind: measure(Judged.of(values, right)) for kind, values in confidences.items()}
    return {"right": right, "confidences": dict(confidences), "measures": measures}


def rate_by_margin(nlp: Language, docs: list[Doc]) -> dict[str, Confidences]:
    """The probabilities that `window_ner` gives, and what the sigmoid makes of the margins that
    they are computed from. Writes the entities to the documents.

    nlp (Language): A pipeline with a calibrated `window_ner`.
    docs (List[Doc]): The documents.
    RETURNS (Dict[str, List[Dict]]): Both.
    RAISES (ValueError): If the component isn't calibrated.
    """
    pipe: Any = nlp.get_pipe(OURS)
    pipe.cfg["spans_key"] = "sc"
    calibration = pipe.cfg["calibration"]
    if calibration is None:
        raise ValueError(
            "The model isn't calibrated, so that it has no probabilities. Run "
            "`python -m spacy windowner calibrate` on it, with the development part."
        )
    pipe.cfg["calibration"] = None
    bare = list(nlp.pipe(doc.copy() for doc in docs))
    pipe.cfg["calibration"] = calibration
    list(nlp.pipe(docs))  # it is these documents that are annotated
    margins = [_read_group(doc, pipe.cfg["spans_key"], "margins") for doc in bare]
    return {
        PROBABILITY: [_read_group(doc, pipe.cfg["spans_key"], "scores") for doc in docs],
        MARGIN: [{k: float(sigmoid(numpy.array(m))) for k, m in each.items()} for each in margins],
    }


def _read_group(doc: Doc, key: str, attr: str) -> dict[tuple[int, int, str], float]:
    group = doc.spans[key]
    return {
        (span.start, span.end, span.label_): value
        for span, value in zip(group, group.attrs[attr], strict=True)
    }


def rate_by_softmax(nlp: Language, docs: list[Doc]) -> dict[str, Confidences]:
    """The mean softmax probability of each entity's tags, which is what a classifier of tokens has
    to say, beside the calibrated probability. Writes the entities to the documents.

    nlp (Language): A pipeline with a calibrated `window_ner`, trained with CrossEntropy.
    docs (List[Doc]): The documents.
    """
    pipe: Any = nlp.get_pipe(OURS)
    scores = [each for batch in minibatch(docs, _BATCH) for each in pipe.model.predict(batch)]
    ratings = rate_by_margin(nlp, docs)
    means = [_mean_softmax(pipe, doc, each) for doc, each in zip(docs, scores, strict=True)]
    return {SOFTMAX: means, PROBABILITY: ratings[PROBABILITY]}


def _mean_softmax(pipe: Any, doc: Doc, scores: Any) -> dict[tuple[int, int, str], float]:
    probabilities = NumpyOps().softmax(numpy.asarray(scores))
    found = {}
    for ent in doc.ents:
        tags = pipe.scheme.tags_of_span(len(ent), pipe.labels.index(ent.label_))
        mean = probabilities[numpy.arange(ent.start, ent.end), tags].mean()
        found[ent.start, ent.end, ent.label_] = float(mean)
    return found


def rate_by_beam(nlp: Language, docs: list[Doc]) -> dict[str, Confidences]:
    """The scores of spaCy's `beam_ner`: the probability, among the parses in the beam, of those
    that have the entity. Writes the entities of the best parse to the documents.

    nlp (Language): A pipeline with `beam_ner`, named "ner".
    docs (List[Doc]): The documents.
    """
    found: Confidences = []
    for batch in minibatch(docs, _BATCH):
        for name, component in nlp.pipeline:
            pipe: Any = component
            predicted = pipe.predict(batch)
            if name == "ner":
                found += pipe.scored_ents(predicted)
            pipe.set_annotations(batch, predicted)
    return {SCORE: found}


_RATE: dict[str, Callable[[Language, list[Doc]], dict[str, Confidences]]] = {
    OURS: rate_by_margin,
    CROSS_ENTROPY: rate_by_softmax,
    BEAM: rate_by_beam,
}
