import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_windowner.decoding.lattice import may_follow
from spacy_windowner.decoding.tags import BILUO, BIO, MISSING, SCHEMES, get_scheme

from .util import all_spans, spell, spread

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
    """ENT_IOB and ENT_TYPE, as spaCy sets them."""
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
    ends = numpy.cumsum(lengths, dtype=int)[:-1]
    parts = numpy.split(tags, ends) if lengths else []
    assert [scheme.spans_from_tags(part) for part in parts] == docs


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (BIO, [MISSING, 0, 1, 2, 0, 0, 0, MISSING, 1, MISSING, 1, 2, 2, 1]),
        (BILUO, [MISSING, 0, 1, 3, 0, 0, 0, MISSING, 4, MISSING, 1, 2, 3, 4]),
    ],
)
def test_annotation_that_is_unknown_or_of_another_label(scheme, expected):
    # Blocked tokens, which have no type, and entities of other labels are known to be O. An entity
    # ends before a token without annotation.
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
    numbers = [labels.index(name[2:]) if name != "O" else -1 for name in names]
    assert scheme.label_of_tag(tags).tolist() == numbers
    assert scheme.label_of_tag(numpy.array([MISSING])).tolist() == [-1]
    for kind in scheme.kinds:
        expected = [names.index(f"{kind}-{label}") for label in labels]
        assert scheme.tag(numpy.arange(n_labels), kind).tolist() == expected
    stands_for = {"L": "I", "U": "B"} if scheme is BIO else {}
    columns = [f"{stands_for.get(kind, kind)}-{label}" for kind in "BILU" for label in labels]
    order = scheme.spread(len(tags))
    assert [names[tag] for tag in order] == ["O", *columns]
    assert scheme.columns_of(range(n_labels)) == tags[1:].tolist()
    assert scheme.columns_of([]) == []


@pytest.mark.parametrize("n_labels", [0, 1, 2])
def test_transitions_are_those_of_all_documents(n_labels):
    """A pair of tags is allowed only if some entities have it. Around a document there is O."""
    allowed = numpy.zeros((BILUO.n_tags(n_labels),) * 2, dtype=bool)
    for spans in all_spans(4, n_labels):
        tags = [0, *spread(spans, 4, n_labels), 0]
        allowed[tags[:-1], tags[1:]] = True
    numpy.testing.assert_array_equal(may_follow(n_labels), allowed)


def test_schemes_by_name():
    assert [get_scheme(name) for name in SCHEMES] == [BIO, BILUO]
    assert BILUO.tag_names(["A"]) == ["O", "B-A", "I-A", "L-A", "U-A"]
    with pytest.raises(ValueError, match=r"WN001.*scheme = 'bmewo'.*bio, biluo"):
        get_scheme("bmewo")


@pytest.mark.parametrize(("scheme", "doc"), [(BIO, [1, 2]), (BILUO, [1, 3])])
def test_entities_end_at_the_documents_end(scheme, doc):
    assert scheme.spans_from_tags(numpy.array(doc)) == [(0, 2, 0)]
    assert scheme.spans_from_tags(numpy.array(doc * 2)) == [(0, 2, 0), (2, 4, 0)]
    assert scheme.spans_from_tags(numpy.zeros(0, dtype="int32")) == []


@schemes
def test_unknown_tags_end_an_entity(scheme):
    tags = numpy.array([MISSING, *scheme.tags_of_span(2, 1), MISSING, *scheme.tags_of_span(1, 0)])
    assert scheme.spans_from_tags(tags) == [(1, 3, 1), (4, 5, 0)]


@pytest.mark.parametrize(("scheme", "kind"), [(BIO, "B"), (BILUO, "U")])
def test_many_entities_in_a_document(scheme, kind):
    n = 300_000
    tags = numpy.full(n, scheme.tag(0, kind), dtype="int32")
    spans = scheme.spans_from_tags(tags)
    assert len(spans) == n and spans[-1] == (n - 1, n, 0)
