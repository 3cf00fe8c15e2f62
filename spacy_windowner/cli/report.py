"""The command `report`."""

from json import dumps
from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt, import_code, show_validation_error
from typer import BadParameter
from wasabi import Printer

from ..files import write_files
from ..progress import Stage
from ..tools.convert.convert import Conversion
from ..tools.report.cross_validate import cross_validate
from ..tools.report.intervals import TOTAL
from ..tools.report.render_html import report_to_html
from ..tools.report.render_markdown import report_to_markdown
from ..tools.report.report import EXAMPLES, make_report
from ..tools.report.results import Report
from ..tools.report.wording import describe_speed, interval, percent, thousands
from ._util import CODE, Bar, Quiet, Verbose, explain_errors, windowner_cli
from .convert import show_skips

_PLACES = (
    "A pipeline, annotated documents that it was not trained on (.spacy, or a folder), and the "
    "folder to write report.html, report.md and report.json to. With --folds only the folder"
)
_COMPARE = "Another pipeline to compare with, of any kind that predicts entities. Can be repeated"
_TRAIN = "The training data of the pipeline, to separate seen from unseen entities"
_FOLDS = "Cross-validate the recipe of `windowner train` on --train, with so many folds"
_CONFIG = "Training config for --folds. By default that of `windowner train` for English"
_EXAMPLES = "Maximum number of errors to show in context"


@windowner_cli.command("report")
def report_cli(
    places: Annotated[list[str], Arg(help=_PLACES, metavar="[MODEL DATA] OUT")],
    compare: Annotated[list[str] | None, Opt("--compare", help=_COMPARE)] = None,
    train: Annotated[Path | None, Opt("--train", "-t", help=_TRAIN, exists=True)] = None,
    examples: Annotated[int, Opt("--examples", help=_EXAMPLES, min=0)] = EXAMPLES,
    folds: Annotated[int | None, Opt("--folds", help=_FOLDS, min=2)] = None,
    config: Annotated[Path | None, Opt("--config", help=_CONFIG, exists=True)] = None,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Evaluate a pipeline on annotated documents.

    Writes a self-contained page of HTML, Markdown and JSON with scores per label and in four views
    of what counts as correct, confusions of labels, errors of each kind in context, the
    reliability of probabilities, and speed.

    If there is too little data for a test part, --folds evaluates the recipe of `windowner train`
    on all of it: documents in any format that `convert` reads, each predicted by a pipeline that
    was trained on others. No pipeline is kept.

    EXAMPLE:

      \b
      python -m spacy windowner report model/model-best test.spacy report \\
        --train train.spacy

      \b
      python -m spacy windowner report model/model-best test.spacy report \\
        --compare other/model-best

      python -m spacy windowner report report --folds 5 --train annotated.jsonl
    """
    msg = Printer(no_print=quiet)
    with explain_errors(verbose), Bar(quiet) as bar:
        model, data, out = _check(places, train, folds, compare, config)
        if folds is not None and train is not None:
            import_code(code)

            def tell(conversion: Conversion) -> None:
                bar.clear()
                show_skips(conversion, msg)

            with show_validation_error(config):
                report = cross_validate(
                    train,
                    folds=folds,
                    config=config,
                    examples=examples,
                    on_progress=bar,
                    on_converted=tell,
                )
        else:
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
    _show(msg, report)
    msg.good("Saved the report", ", ".join(str(path) for path in paths))


def _check(
    places: list[str],
    train: Path | None,
    folds: int | None,
    compare: list[str] | None,
    config: Path | None,
) -> tuple[str, Path, Path]:
    """The pipeline, the data and the folder to write to. With folds, only the folder matters."""
    if folds is not None:
        if len(places) != 1 or train is None or compare:
            raise BadParameter(
                "With --folds, give the training data with --train, and only the folder OUT: all "
                "pipelines are trained here."
            )
        return "", train, Path(places[0])
    if len(places) != 3 or config is not None:
        raise BadParameter("Give MODEL, DATA and OUT, or only OUT with --folds and --train.")
    model, data, out = places
    if not Path(data).exists():
        raise BadParameter(f"There is no file or folder {data}.")
    return model, Path(data), Path(out)


def _show(msg: Printer, report: Report) -> None:
    rows = [
        (
            model.name,
            percent(model.total.f),
            interval(model.intervals[TOTAL].f) or "-",
            *(percent(share) for share in (model.total.p, model.total.r)),
            *(thousands(count) for count in model.total),
        )
        for model in report.models
    ]
    header = ("Model", "F1", "95 %", "P", "R", "TP", "FP", "FN")
    msg.table(rows, header=header, divider=True, aligns=["l", *"r" * (len(header) - 1)])
    speeds = describe_speed(report)
    if speeds:
        msg.text(speeds)
