"""Reads annotated documents, checks them, and copies documents without their annotation."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus, Example
from spacy.training.corpus import walk_corpus

from .errors import Errors

_SUFFIX = ".spacy"


def read_examples(path: str | Path, nlp: Language) -> list[Example]:
    """Read annotated documents, as `spacy.Corpus.v1` reads them.

    path (Union[str, Path]): A .spacy file, or a folder of them.
    nlp (Language): The pipeline. Its tokenizer makes the documents to predict.
    RETURNS (List[Example]): The documents, in the order of the files.
    RAISES (ValueError): If a file can't be read, or there is none.
    """
    path = Path(path)
    if not path.is_dir() and path.exists() and path.suffix != _SUFFIX:
        raise ValueError(Errors.WN092.format(path=path, reason=f"it is no {_SUFFIX} file"))
    if path.is_dir() and not any(path.rglob(f"*{_SUFFIX}")):
        raise ValueError(Errors.WN092.format(path=path, reason=f"it has no {_SUFFIX} files"))
    examples: list[Example] = []
    for file in walk_corpus(path, _SUFFIX):
        try:
            examples += Corpus(file)(nlp)
        except Exception as error:  # each layer of the format raises its own errors
            reason = str(error).rstrip(".") or type(error).__name__
            raise ValueError(Errors.WN092.format(path=file, reason=reason)) from error
    return examples


class CorpusFacts(NamedTuple):
    """What a config depends on.

    n_words (int): The number of words, without whitespace tokens.
    labels (Sequence[str]): The labels, sorted.
    """

    n_words: int
    labels: Sequence[str]


def measure_corpus(path: str | Path) -> CorpusFacts:
    """Count the words in annotated documents, and collect the labels.

    path (Union[str, Path]): A .spacy file, or a folder of them.
    RETURNS (CorpusFacts): The number of words and the labels.
    RAISES (ValueError): If there are no documents.
    """
    n_words = n_docs = 0
    labels: set[str] = set()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\[W090\]")  # no files, which is an error below
        for example in Corpus(Path(path))(spacy.blank("xx")):
            n_words += sum(not token.is_space for token in example.reference)
            labels.update(ent.label_ for ent in example.reference.ents)
            n_docs += 1
    if not n_docs:
        raise ValueError(Errors.WN255.format(path=path))
    return CorpusFacts(n_words, sorted(labels))


def require_entities(examples: list[Example], path: str | Path) -> None:
    """Check that there are entities.

    examples (List[Example]): The documents.
    path (Union[str, Path]): The path of the documents, for errors.
    RAISES (ValueError): If no document has an entity.
    """
    if not any(example.reference.ents for example in examples):
        raise ValueError(Errors.WN093.format(path=path, n_docs=len(examples)))


def without_entities(doc: Doc) -> Doc:
    """Copy a document without its entities and blocked tokens.

    doc (Doc): The document.
    RETURNS (Doc): The copy.
    """
    copy = doc.copy()
    copy.set_ents([], default="missing")
    return copy
