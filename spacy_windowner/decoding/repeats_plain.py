"""Lets the occurrences of a word in a document support each other, in plain Python. It runs where
`repeats_core.pyx` isn't compiled, and tests compare the two."""

import numpy

from .spans import sigmoid

NEUTRAL = 0.3
"""A label gains at a word that has it elsewhere with a higher probability than this, and loses at
one with a lower. docs/accuracy.md says how it was chosen."""


def add_repeats(
    scores: numpy.ndarray,
    lengths: numpy.ndarray,
    words: numpy.ndarray,
    n_kinds: int,
    weight: float,
) -> numpy.ndarray:
    """Raise the scores of a label's tags at a word that has this label elsewhere in its document,
    and lower them at a word that doesn't. With the n other occurrences u of the word of token t in
    the same document, the tags y of label l, and a weight w:

        S'[t, y] = S[t, y] + w r[t, l],    r[t, l] = 2 (1/n sum over u of p[u, l] - 0.3)
        p[u, l] = 1 / (1 + exp(-(max over y of S[u, y] - S[u, O])))

    r is 0 for a word that occurs once. Labels don't depend on each other, and neither do documents.

    scores (numpy.ndarray): S, float32, which is changed to S'. Shape (n_words, n_tags).
    lengths (numpy.ndarray): int32, the number of words of each document. Shape (n_docs,).
    words (numpy.ndarray): uint64, equal for occurrences of the same word. Shape (n_words,).
    n_kinds (int): The number of tags of each label.
    weight (float): w.
    RETURNS (numpy.ndarray): What was added to the tags of each label, w r, float32. Shape
        (n_words, n_labels).

    Source: Chieu and Ng (2002), "Named Entity Recognition: A Maximum Entropy Approach Using Global
    Information", for features of a word's other occurrences.
    """
    n_labels = (scores.shape[1] - 1) // n_kinds
    added = numpy.zeros((len(scores), n_labels), dtype="float32")
    if not added.size:
        return added
    docs = numpy.repeat(numpy.arange(len(lengths), dtype="uint64"), lengths)
    _, group, counts = numpy.unique(
        numpy.stack([docs, words]), axis=1, return_inverse=True, return_counts=True
    )
    by_label = scores[:, 1:].reshape(len(scores), n_labels, n_kinds)
    p = sigmoid((by_label.max(axis=2) - scores[:, :1]).astype("float64"))
    sums = numpy.zeros((len(counts), n_labels))
    numpy.add.at(sums, group, p)
    others = counts[group] - 1
    again = others > 0
    means = (sums[group[again]] - p[again]) / others[again, None]
    added[again] = 2.0 * weight * (means - NEUTRAL)
    scores[:, 1:] += numpy.repeat(added, n_kinds, axis=1)
    return added
