"""What is fitted to held-out documents: the biases, the calibration, and the recall promise."""

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from spacy.tokens import Doc
from spacy.training import Example, validate_examples

from ..confidence.calibration import Calibration
from ..confidence.recall import Promise
from ..decoding.lattice import Scored
from ..errors import Errors, Warnings
from .checks import require_recall
from .learning import LearningPipe
from .partial import judged_labels
from .prediction import reach_of
from .tuning import (
    HeldOut,
    best_document_weight,
    best_recall_bias,
    fit_calibration,
    fit_promise,
    least_label_bias,
)

MANY_OFFERED = 20.0
"""The number of candidates for each entity above which there is a warning."""


class CalibratedPipe(LearningPipe):
    """A component with a calibration and a promise, which are fitted to held-out documents.

    A subclass scores documents and, in `cfg`, sets "document_weight", "recall_bias",
    "label_biases", "candidates", "redact", "calibration" and "promise".
    """

    @abstractmethod
    def score_docs(self, docs: Sequence[Doc], overwrite: bool) -> Iterator[Scored]:
        """Score the tags of documents with the model, without the biases."""

    @property
    def calibration(self) -> Calibration | None:
        """RETURNS (Optional[Calibration]): The calibration, which turns margins into probabilities,
        or None if the component isn't calibrated."""
        saved = self.cfg["calibration"]
        return None if saved is None else Calibration.from_json(saved, self.name)

    @property
    def promise(self) -> Promise | None:
        """RETURNS (Optional[Promise]): The recall that the candidates promise, None for none."""
        saved = self.cfg["promise"]
        return None if saved is None else Promise.from_json(saved, self.name)

    def tune_document_weight(self, examples: Iterable[Example]) -> float:
        """Set `document_weight` to the value with the best F1 on held-out documents. In training,
        the callback `spacy-windowner.calibrate.v1` does this, before it sets `recall_bias`.

        examples (Iterable[Example]): Examples that the model wasn't trained on. They don't change.
        RETURNS (float): The `document_weight`. 0 if few entities have a word that occurs again in
            their document, as in single sentences. If labels are frozen, it doesn't change.
        """
        self._tune_document_weight(self._held_out(examples, "WindowNER.tune_document_weight"))
        return self.cfg["document_weight"]

    def tune_recall_bias(self, examples: Iterable[Example]) -> float:
        """Set `recall_bias` to the value with the best F1 on held-out examples. In training, the
        callback `spacy-windowner.calibrate.v1` does this. If labels are frozen, `recall_bias`
        doesn't change. Instead, `cfg["label_biases"]` is set for each other label in the examples.

        examples (Iterable[Example]): Examples that the model wasn't trained on. They don't change.
        RETURNS (float): The `recall_bias`, between -2 and 4 if it was set. It doesn't change if the
            examples have no entities.
        """
        self._tune_recall_bias(self._held_out(examples, "WindowNER.tune_recall_bias"))
        return self.cfg["recall_bias"]

    def calibrate(
        self,
        examples: Iterable[Example],
        recall: float | None = None,
        each_label: bool = True,
    ) -> Calibration | None:
        """Fit the calibration, which turns the margin of an entity into its probability. In
        training, the callback `spacy-windowner.calibrate.v1` does this. If labels are frozen, only
        the curves of the other labels are fitted, to complete an existing calibration.

        With `recall`, also set how far candidates reach, in `cfg["promise"]`. Then of the entities
        in new documents, at most the share 1 - recall is expected to be missing among the
        candidates: overall and, with `each_label`, for each label with enough entities. The promise
        holds if the new documents and the examples are exchangeable, see `least_reach`. Entities
        that the tokens of a document don't allow count as missed.

        examples (Iterable[Example]): Examples that the model wasn't trained on. They don't change.
        recall (Optional[float]): The promised recall, above 0 and below 1. None promises nothing,
            and removes an earlier promise.
        each_label (bool): Whether to promise the recall for each label with enough entities, too.
            If not, there are usually fewer candidates.
        RETURNS (Optional[Calibration]): The calibration. None if the examples have no entities, or
            none are found, or labels are frozen and there is no calibration to complete.
        RAISES (ValueError): If the recall can't be promised: it isn't between 0 and 1, the
            component doesn't write candidates, or there are too few entities.
        """
        self._check_promise(recall)
        self._calibrate(self._held_out(examples, "WindowNER.calibrate"), recall, each_label)
        return self.calibration

    def fit_held_out(
        self,
        examples: Iterable[Example],
        tune_document_weight: bool = True,
        tune_recall_bias: bool = True,
        recall: float | None = None,
        each_label: bool = True,
    ) -> None:
        """Set `document_weight` and `recall_bias`, then calibrate, all on the same held-out
        examples, which are read only once. The callback `spacy-windowner.calibrate.v1` does this.

        examples (Iterable[Example]): Examples that the model wasn't trained on. They don't change.
        tune_document_weight (bool): Whether to set `document_weight`.
        tune_recall_bias (bool): Whether to set `recall_bias` or, if labels are frozen, the biases
            of the others.
        recall (Optional[float]): The promised recall, see `calibrate`.
        each_label (bool): See `calibrate`.
        RAISES (ValueError): If the recall can't be promised.
        """
        self._check_promise(recall)
        held_out = self._held_out(examples, "WindowNER.fit_held_out")
        if tune_document_weight:
            weight = self.cfg["document_weight"]
            self._tune_document_weight(held_out)
            if self.cfg["document_weight"] != weight:
                held_out = held_out._replace(groups=list(self.score_docs(held_out.docs, True)))
        if tune_recall_bias:
            self._tune_recall_bias(held_out)
        # Calibrating only the new labels would leave the frozen ones without curves.
        if not self.frozen_labels or self.calibration is not None:
            self._calibrate(held_out, recall, each_label)

    def _tune_document_weight(self, held_out: HeldOut) -> None:
        if self.frozen_labels:
            return

        def score(weight: float) -> Iterator[Scored]:
            self.cfg["document_weight"] = weight
            return self.score_docs(held_out.docs, overwrite=True)

        self.cfg["document_weight"] = best_document_weight(held_out, score, self.biases)

    def _tune_recall_bias(self, held_out: HeldOut) -> None:
        if self.frozen_labels:
            for label in self.unfrozen_labels:
                number = self.labels.index(label)
                if held_out.has(number):
                    bias = least_label_bias(held_out, self.biases, self.scheme, number)
                    self.cfg["label_biases"] = {**self.cfg["label_biases"], label: bias}
        elif len(held_out.gold.docs):
            self.cfg["recall_bias"] = best_recall_bias(held_out, self.biases)

    def _check_promise(self, recall: float | None) -> None:
        if recall is not None:
            require_recall(recall)
            if not self.cfg["candidates"] and not self.cfg["redact"]:
                raise ValueError(Errors.WN271.format(name=self.name))

    def _calibrate(self, held_out: HeldOut, recall: float | None, each_label: bool) -> None:
        if recall is None and self.cfg["promise"] is not None:
            warnings.warn(Warnings.WW189.format(name=self.name), stacklevel=3)
        if recall is None and self.frozen_labels:
            if self.calibration is None or not self.unfrozen_labels:
                self.cfg["promise"] = None
                return
        promise = None
        if recall is not None:
            promise = fit_promise(held_out, self.labels, self.biases, recall, each_label, self.name)
            if promise.offered > MANY_OFFERED:
                offered, least = f"{promise.offered:.1f}", promise.recall
                warnings.warn(
                    Warnings.WW190.format(name=self.name, offered=offered, recall=least),
                    stacklevel=3,
                )
        self.cfg["promise"] = None if promise is None else promise.to_json()
        reach = reach_of(self.cfg, promise)
        calibration = None
        if len(held_out.gold.docs) or self.frozen_labels:
            calibration = fit_calibration(
                held_out, self.labels, self.biases, reach, self.unfrozen_labels
            )
        if self.frozen_labels and self.calibration is not None:
            calibration = self.calibration.update(calibration)
        self.cfg["calibration"] = None if calibration is None else calibration.to_json()

    def _held_out(self, examples: Iterable[Example], method: str) -> HeldOut:
        examples = list(examples)
        validate_examples(examples, method)
        self._require_labels()
        hashes = [self.vocab.strings.add(label) for label in self.labels]
        judged = [judged_labels(example, self.labels, self.name) for example in examples]
        groups = self.score_docs([example.predicted for example in examples], overwrite=True)
        return HeldOut.of(examples, groups, hashes, self.scheme, judged)
