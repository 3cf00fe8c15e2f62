"""The command `calibrate`."""

from pathlib import Path
from typing import Annotated

import numpy
from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..confidence.calibration import Calibration, Curve
from ..confidence.recall import Promise
from ..decoding.spans import sigmoid
from ..tools.calibrate import Calibrated, calibrate
from ._util import CODE, COMPONENT, MODEL, Bar, Quiet, Verbose, explain_errors, windowner_cli

_DATA = "Annotated documents that the pipeline was not trained on, in .spacy format"
_OUTPUT = "Folder to save the pipeline to. By default it overwrites MODEL"
_WEIGHT = "First tune the component's document_weight on the data, which must be whole documents"
_TUNE = "First tune the component's recall_bias on the data, or the biases of labels not frozen"
_RECALL = "Promise that candidates contain this share of the entities, e.g. 0.95"
_EACH = "Promise it for each label with enough data, or only for all labels together"
_SPANS_KEY = "Set the component's spans_key, and candidates = true"
_REDACT = "Set redact = true: doc.ents has all candidates, merged where they overlap"
_MARGINS = (0, 2, 5, 10)


@windowner_cli.command("calibrate")
def calibrate_cli(
    model: Annotated[str, Arg(help=MODEL)],
    data: Annotated[Path, Arg(help=_DATA, exists=True)],
    output: Annotated[Path | None, Opt("--output", "-o", help=_OUTPUT, file_okay=False)] = None,
    component: Annotated[str | None, Opt(help=COMPONENT)] = None,
    tune_document_weight: Annotated[bool, Opt("--tune-document-weight", help=_WEIGHT)] = False,
    tune_recall_bias: Annotated[bool, Opt("--tune-recall-bias", help=_TUNE)] = False,
    recall: Annotated[float | None, Opt(help=_RECALL)] = None,
    each_label: Annotated[bool, Opt("--each-label/--overall", help=_EACH)] = True,
    spans_key: Annotated[str | None, Opt(help=_SPANS_KEY)] = None,
    redact: Annotated[bool, Opt("--redact", help=_REDACT)] = False,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Calibrate a pipeline, so that its entities have probabilities.

    Counts on the data how often entities of each margin are right, for each label that has enough
    of them. Training with the recipes does the same on the dev set. With --recall, it also finds
    out how far candidates must reach to miss no more entities than promised.

    EXAMPLE:

      python -m spacy windowner calibrate model/model-best dev.spacy

      \b
      python -m spacy windowner calibrate model/model-best dev.spacy \\
        --recall 0.95 --spans-key sc
    """
    msg, loud = Printer(no_print=quiet), Printer()
    with explain_errors(verbose), Bar(quiet) as bar:
        if output is None and not Path(model).is_dir():
            loud.fail(f"'{model}' is a package. Name a folder to save to with --output", exits=1)
        done = calibrate(
            model,
            data,
            component=component,
            tune_document_weight=tune_document_weight,
            tune_recall_bias=tune_recall_bias,
            recall=recall,
            each_label=each_label,
            spans_key=spans_key,
            redact=redact,
            code=code,
            on_progress=bar,
        )
    if tune_document_weight:
        msg.info(f"document_weight: {done.document_weight}")
    if tune_recall_bias:
        msg.info(_tuned_biases(done))
    if done.warning:
        loud.warn(done.warning)
    _show(msg, done.calibration, done.labels)
    if done.promise is not None:
        _show_promise(msg, done.promise)
    done.nlp.to_disk(output or model)
    msg.good("Saved the calibrated pipeline", str(output or model))


def _tuned_biases(done: Calibrated) -> str:
    """The biases that were tuned: those of labels not frozen, or else `recall_bias`."""
    if done.label_biases is None:
        return f"recall_bias: {done.recall_bias}"
    return f"label_biases: {', '.join(f'{label} {x}' for label, x in done.label_biases.items())}"


def _show(msg: Printer, calibration: Calibration, labels: tuple[str, ...]) -> None:
    """Print the probability of an entity at some margins."""
    pooled, own = calibration.entities.pooled, calibration.entities.labels
    shared = ("pooled", *[""] * len(_MARGINS))
    rows = [_row(label, own[label]) if label in own else (label, *shared) for label in labels]
    header = ("Label", "Entities found", *(f"p at margin {margin}" for margin in _MARGINS))
    aligns = ["l", *"r" * (len(header) - 1)]
    msg.table([*rows, _row("pooled", pooled)], header=header, divider=True, aligns=aligns)


def _show_promise(msg: Printer, promise: Promise) -> None:
    """Print how far the candidates of each label reach, and what the promise costs."""
    rows = [
        (label, f"{reach.fitted_on:,}{' (shared)' if reach.shared else ''}", f"{reach.behind:.2f}")
        for label, reach in promise.labels.items()
    ]
    header = ("Label", "Entities", "Candidates reach")
    msg.table(rows, header=header, divider=True, aligns=("l", "r", "r"))
    msg.info(
        f"Promised: candidates contain {100 * promise.recall:.4g} % of the entities. They are "
        f"{promise.offered:.2f} for each entity of the data"
    )


def _row(label: str, curve: Curve) -> tuple[str, ...]:
    p = sigmoid(curve.slope * numpy.array(_MARGINS) + curve.bias)
    return label, f"{curve.fitted_on:,}", *(f"{value:.2f}" for value in p)
