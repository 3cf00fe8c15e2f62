from typing import Any

import numpy
from spacy.tokens import Doc

_MOST_SHOWN = 3
_WORTH_SHOWING = 0.1


def make_task(doc: Doc, doubts: numpy.ndarray, score: float, line: int) -> dict[str, Any]:
    """What an annotation tool reads of a document, in Prodigy's format.

    doc (Doc): The document, with the entities that the pipeline finds in it.
    doubts (numpy.ndarray): How unsure the tag of each token is. Shape (n_tokens,).
    score (float): How much is learned from it.
    line (int): Its line in the raw text, from 1.
    RETURNS (Dict[str, Any]): "text"; its "tokens"; the entities as "spans", all offsets in
        characters, and "token_end" the last token; and "meta", which is shown beside the text.
    """
    tokens = [
        {
            "text": token.text,
            "start": token.idx,
            "end": token.idx + len(token),
            "id": token.i,
            "ws": bool(token.whitespace_),
        }
        for token in doc
    ]
    meta: dict[str, Any] = {"score": round(score, 4), "line": line}
    order = numpy.argsort(-doubts, kind="stable")[:_MOST_SHOWN]
    unsure = [doc[i].text for i in order.tolist() if doubts[i] >= _WORTH_SHOWING]
    if unsure:
        meta["unsure"] = ", ".join(dict.fromkeys(unsure))
    spans = [_span(ent) for ent in doc.ents]
    return {"text": doc.text, "tokens": tokens, "spans": spans, "meta": meta}


def _span(ent: Any) -> dict[str, Any]:
    span = {
        "start": ent.start_char,
        "end": ent.end_char,
        "token_start": ent.start,
        "token_end": ent.end - 1,
        "label": ent.label_,
    }
    if ent._.ner_score is not None:
        span["score"] = round(ent._.ner_score, 4)
    return span
