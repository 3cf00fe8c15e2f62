"""Annotates the documents of a shard and encodes the results. All engines use this code, in this
process, in others and on other machines."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache, partial
from itertools import chain
from json.encoder import encode_basestring as quote
from typing import NamedTuple, Protocol

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import filter_spans

from ...pipeline.ner_score import saved_scores
from ..pipelines import choose_component, find_components, get_window_ner, load_pipeline
from .parquet_files import write_parquet
from .records import Record, Reject, Row, rows_of

_BATCH_CHARS = 200_000
"""Characters of documents in memory at a time. With more, Python's garbage collector has more to
scan: a million characters made the pipeline a tenth slower."""
_KEPT_STRINGS = 100_000
"""Strings that are kept in the vocabulary, about 30 MB in total. After that, batches use memory
zones, in which the tokenizer caches nothing: new words take twice the time, each time. By then it
has cached the frequent words."""
_NOTED = "window_ner_noted"
"""The name of the component that notes entities, and the key of the notes."""
_NOTED_BEFORE = f"{_NOTED}_before"
"""The name of the same component in front of the `window_ner`."""


class TaggerSettings(NamedTuple):
    """The pipeline and the settings that annotate a shard.

    model (str): Folder or package of the pipeline.
    fingerprint (str): A hash of the pipeline, to notice changes at the same path.
    code (Optional[str]): Python file to import first.
    format (str): The output format: "jsonl", "parquet" or "spacy".
    component (Optional[str]): The component whose entities are written. None for all entities.
    """

    model: str
    fingerprint: str
    code: str | None
    format: str
    component: str | None


class Annotated(NamedTuple):
    """The annotation of a shard.

    data (bytes): The content of the shard's file.
    docs (int): The number of annotated documents.
    words (int): The number of their tokens.
    entities (int): The number of entities found.
    rejects (List[Reject]): The documents that couldn't be annotated.
    """

    data: bytes
    docs: int
    words: int
    entities: int
    rejects: list[Reject]


class Encoder(Protocol):
    """Collects documents and encodes them as a file."""

    def add(self, doc: Doc, doc_id: str) -> int:
        """Add a document. The Doc isn't used afterwards.

        doc (Doc): The document.
        doc_id (str): The document's ID.
        RETURNS (int): The number of its entities.
        """

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The content of the file."""


class Tagger:
    """Annotates shards.

    nlp (Language): The pipeline.
    format (str): The output format: "jsonl", "parquet" or "spacy".
    component (Optional[str]): The component whose entities are written. None for all entities.
    """

    def __init__(self, nlp: Language, format: str = "jsonl", component: str | None = None) -> None:
        self.nlp = nlp
        self._encoder = ENCODERS[format]
        self._is_chosen = choose_entities(nlp, component)
        self._max_strings = len(nlp.vocab.strings) + _KEPT_STRINGS

    def __call__(self, records: Sequence[Record]) -> Annotated:
        """Annotate documents.

        records (Sequence[Record]): The documents.
        RETURNS (Annotated): The annotation. It depends only on these documents, not on documents
            that were annotated earlier.
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
            # A Doc can't be used after the end of its memory zone.
            with self._zone():
                docs = self.nlp.pipe(record.text for record in batch)
                for record, doc in zip(batch, docs, strict=True):
                    if self._is_chosen:
                        _keep_noted(doc)
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


def choose_entities(nlp: Language, component: str | None) -> bool:
    """Add components to a pipeline that note the entities before and after one `window_ner`.

    nlp (Language): The pipeline.
    component (Optional[str]): The name of the `window_ner`. None for all entities, in which case
        nothing is added.
    RETURNS (bool): Whether only the entities of one component are wanted.
    RAISES (ValueError): If there is no such `window_ner`.
    """
    if component is None and len(find_components(nlp)) > 1:
        return False
    name = choose_component(nlp, component)
    if component is None:
        return False
    if _NOTED not in nlp.pipe_names:
        if not get_window_ner(nlp, name).cfg["overwrite"]:  # the entities of others stay
            nlp.add_pipe(_NOTED, name=_NOTED_BEFORE, before=name)
        nlp.add_pipe(_NOTED, after=name)
    return True


@Language.component(_NOTED)
def note_entities(doc: Doc) -> Doc:
    """Note the entities of a document with character offsets, which stay valid if a later component
    merges or splits tokens."""
    found = [(ent.start_char, ent.end_char, ent.label) for ent in doc.ents]
    doc.user_data.setdefault(_NOTED, []).append(found)
    return doc


def _keep_noted(doc: Doc) -> None:
    """Keep the entities that weren't there before the component."""
    *before, found = doc.user_data.pop(_NOTED)
    of_others = set(chain(*before))
    own = [entity for entity in found if entity not in of_others]
    spans = [doc.char_span(start, end, label, alignment_mode="expand") for start, end, label in own]
    doc.set_ents(filter_spans(span for span in spans if span), default="outside")


def annotate_records(settings: TaggerSettings, records: Sequence[Record]) -> Annotated:
    """Annotate a shard, in any process on any machine.

    settings (TaggerSettings): The pipeline and the settings.
    records (Sequence[Record]): The documents.
    RETURNS (Annotated): The annotation.
    """
    return get_tagger(settings)(records)


@lru_cache(maxsize=1)
def get_tagger(settings: TaggerSettings) -> Tagger:
    """The tagger of this process, which is loaded once.

    settings (TaggerSettings): The pipeline and the settings.
    RETURNS (Tagger): The tagger.
    """
    gc.unfreeze()  # an earlier tagger can be collected
    nlp = load_pipeline(settings.model, settings.code)
    tagger = Tagger(nlp, settings.format, settings.component)
    gc.freeze()  # see `gc_frozen`
    return tagger


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Make Python's garbage collector skip all existing objects. A pipeline and its libraries have
    hundreds of thousands of objects that are never collected. Scanning them again and again takes
    5 % of the time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class RowsEncoder:
    """Encodes documents as a file of rows.

    write (Callable[[List[Row]], bytes]): Converts rows to the content of a file.
    """

    def __init__(self, write: Callable[[list[Row]], bytes]) -> None:
        self._write = write
        self._rows: list[Row] = []

    def add(self, doc: Doc, doc_id: str) -> int:
        rows = rows_of(doc, doc_id)
        self._rows += rows
        return len(rows)

    def to_bytes(self) -> bytes:
        return self._write(self._rows)


class DocsEncoder:
    """Encodes documents as a .spacy file, with their IDs in `doc.user_data["doc_id"]` and the
    probabilities of entities in `span._.ner_score`."""

    def __init__(self) -> None:
        self._docs = DocBin(store_user_data=True)

    def add(self, doc: Doc, doc_id: str) -> int:
        # Other data that components leave there may not be serializable.
        doc.user_data = {"doc_id": doc_id, **saved_scores(doc)}
        self._docs.add(doc)
        return len(doc.ents)

    def to_bytes(self) -> bytes:
        return self._docs.to_bytes()


def write_jsonl(rows: list[Row]) -> bytes:
    """Convert rows to lines of JSON.

    rows (List[Row]): The rows.
    RETURNS (bytes): The lines.
    """
    return "".join(map(_line, rows)).encode("utf8")


def _line(row: Row) -> str:
    # `json.dumps` takes three times as long and would make `annotate` 2 % slower. srsly rounds
    # numbers.
    doc_id, start, end, label, text, score = row
    number = "null" if score is None else float.__repr__(score)
    return (
        f'{{"doc_id": {quote(doc_id)}, "start": {start}, "end": {end}, "label": {quote(label)}, '
        f'"text": {quote(text)}, "score": {number}}}\n'
    )


ENCODERS: dict[str, Callable[[], Encoder]] = {
    "jsonl": partial(RowsEncoder, write_jsonl),
    "parquet": partial(RowsEncoder, write_parquet),
    "spacy": DocsEncoder,
}
"""The encoders, by format."""
