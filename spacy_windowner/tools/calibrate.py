"""Calibrates a trained component on held-out documents."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from spacy.language import Language

from ..confidence.calibration import Calibration
from ..confidence.recall import Promise
from ..errors import check_setting
from ..pipeline.checks import check_settings
from ..progress import Stage, Tell, silent
from ..training.callbacks import components_and_examples, lack_of_data
from .errors import Errors
from .examples import read_examples
from .pipelines import choose_component, load_pipeline


class Calibrated(NamedTuple):
    """A calibrated pipeline.

    nlp (Language): The pipeline. `nlp.to_disk` saves it.
    labels (Tuple[str, ...]): The labels of the component.
    calibration (Calibration): The curves that map margins to probabilities.
    promise (Optional[Promise]): The recall that the candidates promise, None for none.
    document_weight (float): The component's `document_weight`.
    recall_bias (float): The component's `recall_bias`.
    label_biases (Optional[Dict[str, float]]): The bias of each label that isn't frozen, None if no
        label is frozen.
    warning (Optional[str]): A warning if there are too few entities, else None.
    """

    nlp: Language
    labels: tuple[str, ...]
    calibration: Calibration
    promise: Promise | None
    document_weight: float
    recall_bias: float
    label_biases: dict[str, float] | None
    warning: str | None


def calibrate(
    model: str | Path,
    data: str | Path,
    *,
    component: str | None = None,
    tune_document_weight: bool = False,
    tune_recall_bias: bool = False,
    recall: float | None = None,
    each_label: bool = True,
    spans_key: str | None = None,
    redact: bool = False,
    code: str | Path | None = None,
    on_progress: Tell = silent,
) -> Calibrated:
    """Calibrate a `window_ner` component on annotated documents, so that its entities have
    probabilities. Nothing is saved.

    model (Union[str, Path]): Folder or package of the pipeline.
    data (Union[str, Path]): Annotated documents that the pipeline was not trained on, in .spacy
        format.
    component (Optional[str]): The component's name. Needed if there are several.
    tune_document_weight (bool): Whether to choose `document_weight` on the data first. It is 0 if
        the data consists of single sentences.
    tune_recall_bias (bool): Whether to choose `recall_bias` on the data first. If labels are
        frozen, the biases of the other labels are chosen instead.
    recall (Optional[float]): The share of entities that the candidates are to contain, above 0 and
        below 1, see `WindowNER.calibrate`. None promises nothing.
    each_label (bool): Whether to promise it for each label with enough data, too.
    spans_key (Optional[str]): If given, the component's `spans_key`, together with
        `candidates = true`.
    redact (bool): If true, the component gets `redact = true`.
    code (Optional[Union[str, Path]]): Python file to import first, see `load_pipeline`.
    on_progress (Tell): Called with the progress.
    RETURNS (Calibrated): The pipeline with its calibration.
    RAISES (ValueError): If the pipeline can't be loaded, has no such component, or can't be
        calibrated on the data, if the data can't be read, or `each_label` or `redact` are given
        without a promise.
    """
    why = "This is about a promise, so give `recall` as well."
    check_setting(each_label or recall is not None, "each_label", each_label, why)
    check_setting(not redact or recall is not None, "redact", redact, why)
    on_progress(Stage("Loading the pipeline"))
    nlp = load_pipeline(model, code)
    name = choose_component(nlp, component)
    on_progress(Stage("Reading documents"))
    pipe: Any
    [(pipe, examples)] = components_and_examples(nlp, partial(read_examples, data), [name])
    if spans_key is not None:
        pipe.cfg.update(spans_key=spans_key, candidates=True)
    if redact:
        pipe.cfg["redact"] = True
    check_settings(pipe.cfg)
    if tune_document_weight:
        on_progress(Stage("Choosing document_weight"))
        pipe.tune_document_weight(examples)
    if tune_recall_bias:
        on_progress(Stage("Choosing recall_bias"))
        pipe.tune_recall_bias(examples)
    on_progress(Stage("Calibrating"))
    calibration = pipe.calibrate(examples, recall, each_label)
    if calibration is None and pipe.frozen_labels:
        raise ValueError(Errors.WN079.format(name=name))
    if calibration is None:
        raise ValueError(Errors.WN060.format(name=name, path=data))
    biases = pipe.cfg["label_biases"]
    return Calibrated(
        nlp,
        pipe.labels,
        calibration,
        pipe.promise,
        pipe.cfg["document_weight"],
        pipe.cfg["recall_bias"],
        {label: biases.get(label, 0.0) for label in pipe.unfrozen_labels}
        if pipe.frozen_labels
        else None,
        lack_of_data(examples, pipe.unfrozen_labels, name, Path(data))
        if pipe.unfrozen_labels
        else None,
    )
