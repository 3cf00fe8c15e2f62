"""What commands need to read annotated documents, or to copy them."""

import spacy
from spacy.tokens import Doc, Span

from spacy_windowner.tools.examples import measure_corpus, without_entities

from .report.util import write_docs


def test_words_are_counted_and_labels_collected(tmp_path):
    ents = {"entities": [(0, 3, "B"), (4, 7, "A")]}
    write_docs(tmp_path / "a.spacy", [("one two  three", ents), ("four\nfive", {})])
    assert measure_corpus(tmp_path / "a.spacy") == (5, ["A", "B"])


def test_entities_are_removed_from_a_copy():
    doc = Doc(spacy.blank("en").vocab, words=["Paris", "and", "London"])
    doc.set_ents([Span(doc, 0, 1, "LOC")], blocked=[Span(doc, 2, 3)])
    before = doc.to_bytes()
    assert not without_entities(doc).has_annotation("ENT_IOB")
    assert doc.to_bytes() == before
