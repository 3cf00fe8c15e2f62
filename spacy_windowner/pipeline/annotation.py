"""What the component reads from Docs when it predicts."""

from collections.abc import Sequence

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE, SENT_START
from spacy.tokens import Doc, Span

from ..tagging.lattice import Lattice, make_lattice


def lattice_of_docs(docs: Sequence[Doc], scores: numpy.ndarray, overwrite: bool) -> Lattice:
    """Constrain scores by what the documents hold: whitespace, sentences and, unless they are to
    be overwritten, entities and blocked tokens.

    docs (Sequence[Doc]): The documents.
    scores (numpy.ndarray): Scores of all their tokens. Shape (n_tokens, n_tags).
    overwrite (bool): Whether existing entities may be replaced.
    RETURNS (Lattice): The constrained scores.
    """
    table = numpy.concatenate([doc.to_array([IS_SPACE, SENT_START, ENT_IOB]) for doc in docs])
    lengths = numpy.array([len(doc) for doc in docs])
    return make_lattice(
        scores,
        lengths,
        is_space=table[:, 0] == 1,
        is_sent_start=table[:, 1] == 1,
        # B and I: part of an entity or, if the entity has no label, blocked.
        is_taken=None if overwrite else (table[:, 2] == 3) | (table[:, 2] == 1),
    )


def existing_entities(doc: Doc) -> tuple[list[Span], list[Span]]:
    """The entities and the blocked tokens that a document holds.

    doc (Doc): The document.
    RETURNS (Tuple[List[Span], List[Span]]): The entities and the blocked spans.
    """
    iob_type = doc.to_array([ENT_IOB, ENT_TYPE])
    blocked = (iob_type[:, 1] == 0) & ((iob_type[:, 0] == 3) | (iob_type[:, 0] == 1))
    return list(doc.ents), [doc[i : i + 1] for i in numpy.flatnonzero(blocked).tolist()]
