"""Measures how unsure a component is about a document, and chooses documents greedily: by how much
they teach, or by how many errors are expected in them."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc

from ...decoding.spans import sigmoid
from ...decoding.words import of_tokens
from ...pipeline.prediction import SpanFinder, make_rating
from ..pipelines import get_window_ner, score_texts

COST = 50
"""The fixed cost of a document, in words."""
REPEATED = 0.5
"""The factor for the doubt about a word, applied once for each time the word was in doubt in a
document that is already chosen."""
_LEAST_DOUBT = 0.02
_BATCH = 256  # documents scored at a time


class Doubts(NamedTuple):
    """What a component is unsure about in a document.

    words (Tuple[int, ...]): The hashes of the words in doubt.
    values (Tuple[float, ...]): The doubt about the tag of each of them, 0 to 0.5.
    n_words (int): The number of all tokens in the document.
    errors (float): The expected number of errors, if documents are chosen by it. Then words have no
        doubts.
    """

    words: tuple[int, ...]
    values: tuple[float, ...]
    n_words: int
    errors: float = 0.0

    @classmethod
    def of(cls, words: numpy.ndarray, doubts: numpy.ndarray) -> "Doubts":
        """Keep the doubts that are large enough to count.

        words (numpy.ndarray): The hash of each token's word. Shape (n_tokens,).
        doubts (numpy.ndarray): The doubt about each token's tag. Shape (n_tokens,).
        RETURNS (Doubts): The doubts.
        """
        some = doubts >= _LEAST_DOUBT
        return cls(tuple(words[some].tolist()), tuple(doubts[some].tolist()), len(words))

    def score(self, seen: Counter[int]) -> float:
        """How much the model learns from the document, per word that is read:

            score = sum_t u[t] * REPEATED ** (times its word was in doubt before) / (COST + n_words)

        If documents are chosen by errors, it is their number per word that is read.

        seen (Counter[int]): How often words were in doubt in documents that are already chosen.
        RETURNS (float): The score.
        """
        total, own = self.errors, Counter[int]()
        for word, value in zip(self.words, self.values, strict=True):
            total += value * REPEATED ** (seen[word] + own[word])
            own[word] += 1
        return total / (COST + self.n_words)


def choose(documents: Sequence[Doubts], n: int) -> list[tuple[int, float]]:
    """Choose documents one by one, always the one with the highest score given those already
    chosen. Scores only fall, so a document whose recomputed score is still the highest needs no
    comparison with the others.

    documents (Sequence[Doubts]): The documents.
    n (int): The maximum number of documents to choose.
    RETURNS (List[Tuple[int, float]]): The index of each chosen document, and its score when it was
        chosen, in descending order. Ties are broken by order.

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


def find_doubts(
    nlp: Language, name: str, docs: Iterable[Doc]
) -> Iterator[tuple[Doc, numpy.ndarray]]:
    """Compute how unsure a component is about each tag, from its margin m[t], see
    `Scored.word_margins`:

        u[t] = 1 / (1 + exp(m[t]))

    The doubt is 0.5 where another tag is equally good, and near 0 where no other tag comes close.
    If scores are read as log odds, it is the share of the second best sequence in the best two.

    nlp (Language): The pipeline.
    name (str): The component's name.
    docs (Iterable[Doc]): The documents, with the pipeline's vocabulary.
    YIELDS (Tuple[Doc, numpy.ndarray]): Each document, and u, float64 of shape (n_tokens,), 0 for
        whitespace.
    """
    biases = get_window_ner(nlp, name).biases
    for group, scored in score_texts(nlp, name, docs, _BATCH):
        margins = scored.adjust(biases).word_margins()
        yield from zip(group, of_tokens(group, sigmoid(-margins)), strict=True)


def find_errors(nlp: Language, name: str, docs: Iterable[Doc]) -> Iterator[tuple[Doc, float]]:
    """Compute how many errors a component is expected to make in each document, as in
    `doc._.ner_doubt`.

    nlp (Language): The pipeline.
    name (str): The component's name. It is calibrated.
    docs (Iterable[Doc]): The documents, with the pipeline's vocabulary.
    YIELDS (Tuple[Doc, float]): Each document, and the number.
    """
    pipe = get_window_ner(nlp, name)
    cfg = {**pipe.cfg, "candidates": True, "redact": False}
    finder = SpanFinder(pipe.biases, make_rating(cfg, pipe.calibration, pipe.promise))
    for group, scored in score_texts(nlp, name, docs, _BATCH):
        doubts = finder.find_all([scored]).doubts
        assert doubts is not None  # the component is calibrated
        yield from zip(group, doubts.tolist(), strict=True)
