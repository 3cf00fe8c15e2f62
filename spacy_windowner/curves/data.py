"""The corpora of a config."""

from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus
from spacy.training.corpus import FILE_TYPE, walk_corpus
from spacy.util import dot_to_object, resolve_dot_names
from spacy.vocab import Vocab
from thinc.api import Config

from ..errors import Errors
from ..reporting.data_check import read_corpus, reason_of


def read_training_docs(config: Config, name: str) -> list[Doc]:
    """Read the annotated documents of a corpus.

    config (Config): A complete config, interpolated.
    name (str): The dotted name of the corpus.
    RETURNS (List[Doc]): The documents that its reader reads, without what an augmenter makes of
        them.
    RAISES (ValueError): If it isn't read from a path, or can't be read.
    """
    try:
        block = dot_to_object(config, name)
        path = Path(block["path"])
        docs = Corpus(path, limit=block.get("limit") or 0).read_docbin(
            Vocab(), walk_corpus(path, FILE_TYPE)
        )
        return list(docs)
    except (KeyError, TypeError):
        reason = "it has no `path` of .spacy files, which documents could be drawn from."
        raise ValueError(Errors.WN096.format(name=name, reason=reason)) from None
    except Exception as error:  # each layer of the format has errors of its own
        raise ValueError(Errors.WN096.format(name=name, reason=reason_of(error))) from error


def count_dev_entities(nlp: Language, config: Config, name: str) -> int:
    """Count the entities of the development data.

    nlp (Language): The pipeline.
    config (Config): A complete config, interpolated.
    name (str): The dotted name of the corpus.
    RETURNS (int): Their number.
    RAISES (ValueError): If it can't be read, or has none.
    """
    try:
        [corpus] = resolve_dot_names(config, [name])
    except ValueError as error:
        raise ValueError(Errors.WN096.format(name=name, reason=reason_of(error))) from error
    examples = read_corpus(nlp, corpus, name, config)
    n_entities = sum(len(example.reference.ents) for example in examples)
    if not n_entities:
        raise ValueError(Errors.WN203.format(name=name, n_docs=len(examples)))
    return n_entities
