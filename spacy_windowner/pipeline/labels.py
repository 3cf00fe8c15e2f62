"""The component's labels: adding them, freezing them, and noticing new ones in training data."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy
from spacy.attrs import ENT_TYPE
from spacy.errors import Errors as SpacyErrors
from spacy.pipeline import TrainablePipe
from spacy.training import Example
from thinc.api import Optimizer

from ..decoding.biases import Biases, Yielding
from ..decoding.tags import O, Scheme, get_scheme
from ..errors import Errors, Warnings
from ..layers.label_columns import grown_layer
from ..models.labels import added_columns, can_grow, clear_gradients, set_added_labels
from ..models.output import get_transitions, is_initialized, is_listener, n_columns, set_n_tags
from .checks import ALL, check_settings, is_label_list, require_labels
from .doc_io import hash_labels
from .partial import LABELS_KEY, annotation_of

NEW_LABEL_WEIGHT = 6.0
"""The factor on the loss of a new label's tokens. A single label is rarer than all labels
together, so without the factor too few of its entities would be found."""
_ENOUGH = 100_000
"""By this many training words, about a hundred batches, every label should have occurred."""


class LabelWatch:
    """Watches training for labels that the data doesn't contain. They can't be detected before the
    training if the data is streamed, or if the labels are given.

    labels (Iterable[str]): Labels of which no entity has been seen yet.
    """

    def __init__(self, labels: Iterable[str] = ()) -> None:
        self.unseen = set(labels)
        self.left_out: set[str] = set()
        """Labels that the training data contains, but that the component doesn't have."""
        self._n_words = 0
        self._has_warned = False

    def find_unknown(self, examples: Iterable[Example], labels: tuple[str, ...]) -> list[str]:
        """Find labels in examples that the component doesn't have.

        examples (Iterable[Example]): The examples.
        labels (Tuple[str, ...]): The component's labels.
        RETURNS (List[str]): The other labels, in the order of the data.
        """
        known = {0, *hash_labels(labels).tolist()}
        others: dict[str, None] = {}
        for doc in (example.reference for example in examples):
            if not known.issuperset(doc.to_array(ENT_TYPE).tolist()):
                others |= dict.fromkeys(ent.label_ for ent in doc.ents)
        return [label for label in others if label and label not in labels]

    def check_annotated_labels(
        self, examples: Iterable[Example], labels: Sequence[str], name: str
    ) -> None:
        """Warn, once, about examples that teach nothing, because they are annotated only for labels
        that the component doesn't have.

        examples (Iterable[Example]): The examples.
        labels (Sequence[str]): The component's labels.
        name (str): The component's name.
        """
        if self._has_warned:
            return
        for example in examples:
            annotated = annotation_of(example.reference, name).labels
            if annotated and annotated.isdisjoint(labels):
                self._has_warned = True
                warnings.warn(Warnings.WW165.format(
                    name=name, key=LABELS_KEY, annotated=", ".join(sorted(annotated)),
                    labels=", ".join(labels), doc=example.reference.text[:200],
                ), stacklevel=4)  # fmt: skip
                return

    def mark_seen(self, examples: Iterable[Example]) -> None:
        """Remove the labels in examples from the unseen labels.

        examples (Iterable[Example]): The examples.
        """
        if self.unseen:
            self.unseen.difference_update(
                ent.label_ for example in examples for ent in example.reference.ents
            )

    def check_batch(self, examples: Iterable[Example], learning: Sequence[str], name: str) -> None:
        """Take note of a training batch. After enough batches, warn once about the labels that none
        of them contained.

        examples (Iterable[Example]): The batch.
        learning (Sequence[str]): The labels that are learned.
        name (str): The component's name.
        RAISES (ValueError): If the batches contained none of the labels that are learned.
        """
        self.mark_seen(examples)
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


class GrowingPipe(TrainablePipe):
    """A trainable component whose model has a column of scores for each tag of each label. Labels
    can be added after training, while other labels are frozen.

    A subclass sets `vocab`, `model`, `name`, `_watch`, and `_has_given_labels`, which is True if
    labels were passed to `initialize`. In `cfg` it sets "labels", "scheme", "recall_bias",
    "label_weights", "frozen_labels", "label_hidden_width", and for the labels that were added to
    the trained model while others were frozen: "added_labels", the number of hidden units of each;
    "label_biases", which are added to the scores of each in predictions; and "yields_to", the
    labels that were frozen when each was added.
    """

    cfg: dict[str, Any]
    _watch: LabelWatch
    _has_given_labels: bool

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The labels, i.e. the entity types."""
        return tuple(self.cfg["labels"])

    @property
    def frozen_labels(self) -> tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The labels that don't change in training."""
        frozen = self.cfg["frozen_labels"]
        return self.labels if frozen == ALL else tuple(frozen)

    @property
    def unfrozen_labels(self) -> tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The labels that aren't frozen."""
        return tuple(label for label in self.labels if label not in self.frozen_labels)

    @property
    def open_labels(self) -> tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The labels that are learned in training.
        RAISES (ValueError): If a frozen label is unknown, all labels are frozen, or another label
            can't be learned while these are frozen."""
        if not self.frozen_labels:
            return self.labels
        added = self.cfg["added_labels"]
        return tuple(_open_labels(self.frozen_labels, self.labels, added, self.name))

    @property
    def scheme(self) -> Scheme:
        """RETURNS (Scheme): The tagging scheme of the model."""
        return get_scheme(self.cfg["scheme"])

    @property
    def label_data(self) -> list[str]:
        """RETURNS (List[str]): The labels, as `spacy init labels` saves them."""
        return list(self.labels)

    @property
    def biases(self) -> Biases:
        """RETURNS (Biases): How predictions change the model's scores before decoding."""
        by_tag = numpy.zeros(self.scheme.n_tags(len(self.labels)))
        by_tag[O] = -self.cfg["recall_bias"]
        for label, bias in self.cfg["label_biases"].items():
            by_tag[self._columns_of([label])] = bias
        yielding = [
            Yielding(self._columns_of([label]), self._columns_of(others))
            for label, others in self.cfg["yields_to"].items()
        ]
        return Biases(by_tag, yielding)

    def _columns_of(self, labels: Sequence[str]) -> numpy.ndarray:
        """The numbers of the tags of labels."""
        numbers = [self.labels.index(label) for label in labels]
        return numpy.array(self.scheme.columns_of(numbers), dtype="int64")

    def add_label(self, label: str) -> int:
        """Add a label. If the model is initialized, it gets a new column for each tag of the label.
        The new columns change no predictions until they are trained. Labels that are frozen at that
        time stay frozen, see `add_labels`.

        label (str): The label.
        RETURNS (int): 0 if the label is already present, otherwise 1.
        RAISES (ValueError): If the label is no string, or the model can't grow.
        """
        if not isinstance(label, str):
            raise ValueError(SpacyErrors.E187)
        if label in self.labels:
            return 0
        self.vocab.strings.add(label)  # first, because a string may be invalid
        if is_initialized(self.model):
            self._grow(label)  # a model may refuse
            self.cfg["untrained_labels"] = [*self.cfg["untrained_labels"], label]
        self.cfg["labels"].append(label)
        self._watch.unseen.add(label)
        return 1

    def add_labels(
        self,
        labels: Sequence[str],
        *,
        frozen_labels: Sequence[str] = ALL,
        label_hidden_width: int | None = None,
        label_weight: float = NEW_LABEL_WEIGHT,
    ) -> None:
        """Add labels to the trained component, and train only these from now on.

        labels (Sequence[str]): The new labels.
        frozen_labels (Sequence[str]): The labels that training must not change, or "*" for all
            existing ones. The setting `frozen_labels` is set to these.
        label_hidden_width (Optional[int]): The number of hidden units that each new label gets for
            itself. None means the value of the setting `label_hidden_width`.
        label_weight (float): The factor on the loss of the new labels' tokens. It is added to the
            setting `label_weights`. By default 6, because a single label is rare.
        RAISES (ValueError): If a new label exists already, a frozen label doesn't, the new labels
            can't be learned while the others are frozen, or the model can't grow. The component is
            then unchanged.
        """
        _check_new_labels(labels, self.labels, self.name)
        width = self.cfg["label_hidden_width"] if label_hidden_width is None else label_hidden_width
        weights = {**self.cfg["label_weights"], **dict.fromkeys(labels, label_weight)}
        settings = {"frozen_labels": frozen_labels, "label_hidden_width": width}
        check_settings({**settings, "label_weights": weights})
        if not is_initialized(self.model):
            raise ValueError(SpacyErrors.E109.format(name=self.name))
        frozen = list(self.labels) if frozen_labels == ALL else list(frozen_labels)
        require_labels("frozen_labels", frozen, self.labels, self.name)
        if frozen:
            added = [*self.cfg["added_labels"], *labels]
            _open_labels(frozen, [*self.labels, *labels], added, self.name)
            if not can_grow(self.model):
                raise ValueError(Errors.WN073.format(name=self.name, model=self.model.name))
            if is_listener(self.model):
                warnings.warn(Warnings.WW070.format(name=self.name), stacklevel=2)
        elif not self.cfg["added_labels"] and not self.is_resizable:
            raise ValueError(SpacyErrors.E922.format(name=self.name, nO=n_columns(self.model)))
        self.cfg.update(frozen_labels=frozen, label_hidden_width=width)
        for label in labels:
            self.add_label(label)
        self.cfg["label_weights"] = weights

    def _grow(self, label: str) -> None:
        """Give the trained model the columns of a new label. They are separate from those of other
        labels if some of these are frozen, or have separate columns already."""
        cfg = self.cfg
        if not self.frozen_labels and not cfg["added_labels"]:
            if not self.is_resizable:
                raise ValueError(SpacyErrors.E922.format(name=self.name, nO=n_columns(self.model)))
            self.set_output(self.scheme.n_tags(len(self.labels) + 1))
            self._grow_transitions()
            return
        if not can_grow(self.model):
            raise ValueError(Errors.WN073.format(name=self.name, model=self.model.name))
        require_labels("frozen_labels", self.frozen_labels, self.labels, self.name)
        # Gradients of earlier updates would otherwise be kept until all labels learn again.
        clear_gradients(self.model)
        added = {**cfg["added_labels"], label: cfg["label_hidden_width"]}
        set_added_labels(self.model, list(added.values()), len(self.scheme.kinds))
        cfg["added_labels"] = added
        frozen = list(self.frozen_labels)  # "*" becomes the labels before this one
        cfg["frozen_labels"] = frozen
        cfg["yields_to"] = {**cfg["yields_to"], **({label: frozen} if frozen else {})}
        self._grow_transitions()

    def _grow_transitions(self) -> None:
        if get_transitions(self.model) is not None:
            set_n_tags(self.model, self.scheme.n_tags(len(self.labels) + 1))

    def _ungrow(self) -> None:
        """Remove the separate columns of added labels, before the model is initialized again."""
        added = self.cfg["added_labels"]
        if added:
            weights = self.cfg["label_weights"]
            kept = {label: weight for label, weight in weights.items() if label not in added}
            self.cfg.update(added_labels={}, label_biases={}, yields_to={}, label_weights=kept)
            set_added_labels(self.model, [], len(self.scheme.kinds))
            self.set_output(self.scheme.n_tags(len(self.labels)))

    def _add_unknown_labels(self, examples: Iterable[Example]) -> None:
        """Add the labels in examples that the component doesn't have, or warn if they must not be
        added. There is only one warning about each label."""
        self._watch.check_annotated_labels(examples, self.labels, self.name)
        labels = self._watch.find_unknown(examples, self.labels)
        if self.frozen_labels or self._has_given_labels:
            labels = [label for label in labels if label not in self._watch.left_out]
            self._watch.left_out.update(labels)
            warning = Warnings.WW162
        else:
            if labels and not self.is_resizable:
                raise ValueError(Errors.WN168.format(name=self.name, labels=", ".join(labels)))
            for label in labels:
                self.add_label(label)
            warning = Warnings.WW161
        if labels:
            warnings.warn(warning.format(name=self.name, labels=", ".join(labels)), stacklevel=3)

    def _note_learned(self, examples: Iterable[Example]) -> None:
        """Take note of the added labels that a step has learned."""
        if untrained := self.cfg["untrained_labels"]:
            seen = {ent.label_ for example in examples for ent in example.reference.ents}
            seen &= {*self.open_labels}
            self.cfg["untrained_labels"] = [label for label in untrained if label not in seen]

    def _prepare_growth(self) -> None:
        """Tell the model which labels are learned."""
        learning = self._learning_columns()
        grown = grown_layer(self.model)
        if grown is not None:
            grown.attrs["learning"] = learning

    def finish_update(self, sgd: Optimizer) -> None:
        """Update the weights with the gradients that were accumulated since the last call. The
        optimizer never gets the weights of frozen labels, because its weight decay and averages
        would change them.

        sgd (Optimizer): The optimizer.
        """
        learning = self._learning_columns()
        if learning is None:
            super().finish_update(sgd)
            return
        columns = added_columns(self.model)
        for number in learning:
            columns[number].finish_update(sgd)

    def _learning_columns(self) -> list[int] | None:
        """The numbers of the added labels that are learned while everything else is frozen. None
        if no label is frozen."""
        if not self.frozen_labels:
            return None
        return [list(self.cfg["added_labels"]).index(label) for label in self.open_labels]

    def _validate_columns(self) -> None:
        columns, needed = n_columns(self.model), self.scheme.n_tags(len(self.labels))
        if columns not in (None, needed):
            labels = ", ".join(self.labels)
            raise ValueError(Errors.WN007.format(
                name=self.name, columns=columns, n_labels=len(self.labels), needed=needed,
                tags="- and ".join(self.scheme.kinds), labels=labels,
            ))  # fmt: skip


def _open_labels(
    frozen: Sequence[str], labels: Sequence[str], added: Sequence[str], name: str
) -> list[str]:
    """The labels that are learned while others are frozen.

    frozen (Sequence[str]): The frozen labels.
    labels (Sequence[str]): All labels.
    added (Sequence[str]): The labels whose columns are separate from the layers that labels share.
    name (str): The component's name.
    RETURNS (List[str]): The labels, in their order.
    RAISES (ValueError): If a frozen label is unknown, there is nothing to learn, or a label shares
        layers with frozen ones.
    """
    require_labels("frozen_labels", frozen, labels, name)
    learning = [label for label in labels if label not in frozen]
    if not learning:
        raise ValueError(Errors.WN070.format(name=name, labels=", ".join(labels)))
    for label in learning:
        if label not in added:
            raise ValueError(Errors.WN072.format(name=name, label=label, frozen=", ".join(frozen)))
    return learning


def _check_new_labels(labels: Sequence[str], present: Sequence[str], name: str) -> None:
    """Raise an error if labels can't be added: if there are none, they are invalid or duplicates,
    or one of them is present already."""
    if not is_label_list(labels) or not labels or len(set(labels)) < len(labels):
        raise ValueError(Errors.WN018.format(name=name, labels=labels))
    for label in labels:
        if label in present:
            known = ", ".join(present)
            raise ValueError(Errors.WN071.format(name=name, label=label, labels=known))
