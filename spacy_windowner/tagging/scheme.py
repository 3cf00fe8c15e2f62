"""The BIO tag scheme: column 0 is O, then B-l and I-l of each label, in the labels' order."""

from collections.abc import Sequence
from typing import Any

import numpy

O = 0  # noqa: E741
MISSING = -1
"""The tag of a token whose annotation is unknown."""

# The values of spaCy's Token.ent_iob.
_ENT_IOB_I, _ENT_IOB_B = 1, 3


def n_tags(n_labels: int) -> int:
    """The number of tags of n_labels labels."""
    return 1 + 2 * n_labels


def begin_tag(label: Any) -> Any:
    """The B- tag of a label's number, or of an array of them. The I- tag is the next one."""
    return 1 + 2 * label


def label_of_tag(tags: numpy.ndarray) -> numpy.ndarray:
    """The label number of each tag, -1 for O."""
    return (tags + 1) // 2 - 1


def is_begin(tags: numpy.ndarray) -> numpy.ndarray:
    """Whether each tag is a B- tag."""
    return (tags > 0) & (tags % 2 == 1)


def is_inside(tags: numpy.ndarray) -> numpy.ndarray:
    """Whether each tag is an I- tag."""
    return (tags > 0) & (tags % 2 == 0)


def tag_names(labels: Sequence[str]) -> list[str]:
    """The names of all tags, e.g. ["O", "B-PER", "I-PER"] for ["PER"]."""
    return ["O"] + [f"{prefix}-{label}" for label in labels for prefix in "BI"]


def tags_from_iob(
    iob: numpy.ndarray, types: numpy.ndarray, label_hashes: Sequence[int]
) -> numpy.ndarray:
    """Tags from the attributes of tokens.

    iob (numpy.ndarray): ENT_IOB of each token. Shape (n_tokens,).
    types (numpy.ndarray): ENT_TYPE of each token. Shape (n_tokens,).
    label_hashes (Sequence[int]): The hash of each label, in the labels' order.
    RETURNS (numpy.ndarray): int32 tags; MISSING where ENT_IOB is 0. Tokens of an entity whose type
        is none of the labels are O: they are known to be nothing that has a label here.
    """
    labels = numpy.full(len(types), -1, dtype="int32")
    for number, label_hash in enumerate(label_hashes):
        labels[types == numpy.uint64(label_hash)] = number
    tags = numpy.where(iob == 0, MISSING, O).astype("int32")
    known = labels >= 0
    begins = known & (iob == _ENT_IOB_B)
    insides = known & (iob == _ENT_IOB_I)
    tags[begins] = begin_tag(labels[begins])
    tags[insides] = begin_tag(labels[insides]) + 1
    return tags


def spans_from_tags(
    tokens: numpy.ndarray, tags: numpy.ndarray, lengths: numpy.ndarray
) -> list[Sequence[tuple[int, int, int]]]:
    """The entities of a batch of valid tag sequences.

    tokens (numpy.ndarray): The tokens that are not O, by their ascending number in the batch.
        Shape (n,).
    tags (numpy.ndarray): Their tags. Shape (n,).
    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    RETURNS (List[Sequence[Tuple[int, int, int]]]): The entities of each document in their order,
        as (start, end, label number), token offsets with the end exclusive.
    """
    # Most documents have none and share the empty tuple: a list for each would have the garbage
    # collector run through all of memory again and again.
    spans: list[Sequence[tuple[int, int, int]]] = [()] * len(lengths)
    if not len(tokens):
        return spans
    begins = numpy.flatnonzero(is_begin(tags))
    starts = tokens[begins]
    # All tokens up to the next B- tag are of the same entity.
    ends = tokens[numpy.append(begins[1:], len(tokens)) - 1] + 1
    doc_ends = numpy.cumsum(lengths)
    docs = numpy.searchsorted(doc_ends, starts, side="right")
    offsets = (doc_ends - lengths)[docs]
    columns = (starts - offsets, ends - offsets, label_of_tag(tags[begins]))
    found = tuple(zip(*(column.tolist() for column in columns), strict=True))
    some, firsts = numpy.unique(docs, return_index=True)
    stops = [*firsts[1:].tolist(), len(found)]
    for doc, first, stop in zip(some.tolist(), firsts.tolist(), stops, strict=True):
        spans[doc] = found[first:stop]
    return spans
