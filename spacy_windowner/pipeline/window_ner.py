import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer
from thinc.types import Floats2d

from ..compiled import warn_if_missing
from ..confidence.calibration import Calibration
from ..decoding.lattice import Scored
from ..decoding.spans import join
from ..errors import Errors, Warnings
from ..losses.rehearsal import rehearsal_loss
from ..losses.targets import TagLoss
from ..models.labels import BEHIND_O
from ..models.output import (
    can_have_transitions,
    get_transitions,
    is_listener,
    n_columns,
    set_n_tags,
)
from ..models.words_file import load_words
from ..scoring.scorer import TableScorer, make_scorer
from .batch_loss import BatchLoss
from .checks import check_settings, is_label_list
from .components import find_upstream, require_upstream
from .doc_io import add_labels, write_entities, write_groups, write_scores
from .evaluation import EvaluationReport, score_labels
from .labels import LabelWatch
from .learning import LearningPipe
from .ner_score import forget_scores
from .partial import judged_labels, judged_only
from .prediction import Decision, Predictions, has_thresholds, make_rating, score_docs
from .tuning import HeldOut, best_recall_bias, fit_calibration, least_label_bias
from .vector_coverage import check_vectors, uses_vectors


class WindowNER(LearningPipe):
    """Named entity recognition by window classification."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Floats2d]],
        name: str = "window_ner",
        *,
        loss: TagLoss,
        overwrite: bool = False,
        scheme: str = "biluo",
        incorrect_spans_key: str | None = None,
        entity_weight: float = 1.5,
        recall_bias: float = 0.0,
        spans_key: str | None = None,
        threshold: float = 0.0,
        thresholds: dict[str, float] | None = None,
        candidates: bool = False,
        label_weights: dict[str, float] | None = None,
        frozen_labels: Sequence[str] = (),
        label_hidden_width: int = 256,
        table_size: int = 25000,
        scorer: Callable | None = None,
    ) -> None:
        """Initialize the component. See `make_window_ner` for the settings."""
        warn_if_missing()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.loss = loss
        self.scorer = scorer
        self.cfg: dict[str, Any] = {
            "labels": [],
            "overwrite": overwrite,
            "scheme": scheme,
            "incorrect_spans_key": incorrect_spans_key,
            "entity_weight": entity_weight,
            "recall_bias": recall_bias,
            "spans_key": spans_key,
            "threshold": threshold,
            "thresholds": {} if thresholds is None else thresholds,
            "candidates": candidates,
            "calibration": None,
            "crosses_lines": False,
            "label_weights": {} if label_weights is None else label_weights,
            "frozen_labels": [*frozen_labels]
            if isinstance(frozen_labels, tuple)
            else frozen_labels,
            "label_hidden_width": label_hidden_width,
            "added_labels": {},
            "label_biases": {},
            "yields_to": {},
        }
        check_settings({**self.cfg, "table_size": table_size})
        self.cfg = deepcopy(self.cfg)
        # Not saved with the component: what is fast depends on the machine that loads it.
        self._table_size = table_size
        self._scorer = make_scorer(model, table_size)
        # A copy of the model that `nlp.resume_training` makes, as of all of spaCy's components.
        self._rehearsal_model: Model[list[Doc], list[Floats2d]] | None = None
        self._watch = LabelWatch()
        self._has_given_labels = False
        self._evaluation_report = EvaluationReport()
        self._calibration: tuple[Any, Calibration | None] = (None, None)
        self._told_of_threshold = False
        self._decided: tuple[Any, Any] = (None, None)

    @property
    def calibration(self) -> Calibration | None:
        """RETURNS (Optional[Calibration]): What turns margins into probabilities, or None."""
        saved = self.cfg["calibration"]
        if saved is None:
            return None
        if saved is not self._calibration[0]:
            self._calibration = saved, Calibration.from_json(saved, self.name)
        return self._calibration[1]

    @property
    def table_size(self) -> int:
        """RETURNS (int): The most words whose products are kept for predictions."""
        return self._table_size

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
        init_words: str | Path | None = None,
    ) -> None:
        """Initialize the model, with examples to read the labels and the shapes from.

        get_examples (Callable[[], Iterable[Example]]): Returns gold-standard examples. All of them
            are read if `labels` is None, otherwise only a few.
        nlp (Optional[Language]): The current nlp object.
        labels (Optional[Sequence[str]]): The entity types, as `spacy init labels` saves them. If
            None, they are those added before and those of the examples.
        init_words (Optional[Union[str, Path]]): The weights to begin with of the embedding and the
            first layer, as `python -m spacy windowner pretrain` saves them. If None, random ones.
        RAISES (ValueError): If there is no label, or the model's `nO` doesn't fit the labels, or
            the pretrained weights don't fit the model, or its word vectors not the examples.
        """
        validate_get_examples(get_examples, "WindowNER.initialize")
        if self.cfg["frozen_labels"]:
            raise ValueError(Errors.WN075.format(name=self.name))
        self._ungrow()
        self._rehearsal_model = None
        self._has_diverged = False
        self.cfg["crosses_lines"] = False
        self._watch = LabelWatch(self.labels)
        self._has_given_labels = labels is not None
        if nlp is not None:
            find_upstream(nlp, self.name, self.model)
        if labels is None:
            self._read_examples(get_examples())
        elif not is_label_list(labels):
            raise ValueError(Errors.WN013.format(name=self.name, labels=labels))
        else:
            for label in labels:
                self.add_label(label)
        if not self.labels:
            raise ValueError(Errors.WN010.format(name=self.name))
        self._require_known_labels()
        self.cfg["calibration"] = None
        columns = self.scheme.n_tags(len(self.labels))
        if n_columns(self.model) is None and self.model.has_ref("output_layer"):
            self.model.get_ref("output_layer").set_dim("nO", columns)
        self._validate_columns()
        if uses_vectors(self.model):
            check_vectors(self.vocab, islice(get_examples(), _MAX_LOOKED_UP), self.name)
        examples = (example.predicted for example in get_examples() if len(example.predicted))
        # Only shapes are read from the sample, so that any word serves if it has none.
        docs = list(islice(examples, 10)) or [Doc(self.vocab, words=["word"])]
        ops = self.model.ops
        self.model.initialize(X=docs, Y=[ops.alloc2f(len(doc), columns) for doc in docs])
        if getattr(self.loss, "transitions", False):
            if not can_have_transitions(self.model):
                raise ValueError(Errors.WN019.format(name=self.name, model=self.model.name))
            set_n_tags(self.model, columns, keep=False)
        if init_words is not None:
            load_words(self.model, Path(init_words), self.name)

    def _refresh_scorer(self) -> None:
        if self._scorer.model is not self.model:
            self._scorer = make_scorer(self.model, self.table_size)

    def predict(self, docs: Iterable[Doc]) -> Predictions:
        """Find the entities of a batch of docs, without modifying them.

        docs (Iterable[Doc]): The documents.
        RETURNS (Predictions): The entities to add to those the documents have.
        """
        decision = self._decide()
        entities, candidates, n_before = [], [], 0
        for scored in self.score_docs(list(docs), self.cfg["overwrite"]):
            found, near = decision.find(scored)
            entities.append(found.after(n_before))
            if near is not None:
                candidates.append(near.after(n_before))
            n_before += len(scored.lengths)
        wants_candidates = decision.rating is not None and decision.rating.wants_candidates
        return Predictions(join(entities), join(candidates) if wants_candidates else None)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Find the entities of a stream of docs. What is found doesn't depend on the batches, which
        are small enough for their docs to stay in the processor's cache, if the model allows it.

        stream (Iterable[Doc]): The documents.
        batch_size (int): The number of docs to process at a time, at most.
        YIELDS (Doc): The documents, in their order.
        """
        if isinstance(self._scorer, TableScorer):
            batch_size = min(batch_size, _MAX_BATCH)
        return super().pipe(stream, batch_size=batch_size)

    def score_docs(self, docs: Sequence[Doc], overwrite: bool) -> Iterator[Scored]:
        """Score the tags of documents, before `leaning` decides what is made of the scores.

        docs (Sequence[Doc]): The documents.
        overwrite (bool): Whether entities may be where there are some already.
        RETURNS (Iterator[Scored]): Groups of the documents, in their order.
        """
        self._refresh_scorer()
        if not isinstance(self._scorer, TableScorer):
            require_upstream(self.model, docs, self.name)
        transitions = get_transitions(self.model)
        crosses_lines = self.cfg["crosses_lines"]
        return score_docs(docs, self._scorer, self.scheme, transitions, overwrite, crosses_lines)

    def _decide(self) -> Decision:
        """How the present settings turn scores into entities."""
        if self._decided[0] != self.cfg:
            self._require_labels()
            rating = make_rating(self.cfg, self.calibration)
            if (
                self.calibration is None
                and has_thresholds(self.cfg)
                and not self._told_of_threshold
            ):
                self._told_of_threshold = True
                warnings.warn(Warnings.WW061.format(name=self.name), stacklevel=3)
            self._decided = deepcopy(self.cfg), Decision(self.leaning, rating)
        return self._decided[1]

    def tune_recall_bias(self, examples: Iterable[Example]) -> float:
        """Set `recall_bias` to the value that gives the best F1 on examples the model was not
        trained on. The callback `spacy-windowner.calibrate.v1` does it in training.

        examples (Iterable[Example]): The examples. They stay as they are.
        RETURNS (float): The value, between -2 and 4. Without entities in the examples it stays. If
            labels are frozen, it stays as well: what is set is how much the scores of each other
            label that the examples have are raised, `cfg["label_biases"]`.
        """
        held_out = self._held_out(examples, "WindowNER.tune_recall_bias")
        if self.frozen_labels:
            for label in self.unfrozen_labels:
                number = self.labels.index(label)
                if held_out.has(number):
                    bias = least_label_bias(held_out, self.leaning, self.scheme, number)
                    self.cfg["label_biases"] = {**self.cfg["label_biases"], label: bias}
        elif any(held_out.gold):
            self.cfg["recall_bias"] = best_recall_bias(held_out, self.leaning)
        return self.cfg["recall_bias"]

    def calibrate(self, examples: Iterable[Example]) -> Calibration | None:
        """Learn how probable it is that an entity of some margin is right, from examples the model
        was not trained on. The callback `spacy-windowner.calibrate.v1` does it in training. If
        labels are frozen, only the curves of the others are learned, if there are any yet.

        examples (Iterable[Example]): The examples. They stay as they are.
        RETURNS (Optional[Calibration]): The calibration. None if the examples have no entities, or
            none is found in them, or labels are frozen and there is no calibration to complete:
            then the component isn't calibrated.
        """
        if self.frozen_labels and (self.calibration is None or not self.unfrozen_labels):
            return self.calibration
        held_out = self._held_out(examples, "WindowNER.calibrate")
        calibration = None
        if any(held_out.gold) or self.frozen_labels:
            calibration = fit_calibration(held_out, self.labels, self.leaning, self.unfrozen_labels)
        if self.frozen_labels and self.calibration is not None:
            calibration = self.calibration.update(calibration)
        self.cfg["calibration"] = None if calibration is None else calibration.to_json()
        return calibration

    def _held_out(self, examples: Iterable[Example], method: str) -> HeldOut:
        examples = list(examples)
        validate_examples(examples, method)
        self._require_labels()
        hashes = [self.vocab.strings.add(label) for label in self.labels]
        judged = [judged_labels(example, self.labels, self.name) for example in examples]
        groups = self.score_docs([example.predicted for example in examples], overwrite=True)
        return HeldOut.of(examples, groups, hashes, self.scheme, judged)

    def set_annotations(self, docs: Iterable[Doc], scores: Predictions) -> None:
        """Write the entities to doc.ents and, if `spans_key` is set, to doc.spans, and their
        probabilities for `span._.ner_score`. Unless `overwrite` is set, the entities and blocked
        tokens that a document has stay as they are, and so do their probabilities.

        docs (Iterable[Doc]): The documents.
        scores (Predictions): What `predict` returned for them.
        """
        docs = list(docs)
        entities, candidates = scores
        labels = self.labels
        add_labels(docs, self.vocab, labels)
        if self.cfg["overwrite"]:
            forget_scores(docs)
        written = write_entities(docs, entities, labels, self.cfg["overwrite"])
        key, is_calibrated = self.cfg["spans_key"], self.cfg["calibration"] is not None
        write_scores(docs, written, labels, is_calibrated)
        if key is not None:
            write_groups(docs, key, written, labels, is_calibrated)
        if candidates is not None:
            write_scores(docs, candidates, labels, is_calibrated)
            write_groups(docs, f"{key}_candidates", candidates, labels, is_calibrated)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        examples (Iterable[Example]): The examples. Labels that the component doesn't have are added
            to it, with a warning, as spaCy's `ner` adds them. If some are frozen, or `initialize`
            was given the labels, such entities count as not annotated.
        drop (float): The dropout rate. If it isn't 0, and no label is frozen, the model's `dropout`
            ranks above it.
        sgd (Optional[Optimizer]): The optimizer. If None, gradients accumulate.
        losses (Optional[Dict[str, float]]): Losses to add to, by the component's name.
        RETURNS (Dict[str, float]): The updated losses.
        RAISES (ValueError): If a label would have to be added to a model that can't grow, or the
            training has diverged.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "WindowNER.update")
        self._require_labels()
        self._meet_labels(examples)
        if not any(len(example.predicted) for example in examples):
            return losses
        own_rate = self.model.attrs.get("dropout")
        # Without dropout means without. Labels that learn alone have a network of their own, for
        # which the model's rate wasn't chosen.
        rate = drop if own_rate is None or not drop or self.frozen_labels else own_rate
        self._watch.learn(examples, self.open_labels, self.name)
        losses[self.name] += self._learn(examples, self._batch_loss, rate, sgd)
        return losses

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn to score the tags as the model did when `nlp.resume_training` was called, so that
        what other updates teach is not paid for by what it knew. Tags of labels that were added
        since are free. The annotation of the examples is not looked at.

        examples (Iterable[Example]): Examples of text as it occurs.
        drop (float): The dropout rate, whatever the model's `dropout` is: what is compared with
            scores made without dropout had better be made without it, too.
        sgd (Optional[Optimizer]): The optimizer. If None, gradients accumulate.
        losses (Optional[Dict[str, float]]): Losses to add to, by the component's name.
        RETURNS (Dict[str, float]): The updated losses.
        RAISES (ValueError): If there is no earlier model, or it can't be run by itself.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "WindowNER.rehearse")
        tutor = self._rehearsal_model
        if tutor is None:
            raise ValueError(Errors.WN015.format(name=self.name))
        if is_listener(tutor):
            raise ValueError(Errors.WN016.format(name=self.name))
        if not any(len(example.predicted) for example in examples):
            return losses
        wanted = self._flatten(tutor.predict([example.predicted for example in examples]))

        def get_loss(_: list[Example], scores: numpy.ndarray) -> BatchLoss:
            gradient, loss = rehearsal_loss(scores, wanted, BEHIND_O)
            return BatchLoss(loss, gradient, None, [])

        losses[self.name] += self._learn(examples, get_loss, drop, sgd)
        return losses

    def finish_update(self, sgd: Optimizer) -> None:
        """Update the weights by the gradients of all updates since the last time, but those of
        frozen labels.

        sgd (Optimizer): The optimizer.
        """
        super().finish_update(sgd)
        self._scorer.clear()

    def get_loss(
        self, examples: Iterable[Example], scores: list[Floats2d]
    ) -> tuple[float, list[Floats2d]]:
        """The loss of a batch and its gradient. Tokens without annotation have zero gradient. Of
        documents that are annotated for some labels only, the others are never taken for O: see
        `annotation_of`.

        examples (Iterable[Example]): The examples.
        scores (List[Floats2d]): The model's scores of their predicted documents.
        RETURNS (Tuple[float, List[Floats2d]]): The loss and its gradient.
        """
        found = self._batch_loss(list(examples), self._flatten(scores))
        return found.loss, self._unflatten(found.gradient, scores)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Score a batch of examples, and warn once if they say little of the model. Of documents
        that are annotated for some labels only, entities of others don't count. If labels are
        frozen, there are scores of the others alone, too: "ents_new_p", "ents_new_r", "ents_new_f".

        examples (Iterable[Example]): The examples, with predictions.
        kwargs (Any): Settings for the scorer.
        RETURNS (Dict[str, Any]): The scores.
        """
        examples = list(examples)
        self._evaluation_report.warn(self.name, self.labels, examples)
        examples = [judged_only(example, self.name) for example in examples]
        scores = super().score(examples, **kwargs)
        if self.scorer is not None and self.frozen_labels and self.unfrozen_labels:
            scores.update(score_labels(examples, self.unfrozen_labels, "ents_new"))
        return scores

    def _forget(self) -> None:
        super()._forget()
        self._scorer.clear()
        self._rehearsal_model = None
        self._watch = LabelWatch(self.unfrozen_labels if self.frozen_labels else ())
        _ = self.calibration  # read it now, so that damage is found now


_MAX_BATCH = 64
_MAX_LOOKED_UP = 1000
"""Examples whose words are looked up among the word vectors before training."""
