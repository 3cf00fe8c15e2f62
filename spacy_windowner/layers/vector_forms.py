"""Which form of a word has a vector."""

import re
from collections.abc import Iterator

from spacy.strings import get_string_id
from spacy.tokens import Doc
from spacy.vectors import Mode, Vectors

_DIGIT = re.compile(r"\d")


def with_vectors(doc: Doc) -> Doc:
    """A document whose words have a vector, where some form of them has one: the word as it is,
    else in lower case, else with 0 for each digit. Vectors are mostly of lower-case words, and a
    word at the start of a sentence is the same word.

    doc (Doc): The document.
    RETURNS (Doc): A document of these forms, with as many tokens, or the document itself if no
        form has to change.
    """
    vectors = doc.vocab.vectors
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default or not len(doc):
        return doc  # floret's are made of parts of words, and every word has one
    without = vectors.find(keys=doc.to_array([vectors.attr]).ravel()) < 0
    if not without.any():
        return doc
    words = [token.text for token in doc]
    for number in without.nonzero()[0].tolist():
        words[number] = next(
            (form for form in _forms(words[number]) if get_string_id(form) in vectors.key2row),
            words[number],
        )
    return Doc(doc.vocab, words=words)


def _forms(word: str) -> Iterator[str]:
    lower = word.lower()
    yield lower
    yield _DIGIT.sub("0", word)
    yield _DIGIT.sub("0", lower)
