"""How much training data there is."""

from pathlib import Path

import spacy
from spacy.training import Corpus


def count_words(path: str | Path) -> int:
    """The words of documents.

    path (Union[str, Path]): A .spacy file, or a folder of them.
    RETURNS (int): Their words, without whitespace.
    """
    nlp = spacy.blank("xx")
    docs = (example.reference for example in Corpus(Path(path))(nlp))
    return sum(not token.is_space for doc in docs for token in doc)
