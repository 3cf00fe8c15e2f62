"""The command `train-curve`."""

from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from spacy.cli._util import (
    Arg,
    Opt,
    import_code,
    parse_config_overrides,
    setup_gpu,
    show_validation_error,
)
from wasabi import msg

from ..tools.report.wording import percent, thousands
from ..tools.train_curve.forecast import Forecast
from ..tools.train_curve.train_curve import SHARES, Point, parse_shares, train_curve
from ._util import CODE, Bar, Quiet, Verbose, explain_errors, windowner_cli

_SHARES = "Shares of the training documents in percent, separated by commas"
_SEEDS = "Number of trainings with each share, each with another seed and other documents"
_JSON = "Print JSON instead of a table"
_LITTLE = 0.005  # a gain in F1 below this is little


@windowner_cli.command(
    "train-curve",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def train_curve_cli(
    ctx: typer.Context,
    config_path: Annotated[
        Path, Arg(help="Config of the training", exists=True, allow_dash=True, metavar="CONFIG")
    ],
    shares: Annotated[str, Opt(help=_SHARES)] = ",".join(f"{share:g}" for share in SHARES),
    seeds: Annotated[int, Opt(help=_SEEDS)] = 1,
    json: Annotated[bool, Opt("--json", help=_JSON)] = False,
    gpu_id: Annotated[int, Opt("--gpu-id", "-g", help="GPU ID or -1 for CPU")] = -1,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Estimate whether more data would help.

    Trains with the config on growing shares of the training documents, as `spacy train` does,
    evaluates each model on the dev data, and estimates the gain from twice the documents. Settings
    of the config can be overridden as in `spacy train`. No model is kept.

    EXAMPLE:

      \b
      python -m spacy windowner train-curve config.cfg \\
        --paths.train train.spacy --paths.dev dev.spacy --seeds 3
    """
    overrides = parse_config_overrides(ctx.args)
    with (
        show_validation_error(config_path),
        explain_errors(verbose, text_to_stderr=json),
        Bar(quiet) as bar,
    ):
        import_code(code)
        setup_gpu(gpu_id, silent=True)
        curve = train_curve(
            config_path,
            overrides=overrides,
            shares=parse_shares(shares),
            seeds=seeds,
            use_gpu=gpu_id,
            on_progress=bar,
        )
    if json:
        typer.echo(dumps(curve.to_dict(), indent=2))
        return
    _show(curve.points)
    msg.text(describe(curve.next), spaced=True)


def _show(points: list[Point]) -> None:
    has_deviation = points[0].f_stdev is not None
    deviation = ("±",) if has_deviation else ()
    header = ("Share", "Documents", "Entities", "F1", *deviation, "P", "R", "Seconds")
    rows = [
        (
            f"{point.share:g} %",
            *(thousands(number) for number in (point.documents, point.entities)),
            percent(point.f),
            *((percent(point.f_stdev),) if has_deviation else ()),
            *(percent(share) for share in (point.p, point.r)),
            f"{point.seconds:,.1f}",
        )
        for point in points
    ]
    msg.table(rows, header=header, divider=True, aligns=["r"] * len(header))


def describe(found: Forecast) -> str:
    """Sentences about the gain from twice the documents."""
    documents = f"Twice the documents ({found.documents:,})"
    if found.gain is None or found.low is None or found.high is None:
        return f"{documents}: the gain can't be estimated. {found.reason}"
    if found.low > 0.0:
        verdict = "More data of this kind helps."
    elif found.high < _LITTLE:
        verdict = "More data of this kind would bring little."
    else:
        verdict = "More data of this kind may bring nothing. More seeds would tell more."
    return (
        f"{documents}: F1 {100 * found.gain:+.1f} points, probably between "
        f"{100 * found.low:+.1f} and {100 * found.high:+.1f}. {verdict}"
    )
