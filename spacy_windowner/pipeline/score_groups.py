"""How sure entities are, on the Doc: in doc.spans, and by `span._.ner_score`."""

from collections.abc import Sequence
from typing import Any

from spacy.strings import get_string_id
from spacy.tokens import Doc, Span, SpanGroup

from .annotation import Entities


def write_groups(
    docs: Sequence[Doc],
    key: str,
    rated: Sequence[Entities],
    labels: Sequence[str],
    calibrated: bool,
) -> None:
    """Put rated spans into doc.spans. The group's `attrs` hold `scores`, the probability of each
    span in the order of the spans, and whether the component is `calibrated`. If it isn't, the
    scores are None, for a margin is no probability, and `margins` holds the margins.

    docs (Sequence[Doc]): The documents.
    key (str): The key in doc.spans. What was there is replaced.
    rated (Sequence[Entities]): The spans of each, as (start, end, label number, probability if
        calibrated, else margin).
    labels (Sequence[str]): The labels.
    calibrated (bool): Whether the component is calibrated.
    """
    hashes = [get_string_id(label) for label in labels]
    vocab = None
    for doc, rows in zip(docs, rated, strict=True):
        if rows and doc.vocab is not vocab:
            vocab = doc.vocab
            for label in labels:
                vocab.strings.add(label)
        ratings = [row[3] for row in rows]
        attrs: dict[str, Any] = {"scores": ratings, "calibrated": calibrated}
        if not calibrated:
            attrs |= {"scores": [None] * len(ratings), "margins": ratings}
        spans = [Span(doc, start, end, hashes[label]) for start, end, label, _ in rows]
        doc.spans[key] = SpanGroup(doc, name=key, attrs=attrs, spans=spans)


def get_ner_score(span: Span) -> float | None:
    """The getter of `span._.ner_score`.

    span (Span): A span.
    RETURNS (Optional[float]): The probability that was found for exactly this span and label, as it
        stands in doc.spans. None if there is none.
    """
    for group in span.doc.spans.values():
        if "calibrated" in group.attrs:
            for other, score in zip(group, group.attrs["scores"], strict=True):
                if (other.start, other.end, other.label) == (span.start, span.end, span.label):
                    return score
    return None


if not Span.has_extension("ner_score"):
    Span.set_extension("ner_score", getter=get_ner_score)
