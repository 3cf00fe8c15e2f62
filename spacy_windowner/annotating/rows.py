"""What was found, as rows."""

from typing import NamedTuple

from spacy.tokens import Doc

from ..pipeline.ner_score import get_ner_score


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
    return [
        Row(
            doc_id,
            ent.start_char,
            ent.end_char,
            ent.label_,
            ent.text,
            get_ner_score(ent),
        )
        for ent in doc.ents
    ]
