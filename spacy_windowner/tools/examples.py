"""Reads annotated documents, checks them, and copies documents without their annotation."""

from pathlib import Path

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
