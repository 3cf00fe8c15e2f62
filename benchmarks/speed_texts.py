"""The texts that `speed.py` runs on: a corpus's own, longer ones made of them, raw files, and text
of made-up words that never ends."""

from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

import spacy
from spacy.tokens import Doc, DocBin

TEST_PART, LONGER = "test part", "texts of 200 words"
SENTENCE = 20
"""Words in a text of made-up words."""
# A made-up word is four pairs of letters, which tell it from all others, and an ending.
_PAIRS = 4
# A large prime: multiples of it, modulo the number of words, run through all of them in disorder.
_STRIDE = 2_654_435_761


class Source(NamedTuple):
    """Texts to measure with.

    name (str): A name for the tables.
    texts (List[str]): The texts.
    """

    name: str
    texts: list[str]


def read_docs(path: Path) -> list[Doc]:
    """The annotated documents of a file."""
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def join_texts(docs: list[Doc], n_words: int) -> list[str]:
    """Join documents into texts of about this many words."""
    texts, parts, size = [], [], 0
    for doc in docs:
        parts.append(doc.text.strip())
        size += len(doc)
        if size >= n_words:
            texts.append(" ".join(parts))
            parts, size = [], 0
    return [*texts, " ".join(parts)] if parts else texts


def cut(texts: Iterable[str], n_words: int) -> list[str]:
    """The first texts, with about this many words between spaces."""
    taken, size = [], 0
    for text in texts:
        if size >= n_words:
            break
        taken.append(text)
        size += len(text.split())
    return taken


def make_sources(docs: list[Doc], raw: list[Path], n_words: int) -> tuple[list[Source], list[str]]:
    """All texts to measure with.

    docs (List[Doc]): The documents of the test part.
    raw (List[Path]): Files with a sentence a line.
    n_words (int): The most words of each source.
    RETURNS (Tuple[List[Source], List[str]]): The sources, and why others were skipped.
    """
    sources = [
        Source(TEST_PART, cut((doc.text for doc in docs), n_words)),
        Source(LONGER, cut(join_texts(docs, 200), n_words)),
        Source("texts of 2,000 words", cut(join_texts(docs, 2000), n_words)),
    ]
    skipped = []
    for path in raw:
        if path.exists():
            lines = (line for line in path.read_text("utf8").splitlines() if line.strip())
            sources.append(Source(path.name, cut(lines, n_words)))
        else:
            skipped.append(f"{path.name}: there is no such file")
    return sources, skipped


class Letters(NamedTuple):
    """What made-up words are made of, read from a corpus.

    pairs (List[str]): Pairs of letters.
    endings (List[str]): The last three letters of words, the frequent ones more than once.
    """

    pairs: list[str]
    endings: list[str]


def read_letters(docs: list[Doc]) -> Letters:
    """Take words apart."""
    words = [token.lower_ for doc in docs for token in doc]
    words = [word for word in words if len(word) > 4 and word.isascii() and word.isalpha()]
    pairs = {word[i : i + 2] for word in words for i in range(len(word) - 1)}
    return Letters(sorted(pairs), [word[-3:] for word in words])


def made_up_words(letters: Letters) -> Iterator[str]:
    """Words that all differ, every fourth of them with a capital."""
    pairs, endings = letters
    base = len(pairs)
    n_stems = base**_PAIRS
    for i in count():
        rest, stem = (i * _STRIDE) % n_stems, ""
        for _ in range(_PAIRS):
            rest, pair = divmod(rest, base)
            stem += pairs[pair]
        word = stem + endings[i % len(endings)]
        yield word.title() if i % 4 == 0 else word


def made_up_texts(words: Iterable[str]) -> Iterator[str]:
    """Texts of SENTENCE words."""
    words = iter(words)
    while sentence := list(islice(words, SENTENCE)):
        yield " ".join(sentence)
