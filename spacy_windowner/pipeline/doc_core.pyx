"""The compiled version of `doc_plain.py`, which documents these functions: it reads the words of
Docs and writes entities and their probabilities."""

import numpy

from libc.stdint cimport int32_t, uint8_t, uint64_t
from spacy.attrs cimport IS_SPACE
from spacy.lexeme cimport Lexeme
from spacy.structs cimport SpanC, TokenC
from spacy.tokens.doc cimport Doc
from spacy.tokens.span_group cimport SpanGroup

from ..decoding import words as _words
from .ner_score import DOUBT, MARK, SCORE
from ..decoding.words import Words


cdef extern from *:
    const char* _SERIES "SPACY_SERIES"

SPACY_SERIES = _SERIES.decode("ascii")

cdef uint8_t BREAK = _words.BREAK, TAKEN = _words.TAKEN
ends_line = _words.ends_line
cdef enum:
    INSIDE = 1
    OUTSIDE = 2
    BEGIN = 3


def read_words(docs, bint overwrite, bint crosses_lines):
    cdef Doc doc
    cdef int i, n_words = 0, n_tokens = 0, at = 0
    cdef int32_t number
    cdef const TokenC* token
    cdef bint is_broken, is_taken, is_start
    for doc in docs:
        n_tokens += doc.length
        for i in range(doc.length):
            n_words += not Lexeme.c_check_flag(doc.c[i].lex, IS_SPACE)
    lengths = numpy.empty(len(docs), dtype="int32")
    orths = numpy.empty(n_words, dtype="uint64")
    lowers = numpy.empty(n_words, dtype="uint64")
    places = numpy.empty(n_words, dtype="uint8")
    positions = numpy.empty(n_words, dtype="int32")
    cdef int32_t[::1] n = lengths, position = positions
    cdef uint64_t[::1] orth = orths, lower = lowers
    cdef uint8_t[::1] place = places
    for number, doc in enumerate(docs):
        is_broken, n[number] = False, -at
        for i in range(doc.length):
            token = &doc.c[i]
            is_start = token.sent_start == 1
            is_taken = not overwrite and (token.ent_iob == INSIDE or token.ent_iob == BEGIN)
            if Lexeme.c_check_flag(token.lex, IS_SPACE):
                is_broken |= is_start or is_taken
                if not is_broken and not crosses_lines:
                    is_broken = ends_line(doc.vocab.strings[token.lex.orth])
                continue
            orth[at], lower[at], position[at] = token.lex.orth, token.lex.lower, i
            place[at] = (BREAK if is_start or is_broken else 0) | (TAKEN if is_taken else 0)
            is_broken = False
            at += 1
        n[number] += at
    return Words(lengths, orths, lowers, places, positions if n_words < n_tokens else None)


def write_entities(docs, spans, label_hashes):
    cdef const int32_t[::1] owners = spans.docs, starts = spans.starts, ends = spans.ends
    cdef const int32_t[::1] labels = spans.labels
    cdef const uint64_t[::1] hashes = label_hashes
    cdef Doc doc
    cdef int32_t i, number, at = 0, n_spans = owners.shape[0]
    cdef bint is_annotated
    annotated = []
    for number, doc in enumerate(docs):
        is_annotated = False
        for i in range(doc.length):
            is_annotated |= doc.c[i].ent_iob != 0
        if is_annotated:
            annotated.append(number)
        else:
            for i in range(doc.length):
                doc.c[i].ent_iob, doc.c[i].ent_type = OUTSIDE, 0
        while at < n_spans and owners[at] == number:
            if not is_annotated:
                check(doc, starts[at], ends[at])
                for i in range(starts[at], ends[at]):
                    doc.c[i].ent_iob = BEGIN if i == starts[at] else INSIDE
                    doc.c[i].ent_type = hashes[labels[at]]
            at += 1
    return annotated


cdef inline int check(Doc doc, int start, int end) except -1:
    if not 0 <= start < end <= doc.length:
        raise IndexError(f"There are no tokens {start} to {end} in a Doc of {doc.length}")
    return 0


cdef class Columns:
    """The columns of some `Spans`, with the place of the next one to write."""

    cdef const int32_t[::1] docs
    cdef const int32_t[::1] starts
    cdef const int32_t[::1] ends
    cdef const int32_t[::1] labels
    cdef const double[::1] ratings
    cdef int at
    cdef int n

    def __init__(self, spans):
        self.docs, self.starts, self.ends, self.labels, self.ratings = spans
        self.at, self.n = 0, len(self.docs)


def write_ratings(docs, spans, labels, label_hashes, bint calibrated, key, candidates, doubts):
    cdef Columns own = Columns(spans)
    cdef Columns near = None if candidates is None else Columns(candidates)
    cdef const uint64_t[::1] hashes = label_hashes
    cdef const double[::1] of_docs = doubts
    cdef Doc doc
    cdef int32_t number
    cdef int i = 0
    cdef const TokenC* last
    near_key = f"{key}_candidates"
    # One document after the other, because its tokens stay in the processor's cache.
    for number, doc in enumerate(docs):
        while calibrated and i < own.n and own.docs[i] == number:
            check(doc, own.starts[i], own.ends[i])
            last = &doc.c[own.ends[i] - 1]
            at = (MARK, SCORE, doc.c[own.starts[i]].idx, last.idx + last.lex.length)
            found = {labels[own.labels[i]]: own.ratings[i]}
            known = doc.user_data.setdefault(at, found)
            if known is not found:  # another Doc may share it
                doc.user_data[at] = {**known, **found}
            i += 1
        if key is not None:
            add_group(doc, number, key, own, hashes, calibrated)
        if near is not None:
            attrs = add_group(doc, number, near_key, near, hashes, calibrated)
            if doubts is not None:
                attrs[DOUBT] = of_docs[number]


cdef dict add_group(
    Doc doc, int32_t number, str key, Columns spans, const uint64_t[::1] hashes, bint calibrated
):
    """Store the spans of a document in a group, and return its attributes."""
    # What `SpanGroup(doc, name=key)` and `doc.spans[key] = group` do, in a third of the time.
    groups = doc.spans
    cdef SpanGroup group = SpanGroup.__new__(SpanGroup)
    cdef SpanC span
    cdef const TokenC* last
    cdef list found = []
    cdef int i, stop = spans.at
    while stop < spans.n and spans.docs[stop] == number:
        stop += 1
    group.c.reserve(stop - spans.at)
    group._doc_ref, group.name = groups.doc_ref, key
    span.id = span.kb_id = 0
    for i in range(spans.at, stop):
        check(doc, spans.starts[i], spans.ends[i])
        last = &doc.c[spans.ends[i] - 1]
        span.start, span.end, span.label = spans.starts[i], spans.ends[i], hashes[spans.labels[i]]
        span.start_char, span.end_char = doc.c[span.start].idx, last.idx + last.lex.length
        group.c.push_back(span)
        found.append(spans.ratings[i])
    spans.at = stop
    if calibrated:
        group.attrs = {"scores": found, "calibrated": True}
    else:
        group.attrs = {"scores": [None] * len(found), "calibrated": False, "margins": found}
    groups.data[key] = group
    return group.attrs
