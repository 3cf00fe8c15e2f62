"""Training: reading the lexicon and the labels of the data, and making one training step with a
batch."""

import math
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from thinc.api import Optimizer, set_dropout_rate
from thinc.types import Floats2d
from thinc.util import to_numpy

from ..errors import Errors
from ..layers.lexicon_features import find_lexicon
from ..layers.word_attributes import no_new_values
from ..losses.targets import TagLoss, Targets
from ..models.lexicon_file import read_lexicon
from ..models.output import add_gradient, get_transitions, is_initialized
from .batch_loss import BatchLoss, Objective, batch_loss
from .gold import SkipReport, check_incorrect_spans, read_gold
from .saving import SavedPipe


class LearningPipe(SavedPipe):
    """A component that learns from batches of examples, and stops if its training diverges.

    Its model may have a lexicon, see `LexiconEmbed`.

    A subclass sets `loss`, `_skips_reported` and, in `cfg`, "entity_weight", "incorrect_spans_key"
    and "crosses_lines".
    """

    loss: TagLoss
    on_scores: Callable[[numpy.ndarray, Targets], None] | None = None
    """Called in training with the scores and the targets of each batch, for loggers."""
    _skips_reported: bool

    def set_lexicon(
        self, path: str | Path, *, tokenizer: Callable[[str], Doc] | None = None
    ) -> None:
        """Replace the lexicon of a trained component. Nothing has to be trained again, because the
        model has learned the classes and not the phrases. The new lexicon is saved with the
        component.

        path (Union[str, Path]): The lexicon, a file or a folder of files as for
            `spacy-windowner.LexiconEmbed.v1`. Its classes must be among those that the model was
            trained with.
        tokenizer (Optional[Callable[[str], Doc]]): Splits phrases into words, e.g.
            `nlp.tokenizer`. It is only needed if the pipeline has a tokenizer of its own. None
            means the default tokenizer of the language.
        RAISES (ValueError): If the model has no lexicon or isn't trained, a file can't be read, or
            a line can't be used. Then the lexicon stays as it was.
        """
        layer = find_lexicon(self.model)
        if layer is None:
            raise ValueError(Errors.WN233.format(name=self.name))
        old = layer.attrs["lexicon"]
        if not is_initialized(self.model) or not old.classes:
            raise ValueError(Errors.WN234.format(name=self.name))
        layer.attrs["lexicon"] = read_lexicon(
            Path(path), old.attr, self.vocab, tokenizer=tokenizer, classes=old.classes
        )

    def _read_lexicon(self, nlp: Language | None) -> None:
        """Read the lexicon that the config names, with the pipeline's tokenizer."""
        layer = find_lexicon(self.model)
        if layer is not None:
            tokenizer = None if nlp is None else nlp.tokenizer
            layer.attrs["lexicon"] = layer.attrs["read"](self.vocab, tokenizer=tokenizer)

    def _read_examples(self, examples: Iterable[Example]) -> None:
        """Add the labels of all examples, and warn about entities that can't be learned."""
        report = SkipReport()
        for index, example in enumerate(examples):
            for ent in example.reference.ents:
                self.add_label(ent.label_)
            self._watch.mark_seen([example])
            check_incorrect_spans(example, self.cfg["incorrect_spans_key"], self.name)
            gold = read_gold([example], [], self.scheme)
            gold.report(report, index)
            self.cfg["crosses_lines"] |= gold.crosses_lines
        report.warn(self.name, "the training data")
        # No entities: this is spaCy's dummy example, not training data.
        self._skips_reported = report.total > 0

    def _start_step(
        self, examples: Iterable[Example], losses: dict[str, float] | None, method: str
    ) -> tuple[list[Example], dict[str, float]]:
        """The examples of a step of training as a list, and the losses to add to."""
        examples = list(examples)
        validate_examples(examples, method)
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        return examples, losses

    def _learn(
        self,
        examples: list[Example],
        get_loss: Callable[[list[Example], numpy.ndarray], BatchLoss],
        rate: float,
        sgd: Optimizer | None,
        learns_words: bool,
    ) -> float:
        """Make one training step.

        examples (List[Example]): The batch.
        get_loss (Callable[[List[Example], numpy.ndarray], BatchLoss]): Called with the batch and
            the scores of all tokens. Shape of the scores: (n_tokens, n_tags).
        rate (float): The dropout rate.
        sgd (Optional[Optimizer]): The optimizer. Without one, gradients accumulate.
        learns_words (bool): Whether words that the model doesn't know become known.
        RETURNS (float): The loss.
        """
        self._prepare_growth()
        set_dropout_rate(self.model, rate)
        with nullcontext() if learns_words else no_new_values(self.model):
            scores, backprop = self.model.begin_update([example.predicted for example in examples])
        found = get_loss(examples, self._flatten(scores))
        self._stop_if_diverged("the loss", found.loss)
        backprop(self._unflatten(found.gradient, scores))
        if found.d_transitions is not None:
            add_gradient(self.model, found.d_transitions)
        if sgd not in (None, False):
            self.finish_update(sgd)
        return found.loss

    def _flatten(self, scores: list[Floats2d]) -> numpy.ndarray:
        """The scores of a batch as one array."""
        ops: Any = self.model.ops  # Thinc's types don't include numpy.ndarray
        flat = to_numpy(ops.flatten(scores))
        with numpy.errstate(over="ignore", invalid="ignore"):
            self._stop_if_diverged("the sum of the scores", float(flat.sum()))
        return flat

    def _unflatten(self, gradient: numpy.ndarray, scores: list[Floats2d]) -> list[Floats2d]:
        """The gradient of a batch as one array for each document."""
        ops: Any = self.model.ops
        lengths = ops.asarray(numpy.array([len(each) for each in scores]))
        return ops.unflatten(ops.asarray(gradient), lengths)

    def _batch_loss(self, examples: list[Example], scores: numpy.ndarray) -> BatchLoss:
        """The loss of a batch. Changes nothing."""
        return batch_loss(self._objective(), examples, scores)

    def _loss_and_notes(self, examples: list[Example], scores: numpy.ndarray) -> BatchLoss:
        """The loss of a training batch. Takes note of entities that can't be learned or continue
        after a line end."""
        found = self._batch_loss(examples, scores)
        if not self._skips_reported:
            # Labels were passed to `initialize`, so it didn't read the examples.
            report = SkipReport()
            for gold in found.gold:
                gold.report(report)
            source = "a batch (later batches are not reported)"
            self._skips_reported = report.warn(self.name, source)
        self.cfg["crosses_lines"] |= any(gold.crosses_lines for gold in found.gold)
        return found

    def _objective(self) -> Objective:
        cfg = self.cfg
        return Objective(
            name=self.name,
            loss=self.loss,
            scheme=self.scheme,
            labels=self.labels,
            learning=self.open_labels,
            alone=bool(self.frozen_labels),
            entity_weights={
                each: cfg["entity_weight"] * cfg["label_weights"].get(each, 1.0)
                for each in self.labels
            },
            incorrect_spans_key=cfg["incorrect_spans_key"],
            transitions=get_transitions(self.model),
            on_scores=self.on_scores,
        )

    def _stop_if_diverged(self, what: str, value: float) -> None:
        """Stop a training that has diverged.

        what (str): The name of the value, for the error message.
        value (float): A value that isn't finite if the training has diverged.
        RAISES (ValueError): If the value isn't finite. After that, the component can't be saved, so
            that it doesn't overwrite what was saved before.
        """
        if not math.isfinite(value):
            self._has_diverged = True
            raise ValueError(Errors.WN162.format(name=self.name, what=what, value=value))
