"""What the component reads from Docs when it predicts, and writes to them."""

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

if TYPE_CHECKING:
    from . import doc_plain as core
else:
    core = choose("pipeline.doc_core", "pipeline.doc_plain")

read_tokens = core.read_tokens

# The values of ENT_IOB.
_I, _B = 1, 3


def write_entities(
    docs: Sequence[Doc], spans: Spans, labels: tuple[str, ...], overwrite: bool
) -> Spans:
    """Set the entities of documents. All their other tokens become O.

    docs (Sequence[Doc]): The documents.
    spans (Spans): The new entities.
    labels (Tuple[str, ...]): The labels.
    overwrite (bool): Whether existing entities and blocked tokens give way. Otherwise new entities
        that overlap with them are left out.
    RETURNS (Spans): The new entities that were set.
    """
    annotated = core.write_entities(docs, spans, hash_labels(labels))
    if not annotated:
        return spans
    is_set = numpy.ones(len(spans.docs), dtype=bool)
    for number in annotated:
        mine = numpy.flatnonzero(spans.docs == number)
        is_set[mine] = _add_entities(docs[number], spans.select(mine), labels, overwrite)
    return spans.select(is_set)


def write_groups(
    docs: Sequence[Doc], key: str, spans: Spans, labels: tuple[str, ...], calibrated: bool
) -> None:
    """Put rated spans into doc.spans, see `doc_plain.write_groups`."""
    core.write_groups(docs, key, spans, hash_labels(labels), calibrated)


def add_labels(docs: Iterable[Doc], vocab: Vocab, labels: Iterable[str]) -> None:
    """Make labels known to the vocabularies of documents, other than a component's own, which
    knows them."""
    for other in {doc.vocab for doc in docs} - {vocab}:
        for label in labels:
            other.strings.add(label)


@lru_cache(maxsize=16)
def hash_labels(labels: tuple[str, ...]) -> numpy.ndarray:
    """The hashes of labels in the vocabulary. uint64, shape (n_labels,)."""
    hashes = numpy.array([get_string_id(label) for label in labels], dtype="uint64")
    hashes.flags.writeable = False  # it is shared
    return hashes


def _add_entities(doc: Doc, spans: Spans, labels: Sequence[str], overwrite: bool) -> list[bool]:
    """Set the entities of a document that has annotation of entities already. Returns which of
    them were set."""
    kept, blocked = ([], []) if overwrite else existing_entities(doc)
    # Something else may have set entities since these were predicted.
    taken = {token.i for span in (*kept, *blocked) for token in span}
    [rows] = spans._replace(docs=numpy.zeros_like(spans.docs)).by_doc(1)
    is_free = [taken.isdisjoint(range(row[0], row[1])) for row in rows]
    ents = [
        Span(doc, start, end, label=labels[label])
        for (start, end, label, _), free in zip(rows, is_free, strict=True)
        if free
    ]
    doc.set_ents([*kept, *ents], blocked=blocked)
    return is_free


def existing_entities(doc: Doc) -> tuple[list[Span], list[Span]]:
    """The entities and the blocked tokens that a document holds.

    doc (Doc): The document.
    RETURNS (Tuple[List[Span], List[Span]]): The entities and the blocked spans.
    """
    iob_type = doc.to_array([ENT_IOB, ENT_TYPE])
    blocked = (iob_type[:, 1] == 0) & ((iob_type[:, 0] == _B) | (iob_type[:, 0] == _I))
    return list(doc.ents), [doc[i : i + 1] for i in numpy.flatnonzero(blocked).tolist()]


def get_ner_score(span: Span) -> float | None:
    """The getter of `span._.ner_score`.

    span (Span): A span.
    RETURNS (Optional[float]): The probability that was found for exactly this span and label, as it
        stands in doc.spans. None if there is none.
    """
    for group in span.doc.spans.values():
        if "calibrated" in group.attrs:
            for other, score in zip(group, group.attrs["scores"], strict=True):
                if (other.start, other.end, other.label) == (span.start, span.end, span.label):
                    return score
    return None


if not Span.has_extension("ner_score"):
    Span.set_extension("ner_score", getter=get_ner_score)
