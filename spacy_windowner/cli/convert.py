"""The command `convert`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..tools.convert.convert import Conversion, convert, parse_names, parse_renames
from ..tools.convert.output import Totals
from ..tools.convert.recognize import FORMATS
from ..tools.convert.records import AUTO
from ..tools.convert.schemes import SCHEMES
from ._util import Bar, Quiet, Verbose, counted, explain_errors, windowner_cli

_INPUT = "Annotated files, or folders of them"
_OUTPUT = (
    ".spacy file to write, for all inputs together. Or a folder, for one file per input or for "
    "the parts of a split"
)
_FORMAT = f"Format, if it isn't recognized from the content: one of {', '.join(FORMATS)}"
_LANG = "Language of the tokenizer for raw text. Existing tokens are kept"
_DOCUMENTS = "Join the sentences of a document, where document boundaries are known"
_SPLIT = (
    "Split documents at random, e.g. 80/10/10 into train, dev and test. Near-duplicates stay "
    "together"
)
_ENCODING = "Encoding, e.g. latin-1. By default UTF-8, or UTF-16 with a byte order mark"
_SCHEME = f"Tagging scheme, if it isn't recognized from the tags: one of {', '.join(SCHEMES)}"
_WORD = "Column of the words, counted from 1, or from -1 at the end. By default the first"
_TAG = "Column of the tags, counted in the same way. By default the last"
_NAMES = "Names of tags that are given as numbers, e.g. O,B-PER,I-PER"
_RENAME = "Rename a label, e.g. PERSON=PER. Can be repeated"
_SHOWN = 3  # files that are named of those with the same format
_COLUMNS = 5  # maximum number of files with a column each


@windowner_cli.command("convert")
def convert_cli(
    sources: Annotated[list[Path], Arg(help=_INPUT, metavar="INPUT")],
    output: Annotated[Path, Arg(help=_OUTPUT)],
    format: Annotated[str, Opt("--format", "-f", help=_FORMAT)] = AUTO,
    lang: Annotated[str, Opt("--lang", "-l", help=_LANG)] = "en",
    documents: Annotated[bool, Opt("--documents", "-d", help=_DOCUMENTS)] = False,
    split: Annotated[str | None, Opt(help=_SPLIT)] = None,
    seed: Annotated[int | None, Opt(help="Random seed of the split. By default 0")] = None,
    encoding: Annotated[str | None, Opt(help=_ENCODING)] = None,
    scheme: Annotated[str, Opt(help=_SCHEME)] = AUTO,
    word_column: Annotated[int | None, Opt(help=_WORD)] = None,
    tag_column: Annotated[int | None, Opt(help=_TAG)] = None,
    tag_names: Annotated[str | None, Opt(help=_NAMES)] = None,
    rename: Annotated[list[str] | None, Opt(help=_RENAME)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Convert annotated files to training data.

    Reads JSON lines and arrays (Prodigy, doccano, Label Studio), CoNLL, CSV, brat, Parquet and
    other formats, which it recognizes from the content, and writes .spacy files. Annotation that
    can't be used is counted, with the first example of each kind. If a file can't be read, nothing
    is written.

    EXAMPLE:

      python -m spacy windowner convert annotated.jsonl train.spacy

      \b
      python -m spacy windowner convert train.conll dev.conll test.conll \\
        corpus/

      \b
      python -m spacy windowner convert annotated.jsonl corpus/ \\
        --split 80/10/10
    """
    msg = Printer(no_print=quiet)
    with explain_errors(verbose), Bar(quiet) as bar, Recognized(msg, bar, verbose) as recognized:
        done = convert(
            sources,
            output,
            format=format,
            lang=lang,
            documents=documents,
            split=split,
            seed=seed,
            encoding=encoding,
            scheme=scheme,
            word_column=word_column,
            tag_column=tag_column,
            tag_names=parse_names(tag_names or ""),
            rename=parse_renames(rename or []),
            on_recognized=recognized,
            on_progress=bar,
        )
    show_conversion(done, msg)


def show_skips(done: Conversion, msg: Printer) -> None:
    """Print what was left out."""
    for note in done.notes:
        msg.info(note)
    for count in done.skips:
        (Printer().warn if count.kind.fix else msg.info)(str(count))


def show_conversion(done: Conversion, msg: Printer) -> None:
    """Print what was left out and what is in the files."""
    show_skips(done, msg)
    total = Totals.of(done.parts)
    is_wide = len(done.parts) > _COLUMNS
    columns = [total] if is_wide else [Totals.of([part]) for part in done.parts]
    names = [f"{len(done.parts):,} files"] if is_wide else [p.path.name for p in done.parts]
    aligns = ["l", *"r" * len(columns)]
    msg.table(_rows(columns), header=["", *names], divider=True, aligns=aligns)
    places = [str(part.path) for part in done.parts]
    more = f" and {len(places) - _COLUMNS:,} more" if is_wide else ""
    entities = counted(total.n_ents, "entity", "entities")
    text = f"{counted(total.n_docs, 'document')} with {entities}"
    msg.good(text, ", ".join(places[:_COLUMNS]) + more)
    if not total.n_ents:
        Printer().warn("There are no entities in any of them")


def _rows(columns: Sequence[Totals]) -> list[tuple[str, ...]]:
    labels = sorted(
        {label for column in columns for label in column.labels},
        key=lambda label: (-sum(column.labels[label] for column in columns), label),
    )
    rows = [("documents", *(f"{column.n_docs:,}" for column in columns))]
    rows.append(("tokens", *(f"{column.n_tokens:,}" for column in columns)))
    if any(column.n_missing for column in columns):
        rows.append(("not annotated", *(f"{column.n_missing:,}" for column in columns)))
    rows.append(("entities", *(f"{column.n_ents:,}" for column in columns)))
    for label in labels:
        rows.append((f"  {label}", *(f"{column.labels[label]:,}" for column in columns)))
    return rows


class Recognized:
    """Prints the formats of files, in one line for consecutive files of the same format."""

    def __init__(self, msg: Printer, bar: Bar, all_names: bool) -> None:
        self._msg = msg
        self._bar = bar
        self._shown = None if all_names else _SHOWN
        self._names: list[str] = []
        self._what = ""

    def __enter__(self) -> "Recognized":
        return self

    def __exit__(self, *error: object) -> None:
        self.say()

    def __call__(self, name: str, what: str) -> None:
        if what != self._what:
            self.say()
        self._what = what
        self._names.append(name)

    def say(self) -> None:
        """Print the format of the last files."""
        if self._names:
            shown = self._names[: self._shown]
            more = len(self._names) - len(shown)
            names = ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")
            self._bar.clear()
            self._msg.info(f"{names}: {self._what}")
            self._names = []
