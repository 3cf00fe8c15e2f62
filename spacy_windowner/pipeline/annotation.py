"""What the component reads from Docs when it predicts, and writes to them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE, ORTH, SENT_START
from spacy.strings import get_string_id
from spacy.tokens import Doc, Span

from ..tagging.lattice import Places

Entities = Sequence[tuple]
"""The entities of a document, as (start, end, label number), or with more columns after these."""


class Tokens(NamedTuple):
    """The tokens of a batch, one document after the other.

    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    words (numpy.ndarray): ORTH of each token, uint64. Shape (n_tokens,).
    places (Places): What constrains their tags.
    """

    lengths: numpy.ndarray
    words: numpy.ndarray
    places: Places


def read_tokens(docs: Sequence[Doc], overwrite: bool) -> Tokens:
    """Read the tokens of documents.

    docs (Sequence[Doc]): The documents, at least one.
    overwrite (bool): Whether tokens of existing entities, and blocked ones, count as free.
    RETURNS (Tokens): Their tokens.
    """
    tables = [doc.to_array(_READ) for doc in docs]
    lengths = numpy.array([len(table) for table in tables])
    table = numpy.concatenate(tables)
    known = {"is_space": table[:, 1] == 1, "is_sent_start": table[:, 2] == 1}
    if not overwrite:
        # B and I: part of an entity or, if the entity has no label, blocked.
        known["is_taken"] = (table[:, 3] == _B) | (table[:, 3] == _I)
    places = Places.of_docs(lengths, **known)
    return Tokens(lengths, numpy.ascontiguousarray(table[:, 0]), places)


# The values of ENT_IOB.
_I, _O, _B = 1, 2, 3
_READ = [ORTH, IS_SPACE, SENT_START, ENT_IOB]
_WRITTEN = [ENT_IOB, ENT_TYPE]


def write_entities(
    docs: Sequence[Doc], entities: Sequence[Entities], labels: Sequence[str], overwrite: bool
) -> list[Entities]:
    """Set the entities of documents. All their other tokens become O.

    docs (Sequence[Doc]): The documents.
    entities (Sequence[Entities]): The new entities of each.
    labels (Sequence[str]): The labels.
    overwrite (bool): Whether existing entities and blocked tokens give way. Otherwise new entities
        that overlap with them are left out.
    RETURNS (List[Entities]): The new entities that were set.
    """
    written = list(entities)
    hashes = [get_string_id(label) for label in labels]
    n_tokens = sum(len(doc) for doc in docs)
    table: Any = numpy.zeros((n_tokens, len(_WRITTEN)), dtype="uint64")
    table[:, 0] = _O
    iob, types = table[:, 0], table[:, 1]
    offset = 0
    vocab = None
    for place, (doc, spans) in enumerate(zip(docs, entities, strict=True)):
        stop = offset + len(doc)
        if doc.has_annotation("ENT_IOB"):
            written[place] = _add_entities(doc, spans, labels, overwrite)
        else:
            for start, end, label, *_ in spans:
                iob[offset + start : offset + end] = _I
                iob[offset + start] = _B
                types[offset + start : offset + end] = hashes[label]
            if spans and doc.vocab is not vocab:
                # A document of another vocabulary may not know the labels yet.
                vocab = doc.vocab
                for name in labels:
                    vocab.strings.add(name)
            doc.from_array(_WRITTEN, table[offset:stop])
        offset = stop
    return written


def _add_entities(doc: Doc, spans: Entities, labels: Sequence[str], overwrite: bool) -> Entities:
    """Set the entities of a document that has annotation of entities already."""
    kept, blocked = ([], []) if overwrite else existing_entities(doc)
    # Something else may have set entities since these were predicted.
    taken = {token.i for span in (*kept, *blocked) for token in span}
    free = [row for row in spans if taken.isdisjoint(range(row[0], row[1]))]
    ents = [Span(doc, start, end, label=labels[label]) for start, end, label, *_ in free]
    doc.set_ents([*kept, *ents], blocked=blocked)
    return free


def existing_entities(doc: Doc) -> tuple[list[Span], list[Span]]:
    """The entities and the blocked tokens that a document holds.

    doc (Doc): The document.
    RETURNS (Tuple[List[Span], List[Span]]): The entities and the blocked spans.
    """
    iob_type = doc.to_array([ENT_IOB, ENT_TYPE])
    blocked = (iob_type[:, 1] == 0) & ((iob_type[:, 0] == _B) | (iob_type[:, 0] == _I))
    return list(doc.ents), [doc[i : i + 1] for i in numpy.flatnonzero(blocked).tolist()]
