from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import Errors, check_setting
from .inputs import Input, find_inputs
from .make_docs import DocMaker
from .options import AUTO, Options
from .part import Part
from .progress import OpenFile, Progress, Status
from .recognize import recognize
from .records import DocRecord, Record, Skip, TextRecord, TokenRecord
from .scan import Scan
from .settings import blank_pipeline, check_settings
from .skips import Count, Skips
from .split import parse_shares
from .targets import make_plan
from .text_file import TextFile

_SHOWN = 3  # inputs that are named


class Conversion(NamedTuple):
    """What was converted.

    parts (Sequence[Part]): The files that are written.
    skips (Sequence[Count]): What was left out.
    notes (Sequence[str]): What else there is to know, in sentences.
    """

    parts: Sequence[Part]
    skips: Sequence[Count]
    notes: Sequence[str]


def convert(
    sources: Sequence[str | Path],
    output: str | Path,
    *,
    format: str = AUTO,
    lang: str = "en",
    documents: bool = False,
    split: str | None = None,
    seed: int = 0,
    encoding: str | None = None,
    scheme: str = AUTO,
    word_column: int | None = None,
    tag_column: int | None = None,
    tag_names: Sequence[str] = (),
    rename: Mapping[str, str] | None = None,
    on_recognized: Callable[[str, str], None] | None = None,
    on_progress: Callable[[Status], None] | None = None,
) -> Conversion:
    """Convert annotated files to training data in spaCy's format. Nothing is written if one of
    them can't be read.

    sources (Sequence[Union[str, Path]]): Files or folders.
    output (Union[str, Path]): A .spacy file, for all of them, or a folder, for a file of each.
    format (str): Their format, one of `recognize.FORMATS`. By default each tells its own.
    lang (str): The language whose tokenizer is used where text is given. Tokens stay as they are.
    documents (bool): Whether sentences of a document are put together, where that is known.
    split (Optional[str]): Shares of a split, e.g. "80/10/10": the folder gets train.spacy,
        dev.spacy and test.spacy.
    seed (int): Another one gives another split.
    encoding (Optional[str]): Their encoding. By default UTF-8 or, after its mark, UTF-16.
    scheme (str): The scheme of tags, one of `schemes.SCHEMES`. By default each file tells its own.
    word_column (Optional[int]): The column of words, from 1, or from -1 at the end.
    tag_column (Optional[int]): The column of tags, likewise.
    tag_names (Sequence[str]): What numbers of tags stand for, in their order.
    rename (Optional[Mapping[str, str]]): Labels that get another name.
    on_recognized (Optional[Callable[[str, str], None]]): Called with each file and what it is.
    on_progress (Optional[Callable[[Status], None]]): Called after each document.
    RETURNS (Conversion): What was converted.
    RAISES (ValueError): If a file can't be read or written, or a setting can't be used.
    RAISES (ImportError): If a format needs a package that is not installed.

    DOCS: docs/convert.md
    """
    check_settings(format, scheme, encoding, word_column, tag_column, tag_names)
    shares = parse_shares(split) if split is not None else []
    paths = [Path(source) for source in sources]
    check_setting(bool(paths), "sources", paths, "Expected at least one file or folder.")
    found = [find_inputs(path) for path in paths]
    inputs = [one for some, _ in found for one in some]
    plan = make_plan(inputs, Path(output), len(shares))
    options = Options(format, encoding, scheme, word_column, tag_column, tag_names, rename or {})
    nlp = blank_pipeline(lang)
    files = [
        _open(one, target, options, nlp) for one, target in zip(inputs, plan.targets, strict=True)
    ]
    progress = Progress(files, on_progress)
    scan = Scan(bool(shares))
    for number, (file, reading, *_) in enumerate(files):
        what = scan.add(file, reading, scheme, partial(progress, number))
        progress.finish(number)
        if on_recognized is not None:
            on_recognized(file.name, what)
    sides = scan.assign(shares, seed) if shares else None
    skips = Skips()
    maker = DocMaker(nlp, options.rename, skips)
    keeps_all = any(reading.format == "spacy" for _, reading, *_ in files)
    parts = [Part(path, keeps_all) for path in plan.paths]
    names = [_name(inputs, plan.targets, number) for number in range(len(parts))]
    place = 0
    for number, (file, reading, _, target) in enumerate(files):
        merges = documents and scan.knows_documents
        for records in _together(reading.read(), merges):
            if isinstance(records[0], Skip):
                skip = records[0]
                skips.add(skip.kind, file.where(skip.line), skip.what)
                continue
            doc = _make_doc(maker, records, file.name, scan.units[number])
            side = sides[place] if sides is not None else target
            place += len(records)
            if doc is not None:
                parts[side].add(doc)
                progress.n_docs += 1
            progress(number)
        progress.finish(number)
    notes = list(_notes(maker, sum(n for _, n in found), documents and not scan.knows_documents))
    _require_docs(parts, [str(part.path) for part in parts] if shares else names, skips)
    for part in parts:
        part.write()
    return Conversion(parts, skips.counts(), notes)


def _open(one: Input, target: int, options: Options, nlp: Language) -> OpenFile:
    file = TextFile(one.path, options.encoding)
    if options.format == AUTO:
        options = options._replace(format=one.format)
    reading = recognize(file, options, nlp.vocab)
    return OpenFile(file, reading, one.path.stat().st_size if one.path.exists() else 0, target)


def _together(records: Iterator[Record], merges: bool) -> Iterator[list[Record]]:
    """Records that make a document: one alone or, if they are merged, sentences of one."""
    waiting: list[Record] = []
    document: int | None = None
    for record in records:
        here = record.document if merges and isinstance(record, TokenRecord) else None
        if waiting and here != document and not isinstance(record, Skip):
            yield waiting
            waiting = []
        if isinstance(record, Skip) or here is None:
            yield [record]
        else:
            waiting.append(record)
            document = here
    if waiting:
        yield waiting


def _make_doc(maker: DocMaker, records: Sequence[Record], name: str, unit: str) -> Doc | None:
    first = records[0]
    if isinstance(first, TextRecord):
        return maker.from_text(first, name, unit)
    if isinstance(first, DocRecord):
        return maker.from_doc(first, name)
    sentences = [record for record in records if isinstance(record, TokenRecord)]
    return maker.from_tokens(sentences, name)


def _notes(maker: DocMaker, n_others: int, lacks_documents: bool) -> Iterator[str]:
    for unit, where in maker.units.items():
        yield f"Offsets that count {unit} were converted, in {where} first"
    if n_others:
        yield f"Left out {n_others:,} files of folders, whose names end in another way"
    if lacks_documents:
        yield "Bounds of documents aren't known: each sentence is a document"


def _name(inputs: Sequence[Input], targets: Sequence[int], target: int) -> str:
    """What to name the inputs of a file by."""
    units = [one.unit for one, own in zip(inputs, targets, strict=True) if own == target]
    names = list(dict.fromkeys(map(str, units)))
    return ", ".join(names[:_SHOWN]) + (" and others" if len(names) > _SHOWN else "")


def _require_docs(parts: Sequence[Part], names: Sequence[str], skips: Skips) -> None:
    for part, name in zip(parts, names, strict=True):
        if not part.n_docs:
            first = next(iter(skips.counts()), None)
            why = str(first) if first else "The file is empty."
            raise ValueError(Errors.WN188.format(path=name, why=why))
