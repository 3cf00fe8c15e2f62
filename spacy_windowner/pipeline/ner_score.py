"""The extension attributes `span._.ner_score`, the probability of an entity, and `doc._.ner_doubt`,
the expected number of errors in a document.

The probability is stored in `doc.user_data`, where spaCy stores custom attributes of a Span. The
key contains the characters of the span, not its tokens. It therefore stays valid when tokens are
merged or split, and is copied with the Doc by `copy`, `to_bytes`, `to_json`, `from_docs` and a
`DocBin` with `store_user_data=True`. The probabilities of near misses, of which there are many, are
stored only in the group of candidates in `doc.spans`, and so is the doubt.
"""

import warnings
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from spacy.tokens import Doc, Span, SpanGroup

from ..errors import Warnings

MARK, SCORE = "._.", "ner_score"
"""How the keys begin. The offset of the span's first character and the offset after its last one
follow. The value is the probability of each label, `{label: probability}`. It is replaced, never
changed in place, because another Doc may share it."""

DOUBT = "ner_doubt"
"""The attribute of a group of candidates that has the doubt about the document."""


def get_ner_score(span: Span) -> float | None:
    """The getter of `span._.ner_score`.

    span (Span): A span.
    RETURNS (Optional[float]): The latest probability for exactly these characters and this label,
        or None if there is none.
    """
    data: dict[Any, Any] = span.doc.user_data
    scores = data.get((MARK, SCORE, span.start_char, span.end_char))
    if scores is not None and span.label_ in scores:
        return scores[span.label_]
    for group in candidate_groups(span.doc):
        with suppress(IndexError):  # spans at the end don't exist any more if tokens were merged
            score = _score_in_group(group, span)
            if score is not None:
                return score
    return None


def candidate_groups(doc: Doc) -> list[SpanGroup]:
    """The groups of candidates in `doc.spans`.

    doc (Doc): The document.
    RETURNS (List[SpanGroup]): The groups. Their spans are sorted by their offsets.
    """
    return [group for group in doc.spans.values() if DOUBT in group.attrs]


def get_ner_doubt(doc: Doc) -> float | None:
    """The getter of `doc._.ner_doubt`.

    doc (Doc): A document.
    RETURNS (Optional[float]): The expected number of entities in the document that were missed or
        are wrong. None if no calibrated component has stored its candidates.
    """
    doubts = [group.attrs[DOUBT] for group in candidate_groups(doc)]
    return sum(doubts) if doubts else None


def _score_in_group(group: SpanGroup, span: Span) -> float | None:
    """The probability of a span in a group of candidates, None if it isn't there."""
    bounds = span.start_char, span.end_char

    def bounds_of(place: int) -> tuple[int, int]:
        return group[place].start_char, group[place].end_char

    place = bisect_left(range(len(group)), bounds, key=bounds_of)
    while place < len(group) and bounds_of(place) == bounds:
        if group[place].label == span.label:
            return group.attrs["scores"][place]
        place += 1
    return None


def set_ner_score(span: Span, score: float | None | dict[str, float | None]) -> None:
    """The setter of `span._.ner_score`.

    span (Span): A span.
    score (Union[float, None, Dict[str, float]]): The probability of the span with its label. None
        if it is unknown. A dictionary has the probabilities of all labels, as `Doc.from_json` sets
        them.
    """
    data: dict[Any, Any] = span.doc.user_data
    key = (MARK, SCORE, span.start_char, span.end_char)
    if not isinstance(score, dict):
        known = {label: known for label, known in data.get(key, {}).items() if label != span.label_}
        if score is not None:
            score = {**known, span.label_: float(score)}
        elif candidate_groups(span.doc):  # which may have a probability
            score = {**known, span.label_: None}
        else:
            score = known
    if score:
        data[key] = score
    else:
        data.pop(key, None)


def saved_scores(doc: Doc) -> dict[Any, Any]:
    """The part of `doc.user_data` that holds probabilities.

    doc (Doc): The document.
    RETURNS (Dict[Any, Any]): Its keys and values.
    """
    return {
        key: value
        for key, value in doc.user_data.items()
        if isinstance(key, tuple) and key[:2] == (MARK, SCORE)
    }


def forget_scores(docs: Iterable[Doc]) -> None:
    """Remove all probabilities from documents. Groups of candidates stay, but don't count any more.

    docs (Iterable[Doc]): The documents.
    """
    for doc in docs:
        for key in saved_scores(doc):
            del doc.user_data[key]
        for group in candidate_groups(doc):
            del group.attrs[DOUBT]


if not Span.has_extension(SCORE):
    Span.set_extension(SCORE, getter=get_ner_score, setter=set_ner_score)
elif getattr(Span.get_extension(SCORE)[2], "__module__", None) != __name__:
    warnings.warn(Warnings.WW164, stacklevel=2)
if not Doc.has_extension(DOUBT):
    Doc.set_extension(DOUBT, getter=get_ner_doubt)
elif getattr(Doc.get_extension(DOUBT)[2], "__module__", None) != __name__:
    warnings.warn(Warnings.WW187, stacklevel=2)
