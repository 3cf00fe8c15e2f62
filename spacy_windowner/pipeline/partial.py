"""Documents that are annotated in part: for some labels only, or not to be relied on as others."""

import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from ..errors import Errors, Warnings
from .gold import is_label_list

LABELS_KEY = "annotated_labels"
"""The key in a reference document's `user_data` of the labels that it is annotated for."""
WEIGHT_KEY = "annotation_weight"
"""The key in a reference document's `user_data` of the factor on its loss."""


class Annotation(NamedTuple):
    """What a document says of its annotation.

    labels (Optional[FrozenSet[str]]): The labels it is annotated for. None for all.
    weight (float): The factor on its loss.
    """

    labels: frozenset[str] | None
    weight: float


def annotation_of(doc: Doc, name: str) -> Annotation:
    """Read what a reference document says of its annotation.

    doc (Doc): The document.
    name (str): The component's name.
    RETURNS (Annotation): What it says. By default it is annotated for all labels, of weight 1.
    RAISES (ValueError): If what it says makes no sense, or it has an entity of a label that it
        says it isn't annotated for.
    """
    labels: Any = doc.user_data.get(LABELS_KEY)
    weight: Any = doc.user_data.get(WEIGHT_KEY, 1.0)
    if not isinstance(weight, Real) or not 0.0 <= float(weight) < numpy.inf:
        raise ValueError(Errors.WN077.format(name=name, key=WEIGHT_KEY, value=weight, doc=doc.text))
    if labels is None:
        return Annotation(None, float(weight))
    if not is_label_list(labels):
        raise ValueError(Errors.WN076.format(name=name, key=LABELS_KEY, value=labels, doc=doc.text))
    for ent in doc.ents:
        if ent.label_ not in labels:
            raise ValueError(Errors.WN078.format(
                name=name, label=ent.label_, text=ent.text, key=LABELS_KEY, doc=doc.text
            ))  # fmt: skip
    return Annotation(frozenset(labels), float(weight))


def judged_labels(example: Example, labels: Sequence[str], name: str) -> set[int]:
    """The numbers of the labels that the reference of an example is annotated for."""
    annotated = annotation_of(example.reference, name).labels
    return {i for i, label in enumerate(labels) if annotated is None or label in annotated}


def judged_only(example: Example, name: str) -> Example:
    """An example without the predicted entities of labels that its reference isn't annotated for.
    If there are none, it is the same one."""
    annotated = annotation_of(example.reference, name).labels
    predicted = example.predicted
    if annotated is None or all(ent.label_ in annotated for ent in predicted.ents):
        return example
    return Example(with_labels(predicted, annotated), example.reference)


def with_labels(doc: Doc, labels: Container[str]) -> Doc:
    """A copy of a document with the entities of some labels alone. The tokens of others are in no
    entity; what isn't annotated stays so."""
    copy = doc.copy()
    others = [ent for ent in copy.ents if ent.label_ not in labels]
    copy.set_ents([], outside=others, default="unmodified")
    return copy


@registry.augmenters("spacy-windowner.annotation.v1")
def annotation(
    labels: list[str] | None = None, weight: float = 1.0
) -> Callable[[Language, Example], Iterator[Example]]:
    """An `augmenter` for `spacy.Corpus.v1`, which says of all its documents how they are annotated.

    labels (Optional[List[str]]): The labels that they are annotated for. None for all.
    weight (float): The factor on their loss.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    """

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        if labels is not None:
            example.reference.user_data[LABELS_KEY] = list(labels)
        example.reference.user_data[WEIGHT_KEY] = weight
        yield example

    return augment


@registry.augmenters("spacy-windowner.keep_labels.v1")
def keep_labels(labels: list[str]) -> Callable[[Language, Example], Iterator[Example]]:
    """An `augmenter` for a corpus, which takes the entities of all other labels out of it. Their
    tokens are annotated as no entity.

    labels (List[str]): The labels to keep.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    """

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        yield Example(example.predicted, with_labels(example.reference, labels))

    return augment


def score_labels(examples: Sequence[Example], labels: Sequence[str], key: str) -> dict:
    """Precision, recall and F1 of some labels, and of no others.

    examples (Sequence[Example]): The examples, with predictions.
    labels (Sequence[str]): The labels.
    key (str): What the names of the scores begin with.
    RETURNS (Dict[str, Optional[float]]): The scores, as spaCy's `ner_scorer` counts: what is found
        where annotation is missing isn't wrong.
    """
    pairs = (
        (with_labels(eg.predicted, labels), with_labels(eg.reference, labels)) for eg in examples
    )
    scores = get_ner_prf([Example(*pair) for pair in pairs])
    return {f"{key}_{name}": scores[f"ents_{name}"] for name in "prf"}


class EvaluationReport:
    """Tells once what evaluation data there is that says little of the model."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def warn(self, name: str, labels: Sequence[str], examples: Sequence[Example]) -> None:
        """Warn of data without entities, and of labels that the component doesn't have.

        name (str): The component's name.
        labels (Sequence[str]): Its labels.
        examples (Sequence[Example]): The evaluation data.
        """
        found = {ent.label_ for example in examples for ent in example.reference.ents}
        unknown = found.difference(labels)
        if examples and not found and "" not in self._told:
            self._told.add("")
            warnings.warn(Warnings.WW006.format(name=name, n_docs=len(examples)), stacklevel=2)
        if unknown - self._told:
            self._told |= unknown
            warnings.warn(Warnings.WW005.format(
                name=name, unknown=", ".join(sorted(unknown)), labels=", ".join(labels)
            ), stacklevel=2)  # fmt: skip
