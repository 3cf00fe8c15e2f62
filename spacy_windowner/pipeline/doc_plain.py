"""Reads the words of Docs and writes entities and their probabilities, in plain Python. It runs
where `doc_core.pyx` isn't compiled, and tests compare the two."""

from collections.abc import Sequence
from typing import Any

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE, SENT_START
from spacy.tokens import Doc, Span, SpanGroup

from ..decoding import words as places
from ..decoding.spans import Spans
from ..decoding.words import Words, ends_line
from .ner_score import DOUBT, MARK, SCORE

# Values of ENT_IOB.
_I, _O, _B = 1, 2, 3


def read_words(docs: Sequence[Doc], overwrite: bool, crosses_lines: bool) -> Words:
    """Read the words of documents, which are all tokens except whitespace.

    docs (Sequence[Doc]): The documents.
    overwrite (bool): Whether tokens of existing entities and blocked tokens count as free.
    crosses_lines (bool): Whether an entity may continue after a line end.
    RETURNS (Words): The words.
    """
    lengths: list[int] = []
    words: list[int] = []
    lowers: list[int] = []
    found: list[int] = []
    positions: list[int] = []
    for doc in docs:
        is_broken, n_before = False, len(words)
        for token, row in zip(doc, doc.to_array([SENT_START, ENT_IOB]).tolist(), strict=True):
            is_start = row[0] == 1
            # B and I mean part of an entity or, without a label, blocked.
            is_taken = not overwrite and row[1] in (_B, _I)
            if token.is_space:
                is_line_end = not crosses_lines and ends_line(token.text)
                is_broken |= is_start or is_taken or is_line_end
                continue
            words.append(token.orth)
            lowers.append(token.lower)
            found.append(places.BREAK * (is_start or is_broken) + places.TAKEN * is_taken)
            positions.append(token.i)
            is_broken = False
        lengths.append(len(words) - n_before)
    has_spaces = len(words) < sum(map(len, docs))
    return Words(
        numpy.array(lengths, dtype="int32"),
        numpy.array(words, dtype="uint64"),
        numpy.array(lowers, dtype="uint64"),
        numpy.array(found, dtype="uint8"),
        numpy.array(positions, dtype="int32") if has_spaces else None,
    )


def write_entities(docs: Sequence[Doc], spans: Spans, label_hashes: numpy.ndarray) -> list[int]:
    """Set the entities of documents that have no entity annotation yet. All other tokens of these
    documents become O.

    docs (Sequence[Doc]): The documents. Their vocabularies must contain the labels.
    spans (Spans): The entities, in the order of the documents.
    label_hashes (numpy.ndarray): uint64, the hash of each label. Shape (n_labels,).
    RETURNS (List[int]): The numbers of the documents that have entity annotation already. They are
        not changed.
    """
    annotated = []
    for number, (doc, rows) in enumerate(zip(docs, spans.by_doc(len(docs)), strict=True)):
        if doc.has_annotation("ENT_IOB"):
            annotated.append(number)
            continue
        table: Any = numpy.zeros((len(doc), 2), dtype="uint64")  # spaCy's stubs want Thinc's types
        table[:, 0] = _O
        for start, end, label, _ in rows:
            table[start:end] = _I, label_hashes[label]
            table[start, 0] = _B
        doc.from_array([ENT_IOB, ENT_TYPE], table)
    return annotated


def write_ratings(
    docs: Sequence[Doc],
    spans: Spans,
    labels: Sequence[str],
    label_hashes: numpy.ndarray,
    calibrated: bool,
    key: str | None,
    candidates: Spans | None,
    doubts: numpy.ndarray | None,
) -> None:
    """Store the probabilities of entities for `span._.ner_score`, if the component is calibrated.
    Those of other spans and labels are kept. If there is a key, store the spans in doc.spans as
    well, see `_write_group`.

    docs (Sequence[Doc]): The documents. Their vocabularies must contain the labels.
    spans (Spans): The entities, rated by their probability if calibrated, otherwise by their
        margin.
    labels (Sequence[str]): The labels.
    label_hashes (numpy.ndarray): uint64, the hash of each label. Shape (n_labels,).
    calibrated (bool): Whether the component is calibrated.
    key (Optional[str]): The key in doc.spans. An existing group is replaced.
    candidates (Optional[Spans]): The spans to store under this key followed by "_candidates".
    doubts (Optional[numpy.ndarray]): float64, the doubt about each document. Shape (n_docs,).
    """
    for doc, rows in zip(docs, spans.by_doc(len(docs)), strict=True) if calibrated else ():
        data: dict[Any, Any] = doc.user_data
        for start, end, label, score in rows:
            at = (MARK, SCORE, doc[start].idx, doc[end - 1].idx + len(doc[end - 1]))
            # Always a new dictionary, because another Doc may share the old one.
            data[at] = {**data.get(at, {}), labels[label]: score}
    if key is not None:
        _write_groups(docs, key, spans, label_hashes, calibrated, None)
    if candidates is not None:
        _write_groups(docs, f"{key}_candidates", candidates, label_hashes, calibrated, doubts)


def _write_groups(
    docs: Sequence[Doc],
    key: str,
    spans: Spans,
    label_hashes: numpy.ndarray,
    calibrated: bool,
    doubts: numpy.ndarray | None,
) -> None:
    """Store rated spans in doc.spans. The `attrs` of the group contain `scores`, the probability of
    each span in the order of the spans, and `calibrated`. If the component isn't calibrated, all
    scores are None, because a margin is not a probability, and `margins` contains the margins. For
    candidates, `ner_doubt` contains the doubt about the document."""
    for number, (doc, rows) in enumerate(zip(docs, spans.by_doc(len(docs)), strict=True)):
        ratings = [row[3] for row in rows]
        attrs: dict[str, Any] = {"scores": ratings, "calibrated": calibrated}
        if not calibrated:
            attrs |= {"scores": [None] * len(ratings), "margins": ratings}
        if doubts is not None:
            attrs[DOUBT] = float(doubts[number])
        found = [Span(doc, start, end, int(label_hashes[label])) for start, end, label, _ in rows]
        doc.spans[key] = SpanGroup(doc, name=key, attrs=attrs, spans=found)
