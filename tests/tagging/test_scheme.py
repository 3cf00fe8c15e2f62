import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.tagging.scheme import (
    MISSING,
    begin_tag,
    is_begin,
    is_inside,
    label_of_tag,
    n_tags,
    spans_from_tags,
    tag_names,
    tags_from_iob,
)

LABEL_HASHES = [380, 2**63 + 11, 2**64 - 1]


@st.composite
def docs_of_spans(draw):
    """Lengths of documents, and their entities as (start, end, label number)."""
    lengths = draw(st.lists(st.integers(0, 8), max_size=4))
    docs = []
    for length in lengths:
        spans, place = [], 0
        while place < length:
            start = draw(st.integers(place, length))
            if start == length:
                break
            place = draw(st.integers(start + 1, length))
            spans.append((start, place, draw(st.integers(0, len(LABEL_HASHES) - 1))))
        docs.append(spans)
    return lengths, docs


def iob_and_types(lengths, docs):
    """ENT_IOB and ENT_TYPE as spaCy sets them."""
    iob = numpy.full(sum(lengths), 2, dtype="uint64")
    types = numpy.zeros(sum(lengths), dtype="uint64")
    offset = 0
    for length, spans in zip(lengths, docs, strict=True):
        for start, end, label in spans:
            iob[offset + start] = 3
            iob[offset + start + 1 : offset + end] = 1
            types[offset + start : offset + end] = LABEL_HASHES[label]
        offset += length
    return iob, types


@given(docs_of_spans())
def test_spans_to_tags_and_back(drawn):
    lengths, docs = drawn
    tags = tags_from_iob(*iob_and_types(lengths, docs), LABEL_HASHES)
    tokens = numpy.flatnonzero(tags)
    lengths = numpy.array(lengths, dtype="int64")
    found = spans_from_tags(tokens, tags[tokens], lengths)
    assert list(map(list, found)) == docs


def test_annotation_that_is_unknown_or_of_another_label():
    # Blocked tokens, which have no type, and entities of other labels are known to be O.
    iob = numpy.array([0, 2, 3, 1, 3, 1, 3, 0], dtype="uint64")
    types = numpy.array([0, 0, LABEL_HASHES[0], LABEL_HASHES[0], 99, 99, 0, 0], dtype="uint64")
    tags = tags_from_iob(iob, types, LABEL_HASHES[:1])
    assert tags.tolist() == [MISSING, 0, 1, 2, 0, 0, 0, MISSING]


@pytest.mark.parametrize("n_labels", [0, 1, 3])
def test_functions_agree_with_the_tags_names(n_labels):
    labels = [f"L{i}" for i in range(n_labels)]
    names = tag_names(labels)
    tags = numpy.arange(n_tags(n_labels))
    assert len(names) == len(tags)
    assert is_begin(tags).tolist() == [name.startswith("B-") for name in names]
    assert is_inside(tags).tolist() == [name.startswith("I-") for name in names]
    numbers = [labels.index(name[2:]) if name != "O" else -1 for name in names]
    assert label_of_tag(tags).tolist() == numbers
    expected = [names.index(f"B-{label}") for label in labels]
    assert begin_tag(numpy.arange(n_labels)).tolist() == expected


def test_entities_end_at_the_documents_end():
    # The second document begins with an entity of the same label.
    tags = numpy.array([1, 2, 1, 2])
    tokens = numpy.flatnonzero(tags)
    found = spans_from_tags(tokens, tags[tokens], numpy.array([2, 0, 2]))
    assert found == [((0, 2, 0),), (), ((0, 2, 0),)]


def test_many_entities_in_a_document():
    n = 300_000
    tokens = numpy.arange(n)
    [spans] = spans_from_tags(tokens, numpy.ones(n, dtype="int32"), numpy.array([n]))
    assert len(spans) == n and spans[-1] == (n - 1, n, 0)
