"""The command `train`."""

import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..tools.convert.convert import Conversion
from ..tools.init.make_config import DEFAULT, GROW, RECIPES
from ..tools.report.wording import percent
from ..tools.train.self_training import Tagged
from ..tools.train.train import Trained, train
from ._util import (
    CLUSTERS,
    CODE,
    LANG,
    LEXICON,
    VECTORS,
    AboveBar,
    Bar,
    Quiet,
    Verbose,
    explain_errors,
    suggest_next,
    windowner_cli,
)
from .convert import Recognized, show_conversion

_DATA = "Annotated files, or folders of them, in any format that `convert` reads"
_OUTPUT = "Folder to write the pipeline, its config, the corpus and the report to"
_DEV = "Dev data, to choose the best pipeline. By default a tenth of DATA"
_TEST = "Test data, for the report. By default a tenth of DATA, or the dev data if you give --dev"
_RECIPE = f"What to train: {', '.join(name for name in RECIPES if name != GROW)}"
_BASE = "Folder or package of a trained pipeline to start from, e.g. en_windowner_web"
_KEEP = "With --base: keep its labels as they are, and add those of DATA"
_RAW = (
    "Raw text to learn from as well: .txt with one text a line, or .jsonl. A first model tags it. "
    "Not with --keep-labels"
)
_SEED = "Random seed of the split and the training"
_STEPS = "Maximum number of steps. Training stops earlier if the scores no longer improve"


@windowner_cli.command("train")
def train_cli(
    data: Annotated[list[Path], Arg(help=_DATA, metavar="DATA")],
    output: Annotated[Path, Opt("--output", "-o", help=_OUTPUT, file_okay=False)],
    dev: Annotated[Path | None, Opt("--dev", help=_DEV)] = None,
    test: Annotated[Path | None, Opt("--test", help=_TEST)] = None,
    lang: Annotated[str, Opt("--lang", "-l", help=LANG)] = "en",
    recipe: Annotated[str, Opt("--recipe", "-r", help=_RECIPE)] = DEFAULT,
    vectors: Annotated[str | None, Opt("--vectors", help=VECTORS)] = None,
    lexicon: Annotated[Path | None, Opt("--lexicon", help=LEXICON, exists=True)] = None,
    clusters: Annotated[str | None, Opt("--clusters", help=CLUSTERS)] = None,
    base: Annotated[str | None, Opt("--base", "-b", help=_BASE)] = None,
    keep_labels: Annotated[bool, Opt("--keep-labels", help=_KEEP)] = False,
    raw_text: Annotated[Path | None, Opt("--raw-text", help=_RAW)] = None,
    seed: Annotated[int, Opt("--seed", help=_SEED)] = 0,
    max_steps: Annotated[int | None, Opt("--max-steps", help=_STEPS, min=1)] = None,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Train a pipeline on annotated files.

    Converts and splits the files, trains with a recipe adapted to their size, calibrates the
    pipeline, and evaluates it on held-out documents. After an interruption, the same command goes
    on with the training.

    EXAMPLE:

      \b
      python -m spacy windowner train annotated.jsonl --output model

      \b
      python -m spacy windowner train annotated.jsonl --output model \\
        --base en_windowner_web
    """
    msg = Printer(no_print=quiet)
    screen = AboveBar()
    with explain_errors(verbose), Bar(quiet) as bar, Recognized(msg, bar, verbose) as recognized:

        def tell(conversion: Conversion) -> None:
            recognized.say()
            with redirect_stdout(screen):  # prints warnings even with --quiet
                show_conversion(conversion, msg)

        with _told_how_to_go_on(), _hidden_output() if quiet else redirect_stdout(screen):
            done = train(
                data,
                output,
                dev=dev,
                test=test,
                lang=lang,
                recipe=recipe,
                vectors=vectors,
                lexicon=lexicon,
                clusters=clusters,
                base=base,
                keep_labels=keep_labels,
                raw_text=raw_text,
                seed=seed,
                max_steps=max_steps,
                code=code,
                on_progress=bar,
                on_recognized=recognized,
                on_converted=tell,
                on_start=partial(_tell_start, msg),
                on_tagged=partial(_tell_tagged, msg),
            )
    _tell_results(msg, done)
    suggest_next(["windowner", "serve", str(done.model)], quiet)


def _tell_start(msg: Printer, n_done: int) -> None:
    msg.divider("Training pipeline")
    if n_done:
        msg.info(f"Going on after step {n_done - 1} of a training that was interrupted")


def _tell_tagged(msg: Printer, tagged: Tagged) -> None:
    n_words, n_ents, copies = tagged
    text = f"The first model found {n_ents:,} entities in {n_words:,} words of raw text"
    repeated = "" if copies == 1 else f" (repeated {copies} times)"
    msg.good(text, f"The second one learns from these and from the annotated documents{repeated}.")


@contextmanager
def _told_how_to_go_on() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        text = "Run the same command again to go on after the last evaluation."
        Printer().fail("Interrupted", text)
        sys.exit(128 + signal.SIGINT)


@contextmanager
def _hidden_output() -> Iterator[None]:
    """Hide what spaCy's training prints. Warnings are shown at the end."""
    told: list[warnings.WarningMessage] = []
    try:
        with redirect_stdout(StringIO()), warnings.catch_warnings(record=True) as recorded:
            told = recorded
            yield
    finally:
        for one in told:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def _tell_results(msg: Printer, done: Trained) -> None:
    if not done.is_new:
        msg.info(f"{done.model} was already trained on the same data with the same settings")
    model, *others = done.report.models
    total = [("all labels", model.total), *model.labels.items()]
    rows = [(name, *(percent(x) for x in (each.f, each.p, each.r))) for name, each in total]
    msg.table(rows, header=("", "F1", "P", "R"), divider=True, aligns=("l", "r", "r", "r"))
    msg.good(f"{done.model}: F1 {percent(model.total.f)} on {done.report.data.path}")
    for other in others:
        msg.text(f"Without the raw text: F1 {percent(other.total.f)}, {other.path}")
    msg.text(f"The report: {done.pages[0]}. The config: {done.config}")
