"""What was found, as rows."""

from typing import NamedTuple

from spacy.tokens import Doc


class Row(NamedTuple):
    """An entity.

    doc_id (str): Its document.
    start (int): Its first character in the document's text, from 0.
    end (int): The character after its last.
    label (str): Its label.
    text (str): Its text.
    score (Optional[float]): How probable it is, None if that is unknown.
    """

    doc_id: str
    start: int
    end: int
    label: str
    text: str
    score: float | None


COLUMNS = Row._fields


def rows_of(doc: Doc, doc_id: str) -> list[Row]:
    """The entities of a document.

    doc (Doc): The document.
    doc_id (str): Its id.
    RETURNS (List[Row]): A row of each entity.
    """
    ents = doc.ents
    if not ents:
        return []
    scores = _scores(doc)
    return [
        Row(
            doc_id,
            ent.start_char,
            ent.end_char,
            ent.label_,
            ent.text,
            scores.get((ent.start, ent.end, ent.label)),
        )
        for ent in ents
    ]


def _scores(doc: Doc) -> dict[tuple[int, int, int], float | None]:
    """`span._.ner_score` of all spans at once, which otherwise goes through them for each."""
    scores: dict[tuple[int, int, int], float | None] = {}
    for group in doc.spans.values():
        if "calibrated" in group.attrs:
            for span, score in zip(group, group.attrs["scores"], strict=True):
                scores.setdefault((span.start, span.end, span.label), score)
    return scores
