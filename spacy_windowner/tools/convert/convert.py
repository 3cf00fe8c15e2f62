"""Converts annotated files to .spacy files: recognizes formats, reads records, writes documents."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from ...errors import check_setting
from ...progress import Stage, Tell, silent
from ..errors import Errors
from .make_docs import DocMaker, problem_of, usable
from .output import Part, make_plan, parse_shares
from .recognize import FORMATS, Input, find_inputs, recognize
from .records import (
    AUTO,
    Count,
    DocRecord,
    Options,
    Reading,
    Record,
    Skip,
    Skips,
    TextRecord,
    TokenRecord,
)
from .scan import Scan
from .schemes import SCHEMES, is_tag
from .text_file import TextFile

_SHOWN = 3  # inputs that a message names


class Conversion(NamedTuple):
    """The result of a conversion.

    parts (Sequence[Part]): The files that were written.
    skips (Sequence[Count]): What was left out.
    notes (Sequence[str]): Other notes, as sentences.
    """

    parts: Sequence[Part]
    skips: Sequence[Count]
    notes: Sequence[str]


class OpenFile(NamedTuple):
    """An input file.

    file (TextFile): The file.
    reading (Reading): How to read it.
    size (int): The size in bytes.
    target (int): The index of the output file.
    """

    file: TextFile
    reading: Reading
    size: int
    target: int


def convert(
    sources: Sequence[str | Path],
    output: str | Path,
    *,
    format: str = AUTO,
    lang: str = "en",
    documents: bool = False,
    split: str | None = None,
    seed: int | None = None,
    encoding: str | None = None,
    scheme: str = AUTO,
    word_column: int | None = None,
    tag_column: int | None = None,
    tag_names: Sequence[str] = (),
    rename: Mapping[str, str] | None = None,
    on_recognized: Callable[[str, str], None] | None = None,
    on_progress: Tell = silent,
) -> Conversion:
    """Convert annotated files to training data in .spacy format. If one of the files can't be read,
    nothing is written.

    sources (Sequence[Union[str, Path]]): Files or folders.
    output (Union[str, Path]): A .spacy file for all inputs, or a folder with a file for each input.
    format (str): The input format, one of `recognize.FORMATS`. By default it is recognized for each
        file.
    lang (str): The language of the tokenizer for raw text. Existing tokens are kept.
    documents (bool): Whether to join the sentences of a document, where document boundaries are
        known.
    split (Optional[str]): The shares of a split, e.g. "80/10/10": the folder gets train.spacy,
        dev.spacy and test.spacy.
    seed (Optional[int]): The random seed of the split. None means 0.
    encoding (Optional[str]): The encoding. If None, UTF-8, or UTF-16 if the file has its byte order
        mark.
    scheme (str): The tagging scheme, one of `schemes.SCHEMES`. By default it is recognized for each
        file.
    word_column (Optional[int]): The column of the words, counted from 1, or from -1 at the end.
    tag_column (Optional[int]): The column of the tags, counted in the same way.
    tag_names (Sequence[str]): The names of tags that are given as numbers, in order.
    rename (Optional[Mapping[str, str]]): New names for labels.
    on_recognized (Optional[Callable[[str, str], None]]): Called with each file and a description of
        its format.
    on_progress (Tell): Called after each document, with the bytes that have been read. Each file is
        read twice.
    RETURNS (Conversion): The result.
    RAISES (ValueError): If a file can't be read or written, or a setting isn't valid.
    RAISES (ImportError): If a format needs a package that isn't installed.

    DOCS: docs/convert.md
    """
    check_settings(format, scheme, encoding, word_column, tag_column, tag_names)
    check_renames(rename or {})
    shares = parse_shares(split) if split is not None else []
    check_setting(seed is None or bool(shares), "seed", seed, "Give `split` as well.")
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
    sides = scan.assign(shares, seed or 0) if shares else None
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
    lacks_documents = documents and bool(scan.tagged) and not scan.knows_documents
    notes = list(_notes(maker, sum(n for _, n in found), lacks_documents))
    notes += _unused(options, documents, scan)
    _require_docs(parts, [str(part.path) for part in parts] if shares else names, skips)
    for part in parts:
        part.write()
    return Conversion(parts, skips.counts(), notes)


def check_settings(
    format: str,
    scheme: str,
    encoding: str | None,
    word_column: int | None,
    tag_column: int | None,
    tag_names: Sequence[str],
) -> None:
    """RAISES (ValueError): If a setting of `convert` isn't valid."""
    formats, schemes = (AUTO, *FORMATS), (AUTO, *SCHEMES)
    check_setting(format in formats, "format", format, f"Expected one of {', '.join(formats)}.")
    check_setting(scheme in schemes, "scheme", scheme, f"Expected one of {', '.join(schemes)}.")
    for name, column in (("word_column", word_column), ("tag_column", tag_column)):
        why = "Columns are counted from 1, or from -1 at the end."
        check_setting(column != 0, name, column, why)
    wrong = next((tag for tag in tag_names if not is_tag(tag)), None)
    check_setting(wrong is None, "tag_names", wrong, "Expected tags, such as O,B-PER,I-PER.")
    if encoding is not None:
        try:
            is_text = "".encode(encoding) is not None
        except (LookupError, UnicodeError):  # the latter if it is "undefined"
            is_text = False
        why = "Expected an encoding that Python knows, such as latin-1 or utf-16."
        check_setting(is_text, "encoding", encoding, why)


def check_renames(rename: Mapping[str, str]) -> None:
    """RAISES (ValueError): If there can't be a label with one of the new names."""
    for old, new in rename.items():
        problem = problem_of(new)
        why = f"The new name {problem}. Use another one, e.g. {usable(new)}."
        check_setting(not problem, "rename", f"{old}={new}", why)


def blank_pipeline(lang: str) -> Language:
    """Make a blank pipeline with the tokenizer of a language.

    lang (str): The language code.
    RETURNS (Language): The pipeline.
    RAISES (ValueError): If there is no such language, or its tokenizer needs a package that isn't
        installed.
    """
    try:
        return spacy.blank(lang)
    except (ImportError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(Errors.WN194.format(lang=lang, reason=reason)) from error


def _open(one: Input, target: int, options: Options, nlp: Language) -> OpenFile:
    file = TextFile(one.path, options.encoding)
    if options.format == AUTO:
        options = options._replace(format=one.format)
    reading = recognize(file, options, nlp.vocab)
    return OpenFile(file, reading, one.path.stat().st_size if one.path.exists() else 0, target)


class Progress:
    """Reports the progress of a conversion.

    files (Sequence[OpenFile]): The files. Each is read twice.
    tell (Tell): Called with the progress.
    """

    def __init__(self, files: Sequence[OpenFile], tell: Tell) -> None:
        self.n_docs = 0
        self._files = files
        self._done = 0
        self._size = 2 * sum(file.size for file in files)
        self._tell = tell

    def __call__(self, number: int) -> None:
        """Report the progress.

        number (int): The index of the current file.
        """
        file = self._files[number]
        done = self._done + min(file.file.position, file.size)
        self._tell(Stage(f"{self.n_docs:,} documents", done, self._size))

    def finish(self, number: int) -> None:
        """Count a file as read.

        number (int): The index of the file.
        """
        self._done += self._files[number].size
        self._files[number].file.position = 0


def _together(records: Iterator[Record], merges: bool) -> Iterator[list[Record]]:
    """Group the records that make a document: one record, or all sentences of a document."""
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
        yield f"Offsets in {unit} were converted, first in {where}"
    if n_others:
        yield f"Skipped files in folders because of their suffix ({n_others:,})"
    if missing := maker.labels.missing:
        yield f"There are no labels {', '.join(map(repr, missing))} to rename"
    if lacks_documents:
        yield "Document boundaries aren't known: each sentence is a document"


def _unused(options: Options, documents: bool, scan: Scan) -> Iterator[str]:
    """Tell which options changed nothing, because no file has what they are about.

    options (Options): The options.
    documents (bool): Whether to join the sentences of a document.
    scan (Scan): What the files have.
    YIELDS (str): A sentence for each option.
    """
    tagged, columns = scan.tagged, options.word_column or options.tag_column
    if columns and tagged.isdisjoint(("conll", "csv", "tsv")):
        yield "No file has columns of words and tags, so no column was chosen"
    if options.scheme != AUTO and not tagged:
        yield f"No file has tags, so the scheme {options.scheme} wasn't used"
    if documents and not tagged:
        yield "Each text is a document already, so none were joined"
    if options.tag_names and not scan.has_numbers:
        yield "No file has tags as numbers, so the names of tags weren't used"


def _name(inputs: Sequence[Input], targets: Sequence[int], target: int) -> str:
    """The names of the inputs of an output file, for messages."""
    units = [one.unit for one, own in zip(inputs, targets, strict=True) if own == target]
    names = list(dict.fromkeys(map(str, units)))
    return ", ".join(names[:_SHOWN]) + (" and others" if len(names) > _SHOWN else "")


def _require_docs(parts: Sequence[Part], names: Sequence[str], skips: Skips) -> None:
    for part, name in zip(parts, names, strict=True):
        if not part.n_docs:
            first = next(iter(skips.counts()), None)
            why = str(first) if first else "The file is empty."
            raise ValueError(Errors.WN188.format(path=name, why=why))


def parse_names(names: str) -> list[str]:
    """Parse comma-separated names of tags."""
    return [name.strip() for name in names.split(",") if name.strip()]


def parse_renames(renames: Sequence[str]) -> dict[str, str]:
    """Parse new names of labels, each given as OLD=NEW.

    renames (Sequence[str]): The names.
    RETURNS (Dict[str, str]): The new names, by old name.
    RAISES (ValueError): If one has another form.
    """
    pairs = [rename.rpartition("=") for rename in renames]
    for rename, (_, mark, new) in zip(renames, pairs, strict=True):
        check_setting(bool(mark and new), "rename", rename, "Expected OLD=NEW, e.g. PERSON=PER.")
    return {old: new for old, _, new in pairs}
