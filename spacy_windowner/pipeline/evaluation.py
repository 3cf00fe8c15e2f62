"""Evaluation of a component: scores for some of its labels, and warnings about evaluation data."""

import warnings
from collections.abc import Sequence

from spacy.scorer import get_ner_prf
from spacy.training import Example

from ..errors import Warnings
from .partial import with_labels


def score_labels(examples: Sequence[Example], labels: Sequence[str], key: str) -> dict:
    """Compute precision, recall and F1 for some labels only.

    examples (Sequence[Example]): The examples, with predictions.
    labels (Sequence[str]): The labels.
    key (str): The prefix of the scores' names.
    RETURNS (Dict[str, Optional[float]]): The scores, counted as in spaCy's `ner_scorer`:
        predictions on tokens without gold annotation don't count as errors.
    """
    pairs = (
        (with_labels(eg.predicted, labels), with_labels(eg.reference, labels)) for eg in examples
    )
    scores = get_ner_prf([Example(*pair) for pair in pairs])
    return {f"{key}_{name}": scores[f"ents_{name}"] for name in "prf"}


class EvaluationReport:
    """Warns about evaluation data that says little about the model, once for each problem."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def warn(self, name: str, labels: Sequence[str], examples: Sequence[Example]) -> None:
        """Warn about data without entities, and about labels that the component doesn't have.

        name (str): The component's name.
        labels (Sequence[str]): The component's labels.
        examples (Sequence[Example]): The evaluation data.
        """
        found = {ent.label_ for example in examples for ent in example.reference.ents}
        unknown = found.difference(labels)
        if examples and not found and "" not in self._warned:
            self._warned.add("")
            warnings.warn(Warnings.WW006.format(name=name, n_docs=len(examples)), stacklevel=2)
        if unknown - self._warned:
            self._warned |= unknown
            warnings.warn(Warnings.WW005.format(
                name=name, unknown=", ".join(sorted(unknown)), labels=", ".join(labels)
            ), stacklevel=2)  # fmt: skip
