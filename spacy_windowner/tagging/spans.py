from collections.abc import Sequence

import numpy


def spans_by_doc(lengths: numpy.ndarray, *columns: numpy.ndarray) -> list[Sequence[tuple]]:
    """Divide the spans of a batch among its documents.

    lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
    columns (numpy.ndarray): The spans' first tokens, ascending, the tokens after their last ones,
        both numbered in the batch, and whatever else is known of them. Shapes (n,).
    RETURNS (List[Sequence[Tuple]]): The rows of each document's spans, with the tokens numbered in
        the document.
    """
    starts, ends, *others = columns
    # Most documents have none and share the empty tuple: a list for each would have the garbage
    # collector run through all of memory again and again.
    spans: list[Sequence[tuple]] = [()] * len(lengths)
    if not len(starts):
        return spans
    doc_ends = numpy.cumsum(lengths)
    docs = numpy.searchsorted(doc_ends, starts, side="right")
    offsets = (doc_ends - lengths)[docs]
    rows = (starts - offsets, ends - offsets, *others)
    found = tuple(zip(*(column.tolist() for column in rows), strict=True))
    some, firsts = numpy.unique(docs, return_index=True)
    stops = [*firsts[1:].tolist(), len(found)]
    for doc, begin, stop in zip(some.tolist(), firsts.tolist(), stops, strict=True):
        spans[doc] = found[begin:stop]
    return spans
