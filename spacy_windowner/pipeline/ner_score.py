"""`span._.ner_score`, the probability of an entity.

It stands in `doc.user_data` where spaCy keeps a custom attribute of a Span. The key has the span's
characters, not its tokens, so it stays right when tokens are merged or split, and goes with the Doc
into `copy`, `to_bytes`, `to_json`, `from_docs` and a `DocBin` with `store_user_data=True`.
"""

from collections.abc import Iterable
from typing import Any

from spacy.tokens import Doc, Span

MARK, SCORE = "._.", "ner_score"
"""How the keys begin. The span's first character and the one after its last follow. The value is
the probability of each label, `{label: probability}`. It is replaced, never changed, because
another Doc may share it."""


def get_ner_score(span: Span) -> float | None:
    """The getter of `span._.ner_score`.

    span (Span): A span.
    RETURNS (Optional[float]): The probability that was found last for exactly these characters and
        this label. None if there is none.
    """
    data: dict[Any, Any] = span.doc.user_data
    scores = data.get((MARK, SCORE, span.start_char, span.end_char))
    return None if scores is None else scores.get(span.label_)


def set_ner_score(span: Span, score: float | None | dict[str, float]) -> None:
    """The setter of `span._.ner_score`.

    span (Span): A span.
    score (Union[float, None, Dict[str, float]]): Its probability. None if it isn't known. Or those
        of all labels, as `Doc.from_json` sets them.
    """
    data: dict[Any, Any] = span.doc.user_data
    key = (MARK, SCORE, span.start_char, span.end_char)
    if not isinstance(score, dict):
        known = {label: known for label, known in data.get(key, {}).items() if label != span.label_}
        score = known if score is None else {**known, span.label_: float(score)}
    data[key] = score


def saved_scores(doc: Doc) -> dict[Any, Any]:
    """The part of `doc.user_data` that holds probabilities.

    doc (Doc): The document.
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
