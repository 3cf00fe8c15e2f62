import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ...decoding.spans import sigmoid
from ...decoding.words import of_tokens

COST = 50
"""What looking at a document costs, in words to read."""
REPEATED = 0.5
"""What the doubt about a word is multiplied by, each time the word is in doubt in a document that
was chosen before."""
_LEAST_DOUBT = 0.02
_BATCH = 256  # documents scored at a time


class Doubts(NamedTuple):
    """What a component is unsure about in a document.

    words (Tuple[int, ...]): The hashes of the doubtful tokens' words.
    values (Tuple[float, ...]): How unsure each token's tag is, 0 to 0.5.
    n_words (int): All tokens of the document.
    """

    words: tuple[int, ...]
    values: tuple[float, ...]
    n_words: int

    @classmethod
    def of(cls, words: numpy.ndarray, doubts: numpy.ndarray) -> "Doubts":
        """Keep those that count.

        words (numpy.ndarray): The hash of each token's word. Shape (n_tokens,).
        doubts (numpy.ndarray): How unsure its tag is. Shape (n_tokens,).
        """
        some = doubts >= _LEAST_DOUBT
        return cls(tuple(words[some].tolist()), tuple(doubts[some].tolist()), len(words))

    def score(self, seen: Counter[int]) -> float:
        """How much is learned from the document for each word that is read,

            score = sum_t u[t] * REPEATED ** (times its word was in doubt before) / (COST + n_words)

        seen (Counter[int]): How often words were in doubt in documents chosen before.
        """
        total, own = 0.0, Counter[int]()
        for word, value in zip(self.words, self.values, strict=True):
            total += value * REPEATED ** (seen[word] + own[word])
            own[word] += 1
        return total / (COST + self.n_words)


def choose(documents: Sequence[Doubts], n: int) -> list[tuple[int, float]]:
    """Choose documents one by one, always the one with the highest score beside those chosen
    before. Scores only fall, so that one that is still the highest when it is computed again needs
    no comparison with the others.

    documents (Sequence[Doubts]): The documents.
    n (int): The most to choose.
    RETURNS (List[Tuple[int, float]]): The number of each, and its score when it was chosen, which
        fall. Of equal ones the first is chosen first.

    Source: Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions.
    """
    seen = Counter[int]()
    heap = [(-document.score(seen), number) for number, document in enumerate(documents)]
    heapq.heapify(heap)
    chosen: list[tuple[int, float]] = []
    while heap and len(chosen) < n:
        _, number = heapq.heappop(heap)
        score = documents[number].score(seen)
        if heap and (-score, number) > heap[0]:
            heapq.heappush(heap, (-score, number))
            continue
        chosen.append((number, score))
        seen.update(documents[number].words)
    return chosen


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
