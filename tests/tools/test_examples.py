"""What commands need to read annotated documents, or to copy them."""

import spacy
from spacy.tokens import Doc, Span

from spacy_windowner.tools.examples import without_entities


def test_entities_are_removed_from_a_copy():
    doc = Doc(spacy.blank("en").vocab, words=["Paris", "and", "London"])
    doc.set_ents([Span(doc, 0, 1, "LOC")], blocked=[Span(doc, 2, 3)])
    before = doc.to_bytes()
    assert not without_entities(doc).has_annotation("ENT_IOB")
    assert doc.to_bytes() == before
