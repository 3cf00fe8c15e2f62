"""A corpus that is read once and then kept in memory."""

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.training import Corpus, Example
from spacy.training.corpus import FILE_TYPE, walk_corpus
from spacy.util import registry

# The largest corpus that is kept: the tokens of its Docs, predicted and reference, where each Doc
# counts _DOC_SIZE tokens more, because spaCy reserves room for 30 in the shortest one. One unit of
# this takes 140 to 240 bytes, if there is little in `user_data` and `spans`, and so 2 million take
# less than 500 MB.
_MAX_SIZE = 2_000_000
_DOC_SIZE = 20


class Kept(NamedTuple):
    """What was read: the state of all that it depends on, and the predicted and the reference Doc
    of each example, by document. Documents are None if they are too many to keep."""

    source: tuple[Any, ...]
    documents: list[list[tuple[Doc, Doc]]] | None


@registry.readers("spacy-windowner.Corpus.v1")
def make_corpus(
    path: Path | None,
    gold_preproc: bool,
    max_length: int = 0,
    limit: int = 0,
    augmenter: Callable[[Language, Example], Iterable[Example]] | None = None,
    shuffle: bool = False,
) -> Callable[[Language], Iterable[Example]]:
    """A reader that yields what `spacy.Corpus.v1` yields, but reads the files only once, unless
    there is too much in them. `KeptCorpus` says when.

    path (Optional[Path]): The .spacy file, or a folder with such files.
    gold_preproc (bool): Whether to take sentences and tokens from the annotation.
    max_length (int): Longer documents are split into sentences, or left out. 0 for no limit.
    limit (int): The most documents to read. 0 for no limit.
    augmenter (Optional[Callable]): Makes one or more examples of each.
    shuffle (bool): Whether to shuffle the documents each time.
    RETURNS (Callable[[Language], Iterable[Example]]): The reader.
    RAISES (ValueError): If there is no path.
    """
    if path is None:
        raise ValueError(SpacyErrors.E913)
    return KeptCorpus(
        path,
        gold_preproc=gold_preproc,
        max_length=max_length,
        limit=limit,
        augmenter=augmenter,
        shuffle=shuffle,
    )


class KeptCorpus(Corpus):
    """spaCy's corpus, with a memory. The first call that is read to its end keeps the Docs. Later
    calls yield new copies of them, and run the augmenter on these.

    It pays where `spacy train` reads a corpus many times: the development corpus once for each
    evaluation, and the training corpus once for each epoch, but only if `max_epochs` is -1.
    Otherwise spaCy keeps the examples itself, and keeping the Docs as well only takes memory.

    A call reads the files again if one of them was added, removed or changed (in size or time of
    modification), if a setting was changed, or if the pipeline has another vocabulary, another
    `max_length`, another tokenizer or other rules in it. Rules are those of spaCy's `Tokenizer`.
    A tokenizer of another kind must always split a text in the same way. If it doesn't, use
    `spacy.Corpus.v1`.

    What is kept takes 280 bytes a token in long documents and 680 in tweets, and less than 500 MB
    in all. Of a corpus that needs more, a million tokens in long documents or 28,000 tweets,
    nothing is kept, and each call reads the files, as spaCy does. Nor is anything kept that was
    read in a memory zone, because Docs end with their zone.
    """

    _kept: Kept | None = None

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """Yield examples from the data.

        nlp (Language): The current nlp object.
        YIELDS (Example): The examples.
        """
        files = walk_corpus(self.path, FILE_TYPE)
        settings = (self.gold_preproc, self.max_length, self.limit)
        source = (*map(_file_state, files), settings, nlp.vocab, nlp.max_length, *_rules(nlp))
        kept = self._kept
        if kept is None or kept.source != source:
            self._kept = None  # makes room
            examples = self._read(nlp, files, source, _MAX_SIZE)
        elif kept.documents is None:
            examples = self._read(nlp, files, source, 0)
        else:
            documents = list(kept.documents)
            if self.shuffle:
                random.shuffle(documents)
            examples = (_copy(*docs) for document in documents for docs in document)
        for example in examples:
            yield from self.augmenter(nlp, example)

    def _read(
        self, nlp: Language, files: list[Path], source: tuple[Any, ...], max_size: int
    ) -> Iterator[Example]:
        """Read the examples. Keep them if all were read, and they aren't larger than `max_size`."""
        make = self.make_examples_gold_preproc if self.gold_preproc else self.make_examples
        references: Iterable[tuple[int, Doc]] = enumerate(self.read_docbin(nlp.vocab, files))
        if self.shuffle:
            references = list(references)
            random.shuffle(references)
        documents: dict[int, list[tuple[Doc, Doc]]] = {}
        size, in_zone = 0, False
        for number, reference in references:
            examples = list(make(nlp, [reference]))
            size += sum(len(eg.predicted) + len(eg.reference) + 2 * _DOC_SIZE for eg in examples)
            in_zone = in_zone or nlp.vocab.in_memory_zone  # type: ignore[attr-defined]
            if size > max_size or in_zone:
                documents.clear()
                yield from examples
            else:
                documents[number] = [(eg.predicted, eg.reference) for eg in examples]
                # Whoever gets an example may write into its Docs.
                yield from [_copy(*docs) for docs in documents[number]]
        if not in_zone:
            # In the order of the files, so that shuffling gives the order that spaCy gives.
            ordered = [documents[number] for number in sorted(documents)]
            self._kept = Kept(source, ordered if size <= max_size else None)


def _copy(predicted: Doc, reference: Doc) -> Example:
    return Example(predicted.copy(), reference.copy())


def _file_state(path: Path) -> tuple[Path, int, int] | None:
    """What changes with the file. None if it is missing, of which reading will complain."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return path, stat.st_mtime_ns, stat.st_size


def _rules(nlp: Language) -> tuple[Any, ...]:
    """What decides how a text is split into tokens."""
    tokenizer = nlp.tokenizer
    if not isinstance(tokenizer, Tokenizer):
        return (tokenizer,)
    return (
        tokenizer,
        tokenizer.prefix_search,
        tokenizer.suffix_search,
        tokenizer.infix_finditer,
        tokenizer.token_match,
        tokenizer.url_match,
        tokenizer.faster_heuristics,
        dict(tokenizer.rules),
    )
