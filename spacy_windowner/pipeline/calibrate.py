"""What a model learns of itself on held-out documents: its operating point, and how far its
margins can be trusted."""

import hashlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
import srsly
from spacy.language import Language
from spacy.training import Example
from spacy.util import registry
from thinc.api import Model
from thinc.util import to_numpy

from ..confidence.calibration import MIN_COUNT, Calibration, Curves
from ..decoding.leaning import Leaning
from ..decoding.spans import Spans
from ..errors import Warnings
from ..training.corpus import KeptCorpus
from .held_out import HeldOut
from .loading import require_finite_weights
from .prediction import Decision, Rating


@registry.callbacks("spacy-windowner.calibrate.v1")
def calibrate(
    path: Path | None = None, tune_recall_bias: bool = True
) -> Callable[[Language], Language]:
    """A callback for `[training.before_to_disk]`: each time the pipeline is saved, every
    `window_ner` in it is calibrated on a corpus, as a rule that of `paths.dev`.

    path (Optional[Path]): The corpus, as `spacy.Corpus.v1` reads it. None leaves all as it is.
    tune_recall_bias (bool): Whether to choose `recall_bias` on the corpus first or, if labels are
        frozen, how much the decision leans to each of the others.
    RETURNS (Callable[[Language], Language]): The callback. It returns the same pipeline. If weights
        in it aren't finite, it raises an error, so that nothing is saved over an earlier pipeline.
    """
    told, done = False, b""
    corpus = None if path is None else KeptCorpus(path)  # the pipeline is saved many times

    def callback(nlp: Language) -> Language:
        nonlocal told, done
        for name, pipe in nlp.components:
            if hasattr(pipe, "require_finite"):
                pipe.require_finite()
            elif isinstance(model := getattr(pipe, "model", None), Model):
                require_finite_weights(name, model)
        if path is None or corpus is None:
            return nlp
        # spaCy saves the best pipeline twice, as the last one, too.
        if _fingerprint(nlp) == done:
            return nlp
        for pipe, examples in components_and_examples(nlp, corpus):
            if tune_recall_bias:
                pipe.tune_recall_bias(examples)
            if pipe.frozen_labels and pipe.calibration is None:
                continue  # those of the new labels alone would be no calibration
            pipe.calibrate(examples)
            problem = lack_of_data(examples, pipe.open_labels, pipe.name, path)
            # That data is lacking is said once.
            if problem and not told:
                told = True
                warnings.warn(problem, stacklevel=2)
        done = _fingerprint(nlp)
        return nlp

    return callback


def _fingerprint(nlp: Language) -> bytes:
    """Tells whether the weights of a pipeline and the settings of its `window_ner` have changed."""
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


def lack_of_data(
    examples: Iterable[Example], labels: Sequence[str], name: str, path: Path
) -> str | None:
    """A warning if there are too few entities to calibrate on.

    examples (Iterable[Example]): The examples.
    labels (Sequence[str]): The labels whose curves are fitted. Entities of others don't count.
    name (str): The component's name.
    path (Path): Where they come from.
    RETURNS (Optional[str]): The warning, if there is reason for one.
    """
    count = sum(ent.label_ in labels for example in examples for ent in example.reference.ents)
    if count >= MIN_COUNT:
        return None
    return Warnings.WW060.format(
        name=name, path=path, count=count, labels=", ".join(labels), needed=MIN_COUNT
    )


def components_and_examples(
    nlp: Language, corpus: Callable[[Language], Iterable[Example]]
) -> Iterator[tuple[Any, list[Example]]]:
    """Every component of a pipeline that can be calibrated, and the examples of a corpus as they
    are when they come to it.

    nlp (Language): The pipeline.
    corpus (Callable[[Language], Iterable[Example]]): A reader, which makes new examples each time.
    YIELDS (Tuple[WindowNER, List[Example]]): The components.
    """
    for place, (_, pipe) in enumerate(nlp.pipeline):
        if hasattr(pipe, "tune_recall_bias"):
            examples = list(corpus(nlp))
            for _, before in nlp.pipeline[:place]:
                for example in examples:
                    example.predicted = before(example.predicted)
            yield pipe, examples


def fit_calibration(
    held_out: HeldOut,
    labels: Sequence[str],
    leaning: Leaning,
    chosen: Sequence[str] | None = None,
) -> Calibration | None:
    """Fit the calibration to what is found in held-out documents.

    held_out (HeldOut): Held-out documents.
    labels (Sequence[str]): The labels.
    leaning (Leaning): What decisions make of scores.
    chosen (Optional[Sequence[str]]): The labels whose entities count. If None, all.
    RETURNS (Optional[Calibration]): The calibration. None if no entity is found.
    """
    decision = Decision(leaning, Rating(None, None, None, wants_candidates=True))
    found = [decision.find(group) for group in held_out.groups]
    entities = [spans for spans, _ in found]
    candidates = [spans for _, spans in found if spans is not None]
    numbers = {labels.index(label) for label in (labels if chosen is None else chosen)}
    curves = _fit(held_out, entities, labels, numbers)
    if curves is None:
        return None
    return Calibration(curves, _fit(held_out, candidates, labels, numbers) or curves)


def _fit(
    held_out: HeldOut, found: list[Spans], labels: Sequence[str], numbers: set[int]
) -> Curves | None:
    """Fit curves to spans of the labels of these numbers."""
    margins: list[float] = []
    right: list[bool] = []
    of_label: list[int] = []
    for row, is_right in held_out.judge(found):
        if row[2] in numbers:
            margins.append(row[3])
            right.append(is_right)
            of_label.append(row[2])
    if not margins:
        return None
    return Curves.fit(numpy.array(margins), numpy.array(right), numpy.array(of_label), labels)
