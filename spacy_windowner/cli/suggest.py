"""The command `suggest`."""

from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..progress import Stage
from ..tools.pipelines import load_pipeline
from ..tools.suggest.suggest import LEARNING, Output, suggest
from ._util import (
    CODE,
    COMPONENT,
    MODEL,
    Bar,
    Quiet,
    Verbose,
    counted,
    explain_errors,
    windowner_cli,
)

_RAW_TEXT = (
    'File of raw text, one document per line: .txt, or .jsonl with {"text": ...} or '
    '{"tokens": [...]}, optionally followed by .gz'
)
_OUTPUT = ".jsonl file to write"
_EXCLUDE = "File of documents to leave out, e.g. annotated ones, like RAW_TEXT. Can be repeated"


_BY = "What to choose by: learning, or errors, for documents to review"


@windowner_cli.command("suggest")
def suggest_cli(
    model: Annotated[str, Arg(help=MODEL)],
    raw_text: Annotated[Path, Arg(help=_RAW_TEXT)],
    output: Annotated[Path, Arg(help=_OUTPUT)],
    n: Annotated[int, Opt("--n", "-n", help="Number of documents to suggest")] = 100,
    by: Annotated[str, Opt(help=_BY)] = LEARNING,
    exclude: Annotated[list[Path] | None, Opt("--exclude", "-x", help=_EXCLUDE)] = None,
    component: Annotated[str | None, Opt(help=COMPONENT)] = None,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Suggest which documents to annotate next.

    Selects the documents of a raw text that the pipeline would learn most from: those with many
    words whose tags it is unsure about, without near-duplicates. They are written in Prodigy's
    format, with "text", "tokens", "spans" and "meta", the most informative first. The spans are
    the entities that the pipeline finds, for you to correct.

    With --by errors, it selects those in which the most errors are expected per word, for review.

    EXAMPLE:

      python -m spacy windowner suggest model/model-best raw.jsonl next.jsonl

      \b
      python -m spacy windowner suggest model/model-best raw.jsonl next.jsonl \\
        -x annotated.jsonl
    """
    excluded = exclude or []
    msg = Printer(no_print=quiet)
    with explain_errors(verbose), Bar(quiet) as bar:
        file = Output(output, [raw_text, *excluded])
        bar(Stage("Loading the pipeline"))
        nlp = load_pipeline(model, code)
        found = suggest(
            nlp,
            raw_text,
            n=n,
            by=by,
            component=component,
            exclude=excluded,
            on_progress=bar,
        )
        file.write(found.tasks)
    words = sum(len(task["tokens"]) for task in found.tasks)
    spans = sum(len(task["spans"]) for task in found.tasks)
    msg.info(
        f"Read {counted(found.n_docs, 'document')}, left out {found.n_excluded:,} as excluded and "
        f"{found.n_near_duplicates:,} of the most informative as near-duplicates"
    )
    contents = f"{counted(words, 'word')} and {counted(spans, 'span')}"
    msg.good(f"Suggested {len(found.tasks):,} with {contents}", output)
