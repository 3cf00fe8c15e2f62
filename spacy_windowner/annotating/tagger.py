"""The function that annotates a shard: records go in, rows come out. It is the same in this
process, in others, and on other machines."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from typing import NamedTuple

from spacy.language import Language

from ..confidence.decisions import choose_component
from ..errors import Errors
from ..pipeline.load import load_pipeline
from .encode import ENCODERS
from .records import Record, Reject

_BATCH_CHARS = 200_000
"""Characters of documents that there are at a time, which bounds the memory. With more of them
Python's garbage collector has more to look through: a million cost a tenth of the speed."""
_KEPT_STRINGS = 100_000
"""So many strings stay in the vocabulary, 30 MB with all that belongs to them. Then there are
memory zones, in which the tokenizer keeps nothing: a word that it doesn't know yet takes twice the
time, each time. The frequent ones it knows by then."""


class TaggerSettings(NamedTuple):
    """What a shard is annotated with.

    model (str): Folder or package of the pipeline.
    fingerprint (str): Tells the pipeline from others that were in the same place.
    code (Optional[str]): Python file to import first.
    format (str): What is made: "jsonl", "parquet" or "spacy".
    component (Optional[str]): The component whose entities are wanted. None for all entities.
    """

    model: str
    fingerprint: str
    code: str | None
    format: str
    component: str | None


class Annotated(NamedTuple):
    """What was made of a shard.

    data (bytes): The content of its file.
    docs (int): The documents annotated.
    words (int): Their tokens.
    entities (int): The entities found.
    rejects (List[Reject]): The documents that could not be annotated.
    """

    data: bytes
    docs: int
    words: int
    entities: int
    rejects: list[Reject]


class Tagger:
    """Annotates shards.

    nlp (Language): The pipeline.
    format (str): What is made: "jsonl", "parquet" or "spacy".
    component (Optional[str]): The component whose entities are wanted. None for all entities.
    """

    def __init__(self, nlp: Language, format: str = "jsonl", component: str | None = None) -> None:
        self.nlp = nlp
        self._encoder = ENCODERS[format]
        self._key = spans_key_of(nlp, component)
        self._max_strings = len(nlp.vocab.strings) + _KEPT_STRINGS

    def __call__(self, records: Sequence[Record]) -> Annotated:
        """Annotate documents.

        records (Sequence[Record]): The documents.
        RETURNS (Annotated): What was found. It depends on the documents alone, not on others that
            were annotated before or with them.
        """
        limit = self.nlp.max_length
        rejects = [
            Reject.of(record.source, record.line, f"more than {limit:,} characters", record.text)
            for record in records
            if len(record.text) > limit
        ]
        encoder = self._encoder()
        n_docs = n_words = n_entities = 0
        for batch in _batches(record for record in records if len(record.text) <= limit):
            # Nothing of a Doc can be looked up after its zone.
            with self._zone():
                docs = self.nlp.pipe(record.text for record in batch)
                for record, doc in zip(batch, docs, strict=True):
                    if self._key is not None:
                        doc.set_ents(list(doc.spans[self._key]), default="outside")
                    n_entities += encoder.add(doc, record.id)
                    n_docs += 1
                    n_words += len(doc)
        return Annotated(encoder.to_bytes(), n_docs, n_words, n_entities, rejects)

    def _zone(self) -> AbstractContextManager:
        has_room = len(self.nlp.vocab.strings) < self._max_strings
        return nullcontext() if has_room else self.nlp.memory_zone()


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch, size = [], 0
    for record in records:
        batch.append(record)
        size += len(record.text)
        if size >= _BATCH_CHARS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def spans_key_of(nlp: Language, component: str | None) -> str | None:
    """Where a component keeps the entities that it found.

    nlp (Language): The pipeline.
    component (Optional[str]): The component's name. None for all components.
    RETURNS (Optional[str]): The key in doc.spans, None for all components.
    RAISES (ValueError): If the pipeline has no `window_ner`, or the component is none, or keeps its
        entities nowhere, or where another does.
    """
    keys = {
        name: pipe.cfg["spans_key"]  # type: ignore[attr-defined]
        for name, pipe in nlp.pipeline
        if nlp.get_pipe_meta(name).factory == "window_ner"
    }
    if component is None and len(keys) > 1:
        return None
    name = choose_component(nlp, component)
    if component is None:
        return None
    key = keys[name]
    if key is None or list(keys.values()).count(key) > 1:
        raise ValueError(Errors.WN117.format(name=name, key=key))
    return key


@lru_cache(maxsize=1)
def get_tagger(settings: TaggerSettings) -> Tagger:
    """The tagger of a process that others give shards to, loaded once.

    settings (TaggerSettings): What it annotates with.
    RETURNS (Tagger): The tagger.
    """
    gc.unfreeze()  # so that one before it can go
    nlp = load_pipeline(settings.model, settings.code)
    tagger = Tagger(nlp, settings.format, settings.component)
    gc.freeze()  # see `passed_over`
    return tagger


@contextmanager
def passed_over() -> Iterator[None]:
    """Have Python's garbage collector pass over what there is now. The hundred thousands of objects
    of a pipeline and its libraries stay anyhow, and to look through them again and again takes a
    twentieth of the time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def annotate_records(settings: TaggerSettings, records: Sequence[Record]) -> Annotated:
    """Annotate a shard, in any process on any machine.

    settings (TaggerSettings): What it is annotated with.
    records (Sequence[Record]): The documents.
    RETURNS (Annotated): What was found.
    """
    return get_tagger(settings)(records)
