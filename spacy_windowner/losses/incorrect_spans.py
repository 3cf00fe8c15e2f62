"""The loss of spans that are known not to be entities."""

from collections.abc import Iterable

import numpy

from ..decoding.tags import MISSING
from .targets import Targets


def incorrect_spans_loss(
    scores: numpy.ndarray, targets: Targets, spans: Iterable[tuple[int, int, int]]
) -> tuple[numpy.ndarray, float]:
    """A margin against entities that are known to be wrong. At one or more places i of a wrong
    entity, another tag should score at least 1 above the tag of the entity. In BIO, the last tag of
    an entity, I-l, doesn't say that the entity ends there. The next token is then a place, too, and
    all tags except I-l are bad there. With N tokens, and the bad tags b[i] of place i:

        J = 1/N sum_spans max(0, 1 + min_i (max_{y in b[i]} S[i, y] - max_{y not in b[i]} S[i, y]))

    Places whose annotation agrees with the wrong entity are left out. If the annotation already
    rules the entity out, the span adds nothing. Label weights don't apply.

    scores (numpy.ndarray): Scores, one column per tag. Shape (n_tokens, n_tags).
    targets (Targets): The gold standard of the same tokens.
    spans (Iterable[Tuple[int, int, int]]): The wrong entities, as (start, end, label number), in
        offsets of the whole batch.
    RETURNS (Tuple[numpy.ndarray, float]): The gradient, shaped as the scores, and the loss.
    """
    gradient = numpy.zeros_like(scores)
    loss = 0.0
    doc_ends = set(numpy.cumsum(targets.lengths).tolist())
    scheme, all_tags = targets.scheme, numpy.arange(scores.shape[1])
    for start, end, label in spans:
        tags = scheme.tags_of_span(end - start, label)
        places = [(start + i, [tag]) for i, tag in enumerate(tags)]
        inside, last = scheme.tag(label, "I"), scheme.tag(label, "L")
        if end not in doc_ends and inside == last:
            places.append((end, all_tags[all_tags != inside].tolist()))
        open_places = []
        for place, bad in places:
            if targets.tags[place] == MISSING:
                open_places.append(_margin(scores[place], place, bad))
            elif targets.tags[place] not in bad:
                break
        else:
            if open_places:
                gap, place, bad_tag, good_tag = min(open_places)
                if 1.0 + gap > 0.0:
                    loss += (1.0 + gap) / len(scores)
                    gradient[place, bad_tag] += 1.0 / len(scores)
                    gradient[place, good_tag] -= 1.0 / len(scores)
    return gradient, loss


def _margin(row: numpy.ndarray, place: int, bad: list[int]) -> tuple[float, int, int, int]:
    """By how much the best bad tag of a place leads, the place, that tag, and the best other
    tag."""
    is_bad = numpy.zeros(len(row), dtype=bool)
    is_bad[bad] = True
    bad_tag = int(numpy.where(is_bad, row, -numpy.inf).argmax())
    good_tag = int(numpy.where(is_bad, -numpy.inf, row).argmax())
    return float(row[bad_tag] - row[good_tag]), place, bad_tag, good_tag
