"""What the component reads from Docs and Examples, as arrays of a whole batch."""

from collections.abc import Iterable, Sequence

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE, ORTH, SENT_START
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..tagging.lattice import Lattice, make_lattice
from ..tagging.scheme import MISSING, tags_from_iob


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


def gold_tags(
    example: Example, label_hashes: Sequence[int]
) -> tuple[numpy.ndarray, list[tuple[Span, str]]]:
    """The gold tags of the predicted document's tokens.

    example (Example): The example.
    label_hashes (Sequence[int]): The hash of each label, in the labels' order.
    RETURNS (Tuple[numpy.ndarray, List[Tuple[Span, str]]]): int32 tags, shape (n_tokens,), MISSING
        for tokens that are not annotated; and the reference's entities that can't be used, with
        the reason, whose tokens are MISSING, too.
    """
    ents: Sequence[Span] = example.reference.ents
    skipped: list[tuple[Span, str]] = []
    if same_tokens(example):
        iob_type = example.reference.to_array([ENT_IOB, ENT_TYPE])
    else:
        skipped += [
            (ent, "not aligned with the tokens")
            for ent in ents
            if not example.get_aligned_spans_y2x([ent])
        ]
        ents, _ = example.get_aligned_ents_and_ner()
        iob_type = _aligned_iob(example, ents)
    tags = tags_from_iob(iob_type[:, 0], iob_type[:, 1], label_hashes)
    for ent in ents:
        if ent[0].is_space or ent[-1].is_space:
            tags[ent.start : ent.end] = MISSING
            skipped.append((ent, "on whitespace"))
    return tags, skipped


def same_tokens(example: Example) -> bool:
    """Whether the predicted and the reference document have the same tokens."""
    predicted, reference = example.predicted, example.reference
    return len(predicted) == len(reference) and numpy.array_equal(
        predicted.to_array(ORTH), reference.to_array(ORTH)
    )


def _aligned_iob(example: Example, ents: Iterable[Span]) -> numpy.ndarray:
    """ENT_IOB and ENT_TYPE of the predicted document's tokens. Unaligned ones have 0."""
    predicted = example.predicted
    iob_type = numpy.zeros((len(predicted), 2), dtype="uint64")
    if not example.reference.has_annotation("ENT_IOB"):
        return iob_type
    for i, iob in enumerate(example.get_aligned("ENT_IOB")):
        if iob == 2 or predicted[i].is_space:
            iob_type[i, 0] = 2
    for ent in ents:
        iob_type[ent.start : ent.end] = (1, ent.label)
        iob_type[ent.start, 0] = 3
    return iob_type
