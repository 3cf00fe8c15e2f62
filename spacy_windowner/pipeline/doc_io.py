"""Reads the words of Docs, and writes predicted entities and their probabilities to Docs. Uses the
compiled functions of `doc_core.pyx` if there are any."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.strings import get_string_id
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..compiled import choose
from ..decoding.spans import Spans
from .ner_score import set_ner_score

if TYPE_CHECKING:
    from . import doc_plain as core
else:
    core = choose("pipeline.doc_core", "pipeline.doc_plain")

read_words = core.read_words

# Values of ENT_IOB.
_I, _B = 1, 3


def write_entities(
    docs: Sequence[Doc], spans: Spans, labels: tuple[str, ...], overwrite: bool
) -> Spans:
    """Set the entities of documents. All other tokens become O.

    docs (Sequence[Doc]): The documents.
    spans (Spans): The new entities, ordered by document.
    labels (Tuple[str, ...]): The component's labels.
    overwrite (bool): Whether to remove existing entities and blocked tokens. If not, they are kept,
        and new entities that overlap with them are not set.
    RETURNS (Spans): The new entities that were set.
    """
    annotated = core.write_entities(docs, spans, hash_labels(labels))
    if not annotated:
        return spans
    is_set = numpy.ones(len(spans.docs), dtype=bool)
    starts = numpy.searchsorted(spans.docs, annotated)
    stops = numpy.searchsorted(spans.docs, annotated, side="right")
    for number, start, stop in zip(annotated, starts, stops, strict=True):
        mine = numpy.arange(start, stop)
        is_set[mine] = _add_entities(docs[number], spans.select(mine), labels, overwrite)
    return spans.select(is_set)


def write_ratings(
    docs: Sequence[Doc],
    spans: Spans,
    labels: tuple[str, ...],
    calibrated: bool,
    key: str | None = None,
    candidates: Spans | None = None,
    doubts: numpy.ndarray | None = None,
) -> None:
    """Store the probabilities of entities for `span._.ner_score` and, if there is a key, rated
    spans in doc.spans, see `doc_plain.write_ratings`. If the component isn't calibrated, remove
    probabilities that an earlier component has stored for the same spans and labels.

    docs (Sequence[Doc]): The documents.
    spans (Spans): The entities, rated by their probability if calibrated, otherwise by their
        margin.
    labels (Tuple[str, ...]): The component's labels.
    calibrated (bool): Whether the component is calibrated.
    key (Optional[str]): The key in doc.spans.
    candidates (Optional[Spans]): The spans to store under this key followed by "_candidates".
    doubts (Optional[numpy.ndarray]): The doubt about each document. Shape (n_docs,).
    """
    if not calibrated and any(doc.user_data or doc.spans for doc in docs):
        for doc, rows in zip(docs, spans.by_doc(len(docs)), strict=True):
            for start, end, label, _ in rows:
                set_ner_score(Span(doc, start, end, labels[label]), None)
    core.write_ratings(
        docs, spans, labels, hash_labels(labels), calibrated, key, candidates, doubts
    )


def add_label_strings(docs: Iterable[Doc], vocab: Vocab, labels: Iterable[str]) -> None:
    """Add labels to the vocabularies of documents, if these aren't the component's own.

    docs (Iterable[Doc]): The documents.
    vocab (Vocab): The component's vocabulary.
    labels (Iterable[str]): The labels.
    """
    for other in {doc.vocab for doc in docs} - {vocab}:
        for label in labels:
            other.strings.add(label)


@lru_cache(maxsize=16)
def hash_labels(labels: tuple[str, ...]) -> numpy.ndarray:
    """The hashes of labels, as in the vocabulary. uint64, shape (n_labels,)."""
    hashes = numpy.array([get_string_id(label) for label in labels], dtype="uint64")
    hashes.flags.writeable = False  # because the cache shares it
    return hashes


def _add_entities(doc: Doc, spans: Spans, labels: Sequence[str], overwrite: bool) -> list[bool]:
    """Set the entities of a document that already has entity annotation. Returns for each new
    entity whether it was set."""
    kept, blocked = ([], []) if overwrite else _existing_entities(doc)
    # Other code may have set entities after the prediction.
    taken = {token.i for span in (*kept, *blocked) for token in span}
    rows = spans.rows()
    is_free = [taken.isdisjoint(range(row[0], row[1])) for row in rows]
    ents = [
        Span(doc, start, end, label=labels[label])
        for (start, end, label, _), free in zip(rows, is_free, strict=True)
        if free
    ]
    doc.set_ents([*kept, *ents], blocked=blocked)
    return is_free


def _existing_entities(doc: Doc) -> tuple[list[Span], list[Span]]:
    """The entities and the blocked tokens of a document, as spans."""
    iob_type = doc.to_array([ENT_IOB, ENT_TYPE])
    blocked = (iob_type[:, 1] == 0) & ((iob_type[:, 0] == _B) | (iob_type[:, 0] == _I))
    return list(doc.ents), [doc[i : i + 1] for i in numpy.flatnonzero(blocked).tolist()]
