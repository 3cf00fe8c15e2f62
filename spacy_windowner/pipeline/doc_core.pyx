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
from .ner_score import MARK, SCORE
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


def write_groups(docs, key, spans, label_hashes, bint calibrated):
    cdef const int32_t[::1] owners = spans.docs, starts = spans.starts, ends = spans.ends
    cdef const int32_t[::1] labels = spans.labels
    cdef const uint64_t[::1] hashes = label_hashes
    cdef const double[::1] ratings = spans.ratings
    cdef Doc doc
    cdef SpanGroup group
    cdef SpanC span
    cdef const TokenC* last
    cdef int32_t number, at = 0, n_spans = owners.shape[0]
    span.id = span.kb_id = 0
    for number, doc in enumerate(docs):
        group = SpanGroup(doc, name=key)
        found = []
        while at < n_spans and owners[at] == number:
            check(doc, starts[at], ends[at])
            last = &doc.c[ends[at] - 1]
            span.start, span.end, span.label = starts[at], ends[at], hashes[labels[at]]
            span.start_char, span.end_char = doc.c[starts[at]].idx, last.idx + last.lex.length
            group.c.push_back(span)
            found.append(ratings[at])
            at += 1
        group.attrs["scores"] = found if calibrated else [None] * len(found)
        group.attrs["calibrated"] = calibrated
        if not calibrated:
            group.attrs["margins"] = found
        doc.spans[key] = group


def write_probabilities(docs, spans, labels):
    cdef const int32_t[::1] owners = spans.docs, starts = spans.starts, ends = spans.ends
    cdef const int32_t[::1] numbers = spans.labels
    cdef const double[::1] ratings = spans.ratings
    cdef Doc doc
    cdef const TokenC* last
    cdef int32_t i
    for i in range(owners.shape[0]):
        doc = docs[owners[i]]
        check(doc, starts[i], ends[i])
        data, last = doc.user_data, &doc.c[ends[i] - 1]
        key = (MARK, SCORE, doc.c[starts[i]].idx, last.idx + last.lex.length)
        found = {labels[numbers[i]]: ratings[i]}
        data[key] = {**data[key], **found} if key in data else found
