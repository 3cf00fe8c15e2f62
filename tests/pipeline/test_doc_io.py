"""What is read from Docs and written to them, compiled and in plain Python."""

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_windowner.decoding.spans import NO_SPANS, Spans
from spacy_windowner.decoding.words import BREAK, TAKEN
from spacy_windowner.pipeline import doc_io, doc_plain
from spacy_windowner.pipeline.doc_io import add_label_strings, hash_labels

from ..util import compiled_module

LABELS = ("PERSON", "LOC", "A NEW LABEL")
WORDS = ["London", "in", " ", "\n", "😀", "a"]


@pytest.fixture(scope="module", params=["compiled", "plain"])
def core(request):
    module = doc_plain if request.param == "plain" else compiled_module("pipeline.doc_core")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doc_io, "core", module)
        patch.setattr(doc_io, "read_words", module.read_words)
        yield module


@pytest.fixture(scope="module")
def vocab():
    vocab = spacy.blank("xx").vocab
    for label in LABELS:
        vocab.strings.add(label)
    return vocab


@st.composite
def random_docs(draw, vocab):
    """Documents that may have entities, blocked tokens and sentence starts."""
    docs = []
    for words in draw(st.lists(st.lists(st.sampled_from(WORDS), max_size=7), max_size=4)):
        doc = Doc(vocab, words=words, spaces=[draw(st.booleans()) for _ in words])
        for token in doc:
            token.is_sent_start = draw(st.sampled_from([None, True, False]))
        if words and draw(st.booleans()):
            start = draw(st.integers(0, len(words) - 1))
            end = draw(st.integers(start + 1, len(words)))
            blocked = [doc[end : end + 1]] if draw(st.booleans()) and end < len(words) else []
            default = draw(st.sampled_from(["missing", "outside"]))
            doc.set_ents([Span(doc, start, end, "PRESET")], blocked=blocked, default=default)
        docs.append(doc)
    return docs


def write_ratings(core, docs, spans, calibrated, candidates=None, doubts=None):
    hashes = hash_labels(LABELS)
    core.write_ratings(docs, spans, LABELS, hashes, calibrated, "key", candidates, doubts)


def random_spans(docs, seed) -> Spans:
    """Spans that don't overlap, in the documents' order."""
    rng = numpy.random.default_rng(seed)
    rows = []
    for number, doc in enumerate(docs):
        at = 0
        while at < len(doc):
            start, end = at, min(len(doc), at + int(rng.integers(1, 4)))
            if rng.random() < 0.5:
                rows.append((number, start, end, int(rng.integers(len(LABELS)))))
            at = end
    columns = numpy.array(rows, dtype="int32").reshape(-1, 4).T.copy()
    return Spans(*columns, rng.normal(size=len(rows)))


@settings(max_examples=100)
@given(data=st.data(), overwrite=st.booleans(), crosses_lines=st.booleans())
def test_words_are_read(core, vocab, data, overwrite, crosses_lines):
    docs = data.draw(random_docs(vocab))
    before = [doc.to_bytes() for doc in docs]
    lengths, orths, lowers, places, positions = core.read_words(docs, overwrite, crosses_lines)
    types = [each.dtype for each in (lengths, orths, lowers, places)]
    assert types == ["int32", "uint64", "uint64", "uint8"]
    assert all(each.flags.c_contiguous for each in (lengths, orths, lowers, places))
    words = [[token for token in doc if not token.is_space] for doc in docs]
    assert lengths.tolist() == list(map(len, words))
    assert orths.tolist() == [token.orth for doc in words for token in doc]
    assert lowers.tolist() == [token.lower for doc in words for token in doc]
    numbers = [token.i for doc in words for token in doc]
    if len(numbers) == sum(map(len, docs)):
        assert positions is None
    else:
        assert positions.dtype == "int32" and positions.tolist() == numbers

    def is_start(token):
        # A document's first token is the start of a sentence if spaCy says so.
        return token.doc.to_array("SENT_START")[token.i] == 1

    def is_taken(token):
        return not overwrite and token.ent_iob_ in ("B", "I")

    expected = []
    for doc in words:
        for n, token in enumerate(doc):
            gap = token.doc[doc[n - 1].i + 1 if n else 0 : token.i]
            is_break = is_start(token) or any(
                is_start(space) or is_taken(space) or (space.text == "\n" and not crosses_lines)
                for space in gap
            )
            expected.append(BREAK * is_break + TAKEN * is_taken(token))
    assert places.tolist() == expected
    assert [doc.to_bytes() for doc in docs] == before


@pytest.mark.parametrize("space", [*"\n\r\v\f\x1c\x85\u2028\u2029", "\r\n", " \n ", "\n\n"])
def test_line_ends(core, vocab, space):
    doc = Doc(vocab, words=["a", space, "a", " ", "a", "\t", "a", "\xa0", "a"])
    assert core.read_words([doc], False, False).places.tolist()[1:] == [BREAK, 0, 0, 0]
    assert core.read_words([doc], False, True).places.tolist()[1:] == [0, 0, 0, 0]


@settings(max_examples=100)
@given(data=st.data(), seed=st.integers(0, 99))
def test_entities_are_written(core, vocab, data, seed):
    docs = data.draw(random_docs(vocab))
    spans = random_spans(docs, seed)
    before = [doc.to_bytes() for doc in docs]
    is_annotated = [len(doc) > 0 and doc.has_annotation("ENT_IOB") for doc in docs]
    annotated = core.write_entities(docs, spans, hash_labels(LABELS))
    # Of documents without tokens it doesn't matter.
    assert [n for n in annotated if len(docs[n])] == numpy.flatnonzero(is_annotated).tolist()
    for number, (doc, rows) in enumerate(zip(docs, spans.by_doc(len(docs)), strict=True)):
        if number in annotated:
            assert doc.to_bytes() == before[number]
            continue
        found = [(ent.start, ent.end, ent.label_) for ent in doc.ents]
        assert found == [(start, end, LABELS[label]) for start, end, label, _ in rows]
        inside = {i for start, end, _, _ in rows for i in range(start, end)}
        iob = ["O" if i not in inside else "B" if i in [row[0] for row in rows] else "I"
               for i in range(len(doc))]  # fmt: skip
        assert [token.ent_iob_ for token in doc] == iob


@settings(max_examples=60)
@given(data=st.data(), seed=st.integers(0, 99), calibrated=st.booleans())
def test_groups_are_written(core, vocab, data, seed, calibrated):
    docs = data.draw(random_docs(vocab))
    spans = random_spans(docs, seed)
    for _ in range(2):  # what was there is replaced
        write_ratings(core, docs, spans, calibrated)
        for doc, rows in zip(docs, spans.by_doc(len(docs)), strict=True):
            group, ratings = doc.spans["key"], [row[3] for row in rows]
            assert group.name == "key" and group.doc is doc
            expected = [Span(doc, start, end, LABELS[label]) for start, end, label, _ in rows]
            assert list(group) == expected
            assert [str(span) for span in group] == [str(span) for span in expected]
            chars = [(span.start_char, span.end_char, span.label_, span.id) for span in group]
            assert chars == [(s.start_char, s.end_char, s.label_, s.id) for s in expected]
            scores = ratings if calibrated else [None] * len(rows)
            margins = {} if calibrated else {"margins": ratings}
            assert group.attrs == {"scores": scores, "calibrated": calibrated, **margins}
            same = Doc(vocab).from_bytes(doc.to_bytes())
            assert [(span.start, span.end, span.label_) for span in same.spans["key"]] == [
                (span.start, span.end, span.label_) for span in group
            ]


@settings(max_examples=60)
@given(data=st.data(), seed=st.integers(0, 99), calibrated=st.booleans())
def test_both_write_the_same(vocab, data, seed, calibrated):
    compiled = compiled_module("pipeline.doc_core")
    docs = data.draw(random_docs(vocab))
    others = [doc.copy() for doc in docs]
    spans = random_spans(docs, seed)
    for module, written in ((compiled, docs), (doc_plain, others)):
        module.write_entities(written, spans, hash_labels(LABELS))
        write_ratings(module, written, spans, calibrated, spans, numpy.arange(len(docs)) / 2)
    assert [doc.to_bytes() for doc in docs] == [doc.to_bytes() for doc in others]


def entity(start, end, label, rating=1.0, doc=0) -> Spans:
    columns = numpy.array([[doc], [start], [end], [label]], dtype="int32")
    return Spans(*columns, numpy.array([rating]))


def test_nothing(core, vocab):
    for docs in ([], [Doc(vocab)], [Doc(vocab, words=[" ", "\n"])]):
        lengths, *of_words, _ = core.read_words(docs, False, False)
        assert lengths.tolist() == [0] * len(docs) and not any(map(len, of_words))
    assert core.write_entities([], NO_SPANS, hash_labels(LABELS)) == []
    empty = Doc(vocab)
    assert core.write_entities([empty], NO_SPANS, hash_labels(())) in ([], [0])
    write_ratings(core, [empty], NO_SPANS, True)
    assert list(empty.spans["key"]) == []


@pytest.mark.parametrize("start, end", [(-1, 1), (0, 4), (2, 2), (3, 4), (2, 1)])
def test_spans_outside_of_a_document(vocab, start, end):
    core = compiled_module("pipeline.doc_core")
    doc = Doc(vocab, words=["a", "b", "c"])
    spans, hashes = entity(start, end, 0), hash_labels(LABELS)
    with pytest.raises(IndexError):
        core.write_entities([doc], spans, hashes)
    with pytest.raises(IndexError):
        write_ratings(core, [doc], spans, False)
    with pytest.raises(IndexError):
        write_ratings(core, [doc], NO_SPANS, False, spans)


@pytest.mark.parametrize("overwrite", [False, True])
def test_annotation_that_came_in_between(core, vocab, overwrite):
    """Something else has set entities since these were predicted."""
    docs = [Doc(vocab, words=["a"] * 5) for _ in range(2)]
    docs[0].set_ents([Span(docs[0], 1, 3, "PRESET", kb_id="Q42")], blocked=[docs[0][4:5]])
    parts = [entity(0, 1, 0), entity(2, 4, 1), entity(4, 5, 2), entity(1, 3, 0, doc=1)]
    spans = Spans(*(numpy.concatenate(columns) for columns in zip(*parts, strict=True)))
    written = doc_io.write_entities(docs, spans, LABELS, overwrite)
    first = [(ent.start, ent.end, ent.label_) for ent in docs[0].ents]
    if overwrite:
        assert first == [(0, 1, "PERSON"), (2, 4, "LOC"), (4, 5, "A NEW LABEL")]
    else:
        assert first == [(0, 1, "PERSON"), (1, 3, "PRESET")]
        assert docs[0].ents[1].kb_id_ == "Q42"
    assert written.docs.tolist() == ([0, 0, 0, 1] if overwrite else [0, 1])
    assert [(ent.start, ent.end, ent.label_) for ent in docs[1].ents] == [(1, 3, "PERSON")]


def test_labels_are_made_known_to_other_vocabularies(core, vocab):
    other = spacy.blank("de").vocab
    docs = [Doc(each, words=["in", "London"]) for each in (vocab, other)]
    assert "A NEW LABEL" not in other.strings
    add_label_strings(docs, vocab, LABELS)
    doc_io.write_entities(docs, entity(1, 2, 2, doc=1), LABELS, False)
    assert [ent.label_ for ent in docs[1].ents] == ["A NEW LABEL"]
    assert not docs[0].ents


@settings(max_examples=100)
@given(data=st.data(), seed=st.integers(0, 99))
def test_scores_are_kept(core, vocab, data, seed):
    docs = data.draw(random_docs(vocab))
    spans = random_spans(docs, seed)
    # Another label of the same tokens, found later.
    others = spans._replace(labels=(spans.labels + 1) % numpy.int32(len(LABELS)))
    for each in (spans, others):
        core.write_ratings(docs, each, LABELS, hash_labels(LABELS), True, None, None, None)
    for each in (spans, others):
        for doc, rows in zip(docs, each.by_doc(len(docs)), strict=True):
            for start, end, label, score in rows:
                assert Span(doc, start, end, LABELS[label])._.ner_score == score
    n_keys = sum(len(doc.user_data) for doc in docs)
    assert n_keys == len(spans.docs)
