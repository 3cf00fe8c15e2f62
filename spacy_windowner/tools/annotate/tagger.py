"""The function that annotates a shard: records go in, rows come out. It is the same in this
process, in others, and on other machines."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache, partial
from json.encoder import encode_basestring as quote
from typing import NamedTuple, Protocol

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import filter_spans

from ...pipeline.components import choose_component, find_components, load_pipeline
from ...pipeline.ner_score import saved_scores
from .parquet_files import write_parquet
from .records import Record, Reject, Row, rows_of

_BATCH_CHARS = 200_000
"""Characters of documents that there are at a time, which bounds the memory. With more of them
Python's garbage collector has more to look through: a million cost a tenth of the speed."""
_KEPT_STRINGS = 100_000
"""So many strings stay in the vocabulary, 30 MB with all that belongs to them. Then there are
memory zones, in which the tokenizer keeps nothing: a word that it doesn't know yet takes twice the
time, each time. The frequent ones it knows by then."""
_NOTED = "window_ner_noted"
"""The component that notes the entities of one component, and where."""


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


class Encoder(Protocol):
    """Collects documents, and makes a file of them."""

    def add(self, doc: Doc, doc_id: str) -> int:
        """Add a document, of which nothing is needed later.

        doc (Doc): The document.
        doc_id (str): Its id.
        RETURNS (int): How many entities it has.
        """

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The content of the file."""


class Tagger:
    """Annotates shards.

    nlp (Language): The pipeline.
    format (str): What is made: "jsonl", "parquet" or "spacy".
    component (Optional[str]): The component whose entities are wanted. None for all entities.
    """

    def __init__(self, nlp: Language, format: str = "jsonl", component: str | None = None) -> None:
        self.nlp = nlp
        self._encoder = ENCODERS[format]
        self._is_chosen = choose_entities(nlp, component)
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
    """Have the entities of one component noted as they are found.

    nlp (Language): The pipeline. It gets a component after the named one.
    component (Optional[str]): The component's name. None for all entities.
    RETURNS (bool): Whether the entities of one component alone are wanted.
    RAISES (ValueError): If the pipeline has no `window_ner`, or the component is none.
    """
    if component is None and len(find_components(nlp)) > 1:
        return False
    name = choose_component(nlp, component)
    if component is None:
        return False
    nlp.get_pipe(name).cfg["spans_key"] = _NOTED  # type: ignore[attr-defined]
    if _NOTED not in nlp.pipe_names:
        nlp.add_pipe(_NOTED, after=name)
    return True


@Language.component(_NOTED)
def note_entities(doc: Doc) -> Doc:
    """Note the entities of the component before by their characters, which stay what they are if a
    later component merges or splits tokens."""
    found = doc.spans.pop(_NOTED)
    doc.user_data[_NOTED] = [(span.start_char, span.end_char, span.label) for span in found]
    return doc


def _keep_noted(doc: Doc) -> None:
    noted = doc.user_data.pop(_NOTED)
    spans = [
        doc.char_span(start, end, label, alignment_mode="expand") for start, end, label in noted
    ]
    doc.set_ents(filter_spans(span for span in spans if span), default="outside")


def annotate_records(settings: TaggerSettings, records: Sequence[Record]) -> Annotated:
    """Annotate a shard, in any process on any machine.

    settings (TaggerSettings): What it is annotated with.
    records (Sequence[Record]): The documents.
    RETURNS (Annotated): What was found.
    """
    return get_tagger(settings)(records)


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


class RowsEncoder:
    """Makes a file of the rows of documents.

    write (Callable[[List[Row]], bytes]): Makes the content of rows.
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
    """Makes a .spacy file of documents, each with its id in `doc.user_data["doc_id"]` and the
    probabilities of its entities as `span._.ner_score`."""

    def __init__(self) -> None:
        self._docs = DocBin(store_user_data=True)

    def add(self, doc: Doc, doc_id: str) -> int:
        # What else components leave there can be anything, which no file may be able to hold.
        doc.user_data = {"doc_id": doc_id, **saved_scores(doc)}
        self._docs.add(doc)
        return len(doc.ents)

    def to_bytes(self) -> bytes:
        return self._docs.to_bytes()


def write_jsonl(rows: list[Row]) -> bytes:
    """Rows as lines of JSON.

    rows (List[Row]): The rows.
    RETURNS (bytes): The lines.
    """
    return "".join(map(_line, rows)).encode("utf8")


def _line(row: Row) -> str:
    # `json.dumps` takes three times as long, which is two percent of the speed of `annotate`, and
    # srsly rounds numbers.
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
"""Makes an encoder, by the format."""
