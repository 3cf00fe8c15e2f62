"""Does a reviewer who reads documents in the order of `ner_doubt` find errors sooner? For
`recall.py`."""

from pathlib import Path
from typing import Any

import numpy
import spacy
from spacy.training import Corpus
from tables import make_table

from spacy_windowner.tools.report.matching import judge

SHARES = (0.1, 0.2, 0.3, 0.5)
_N_BINS = 5


def measure_doubt(model: Path, dev: Path, test: Path) -> dict[str, Any]:
    """Calibrate on the development part, and sort the documents of the test part.

    model (Path): The pipeline.
    dev (Path): The development part.
    test (Path): The test part.
    RETURNS (Dict): For each order, the share of errors in the first documents with these shares of
        the words; and the expected and real number of errors per document in bins of doubt.
    """
    nlp = spacy.load(model)
    pipe: Any = nlp.get_pipe("window_ner")
    pipe.cfg.update(spans_key="sc", candidates=True)
    pipe.calibrate(list(Corpus(dev)(nlp)))
    examples = [eg for eg in Corpus(test)(nlp) if eg.reference.has_annotation("ENT_IOB")]
    docs = list(nlp.pipe(eg.predicted for eg in examples))
    errors, words = numpy.zeros(len(docs)), numpy.array([len(doc) for doc in docs])
    for i, eg in enumerate(examples):
        right = [is_right for *_, is_right in judge(eg)]
        errors[i] = len(right) - 2 * sum(right) + len(eg.reference.ents)
    doubt = numpy.array([doc._.ner_doubt for doc in docs])
    lowest = numpy.array([min((ent._.ner_score for ent in doc.ents), default=1.0) for doc in docs])
    rng = numpy.random.default_rng(0)
    orders = {
        "`ner_doubt`, per word": -doubt / numpy.maximum(words, 1),
        "`ner_doubt`": -doubt,
        "lowest probability of an entity": lowest,
        "at random": rng.random(len(docs)),
    }
    found = {}
    for name, key in orders.items():
        order = numpy.lexsort((rng.random(len(docs)), key))
        read = numpy.cumsum(words[order]) / words.sum()
        share = numpy.cumsum(errors[order]) / errors.sum()
        found[name] = [float(numpy.interp(part, read, share)) for part in SHARES]
    bins = numpy.array_split(numpy.argsort(doubt), _N_BINS)
    pairs = [(float(doubt[part].mean()), float(errors[part].mean())) for part in bins]
    return {"found": found, "bins": pairs, "expected": float(doubt.sum()), "real": errors.sum()}


def doubt_table(results: dict[str, dict[str, Any]]) -> str:
    """Tables of the errors found, and of the numbers expected."""
    header = ["corpus", "order", *(f"after {100 * share:.0f} % of the words" for share in SHARES)]
    rows = [
        [name, order, *(f"{100 * share:.1f} %" for share in shares)]
        for name, result in results.items()
        for order, shares in result["found"].items()
    ]
    bins = [
        [name, f"{result['expected']:,.0f}", f"{result['real']:,.0f}",
         *(f"{expected:.2f}, {real:.2f}" for expected, real in result["bins"])]
        for name, result in results.items()
    ]  # fmt: skip
    fifths = [f"{word} fifth" for word in ("least", "second", "third", "fourth", "most")]
    of_bins = ["corpus", "errors expected", "errors", *fifths]
    return f"{make_table(header, rows)}\n\n{make_table(of_bins, bins)}"
