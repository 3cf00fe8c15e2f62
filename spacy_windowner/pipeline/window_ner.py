"""The component `WindowNER`, with the methods of a trainable spaCy component."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any

import numpy
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer
from thinc.types import Floats2d

from ..compiled import warn_if_missing
from ..decoding.lattice import Scored
from ..errors import Errors
from ..layers.cluster_features import cluster_layers
from ..losses.rehearsal import rehearsal_loss
from ..losses.targets import TagLoss
from ..models.labels import BEHIND_O
from ..models.output import (
    can_have_transitions,
    get_transitions,
    is_listener,
    lacks_weights,
    n_columns,
    set_n_tags,
)
from ..models.words_file import load_words
from ..scoring.scorer import TableScorer, make_scorer
from .batch_loss import BatchLoss
from .calibrating import CalibratedPipe
from .checks import check_settings, is_label_list
from .coverage import check_clusters, check_vectors, uses_vectors
from .doc_io import add_label_strings, write_entities, write_ratings
from .evaluation import EvaluationReport, score_labels
from .labels import LabelWatch
from .ner_score import forget_scores
from .partial import judged_only
from .prediction import (
    MAX_BATCH,
    Predictions,
    SpanFinder,
    lacks,
    make_rating,
    score_in_groups,
)
from .upstream import find_upstream, require_upstream

_MAX_LOOKED_UP = 1000
"""The number of training examples whose words are looked up in word vectors and clusters."""


class WindowNER(CalibratedPipe):
    """Named entity recognition by window classification.

    Each class that it inherits from adds a part: `GrowingPipe` (labels.py) the labels, `SavedPipe`
    (saving.py) saving and loading, `LearningPipe` (learning.py) the lexicon and a step of training,
    and `CalibratedPipe` (calibrating.py) what is fitted to held-out documents.
    """

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
        document_weight: float = 0.0,
        spans_key: str | None = None,
        threshold: float = 0.0,
        thresholds: dict[str, float] | None = None,
        candidates: bool = False,
        redact: bool = False,
        label_weights: dict[str, float] | None = None,
        frozen_labels: Sequence[str] = (),
        label_hidden_width: int = 256,
        table_size: int = 25000,
        scorer: Callable | None = None,
    ) -> None:
        """Create the component. The settings are those of `make_window_ner`."""
        warn_if_missing()
        self.vocab = vocab
        self.model = model
        self.name = name
        self.loss = loss
        self.scorer = scorer
        frozen = [*frozen_labels] if isinstance(frozen_labels, tuple) else frozen_labels
        self.cfg: dict[str, Any] = {
            "labels": [],
            "overwrite": overwrite,
            "scheme": scheme,
            "incorrect_spans_key": incorrect_spans_key,
            "entity_weight": entity_weight,
            "recall_bias": recall_bias,
            "document_weight": document_weight,
            "spans_key": spans_key,
            "threshold": threshold,
            "thresholds": {} if thresholds is None else thresholds,
            "candidates": candidates,
            "redact": redact,
            "calibration": None,
            "promise": None,
            "crosses_lines": False,
            "label_weights": {} if label_weights is None else label_weights,
            "frozen_labels": frozen,
            "label_hidden_width": label_hidden_width,
            "added_labels": {},
            "label_biases": {},
            "yields_to": {},
            "untrained_labels": [],
        }
        check_settings({**self.cfg, "table_size": table_size})
        self.cfg = deepcopy(self.cfg)
        # Not saved with the component, because the best value depends on the machine.
        self._table_size = table_size
        self._tag_scorer = make_scorer(model, table_size)
        self._finder: tuple[Any, Any] = (None, None)
        self._start_afresh()

    def _start_afresh(self, labels: Iterable[str] = (), given: bool = False) -> None:
        """Forget what was kept for another model. `labels` are those to be seen in training."""
        self._tag_scorer.clear()
        # The name that spaCy expects: `nlp.resume_training` sets it to a copy of the model.
        self._rehearsal_model: Model[list[Doc], list[Floats2d]] | None = None
        self._watch = LabelWatch(labels)
        self._has_given_labels = given
        self._evaluation_report = EvaluationReport()
        self._warned: set[str] = set()
        self._skips_reported = self._has_diverged = False

    @property
    def table_size(self) -> int:
        """RETURNS (int): The number of words in the table for predictions, 0 for no table."""
        return self._table_size

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: Sequence[str] | None = None,
        init_words: str | Path | None = None,
    ) -> None:
        """Initialize the model for training.

        get_examples (Callable[[], Iterable[Example]]): Returns gold-standard examples. All are read
            if `labels` is None, otherwise only a few.
        nlp (Optional[Language]): The current nlp object.
        labels (Optional[Sequence[str]]): The labels, as `spacy init labels` saves them. None means
            the labels that were added before and those in the examples.
        init_words (Optional[Union[str, Path]]): A file with weights for the embedding and the first
            layer, as `python -m spacy windowner pretrain` saves it. None means random weights.
        RAISES (ValueError): If there are no labels, labels are frozen, or the labels, the
            pretrained weights or the word vectors don't fit the model or the examples.
        """
        validate_get_examples(get_examples, "WindowNER.initialize")
        if self.cfg["frozen_labels"]:
            raise ValueError(Errors.WN075.format(name=self.name))
        self._ungrow()
        self.cfg.update(crosses_lines=False, untrained_labels=[])
        self._start_afresh(self.labels, given=labels is not None)
        self._read_lexicon(nlp)
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
        self.cfg["calibration"] = self.cfg["promise"] = None
        columns = self.scheme.n_tags(len(self.labels))
        if n_columns(self.model) is None and self.model.has_ref("output_layer"):
            self.model.get_ref("output_layer").set_dim("nO", columns)
        self._validate_columns()
        if uses_vectors(self.model):
            check_vectors(self.vocab, islice(get_examples(), _MAX_LOOKED_UP), self.name)
        examples = (example.predicted for example in get_examples() if len(example.predicted))
        # The sample is only used to infer shapes, so any word will do if it is empty.
        docs = list(islice(examples, 10)) or [Doc(self.vocab, words=["word"])]
        ops = self.model.ops
        self.model.initialize(X=docs, Y=[ops.alloc2f(len(doc), columns) for doc in docs])
        for layer in cluster_layers(self.model):
            clusters = layer.attrs["clusters"]
            check_clusters(clusters, self.vocab, islice(get_examples(), _MAX_LOOKED_UP), self.name)
        if getattr(self.loss, "transitions", False):
            if not can_have_transitions(self.model):
                raise ValueError(Errors.WN019.format(name=self.name, model=self.model.name))
            set_n_tags(self.model, columns, keep=False)
        if init_words is not None:
            load_words(self.model, Path(init_words), self.name)

    def _refresh_tag_scorer(self) -> None:
        if self._tag_scorer.model is not self.model:
            self._tag_scorer = make_scorer(self.model, self.table_size)

    def predict(self, docs: Iterable[Doc]) -> Predictions:
        """Find the entities in a batch of documents, without modifying them.

        docs (Iterable[Doc]): The documents.
        RETURNS (Predictions): The new entities, for `set_annotations`.
        """
        groups = self.score_docs(list(docs), self.cfg["overwrite"])
        return self._span_finder().find_all(groups)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Find and set the entities in a stream of documents. The results don't depend on the
        batches. If the model uses a table, batches are smaller, to fit into the processor's cache.

        stream (Iterable[Doc]): The documents.
        batch_size (int): The maximum number of documents in a batch.
        YIELDS (Doc): The documents, in order.
        """
        self._refresh_tag_scorer()
        if isinstance(self._tag_scorer, TableScorer):
            batch_size = min(batch_size, MAX_BATCH)
        return super().pipe(stream, batch_size=batch_size)

    def score_docs(self, docs: Sequence[Doc], overwrite: bool) -> Iterator[Scored]:
        """Score the tags of documents with the model, without the biases.

        docs (Sequence[Doc]): The documents.
        overwrite (bool): Whether new entities may overlap with existing ones.
        RETURNS (Iterator[Scored]): Groups of consecutive documents.
        """
        self._refresh_tag_scorer()
        if not isinstance(self._tag_scorer, TableScorer):
            require_upstream(self.model, docs, self.name)
        transitions = get_transitions(self.model)
        return score_in_groups(
            docs, self._tag_scorer, self.scheme, transitions, overwrite,
            self.cfg["crosses_lines"], self.cfg["document_weight"],
        )  # fmt: skip

    def _span_finder(self) -> SpanFinder:
        """The span finder for the current settings, which users may have changed in `cfg`."""
        if self._finder[0] != self.cfg:
            self._require_labels()
            self._require_initialized()
            check_settings(self.cfg)
            self._validate_columns()
            rating = make_rating(self.cfg, self.calibration, self.promise)
            for warning in lacks(self.cfg, self.name) - self._warned:
                self._warned.add(warning)
                warnings.warn(warning, stacklevel=3)
            self._finder = deepcopy(self.cfg), SpanFinder(self.biases, rating)
        return self._finder[1]

    def _require_initialized(self) -> None:
        if lacks_weights(self.model):
            raise ValueError(SpacyErrors.E109.format(name=self.name))

    def set_annotations(self, docs: Iterable[Doc], scores: Predictions) -> None:
        """Set the entities of documents in doc.ents and, if `spans_key` is set, in doc.spans, and
        their probabilities in `span._.ner_score`. With `redact`, `doc.ents` has all words that may
        be part of an entity. Unless `overwrite` is set, existing entities,
        their probabilities and blocked tokens are kept.

        docs (Iterable[Doc]): The documents.
        scores (Predictions): The result of `predict` for them.
        """
        docs = list(docs)
        entities, candidates, calibrated, doubts, redacted = scores
        key, labels = self.cfg["spans_key"], self.labels
        add_label_strings(docs, self.vocab, labels)
        if key is not None and candidates is None:
            for doc in docs:  # an earlier pass may have left some
                doc.spans.pop(f"{key}_candidates", None)
        if self.cfg["overwrite"]:
            forget_scores(docs)
        if redacted is None:
            entities = write_entities(docs, entities, labels, self.cfg["overwrite"])
        else:
            write_entities(docs, redacted, labels, self.cfg["overwrite"])
        write_ratings(docs, entities, labels, calibrated, key, candidates, doubts)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        examples (Iterable[Example]): The examples. Unknown labels are added to the component, with
            a warning, as in spaCy's `ner`. But if labels are frozen, or were passed to
            `initialize`, the tokens of such entities count as not annotated.
        drop (float): The dropout rate. The model's own `dropout` replaces it, unless `drop` is 0 or
            labels are frozen.
        sgd (Optional[Optimizer]): The optimizer. If None, gradients accumulate.
        losses (Optional[Dict[str, float]]): The losses by component, to add to.
        RETURNS (Dict[str, float]): The updated losses.
        RAISES (ValueError): If the annotation is invalid, a new label can't be added to the model,
            or the training has diverged.
        """
        examples, losses = self._start_step(examples, losses, "WindowNER.update")
        self._require_labels()
        self._require_initialized()
        self._add_unknown_labels(examples)
        if not any(len(example.predicted) for example in examples):
            return losses
        own_rate = self.model.attrs.get("dropout")
        # A rate of 0 always means no dropout. Labels that are added while others are frozen have
        # their own layers, for which the model's rate wasn't chosen.
        rate = drop if own_rate is None or not drop or self.frozen_labels else own_rate
        self._watch.check_batch(examples, self.open_labels, self.name)
        losses[self.name] += self._learn(
            examples, self._loss_and_notes, rate, sgd, learns_words=not self.frozen_labels
        )
        self._note_learned(examples)
        return losses

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn the scores of the model as it was when `nlp.resume_training` was called, so that it
        doesn't forget what it knew while other updates teach it something new. Tags of labels that
        were added later are not constrained.

        examples (Iterable[Example]): Examples of typical text. Their annotation is ignored.
        drop (float): The dropout rate. The model's own `dropout` is not used. 0 is best, because
            the earlier scores are computed without dropout.
        sgd (Optional[Optimizer]): The optimizer. If None, gradients accumulate.
        losses (Optional[Dict[str, float]]): The losses by component, to add to.
        RETURNS (Dict[str, float]): The updated losses.
        RAISES (ValueError): If there is no earlier model, or it listens to another component.
        """
        examples, losses = self._start_step(examples, losses, "WindowNER.rehearse")
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

        losses[self.name] += self._learn(examples, get_loss, drop, sgd, learns_words=False)
        return losses

    def finish_update(self, sgd: Optimizer) -> None:
        """Update the weights with the gradients accumulated since the last call, except those of
        frozen labels.

        sgd (Optimizer): The optimizer.
        """
        super().finish_update(sgd)
        self._tag_scorer.clear()

    def get_loss(
        self, examples: Iterable[Example], scores: list[Floats2d]
    ) -> tuple[float, list[Floats2d]]:
        """Compute the loss of a batch and its gradient. Tokens without annotation have a gradient
        of 0. If a document is annotated for some labels only, its other tokens may have any other
        label, or be O.

        examples (Iterable[Example]): The examples.
        scores (List[Floats2d]): The scores of the predicted documents. Shapes (n_tokens, n_tags).
        RETURNS (Tuple[float, List[Floats2d]]): The loss and its gradient.
        """
        found = self._batch_loss(list(examples), self._flatten(scores))
        return found.loss, self._unflatten(found.gradient, scores)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Score a batch of examples. Warns once if they have no entities or unknown labels. If a
        document is annotated for some labels only, predictions with other labels don't count. If
        labels are frozen, "ents_new_p", "ents_new_r" and "ents_new_f" score the other labels alone.

        examples (Iterable[Example]): The examples, with predictions.
        kwargs (Any): Arguments for the scorer.
        RETURNS (Dict[str, Any]): The scores, as returned by the scorer.
        """
        examples = list(examples)
        self._evaluation_report.warn(self.name, self.labels, examples)
        examples = [judged_only(example, self.name) for example in examples]
        scores = super().score(examples, **kwargs)
        if self.scorer is not None and self.frozen_labels and self.unfrozen_labels:
            scores.update(score_labels(examples, self.unfrozen_labels, "ents_new"))
        return scores

    def _forget(self) -> None:
        self._start_afresh(self.unfrozen_labels if self.frozen_labels else ())
        _ = self.calibration, self.promise  # raise an error now if one is damaged
