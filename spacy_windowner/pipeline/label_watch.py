import warnings
from collections.abc import Iterable, Sequence

from spacy.training import Example

from ..errors import Errors, Warnings

_ENOUGH = 100_000
"""Words of training data in which a label should have been seen: at least a hundred batches."""


class LabelWatch:
    """Watches, while a component learns, for labels that the training data doesn't have, which
    nobody can tell beforehand if data is streamed, or labels are given.

    labels (Iterable[str]): Labels that no entity has had yet.
    """

    def __init__(self, labels: Iterable[str] = ()) -> None:
        self.unseen = set(labels)
        self._n_words = 0

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
