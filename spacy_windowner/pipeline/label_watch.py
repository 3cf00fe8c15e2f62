import warnings
from collections.abc import Iterable, Sequence

from spacy.attrs import ENT_TYPE
from spacy.training import Example

from ..errors import Errors, Warnings
from .doc_io import hash_labels

_ENOUGH = 100_000
"""Words of training data in which a label should have been seen: at least a hundred batches."""


class LabelWatch:
    """Watches, while a component learns, for labels that the training data doesn't have, which
    nobody can tell beforehand if data is streamed, or labels are given.

    labels (Iterable[str]): Labels that no entity has had yet.
    """

    def __init__(self, labels: Iterable[str] = ()) -> None:
        self.unseen = set(labels)
        self.left_out: set[str] = set()
        """Labels that the training data has, and the component doesn't."""
        self._n_words = 0

    def find_others(self, examples: Iterable[Example], labels: tuple[str, ...]) -> list[str]:
        """The labels of examples that are none of the component's.

        examples (Iterable[Example]): The examples.
        labels (Tuple[str, ...]): The component's labels.
        """
        known = {0, *hash_labels(labels).tolist()}
        others: dict[str, None] = {}  # in the order of the data
        for doc in (example.reference for example in examples):
            if not known.issuperset(doc.to_array(ENT_TYPE).tolist()):
                others |= dict.fromkeys(ent.label_ for ent in doc.ents)
        return [label for label in others if label and label not in labels]

    def see(self, examples: Iterable[Example]) -> None:
        """Strike off the labels of examples."""
        if self.unseen:
            self.unseen.difference_update(
                ent.label_ for example in examples for ent in example.reference.ents
            )

    def learn(self, examples: Iterable[Example], learning: Sequence[str], name: str) -> None:
        """Look at a batch that is learned from. After many of them, give one warning of labels
        that none had.

        examples (Iterable[Example]): The batch.
        learning (Sequence[str]): The labels that learn.
        name (str): The component's name.
        RAISES (ValueError): If none had any of the labels that learn.
        """
        self.see(examples)
        if not self.unseen:
            return
        self._n_words += sum(len(example.predicted) for example in examples)
        if self._n_words < _ENOUGH:
            return
        missing = [label for label in learning if label in self.unseen]
        labels = ", ".join(missing)
        if len(missing) == len(learning):
            raise ValueError(Errors.WN165.format(name=name, labels=labels, n_words=self._n_words))
        if missing:
            warnings.warn(
                Warnings.WW160.format(name=name, labels=labels, n_words=self._n_words), stacklevel=3
            )
        self.unseen = set()
