"""Documents as they would be without a word, or without entities."""

import numpy
from spacy.attrs import LEMMA, MORPH, NORM, POS, SENT_START, TAG
from spacy.tokens import Doc

# What a token may have been given by hand, and keeps when another one is removed. Dependencies
# would point to places that have moved, and are left to the pipeline.
_KEPT = [NORM, TAG, POS, MORPH, LEMMA]


def without_entities(doc: Doc) -> Doc:
    """Copy a document, without its entities and blocked tokens.

    doc (Doc): The document.
    RETURNS (Doc): The copy.
    """
    copy = doc.copy()
    copy.set_ents([], default="missing")
    return copy


def without_token(doc: Doc, removed: int) -> Doc:
    """Copy the words of a document but for one, with what is known of each of them and of
    sentences. If a sentence started with the removed one, it starts with the next.

    doc (Doc): The document.
    removed (int): The number of the token to leave out.
    RETURNS (Doc): The copy. What was computed of the document as a whole is not copied.
    """
    kept = numpy.arange(len(doc)) != removed
    words = [token.text for token in doc if token.i != removed]
    spaces = [bool(token.whitespace_) for token in doc if token.i != removed]
    copy = Doc(doc.vocab, words=words, spaces=spaces)
    if not words:
        return copy
    copy.from_array(_KEPT, doc.to_array(_KEPT)[kept])
    if doc.has_annotation("SENT_START"):
        starts = doc.to_array(SENT_START)
        if starts[removed] == 1 and removed + 1 < len(doc):
            starts[removed + 1] = 1
        copy.from_array([SENT_START], starts[kept])
    return copy
