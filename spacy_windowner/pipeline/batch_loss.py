"""The loss of a batch of examples, of which each may be annotated in its own way."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy
from spacy.strings import get_string_id
from spacy.training import Example

from ..losses.collapse import collapse
from ..losses.incorrect_spans import incorrect_spans_loss
from ..losses.targets import TagLoss, Targets
from ..tagging.scheme import O, Scheme
from .gold import incorrect_spans, make_targets
from .partial import groups_of
from .skip_report import SkipReport


class Objective(NamedTuple):
    """What a component wants of the scores of tags.

    name (str): The component's name.
    loss (TagLoss): The loss of fully annotated documents.
    scheme (Scheme): The scheme of the tags.
    labels (Sequence[str]): Its labels.
    learning (Sequence[str]): Those that learn.
    alone (bool): Whether the others are frozen.
    entity_weights (Dict[str, float]): The factor on the loss of each label's tokens.
    incorrect_spans_key (Optional[str]): The key of spans known not to be entities.
    on_scores (Optional[Callable]): Called with the scores and the targets that the loss sees.
    """

    name: str
    loss: TagLoss
    scheme: Scheme
    labels: Sequence[str]
    learning: Sequence[str]
    alone: bool
    entity_weights: dict[str, float]
    incorrect_spans_key: str | None
    on_scores: Callable[[numpy.ndarray, Targets], None] | None = None


class BatchLoss(NamedTuple):
    """The loss of a batch.

    loss (float): The loss.
    gradient (numpy.ndarray): Its gradient. Shape (n_tokens, n_tags).
    skipped (List[SkipReport]): The entities that can't be learned.
    """

    loss: float
    gradient: numpy.ndarray
    skipped: list[SkipReport]


def batch_loss(
    objective: Objective, examples: Sequence[Example], scores: numpy.ndarray
) -> BatchLoss:
    """The loss of a batch, a mean over the annotated tokens of all documents, each times the weight
    of its document.

    objective (Objective): What is wanted.
    examples (Sequence[Example]): The examples.
    scores (numpy.ndarray): The scores of the tags of all their predicted tokens. Shape
        (n_tokens, n_tags).
    RETURNS (BatchLoss): The loss.
    RAISES (ValueError): If an annotation contradicts itself, see `annotation_of` and
        `incorrect_spans`.
    """
    doc_of_token = numpy.repeat(numpy.arange(len(examples)), [len(eg.predicted) for eg in examples])
    groups, skipped = [], []
    for annotation, numbers in groups_of(examples, objective.name).items():
        tokens = numpy.flatnonzero(numpy.isin(doc_of_token, numbers))
        group = [examples[number] for number in numbers]
        gradient, loss, n, report = _group_loss(objective, group, scores[tokens], annotation.labels)
        groups.append((tokens, annotation.weight, gradient, loss, n))
        skipped.append(report)
    # Each is a mean over its own annotated tokens.
    n_annotated = max(1, sum(n for *_, n in groups))
    gradient, loss = numpy.zeros_like(scores), 0.0
    for tokens, weight, d_group, of_group, n in groups:
        gradient[tokens] = (weight * n / n_annotated) * d_group
        loss += (weight * n / n_annotated) * of_group
    return BatchLoss(loss, gradient, skipped)


def _group_loss(
    objective: Objective,
    examples: Sequence[Example],
    scores: numpy.ndarray,
    annotated: frozenset[str] | None,
) -> tuple[numpy.ndarray, float, int, SkipReport]:
    """The gradient and the loss of examples that are annotated for the same labels, None for all;
    what they are means over, the number of annotated tokens or, of losses that are means over all
    tokens, at least 1; and the entities that can't be learned."""
    name, _, scheme, all_labels, learning, alone, entity_weights, key, on_scores = objective
    is_partial = annotated is not None and not annotated.issuperset(all_labels)
    labels = [each for each in learning if annotated is None or not is_partial or each in annotated]
    hashes = [get_string_id(label) for label in labels]
    targets, report = make_targets(
        examples, hashes, [entity_weights[each] for each in labels], scheme
    )
    if not labels:
        return numpy.zeros_like(scores), 0.0, 0, report
    columns = scheme.columns_of([all_labels.index(label) for label in labels])
    collapsed = None
    known = scores
    if alone:
        # Labels that learn alone are told from O, which stands for all else: the scores of
        # frozen labels say nothing of them, least of all on text that these were learned from.
        known = scores[:, [O, *columns]]
    elif is_partial:
        collapsed = collapse(scores, columns)
        known = collapsed.scores
    gradient, loss = objective.loss(known, targets)
    if on_scores is not None:
        on_scores(known, targets)
    if key is not None:
        spans = incorrect_spans(examples, key, labels, name)
        d_incorrect, incorrect = incorrect_spans_loss(known, targets, spans)
        gradient, loss = gradient + d_incorrect, loss + incorrect
    if collapsed is not None:
        gradient = collapsed.expand(gradient)
    elif alone:
        of_all = numpy.zeros((len(gradient), scores.shape[1]), dtype=gradient.dtype)
        of_all[:, columns] = gradient[:, 1:]
        gradient = of_all
    return gradient, loss, max(1, len(targets.annotated)), report
