"""Reads the tokens of Docs and writes their entities, compiled: see the twin, `doc_plain.py`."""

import numpy

from libc.stdint cimport int32_t, uint8_t, uint64_t
from spacy.attrs cimport IS_SPACE
from spacy.lexeme cimport Lexeme
from spacy.structs cimport TokenC
from spacy.tokens.doc cimport Doc

from ..decoding import places as _places


cdef extern from *:
    const char* _SERIES "SPACY_SERIES"

SPACY_SERIES = _SERIES.decode("ascii")

cdef uint8_t SPACE = _places.SPACE, SENT_START = _places.SENT_START, TAKEN = _places.TAKEN
cdef enum:
    INSIDE = 1
    OUTSIDE = 2
    BEGIN = 3


def read_tokens(docs, bint overwrite):
    cdef Doc doc
    cdef int i, n_tokens = 0
    cdef int32_t number
    cdef const TokenC* token
    lengths = numpy.empty(len(docs), dtype="int32")
    cdef int32_t[::1] n = lengths
    for number, doc in enumerate(docs):
        n[number] = doc.length
        n_tokens += doc.length
    words = numpy.empty(n_tokens, dtype="uint64")
    places = numpy.zeros(n_tokens, dtype="uint8")
    cdef uint64_t[::1] word = words
    cdef uint8_t[::1] place = places
    cdef int at = 0
    for doc in docs:
        for i in range(doc.length):
            token = &doc.c[i]
            word[at] = token.lex.orth
            if Lexeme.c_check_flag(token.lex, IS_SPACE):
                place[at] |= SPACE
            if token.sent_start == 1:
                place[at] |= SENT_START
            if not overwrite and (token.ent_iob == INSIDE or token.ent_iob == BEGIN):
                place[at] |= TAKEN
            at += 1
    return lengths, words, places


def write_entities(docs, spans, label_hashes):
    cdef const int32_t[::1] owners = spans.docs, starts = spans.starts, ends = spans.ends
    cdef const int32_t[::1] labels = spans.labels
    cdef const uint64_t[::1] hashes = label_hashes
    cdef Doc doc
    cdef int32_t i, number, at = 0, n_spans = owners.shape[0]
    annotated = []
    for number, doc in enumerate(docs):
        for i in range(doc.length):
            if doc.c[i].ent_iob != 0:
                annotated.append(number)
                while at < n_spans and owners[at] == number:
                    at += 1
                break
        else:
            for i in range(doc.length):
                doc.c[i].ent_iob, doc.c[i].ent_type = OUTSIDE, 0
            while at < n_spans and owners[at] == number:
                for i in range(max(starts[at], 0), min(ends[at], doc.length)):
                    doc.c[i].ent_iob, doc.c[i].ent_type = INSIDE, hashes[labels[at]]
                doc.c[starts[at]].ent_iob = BEGIN
                at += 1
    return annotated
