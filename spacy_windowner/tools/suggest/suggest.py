"""Selects the documents of a raw text from whose annotation a component would learn most."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple

import numpy
from spacy.attrs import LOWER
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc

from ...errors import check_setting
from ...files import PART, write_atomically
from ...models.output import is_initialized
from ...progress import Stage, Tell, silent
from ..errors import Errors
from ..pipelines import choose_component, get_window_ner
from ..raw_text import RawText
from .choose import Doubts, choose, find_doubts, find_errors
from .near_duplicates import Pool, shingles, signature

LEARNING, ERRORS = ORDERS = ("learning", "errors")
_ZONE = 1000  # documents in a memory zone
_POOL, _LEAST_POOL = 20, 1000  # size of the pool per requested document, and at least
_MOST_SHOWN = 3
_WORTH_SHOWING = 0.1
_SOURCE = "spacy_windowner_source"
_SUFFIX = ".jsonl"


class Suggested(NamedTuple):
    """The documents to annotate, and how many there were to choose from.

    tasks (List[Dict[str, Any]]): The documents, the most informative first, see `make_task`.
    n_docs (int): The number of documents in the raw text.
    n_excluded (int): The number of documents that were left out as excluded.
    n_near_duplicates (int): The number of informative documents that were near-duplicates.
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
    by: str = LEARNING,
    component: str | None = None,
    exclude: Iterable[str | Path] = (),
    on_progress: Tell = silent,
) -> Suggested:
    """Choose the documents of a raw text from whose annotation a component would learn most: those
    with many tags that it is unsure about, relative to their length. Words that are in doubt in
    documents already chosen count less. Only one of several near-duplicates is chosen.

    The text is read once. The best documents are kept in memory, 20 for each one requested.

    nlp (Language): The pipeline.
    raw_text (Union[str, Path]): The file of raw text, see `RawText`.
    n (int): The maximum number of documents to choose.
    by (str): "learning", or "errors" for the documents with the most expected errors per word that
        is read, to be reviewed. This requires a calibrated component.
    component (Optional[str]): The component's name. Needed if there are several.
    exclude (Iterable[Union[str, Path]]): Files of documents to leave out, for example because they
        are already annotated, in the formats of the raw text.
    on_progress (Tell): Called with the progress.
    RETURNS (Suggested): The documents.
    RAISES (ValueError): If there is no such component or it isn't trained, if a file can't be
        read, or if there is no document to choose.
    """
    check_setting(n >= 1, "n", n, "It must be at least 1.")
    check_setting(by in ORDERS, "by", by, f"It must be one of {', '.join(ORDERS)}.")
    name = choose_component(nlp, component)
    if not is_initialized(get_window_ner(nlp, name).model):
        raise ValueError(Errors.WN080.format(name=name))
    is_calibrated = get_window_ner(nlp, name).calibration is not None
    if by == ERRORS and not is_calibrated:
        raise ValueError(Errors.WN275.format(name=name))
    make_doc = _SourceTokenizer(nlp)
    on_progress(Stage("Reading documents to leave out"))
    known = {key for path in exclude for key in _keys(nlp, RawText(path, make_doc))}
    text = RawText(raw_text, make_doc)
    pool: Pool[_Candidate] = Pool(max(_LEAST_POOL, _POOL * n))
    n_docs = n_excluded = 0
    for docs, lines in _zones(nlp, text):
        rows = [row for row in zip(docs, lines, strict=True) if _key(row[0]) not in known]
        n_docs, n_excluded = n_docs + len(docs), n_excluded + len(docs) - len(rows)
        _fill(pool, nlp, name, rows, by)
        on_progress(Stage(f"{n_docs:,} documents", text.share, 1.0))
    text.report_lines(n_docs > 0)
    if n_docs == n_excluded:
        raise ValueError(Errors.WN081.format(path=raw_text, n=n_docs))
    on_progress(Stage("Choosing"))
    candidates = pool.items()
    chosen = choose([candidate.doubts for candidate in candidates], n)
    best = [candidates[number] for number, _ in chosen]
    annotated = nlp.pipe(make_doc(candidate.source) for candidate in best)
    all_doubted = find_doubts(nlp, name, (make_doc(candidate.source) for candidate in best))
    errors: Iterable[float | None] = [None] * len(best)
    if is_calibrated:
        docs_again = (make_doc(candidate.source) for candidate in best)
        errors = [number for _, number in find_errors(nlp, name, docs_again)]
    rows_of_tasks = zip(annotated, all_doubted, chosen, best, errors, strict=True)
    tasks = [
        make_task(doc, unsure_words(*doubted), score, candidate.line, expected)
        for doc, doubted, (_, score), candidate, expected in rows_of_tasks
    ]
    return Suggested(tasks, n_docs, n_excluded, pool.n_near_duplicates)


class _SourceTokenizer:
    """Makes documents with the pipeline's vocabulary, and stores their source in `user_data`."""

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
    """Read the documents of a text, with their line numbers from 1, in parts. Each part has its own
    memory zone, which limits the size of the vocabulary."""
    docs = text.docs()
    while True:
        with nlp.memory_zone():
            part, lines = [], []
            for doc, _ in islice(docs, _ZONE):
                part.append(doc)
                lines.append(text.line)
            if not part:
                return
            yield part, lines


def _keys(nlp: Language, text: RawText) -> Iterator[int]:
    for docs, _ in _zones(nlp, text):
        yield from map(_key, docs)
    text.report_lines(True)  # an empty file is allowed


def _key(doc: Doc) -> int:
    source = _source(doc)
    return get_string_id(source if isinstance(source, str) else " ".join(source))


def _fill(
    pool: Pool[_Candidate], nlp: Language, name: str, rows: list[tuple[Doc, int]], by: str
) -> None:
    """Add documents and their line numbers to a pool, if they are good enough."""
    # The sources are noted first, because a component may return other Docs.
    sources = [(_source(doc), line) for doc, line in rows]
    docs = (doc for doc, _ in rows)
    found: Iterator[tuple[Doc, Doubts]]
    if by == ERRORS:
        of_docs = find_errors(nlp, name, docs)
        found = ((doc, Doubts((), (), len(doc), number)) for doc, number in of_docs)
    else:
        of_words = find_doubts(nlp, name, docs)
        found = ((doc, Doubts.of(doc.to_array(LOWER), values)) for doc, values in of_words)
    for (doc, doubts), (source, line) in zip(found, sources, strict=True):
        score = doubts.score(Counter())
        if pool.wants(score):
            pool.add(score, signature(shingles(doc)), _Candidate(source, line, doubts))


def unsure_words(doc: Doc, doubts: numpy.ndarray) -> list[str]:
    """The words that a component is most unsure about.

    doc (Doc): The document, as the component sees it. Later components may merge tokens.
    doubts (numpy.ndarray): The doubt about the tag of each token. Shape (n_tokens,).
    RETURNS (List[str]): At most three different words, the most doubtful first.
    """
    order = numpy.argsort(-doubts, kind="stable")[:_MOST_SHOWN]
    return list(dict.fromkeys(doc[i].text for i in order.tolist() if doubts[i] >= _WORTH_SHOWING))


def make_task(
    doc: Doc, unsure: Sequence[str], score: float, line: int, errors: float | None = None
) -> dict[str, Any]:
    """Convert a document to an annotation task in Prodigy's format.

    doc (Doc): The document, with the entities that the pipeline predicts.
    unsure (Sequence[str]): The words to show as doubtful.
    score (float): What the document was chosen by, see `Doubts.score`.
    line (int): The document's line in the raw text, from 1.
    errors (Optional[float]): The expected number of errors. None if the component isn't calibrated.
    RETURNS (Dict[str, Any]): The "text", the "tokens", the entities as "spans" and "meta", which is
        shown next to the text. Offsets are in characters, and "token_end" is the last token.
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
    if errors is not None:
        meta["errors"] = round(errors, 2)
    if unsure:
        meta["unsure"] = ", ".join(unsure)
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
    """A JSON lines file that is written completely or not at all. The constructor already checks
    that it can be written.

    path (Path): The file. Its folder is created if necessary.
    inputs (Iterable[Path]): Files that must not be overwritten.
    RAISES (ValueError): If the file can't be written.
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

        rows (Iterable[Dict[str, Any]]): The objects, one per line.
        RAISES (ValueError): If the file can't be written. An existing file stays as it was.
        """
        try:
            lines = "".join(f"{dumps(row, ensure_ascii=False)}\n" for row in rows)
            write_atomically(self.path, lines.encode("utf8"))
        except OSError as error:
            raise self._error(str(error)) from error

    def _error(self, why: str) -> ValueError:
        return ValueError(Errors.WN082.format(path=self.path, why=why))
