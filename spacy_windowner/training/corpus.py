"""A corpus that is read once and then kept in memory."""

import random
import warnings
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

from ..errors import Warnings

# The largest corpus that is kept, in tokens of its predicted and reference Docs. Each Doc counts
# _DOC_SIZE tokens more, because spaCy reserves room for 30 in the shortest one. A token takes 140
# to 240 bytes, if there is little in `user_data` and `spans`, so 2 million take less than 500 MB.
_MAX_SIZE = 2_000_000
_DOC_SIZE = 20


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
    there is too much in them. `KeptCorpus` says when. It warns if the augmenter removes all
    entities.

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


class Kept(NamedTuple):
    """What was read.

    source (Tuple[Any, ...]): The state of everything that it depends on.
    documents (Optional[List[List[Tuple[Doc, Doc]]]]): For each document, the predicted and the
        reference Doc of each of its examples. None if there are too many to keep.
    """

    source: tuple[Any, ...]
    documents: list[list[tuple[Doc, Doc]]] | None


class KeptCorpus(Corpus):
    """spaCy's corpus with a memory. The first call that is read to its end keeps the Docs. Later
    calls yield new copies of them, and run the augmenter on the copies.

    It helps where `spacy train` reads a corpus many times: the dev set once for each evaluation,
    and the training set once for each epoch, but only if `max_epochs` is -1. Otherwise spaCy keeps
    the examples itself, and keeping the Docs as well only takes memory.

    A call reads the files again if one of them was added, removed or changed (in size or time of
    modification), if a setting was changed, or if the pipeline has another vocabulary,
    `max_length`, tokenizer or tokenizer rules. Only the rules of spaCy's `Tokenizer` are compared.
    A tokenizer of another kind must always split a text in the same way. If it doesn't, use
    `spacy.Corpus.v1`.

    The Docs take 280 bytes per token in long documents and 680 in tweets, and less than 500 MB in
    all. Larger corpora, from a million tokens in long documents or 28,000 tweets on, aren't kept,
    and each call reads the files, as in spaCy. Docs that were read in a memory zone aren't kept
    either, because they are freed with the zone.
    """

    _kept: Kept | None = None
    _has_warned = False

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
            self._kept = None  # frees its memory
            examples = self._read(nlp, files, source, _MAX_SIZE)
        elif kept.documents is None:
            examples = self._read(nlp, files, source, 0)
        else:
            documents = list(kept.documents)
            if self.shuffle:
                random.shuffle(documents)
            examples = (_copy(*docs) for document in documents for docs in document)
        yield from self._augment(nlp, examples)

    def _augment(self, nlp: Language, examples: Iterable[Example]) -> Iterator[Example]:
        """Run the augmenter. After a whole pass, warn once if it removed all entities."""
        removed: set[str] = set()
        has_entities = self._has_warned
        for example in examples:
            if not has_entities:
                removed.update(ent.label_ for ent in example.reference.ents)
            for one in self.augmenter(nlp, example):
                has_entities = has_entities or bool(one.reference.ents)
                yield one
        if removed and not has_entities:
            self._has_warned = True
            labels = sorted(removed)
            warnings.warn(Warnings.WW008.format(
                path=self.path, labels=", ".join(labels), first=labels[0]
            ), stacklevel=2)  # fmt: skip

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
                # The caller may write into an example's Docs.
                yield from [_copy(*docs) for docs in documents[number]]
        if not in_zone:
            # Keep the files' order. Then shuffling gives the same order as in spaCy.
            ordered = [documents[number] for number in sorted(documents)]
            self._kept = Kept(source, ordered if size <= max_size else None)


def _copy(predicted: Doc, reference: Doc) -> Example:
    return Example(predicted.copy(), reference.copy())


def _file_state(path: Path) -> tuple[Path, int, int] | None:
    """What changes when the file changes. None if it is missing, because reading will complain
    anyway."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return path, stat.st_mtime_ns, stat.st_size


def _rules(nlp: Language) -> tuple[Any, ...]:
    """Everything that determines how a text is split into tokens."""
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
