"""Documents that are annotated for some labels only, or that have a weight."""

from collections.abc import Callable, Container, Iterator, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from ..errors import Errors
from .checks import is_label_list

LABELS_KEY = "annotated_labels"
"""The key in the `user_data` of a reference document with the labels that it is annotated for."""
WEIGHT_KEY = "annotation_weight"
"""The key in the `user_data` of a reference document with the factor on its loss."""


class Annotation(NamedTuple):
    """How a document is annotated.

    labels (Optional[FrozenSet[str]]): The labels that it is annotated for. None means all.
    weight (float): The factor on its loss.
    """

    labels: frozenset[str] | None
    weight: float


def annotation_of(doc: Doc, name: str) -> Annotation:
    """Read what a reference document says about its annotation.

    doc (Doc): The document.
    name (str): The component's name.
    RETURNS (Annotation): The labels that the document is annotated for, by default all, and its
        weight, by default 1.
    RAISES (ValueError): If the labels or the weight are invalid, or the document has an entity with
        a label that it isn't annotated for.
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
    """The numbers of the labels that the reference document of an example is annotated for."""
    annotated = annotation_of(example.reference, name).labels
    return {i for i, label in enumerate(labels) if annotated is None or label in annotated}


def judged_only(example: Example, name: str) -> Example:
    """An example without predicted entities whose label the reference document isn't annotated for.
    If there are none, the same example."""
    annotated = annotation_of(example.reference, name).labels
    predicted = example.predicted
    if annotated is None or all(ent.label_ in annotated for ent in predicted.ents):
        return example
    return Example(with_labels(predicted, annotated), example.reference)


def with_labels(doc: Doc, labels: Container[str]) -> Doc:
    """A copy of a document that keeps only the entities with some labels. The tokens of the other
    entities become O. Tokens without annotation stay without it."""
    copy = doc.copy()
    others = [ent for ent in copy.ents if ent.label_ not in labels]
    copy.set_ents([], outside=others, default="unmodified")
    return copy


@registry.augmenters("spacy-windowner.annotation.v1")
def annotation(
    labels: list[str] | None = None, weight: float = 1.0
) -> Callable[[Language, Example], Iterator[Example]]:
    """An augmenter for a corpus, such as `spacy.Corpus.v1`, that marks how all its documents are
    annotated. The marks are `user_data["annotated_labels"]` and `user_data["annotation_weight"]` of
    the reference documents.

    labels (Optional[List[str]]): The labels that the documents are annotated for. None means all.
    weight (float): The factor on the loss of the documents, at least 0.
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
    """An augmenter for a corpus that removes all entities with other labels. Their tokens then
    count as outside of entities.

    labels (List[str]): The labels to keep.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    """

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        yield Example(example.predicted, with_labels(example.reference, labels))

    return augment
