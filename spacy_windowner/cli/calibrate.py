from pathlib import Path
from typing import Annotated, Any

import numpy
from spacy.cli._util import Arg, Opt
from spacy.training import Corpus
from wasabi import Printer

from ..confidence.calibration import Calibration, Curve
from ..decoding.spans import sigmoid
from ..errors import Errors
from ..pipeline.components import choose_component, load_pipeline
from ..progress import Stage
from ..training.callbacks import components_and_examples, lack_of_data
from ._util import CODE, COMPONENT, MODEL, Bar, Quiet, Verbose, explain_errors, windowner_cli

_DATA = "Annotated documents that the pipeline was not trained on, in .spacy format"
_OUTPUT = "Folder to save the pipeline to. By default it is saved where it was"
_MARGINS = (0, 2, 5, 10)
_TUNE = "Choose the component's recall_bias on the data first, or the biases of labels not frozen"


@windowner_cli.command("calibrate")
def calibrate_cli(
    model: Annotated[str, Arg(help=MODEL)],
    data: Annotated[Path, Arg(help=_DATA, exists=True)],
    output: Annotated[Path | None, Opt("--output", "-o", help=_OUTPUT, file_okay=False)] = None,
    component: Annotated[str | None, Opt(help=COMPONENT)] = None,
    tune_recall_bias: Annotated[bool, Opt("--tune-recall-bias", help=_TUNE)] = False,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Calibrate a pipeline, so that its entities have probabilities.

    On the data it is counted how often entities of what margin are right, for each label that has
    enough of them. Training with our configs does the same on the development data.

    EXAMPLE:

      python -m spacy windowner calibrate model/model-best dev.spacy
    """
    msg, loud = Printer(no_print=quiet), Printer()
    with explain_errors(verbose), Bar(quiet) as bar:
        if output is None and not Path(model).is_dir():
            loud.fail(f"'{model}' is a package. Name a folder to save to with --output", exits=1)
        bar(Stage("Loading the pipeline"))
        nlp = load_pipeline(model, code)
        name = choose_component(nlp, component)
        bar(Stage("Reading documents"))
        pipe, examples = next(
            (pipe, examples)
            for pipe, examples in components_and_examples(nlp, Corpus(data))
            if pipe.name == name
        )
        if tune_recall_bias:
            bar(Stage("Choosing recall_bias"))
            pipe.tune_recall_bias(examples)
        bar(Stage("Calibrating"))
        calibration = pipe.calibrate(examples)
        if calibration is None and pipe.frozen_labels:
            raise ValueError(Errors.WN079.format(name=name))
        if calibration is None:
            raise ValueError(Errors.WN060.format(name=name, path=data))
    if tune_recall_bias:
        msg.info(_operating_point(pipe))
    problem = lack_of_data(examples, pipe.open_labels, name, data)
    if problem:
        loud.warn(problem)
    _show(msg, calibration, pipe.labels)
    nlp.to_disk(output or model)
    msg.good("Saved the calibrated pipeline", str(output or model))


def _operating_point(pipe: Any) -> str:
    """What tuning has chosen: if labels are frozen, the biases of the others, else recall_bias."""
    if not pipe.frozen_labels:
        return f"recall_bias: {pipe.cfg['recall_bias']}"
    biases = pipe.cfg["label_biases"]
    return (
        f"label_biases: {', '.join(f'{each} {biases.get(each, 0.0)}' for each in pipe.open_labels)}"
    )


def _show(msg: Printer, calibration: Calibration, labels: tuple[str, ...]) -> None:
    """Print how probable an entity of some margins is."""
    pooled, own = calibration.entities.pooled, calibration.entities.labels
    shared = ("pooled", *[""] * len(_MARGINS))
    rows = [_row(label, own[label]) if label in own else (label, *shared) for label in labels]
    header = ("Label", "Entities found", *(f"p at margin {margin}" for margin in _MARGINS))
    aligns = ["l", *"r" * (len(header) - 1)]
    msg.table([*rows, _row("pooled", pooled)], header=header, divider=True, aligns=aligns)


def _row(label: str, curve: Curve) -> tuple[str, ...]:
    p = sigmoid(curve.slope * numpy.array(_MARGINS) + curve.bias)
    return label, f"{curve.fitted_on:,}", *(f"{value:.2f}" for value in p)
