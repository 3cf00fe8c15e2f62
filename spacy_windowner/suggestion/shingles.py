"""What documents are compared by: their words and pairs of neighbouring words."""

import numpy
from spacy.attrs import IS_PUNCT, IS_SPACE, LIKE_NUM, LIKE_URL, LOWER
from spacy.tokens import Doc

_READ = [LOWER, IS_PUNCT, IS_SPACE, LIKE_URL, LIKE_NUM]
_URL, _NUMBER = 1, 2  # no string has these hashes
_PAIR = 0x9E3779B97F4A7C15  # odd, so that the order of the two words counts


def shingles(doc: Doc) -> numpy.ndarray:
    """The distinct words of a document, in lower case and without punctuation, and its pairs of
    neighbouring words. All numbers are one word, and so are all addresses of pages: in copies of a
    text these differ.

    doc (Doc): The document.
    RETURNS (numpy.ndarray): Their hashes, ascending, uint64. Shape (n,).
    """
    table = doc.to_array(_READ).astype("uint64")
    words = table[:, 0]
    words[table[:, 3] == 1] = _URL
    words[table[:, 4] == 1] = _NUMBER
    words = words[(table[:, 1] == 0) & (table[:, 2] == 0)]
    pairs = words[:-1] * numpy.uint64(_PAIR) + words[1:]
    return numpy.unique(numpy.concatenate([words, pairs]))
