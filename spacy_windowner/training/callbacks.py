"""Callbacks for training configs: one calibrates components on held-out data, the other adds
labels."""

import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy
import srsly
from spacy.language import Language
from spacy.training import Example
from spacy.util import get_package_path, registry, resolve_dot_names
from thinc.api import Model
from thinc.util import to_numpy

from ..confidence.calibration import MIN_COUNT
from ..errors import Errors, Warnings
from ..models.output import is_initialized
from ..pipeline.checks import require_recall
from ..pipeline.labels import NEW_LABEL_WEIGHT
from ..pipeline.saving import require_finite_weights
from ..pipeline.upstream import find_upstream
from .corpus import KeptCorpus


@registry.callbacks("spacy-windowner.calibrate.v1")
def calibrate(
    path: Path | None = None,
    tune_recall_bias: bool = True,
    tune_document_weight: bool = True,
    recall: float | None = None,
    each_label: bool = True,
) -> Callable[[Language], Language]:
    """A callback for `[training.before_to_disk]`. Each time the pipeline is saved, it calibrates
    every `window_ner` that isn't in `frozen_components` on a corpus, usually the dev set
    (`paths.dev`).

    path (Optional[Path]): The corpus, as `spacy.Corpus.v1` reads it. If None, nothing is
        calibrated.
    tune_recall_bias (bool): Whether to tune `recall_bias` on the corpus first or, if labels are
        frozen, the bias of each of the other labels.
    tune_document_weight (bool): Whether to tune `document_weight` before that. It stays 0 if the
        corpus has no documents of several sentences.
    recall (Optional[float]): The recall to promise, see `WindowNER.calibrate`. Requires
        `candidates` or `redact` of the component. None promises nothing.
    each_label (bool): Whether to promise it for each label with enough data, too.
    RETURNS (Callable[[Language], Language]): The callback. It returns the same pipeline. If weights
        aren't finite it raises an error, so nothing is saved over an earlier pipeline.
    RAISES (ValueError): If the recall can't be promised.
    """
    if recall is not None:
        require_recall(recall)
    has_warned, last_fingerprint = False, b""
    corpus = None if path is None else KeptCorpus(path)  # because the pipeline is saved many times

    def callback(nlp: Language) -> Language:
        nonlocal has_warned, last_fingerprint
        for name, pipe in nlp.components:
            if hasattr(pipe, "require_finite"):
                pipe.require_finite()
            elif isinstance(model := getattr(pipe, "model", None), Model):
                require_finite_weights(name, model)
        if path is None or corpus is None:
            return nlp
        if not Path(path).exists():
            raise ValueError(Errors.WN062.format(path=path))
        # spaCy may save the same pipeline twice, as the best and as the last one.
        if _fingerprint(nlp) == last_fingerprint:
            return nlp
        frozen = nlp.config.interpolate()["training"].get("frozen_components", [])
        learning = [name for name in nlp.pipe_names if name not in frozen]
        for pipe, examples in components_and_examples(nlp, corpus, learning):
            pipe.fit_held_out(examples, tune_document_weight, tune_recall_bias, recall, each_label)
            was_left_out = pipe.frozen_labels and pipe.calibration is None
            if has_warned or was_left_out or not pipe.unfrozen_labels:
                continue
            problem = lack_of_data(examples, pipe.unfrozen_labels, pipe.name, path)
            if problem:
                has_warned = True
                warnings.warn(problem, stacklevel=2)
        last_fingerprint = _fingerprint(nlp)
        return nlp

    return callback


@registry.callbacks("spacy-windowner.add_labels.v1")
def add_labels(
    labels: list[str],
    component: str = "window_ner",
    frozen_labels: list[str] | Literal["*"] = "*",
    label_hidden_width: int = 256,
    label_weight: float = NEW_LABEL_WEIGHT,
    base: str | None = None,
) -> Callable[[Language], Language]:
    """A callback for `[initialize.before_init]` of a pipeline whose `window_ner` has a `source`. It
    adds labels, which `spacy train` then trains.

    labels (List[str]): The new labels.
    component (str): The component's name.
    frozen_labels (Union[List[str], str]): The labels that must not change, or "*" for all.
    label_hidden_width (int): The number of own hidden units of each new label.
    label_weight (float): The weight of the loss of each new label's tokens.
    base (Optional[str]): The pipeline that the component comes from. If the new pipeline lacks some
        of its components, there is a warning. None for no such check.
    RETURNS (Callable[[Language], Language]): The callback. It returns the same pipeline. If the
        config's training data lacks one of the labels, it raises an error.
    """

    def callback(nlp: Language) -> Language:
        pipe: Any = dict(nlp.components).get(component)
        if not hasattr(pipe, "add_labels"):
            names = ", ".join(nlp.component_names)
            raise ValueError(Errors.WN074.format(component=component, names=names))
        if not is_initialized(pipe.model):
            raise ValueError(Errors.WN150.format(component=component))
        upstream = find_upstream(nlp, component, pipe.model)
        if base is not None:
            _warn_of_lost_components(nlp, base)
        with warnings.catch_warnings():
            if upstream in nlp.config["training"].get("frozen_components", []):
                warnings.filterwarnings("ignore", r"\[WW070\]")
            pipe.add_labels(
                labels,
                frozen_labels=frozen_labels,
                label_hidden_width=label_hidden_width,
                label_weight=label_weight,
            )
        _require_examples(nlp, component, labels)
        return nlp

    return callback


def components_and_examples(
    nlp: Language, corpus: Callable[[Language], Iterable[Example]], names: Sequence[str]
) -> Iterator[tuple[Any, list[Example]]]:
    """The components of a pipeline that can be calibrated, and the examples of a corpus after the
    earlier components have run.

    nlp (Language): The pipeline.
    corpus (Callable[[Language], Iterable[Example]]): A reader, which makes new examples each time.
    names (Sequence[str]): The names of the components to choose from.
    YIELDS (Tuple[WindowNER, List[Example]]): The components with their examples.
    """
    for place, (name, pipe) in enumerate(nlp.pipeline):
        if name in names and hasattr(pipe, "tune_recall_bias"):
            examples = list(corpus(nlp))
            for _, before in nlp.pipeline[:place]:
                for example in examples:
                    example.predicted = before(example.predicted)
            yield pipe, examples


def lack_of_data(
    examples: Iterable[Example], labels: Sequence[str], name: str, path: Path
) -> str | None:
    """Make a warning if there are too few entities to calibrate on.

    examples (Iterable[Example]): The examples.
    labels (Sequence[str]): The labels whose curves are fitted. Entities of other labels don't
        count.
    name (str): The component's name.
    path (Path): The examples' file.
    RETURNS (Optional[str]): The warning, None if there are enough.
    """
    count = sum(ent.label_ in labels for example in examples for ent in example.reference.ents)
    if count >= MIN_COUNT:
        return None
    return Warnings.WW060.format(
        name=name, path=path, count=count, labels=", ".join(labels), needed=MIN_COUNT
    )


def _fingerprint(nlp: Language) -> bytes:
    """A hash that changes with the weights of a pipeline and the settings of its `window_ner`."""
    digest = hashlib.sha256()
    components: list[tuple[str, Any]] = nlp.components
    for name, pipe in components:
        model = getattr(pipe, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            for param in node.param_names:
                if node.has_param(param):
                    digest.update(numpy.ascontiguousarray(to_numpy(node.get_param(param))).data)
        if hasattr(pipe, "tune_recall_bias"):
            digest.update(srsly.json_dumps([name, pipe.cfg], sort_keys=True).encode("utf8"))
    return digest.digest()


def _require_examples(nlp: Language, component: str, labels: Sequence[str]) -> None:
    """Reject new labels that the training data in a pipeline's config lacks. Streamed data isn't
    checked, because it may be endless. Outside of a training there is no data to check."""
    config = nlp.config.interpolate()
    name = config["training"]["train_corpus"]
    if config["training"]["max_epochs"] == -1:
        return
    try:
        [corpus] = resolve_dot_names(config, [name])
    except (KeyError, ValueError):  # a pipeline that isn't trained by its config
        return
    found: Counter[str] = Counter()
    for example in corpus(nlp):
        found.update(ent.label_ for ent in example.reference.ents)
        if all(map(found.get, labels)):
            return
    missing = ", ".join(label for label in labels if label not in found)
    shown = ", ".join(f"{count:,} of {label}" for label, count in found.most_common())
    raise ValueError(
        Errors.WN164.format(name=component, labels=missing, corpus=name, found=shown or "none")
    )


def _warn_of_lost_components(nlp: Language, base: str) -> None:
    """Warn if a saved pipeline, a folder or a package, has components that this one lacks."""
    folder = Path(base) if Path(base).exists() else get_package_path(base)
    names = srsly.read_json(folder / "meta.json")["pipeline"]
    lost = [name for name in names if name not in nlp.component_names]
    if lost:
        warnings.warn(Warnings.WW150.format(base=base, names=", ".join(lost)), stacklevel=3)
