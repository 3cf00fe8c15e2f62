import warnings
from collections.abc import Sequence

from spacy.training import Example

from ..errors import Warnings


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
