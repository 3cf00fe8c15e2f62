from collections.abc import Iterable, Iterator
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..confidence.curve import sigmoid
from ..decoding.words import of_tokens

_BATCH = 256  # documents scored at a time


class Doubter:
    """Says how unsure a component is of the tag of each token, after the components before it.

    nlp (Language): The pipeline.
    name (str): The component's name.
    """

    def __init__(self, nlp: Language, name: str) -> None:
        self.nlp = nlp
        self.component: Any = nlp.get_pipe(name)
        self._later = nlp.pipe_names[nlp.pipe_names.index(name) :]

    def doubts(self, docs: Iterable[Doc]) -> Iterator[tuple[Doc, numpy.ndarray]]:
        """How unsure the tags are. From the margin m[t] of a tag, see `Scored.word_margins`,

            u[t] = 1 / (1 + exp(m[t]))

        It is 0.5 where another tag is as good, and near 0 where none comes close: the share of the
        second best sequence among the two, if scores are taken for log odds.

        docs (Iterable[Doc]): The documents, of the pipeline's vocabulary.
        YIELDS (Tuple[Doc, numpy.ndarray]): Each document, and u, float64 of shape (n_tokens,). It
            is 0 for whitespace.
        """
        ner = self.component
        before = self.nlp.pipe(docs, disable=self._later, batch_size=_BATCH)
        for batch in minibatch(before, _BATCH):
            done = 0
            for scored in ner.score_docs(batch, ner.cfg["overwrite"]):
                margins = scored.lean(ner.leaning).word_margins()
                group = batch[done : done + len(scored.lengths)]
                done += len(group)
                yield from zip(group, of_tokens(group, sigmoid(-margins)), strict=True)
