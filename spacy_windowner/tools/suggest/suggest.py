from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from spacy.attrs import LOWER
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc

from ...errors import Errors, check_setting
from ...files import PART, write_atomically
from ...models.output import is_initialized
from ...pipeline.components import choose_component
from ...progress import Stage, Tell, silent
from ..raw_text import RawText
from .choose import Doubter, Doubts, choose
from .near_duplicates import Pool, shingles, signature

_ZONE = 1000  # documents whose new words are kept at a time
_POOL, _LEAST_POOL = 20, 1000
_MOST_SHOWN = 3
_WORTH_SHOWING = 0.1
_SOURCE = "spacy_windowner_source"
_SUFFIX = ".jsonl"


# The documents that are chosen from: so many for each one wanted, and at least so many.


class Suggested(NamedTuple):
    """The documents to annotate, and what they were chosen from.

    tasks (List[Dict[str, Any]]): The documents, the most informative first, see `make_task`.
    n_docs (int): Documents of the raw text.
    n_excluded (int): Those among them that were to be left out.
    n_near_duplicates (int): Those left out because one like them is better, among the good ones.
    """

    tasks: list[dict[str, Any]]
    n_docs: int
    n_excluded: int
    n_near_duplicates: int


class _Candidate(NamedTuple):
    source: str | list[str]  # the text, or its words
    line: int
    doubts: Doubts


def suggest(
    nlp: Language,
    raw_text: str | Path,
    *,
    n: int = 100,
    component: str | None = None,
    exclude: Iterable[str | Path] = (),
    on_progress: Tell = silent,
) -> Suggested:
    """Find the documents of a raw text from whose annotation a component would learn most: those
    with many tags that it is unsure about, for their length, in words that it isn't unsure about
    in documents chosen before. Of near-duplicates only one is chosen.

    The text is read once, and of its documents the best are kept in mind, 20 for each one wanted.

    nlp (Language): The pipeline.
    raw_text (Union[str, Path]): A file, see `RawText`.
    n (int): The most documents to choose.
    component (Optional[str]): The component's name, if there are several.
    exclude (Iterable[Union[str, Path]]): Files, as the raw text, with documents to leave out,
        because they are annotated, say.
    on_progress (Tell): Called with how far it is.
    RETURNS (Suggested): The documents.
    RAISES (ValueError): If there is no such component, or it isn't trained, or a file can't be
        read, or there is no document to choose.
    """
    check_setting(n >= 1, "n", n, "It is at least 1.")
    name = choose_component(nlp, component)
    doubter = Doubter(nlp, name)
    if not is_initialized(doubter.component.model):
        raise ValueError(Errors.WN080.format(name=name))
    make_doc = _DocMaker(nlp)
    on_progress(Stage("Reading documents to leave out"))
    known = {key for path in exclude for key in _keys(nlp, RawText(path, make_doc))}
    text = RawText(raw_text, make_doc)
    pool: Pool[_Candidate] = Pool(max(_LEAST_POOL, _POOL * n))
    n_docs = n_excluded = 0
    for docs, lines in _zones(nlp, text):
        rows = [row for row in zip(docs, lines, strict=True) if _key(row[0]) not in known]
        n_docs, n_excluded = n_docs + len(docs), n_excluded + len(docs) - len(rows)
        _fill(pool, doubter, rows)
        on_progress(Stage(f"{n_docs:,} documents", text.share, 1.0))
    text.report_lines(n_docs > 0)
    if n_docs == n_excluded:
        raise ValueError(Errors.WN081.format(path=raw_text, n=n_docs))
    on_progress(Stage("Choosing"))
    candidates = pool.items()
    chosen = choose([candidate.doubts for candidate in candidates], n)
    best = [candidates[number] for number, _ in chosen]
    annotated = nlp.pipe(make_doc(candidate.source) for candidate in best)
    doubted = doubter.doubts(make_doc(candidate.source) for candidate in best)
    rows_of_tasks = zip(annotated, doubted, chosen, best, strict=True)
    tasks = [
        make_task(doc, doubts, score, candidate.line)
        for doc, (_, doubts), (_, score), candidate in rows_of_tasks
    ]
    return Suggested(tasks, n_docs, n_excluded, pool.n_near_duplicates)


class _DocMaker:
    """Makes documents of the pipeline's vocabulary, which know what they were made of."""

    def __init__(self, nlp: Language) -> None:
        self.nlp = nlp

    def __call__(self, source: str | list[str]) -> Doc:
        if isinstance(source, str):
            doc = self.nlp.make_doc(source)
        else:
            spaces = [True] * (len(source) - 1) + [False] * bool(source)
            doc = Doc(self.nlp.vocab, words=source, spaces=spaces)
        doc.user_data[_SOURCE] = source
        return doc


def _source(doc: Doc) -> str | list[str]:
    return doc.user_data[_SOURCE]


def _zones(nlp: Language, text: RawText) -> Iterator[tuple[list[Doc], list[int]]]:
    """The documents of a text and their lines, from 1. The vocabulary forgets the words of each
    part before the next one."""
    docs = text.docs()
    while True:
        with nlp.memory_zone():
            part, lines = [], []
            for doc, _ in islice(docs, _ZONE):
                part.append(doc)
                lines.append(text.position.line)
            if not part:
                return
            yield part, lines


def _keys(nlp: Language, text: RawText) -> Iterator[int]:
    for docs, _ in _zones(nlp, text):
        yield from map(_key, docs)
    text.report_lines(True)  # nothing to leave out is fine


def _key(doc: Doc) -> int:
    source = _source(doc)
    return get_string_id(source if isinstance(source, str) else " ".join(source))


def _fill(pool: Pool[_Candidate], doubter: Doubter, rows: list[tuple[Doc, int]]) -> None:
    """Add documents with their lines to a pool, if they are good enough."""
    # The sources are noted first, for a component may return other Docs.
    sources = [(_source(doc), line) for doc, line in rows]
    found = doubter.doubts(doc for doc, _ in rows)
    for (doc, values), (source, line) in zip(found, sources, strict=True):
        doubts = Doubts.of(doc.to_array(LOWER), values)
        score = doubts.score(Counter())
        if pool.wants(score):
            pool.add(score, signature(shingles(doc)), _Candidate(source, line, doubts))


def make_task(doc: Doc, doubts: numpy.ndarray, score: float, line: int) -> dict[str, Any]:
    """What an annotation tool reads of a document, in Prodigy's format.

    doc (Doc): The document, with the entities that the pipeline finds in it.
    doubts (numpy.ndarray): How unsure the tag of each token is. Shape (n_tokens,).
    score (float): How much is learned from it.
    line (int): Its line in the raw text, from 1.
    RETURNS (Dict[str, Any]): "text"; its "tokens"; the entities as "spans", all offsets in
        characters, and "token_end" the last token; and "meta", which is shown beside the text.
    """
    tokens = [
        {
            "text": token.text,
            "start": token.idx,
            "end": token.idx + len(token),
            "id": token.i,
            "ws": bool(token.whitespace_),
        }
        for token in doc
    ]
    meta: dict[str, Any] = {"score": round(score, 4), "line": line}
    order = numpy.argsort(-doubts, kind="stable")[:_MOST_SHOWN]
    unsure = [doc[i].text for i in order.tolist() if doubts[i] >= _WORTH_SHOWING]
    if unsure:
        meta["unsure"] = ", ".join(dict.fromkeys(unsure))
    spans = [_span(ent) for ent in doc.ents]
    return {"text": doc.text, "tokens": tokens, "spans": spans, "meta": meta}


def _span(ent: Any) -> dict[str, Any]:
    span = {
        "start": ent.start_char,
        "end": ent.end_char,
        "token_start": ent.start,
        "token_end": ent.end - 1,
        "label": ent.label_,
    }
    if ent._.ner_score is not None:
        span["score"] = round(ent._.ner_score, 4)
    return span


class Output:
    """A file of JSON lines, which is written as a whole or not at all. That it can be written is
    tried at once, before there is anything to write.

    path (Path): The file. Its folder is made if necessary.
    inputs (Iterable[Path]): Files that must not be overwritten.
    RAISES (ValueError): If it can't be written.
    """

    def __init__(self, path: Path, inputs: Iterable[Path]) -> None:
        self.path = path
        if path.suffix != _SUFFIX:
            raise self._error(f"its name doesn't end in {_SUFFIX}")
        if path.resolve() in [other.resolve() for other in inputs]:
            raise self._error("documents are read from it")
        if path.is_dir():
            raise self._error("it is a folder")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f"{path.name}{PART}")
            beside.touch()
            beside.unlink()
        except OSError as error:
            raise self._error(str(error)) from error

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write the file.

        rows (Iterable[Dict[str, Any]]): What its lines hold.
        RAISES (ValueError): If it can't be written. What was there before stays.
        """
        try:
            lines = "".join(f"{dumps(row, ensure_ascii=False)}\n" for row in rows)
            write_atomically(self.path, lines.encode("utf8"))
        except OSError as error:
            raise self._error(str(error)) from error

    def _error(self, why: str) -> ValueError:
        return ValueError(Errors.WN082.format(path=self.path, why=why))
