"""The extension attribute `span._.ner_score`, the probability of an entity.

It is stored in `doc.user_data`, where spaCy stores custom attributes of a Span. The key contains
the characters of the span, not its tokens. It therefore stays valid when tokens are merged or
split, and is copied with the Doc by `copy`, `to_bytes`, `to_json`, `from_docs` and a `DocBin` with
`store_user_data=True`.
"""

import warnings
from collections.abc import Iterable
from typing import Any

from spacy.tokens import Doc, Span

from ..errors import Warnings

MARK, SCORE = "._.", "ner_score"
"""How the keys begin. The offset of the span's first character and the offset after its last one
follow. The value is the probability of each label, `{label: probability}`. It is replaced, never
changed in place, because another Doc may share it."""


def get_ner_score(span: Span) -> float | None:
    """The getter of `span._.ner_score`.

    span (Span): A span.
    RETURNS (Optional[float]): The latest probability for exactly these characters and this label,
        or None if there is none.
    """
    data: dict[Any, Any] = span.doc.user_data
    scores = data.get((MARK, SCORE, span.start_char, span.end_char))
    return None if scores is None else scores.get(span.label_)


def set_ner_score(span: Span, score: float | None | dict[str, float]) -> None:
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
        score = known if score is None else {**known, span.label_: float(score)}
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
    """Remove all probabilities from documents.

    docs (Iterable[Doc]): The documents.
    """
    for doc in docs:
        for key in saved_scores(doc):
            del doc.user_data[key]


if not Span.has_extension(SCORE):
    Span.set_extension(SCORE, getter=get_ner_score, setter=set_ner_score)
elif getattr(Span.get_extension(SCORE)[2], "__module__", None) != __name__:
    warnings.warn(Warnings.WW164, stacklevel=2)
