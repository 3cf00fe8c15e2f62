"""The command `report`."""

from json import dumps
from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..files import write_files
from ..progress import Stage
from ..tools.report.render_html import report_to_html
from ..tools.report.render_markdown import report_to_markdown
from ..tools.report.report import EXAMPLES, ModelReport, make_report
from ..tools.report.wording import percent, speed, thousands
from ._util import CODE, MODEL, Bar, Quiet, Verbose, explain_errors, windowner_cli

_DATA = "Annotated documents that the pipeline was not trained on, in .spacy format, or a folder"
_OUT = "Folder to write report.html, report.md and report.json to"
_COMPARE = "Another pipeline to compare with, of any kind that predicts entities. Can be repeated"
_TRAIN = "The training data of the pipeline, to separate seen from unseen entities"
_EXAMPLES = "Maximum number of errors to show in context"


@windowner_cli.command("report")
def report_cli(
    model: Annotated[str, Arg(help=MODEL)],
    data: Annotated[Path, Arg(help=_DATA, exists=True)],
    out: Annotated[Path, Arg(help=_OUT, file_okay=False)],
    compare: Annotated[list[str] | None, Opt("--compare", help=_COMPARE)] = None,
    train: Annotated[Path | None, Opt("--train", "-t", help=_TRAIN, exists=True)] = None,
    examples: Annotated[int, Opt("--examples", help=_EXAMPLES, min=0)] = EXAMPLES,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Evaluate a pipeline on annotated documents.

    Writes a self-contained page of HTML, Markdown and JSON with scores per label and in four views
    of what counts as correct, confusions of labels, errors of each kind in context, the
    reliability of probabilities, and speed.

    EXAMPLE:

      \b
      python -m spacy windowner report model/model-best test.spacy report \\
        --train train.spacy

      \b
      python -m spacy windowner report model/model-best test.spacy report \\
        --compare other/model-best
    """
    with explain_errors(verbose), Bar(quiet) as bar:
        report = make_report(
            model,
            data,
            compare_with=compare or [],
            train=train,
            examples=examples,
            code=code,
            on_progress=bar,
        )
        bar(Stage("Writing the report"))
        paths = write_files(out, {
            "report.html": report_to_html(report),
            "report.md": report_to_markdown(report),
            "report.json": dumps(report.to_dict(), indent=2) + "\n",
        })  # fmt: skip
    msg = Printer(no_print=quiet)
    _show(msg, report.models)
    msg.good("Saved the report", ", ".join(str(path) for path in paths))


def _show(msg: Printer, models: list[ModelReport]) -> None:
    header = ("Model", "F1", "P", "R", "TP", "FP", "FN", "Words/s")
    rows = [
        (
            model.name,
            *(percent(share) for share in (model.total.f, model.total.p, model.total.r)),
            *(thousands(count) for count in model.total),
            speed(model.words_per_second),
        )
        for model in models
    ]
    msg.table(rows, header=header, divider=True, aligns=["l", *"r" * (len(header) - 1)])
