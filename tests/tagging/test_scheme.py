import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.decoding.tags import BILUO, BIO, MISSING, SCHEMES, get_scheme
from spacy_windowner.tagging.spans import spans_by_doc

from .util import all_spans, spell

schemes = pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])
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


@schemes
@given(drawn=docs_of_spans())
def test_spans_to_tags_and_back(scheme, drawn):
    lengths, docs = drawn
    tags = scheme.tags_from_iob(*iob_and_types(lengths, docs), LABEL_HASHES)
    expected = [
        tag
        for length, spans in zip(lengths, docs, strict=True)
        for tag in spell(spans, length, scheme)
    ]
    assert tags.tolist() == expected
    for length, spans in zip(lengths, docs, strict=True):
        for start, end, label in spans:
            tags_of_span = spell(spans, length, scheme)[start:end]
            assert scheme.tags_of_span(end - start, label) == tags_of_span
    tokens = numpy.flatnonzero(tags)
    lengths = numpy.array(lengths, dtype="int64")
    found = spans_by_doc(lengths, *scheme.spans_from_tags(tokens, tags[tokens]))
    assert list(map(list, found)) == docs


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (BIO, [MISSING, 0, 1, 2, 0, 0, 0, MISSING, 1, MISSING, 1, 2, 2, 1]),
        (BILUO, [MISSING, 0, 1, 3, 0, 0, 0, MISSING, 4, MISSING, 1, 2, 3, 4]),
    ],
)
def test_annotation_that_is_unknown_or_of_another_label(scheme, expected):
    # Blocked tokens, which have no type, and entities of other labels are known to be O. An entity
    # next to an unknown token ends there.
    A = LABEL_HASHES[0]
    iob = numpy.array([0, 2, 3, 1, 3, 1, 3, 0, 3, 0, 3, 1, 1, 3], dtype="uint64")
    types = numpy.array([0, 0, A, A, 99, 99, 0, 0, A, 0, A, A, A, A], dtype="uint64")
    assert scheme.tags_from_iob(iob, types, LABEL_HASHES[:1]).tolist() == expected


@schemes
@pytest.mark.parametrize("n_labels", [0, 1, 3])
def test_functions_agree_with_the_tags_names(scheme, n_labels):
    labels = [f"L{i}" for i in range(n_labels)]
    names = scheme.tag_names(labels)
    tags = numpy.arange(scheme.n_tags(n_labels))
    assert len(names) == len(tags)
    assert scheme.n_labels(len(tags)) == n_labels
    kinds = [name[0] if "-" in name else "" for name in names]
    letters = {
        scheme.begins: "BU",
        scheme.continues: "IL",
        scheme.goes_on: "BI",
        scheme.may_end: {"bio": "BI", "biluo": "LU"}[scheme.name],
    }
    for function, those in letters.items():
        assert function(tags).tolist() == [kind != "" and kind in those for kind in kinds]
        assert not function(numpy.array([MISSING])).any()
    numbers = [labels.index(name[2:]) if name != "O" else -1 for name in names]
    assert scheme.label_of_tag(tags).tolist() == numbers
    assert scheme.label_of_tag(numpy.array([MISSING])).tolist() == [-1]
    for kind in scheme.kinds:
        expected = [names.index(f"{kind}-{label}") for label in labels]
        assert scheme.tag(numpy.arange(n_labels), kind).tolist() == expected


@schemes
@pytest.mark.parametrize("n_labels", [0, 1, 2])
def test_transitions_are_those_of_all_documents(scheme, n_labels):
    """A pair of tags is allowed exactly if some entities spell it, O being around a document."""
    allowed = numpy.zeros((scheme.n_tags(n_labels),) * 2, dtype=bool)
    for spans in all_spans(4, n_labels):
        tags = [0, *spell(spans, 4, scheme), 0]
        allowed[tags[:-1], tags[1:]] = True
    numpy.testing.assert_array_equal(scheme.transitions(n_labels), allowed)


def test_schemes_by_name():
    assert [get_scheme(name) for name in SCHEMES] == [BIO, BILUO]
    assert BILUO.tag_names(["A"]) == ["O", "B-A", "I-A", "L-A", "U-A"]
    with pytest.raises(ValueError, match=r"WN001.*scheme = 'bmewo'.*bio, biluo"):
        get_scheme("bmewo")


@pytest.mark.parametrize(("scheme", "doc"), [(BIO, [1, 2]), (BILUO, [1, 3])])
def test_entities_end_at_the_documents_end(scheme, doc):
    # The second document begins with an entity of the same label.
    tags = numpy.array(doc * 2)
    tokens = numpy.flatnonzero(tags)
    found = spans_by_doc(numpy.array([2, 0, 2]), *scheme.spans_from_tags(tokens, tags[tokens]))
    assert found == [((0, 2, 0),), (), ((0, 2, 0),)]


@pytest.mark.parametrize(("scheme", "kind"), [(BIO, "B"), (BILUO, "U")])
def test_many_entities_in_a_document(scheme, kind):
    n = 300_000
    tags = numpy.full(n, scheme.tag(0, kind), dtype="int32")
    [spans] = spans_by_doc(numpy.array([n]), *scheme.spans_from_tags(numpy.arange(n), tags))
    assert len(spans) == n and spans[-1] == (n - 1, n, 0)
