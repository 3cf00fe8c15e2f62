from typing import NamedTuple

import numpy

from .scheme import O, Scheme


class Places(NamedTuple):
    """What is known of the tokens of a batch, one document after the other, before they have tags.
    Entities never cross the start of a document or of a sentence, never start or end on
    whitespace, and never cover a token that is taken already. Every array has shape (n_tokens,).

    is_doc_start (numpy.ndarray): First tokens of documents.
    is_space (numpy.ndarray): Whitespace.
    is_sent_start (numpy.ndarray): Tokens known to start a sentence.
    is_taken (numpy.ndarray): Tokens that must be O.
    """

    is_doc_start: numpy.ndarray
    is_space: numpy.ndarray
    is_sent_start: numpy.ndarray
    is_taken: numpy.ndarray

    @classmethod
    def of_docs(cls, lengths: numpy.ndarray, **known: numpy.ndarray) -> "Places":
        """The places in documents of these lengths. What isn't given is false everywhere.

        lengths (numpy.ndarray): The number of tokens of each document. Shape (n_docs,).
        """
        nowhere = numpy.zeros(int(lengths.sum()), dtype=bool)
        is_doc_start = nowhere.copy()
        is_doc_start[(numpy.cumsum(lengths) - lengths)[lengths > 0]] = True
        return cls(is_doc_start, **{name: known.get(name, nowhere) for name in cls._fields[1:]})

    def segments(self, tokens: numpy.ndarray) -> "Places":
        """The places of some tokens. After a gap they start anew, as a document does.

        tokens (numpy.ndarray): The tokens' numbers, ascending. Shape (n,).
        """
        is_doc_start, *others = (known[tokens] for known in self)
        is_doc_start[1:] |= numpy.diff(tokens) > 1
        is_doc_start[:1] = True
        return Places(is_doc_start, *others)


class Lattice(NamedTuple):
    """Tag scores of a batch together with what each token's place rules out. Forbidden tags score
    minus infinity, O never does, so that a valid path always exists.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    starts (numpy.ndarray): Tokens to which no entity goes on from the token before: the first ones
        of documents and of sentences. Shape (n_tokens,).
    must_continue (numpy.ndarray): Tokens an entity can't end on. Shape (n_tokens,).
    scheme (Scheme): The scheme of the tags.
    """

    scores: numpy.ndarray
    starts: numpy.ndarray
    must_continue: numpy.ndarray
    scheme: Scheme


def make_lattice(scores: numpy.ndarray, places: Places, scheme: Scheme) -> Lattice:
    """Rule out tags by the tokens' places.

    scores (numpy.ndarray): Scores, one column a tag. Shape (n_tokens, n_tags).
    places (Places): The tokens' places.
    scheme (Scheme): The scheme of the tags.
    RETURNS (Lattice): The constrained scores.
    """
    scores = scores.copy()
    for columns in scheme.at_edges:
        scores[places.is_space, columns] = -numpy.inf
    scores[places.is_taken, O + 1 :] = -numpy.inf
    starts = places.is_doc_start | places.is_sent_start
    return Lattice(scores, starts, places.is_space, scheme)
