"""The loss of a batch of examples that may be annotated in different ways: for all labels or only
some, with a weight, and with spans that are known not to be entities."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy
from spacy.strings import get_string_id
from spacy.training import Example

from ..decoding.tags import O, Scheme
from ..decoding.words import word_mask
from ..losses.incorrect_spans import incorrect_spans_loss
from ..losses.targets import TagLoss, Targets, Transitions, collapse
from .doc_io import hash_labels
from .gold import Gold, incorrect_spans, make_targets
from .partial import annotation_of


class Objective(NamedTuple):
    """The training objective of a component.

    name (str): The component's name.
    loss (TagLoss): The loss of fully annotated documents.
    scheme (Scheme): The scheme of the tags.
    labels (Sequence[str]): The component's labels.
    learning (Sequence[str]): The labels that are learned.
    alone (bool): Whether the other labels are frozen.
    entity_weights (Dict[str, float]): The factor on the loss of each label's tokens.
    incorrect_spans_key (Optional[str]): The key of spans that are known not to be entities.
    transitions (Optional[numpy.ndarray]): Learned transition scores from tag to tag. Shape
        (n_tags, n_tags).
    on_scores (Optional[Callable]): Called with the scores and the targets that the loss gets.
    """

    name: str
    loss: TagLoss
    scheme: Scheme
    labels: Sequence[str]
    learning: Sequence[str]
    alone: bool
    entity_weights: dict[str, float]
    incorrect_spans_key: str | None
    transitions: numpy.ndarray | None = None
    on_scores: Callable[[numpy.ndarray, Targets], None] | None = None


class BatchLoss(NamedTuple):
    """The loss of a batch.

    loss (float): The loss.
    gradient (numpy.ndarray): Its gradient with respect to the scores. Shape (n_tokens, n_tags).
    d_transitions (Optional[numpy.ndarray]): Its gradient with respect to the transitions. Shape
        (n_tags, n_tags).
    gold (List[Gold]): The gold annotation, for each group of documents that are annotated for the
        same labels.
    """

    loss: float
    gradient: numpy.ndarray
    d_transitions: numpy.ndarray | None
    gold: list[Gold]


def batch_loss(
    objective: Objective, examples: Sequence[Example], scores: numpy.ndarray
) -> BatchLoss:
    """Compute the loss of a batch. It is the mean over the annotated words plus, for known
    non-entities, a mean over all words. The gradient of each word is multiplied by the weight of
    its document. The loss, which is only displayed, is multiplied by the mean weight of the words.
    Whitespace tokens don't count.

    The loss is computed separately for each group of documents that are annotated for the same
    labels. Learned transitions are used in the group that is annotated for all labels, and learned
    from it if all documents in it have the same weight.

    objective (Objective): The training objective.
    examples (Sequence[Example]): The examples.
    scores (numpy.ndarray): The scores of the tags, for all tokens of the predicted documents. Shape
        (n_tokens, n_tags).
    RETURNS (BatchLoss): The loss.
    RAISES (ValueError): If the annotation is invalid or contradicts itself, see `annotation_of` and
        `incorrect_spans`.
    """
    doc_of_token = numpy.repeat(numpy.arange(len(examples)), [len(eg.predicted) for eg in examples])
    is_word = word_mask([eg.predicted for eg in examples])
    annotations = [annotation_of(example.reference, objective.name) for example in examples]
    weights = numpy.array([each.weight for each in annotations], dtype="float32")[doc_of_token]
    known: list[_Part] = []
    incorrect: list[_Part] = []
    gold = []
    of_transitions = None
    groups = [None if _is_all(each.labels, objective) else each.labels for each in annotations]
    for labels in dict.fromkeys(groups):
        numbers = [number for number, group in enumerate(groups) if group == labels]
        tokens = numpy.flatnonzero(numpy.isin(doc_of_token, numbers) & is_word)
        group = _Group(objective, [examples[number] for number in numbers], scores[tokens], labels)
        gold.append(group.gold)
        if group.labels and len(tokens):
            known.append(_Part(tokens, *group.loss(), len(group.targets.annotated)))
            if group.targets.transitions is not None:
                of_transitions = group.targets.transitions.gradient, known[-1]
        if group.incorrect:
            incorrect.append(_Part(tokens, *group.incorrect_loss(), len(tokens)))
    gradient, loss = numpy.zeros_like(scores), 0.0
    for parts, total in ((known, sum(part.n for part in known)), (incorrect, is_word.sum())):
        for tokens, d_part, of_part, n in parts:
            share = n / max(1, total)
            gradient[tokens] += share * weights[tokens, None] * d_part
            loss += share * float(weights[tokens].mean()) * float(of_part)
    d_transitions = None
    if of_transitions is not None:
        d_transitions, part = of_transitions
        # A transition belongs to no particular document, so it has no weight of its own.
        weight = weights[part.tokens]
        d_transitions *= weight[0] * part.n / max(1, sum(each.n for each in known))
        d_transitions *= float((weight == weight[0]).all())
    return BatchLoss(loss, gradient, d_transitions, gold)


def _is_all(labels: frozenset[str] | None, objective: Objective) -> bool:
    return labels is None or labels.issuperset(objective.labels)


class _Part(NamedTuple):
    """The loss of some words, which is a mean over n words, and its gradient. `tokens` are the
    numbers of the words' tokens in the batch."""

    tokens: numpy.ndarray
    gradient: numpy.ndarray
    loss: float
    n: int


class _Group:
    """Examples that are annotated for the same labels.

    objective (Objective): The training objective.
    examples (Sequence[Example]): The examples.
    scores (numpy.ndarray): The scores of the tags of their words. Shape (n_words, n_tags).
    annotated (Optional[FrozenSet[str]]): The labels that they are annotated for. None means all.
    """

    def __init__(
        self,
        objective: Objective,
        examples: Sequence[Example],
        scores: numpy.ndarray,
        annotated: frozenset[str] | None,
    ) -> None:
        self.objective = objective
        self.examples = examples
        learning, scheme = objective.learning, objective.scheme
        self.labels = [each for each in learning if annotated is None or each in annotated]
        hashes = [get_string_id(label) for label in self.labels]
        weights = [objective.entity_weights[label] for label in self.labels]
        known = hash_labels(tuple(objective.labels)).tolist()
        self.targets, self.gold = make_targets(examples, hashes, weights, scheme, known)
        if annotated is None and not objective.alone and objective.transitions is not None:
            A = objective.transitions
            learned = Transitions(A, numpy.zeros(A.shape))
            self.targets = self.targets._replace(transitions=learned)
        key = objective.incorrect_spans_key
        self.incorrect = []
        if key is not None:
            self.incorrect = incorrect_spans(examples, key, self.labels, objective.name)
        columns = scheme.columns_of([objective.labels.index(label) for label in self.labels])
        self._shape = scores.shape
        self._columns = columns
        self._collapsed = None
        self._scores = scores
        if objective.alone:
            # These labels compete only with O, which stands for everything else. The scores of
            # frozen labels say nothing about them, least of all on the text that the frozen labels
            # were trained on.
            self._scores = scores[:, [O, *columns]]
        elif annotated is not None:
            self._collapsed = collapse(scores, columns)
            self._scores = self._collapsed.scores

    def loss(self) -> tuple[numpy.ndarray, float]:
        """The gradient and the loss, as means over the annotated words."""
        if self.objective.on_scores is not None:
            self.objective.on_scores(self._scores, self.targets)
        gradient, loss = self.objective.loss(self._scores, self.targets)
        return self._expand(gradient), loss

    def incorrect_loss(self) -> tuple[numpy.ndarray, float]:
        """The gradient and the loss for known non-entities, as means over all words."""
        gradient, loss = incorrect_spans_loss(self._scores, self.targets, self.incorrect)
        return self._expand(gradient), loss

    def _expand(self, gradient: numpy.ndarray) -> numpy.ndarray:
        """The gradient with respect to the scores of all tags."""
        if self._collapsed is not None:
            return self._collapsed.expand(gradient)
        if not self.objective.alone:
            return gradient
        of_all = numpy.zeros(self._shape, dtype=gradient.dtype)
        of_all[:, self._columns] = gradient[:, 1:]
        return of_all
