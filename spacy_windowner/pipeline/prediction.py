from collections.abc import Callable, Iterator, Sequence

import numpy
from spacy.tokens import Doc

from ..runtime.scorer import Scorer
from ..tagging.decoding import decode
from ..tagging.lattice import Lattice
from ..tagging.scheme import Scheme
from .annotation import Entities, read_tokens

# Tokens that are scored and decoded at a time, unless a single document has more.
_GROUP = 2**14


def predict_entities(
    docs: Sequence[Doc],
    scorer: Scorer,
    search: Callable[[Lattice], numpy.ndarray],
    scheme: Scheme,
    overwrite: bool,
) -> list[Entities]:
    """Find the entities of documents.

    docs (Sequence[Doc]): The documents.
    scorer (Scorer): Scores their tokens' tags.
    search (Callable[[Lattice], numpy.ndarray]): Chooses tags.
    scheme (Scheme): The scheme of the tags.
    overwrite (bool): Whether entities may be where there are some already.
    RETURNS (List[Entities]): The entities of each document.
    """
    entities: list[Entities] = []
    for group in _groups(docs):
        lengths, words, places = read_tokens(group, overwrite)
        if len(words):
            scores = scorer.scores(group, words, lengths)
            tokens, tags = decode(scores, places, search, scheme)
            entities += scheme.spans_from_tags(tokens, tags, lengths)
        else:
            entities += [()] * len(group)
    return entities


def _groups(docs: Sequence[Doc]) -> Iterator[Sequence[Doc]]:
    """Split a batch, so that what is computed of its tokens needs little memory, and that no
    document is embedded with the vocabulary of another."""
    start = size = 0
    for stop, doc in enumerate(docs):
        is_other_vocab = doc.vocab is not docs[start].vocab
        if is_other_vocab or (size and size + len(doc) > _GROUP):
            yield docs[start:stop]
            start, size = stop, 0
        size += len(doc)
    if start < len(docs):
        yield docs[start:]
