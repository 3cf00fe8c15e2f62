"""The command `debug-data`."""

import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from spacy.cli._util import Arg, Opt, import_code, parse_config_overrides, show_validation_error
from wasabi import MESSAGES, Printer

from ..tools.debug_data.debug_data import DataCheck, debug_data
from ..tools.debug_data.findings import (
    FAIL,
    WARN,
    Finding,
    describe_data,
    describe_entities,
    describe_longest,
    describe_names,
    describe_vectors,
    next_step,
)
from ._util import Bar, Quiet, Verbose, explain_errors, windowner_cli

_CODE = "Path to Python file with additional code (registered functions) to be imported"
_IGNORE = "Ignore warnings, only show stats and errors"
_NO_FORMAT = "Don't pretty-print the results"
_SHOWN = 5  # entities that are listed for each problem without --verbose


@windowner_cli.command(
    "debug-data",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def debug_data_cli(
    ctx: typer.Context,
    config_path: Annotated[Path, Arg(help="Path to config file", exists=True, allow_dash=True)],
    code_path: Annotated[Path | None, Opt("--code-path", "--code", "-c", help=_CODE)] = None,
    ignore_warnings: Annotated[bool, Opt("--ignore-warnings", "-IW", help=_IGNORE)] = False,
    no_format: Annotated[bool, Opt("--no-format", "-NF", help=_NO_FORMAT)] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Check the training and dev data before training.

    Reports what `spacy debug data` reports for spaCy's `ner`, but for `window_ner`, and lists the
    entities with problems. Settings of the config can be overridden as in `spacy train`. The exit
    code is 1 if there are errors.

    EXAMPLE:

      \b
      python -m spacy windowner debug-data config.cfg \\
        --paths.train a.spacy --paths.dev b.spacy
    """
    arguments = list(ctx.args)
    overrides = parse_config_overrides(ctx.args)
    import_code(code_path)
    msg = Printer(no_print=quiet, pretty=not no_format, ignore_warnings=ignore_warnings)
    with show_validation_error(config_path), explain_errors(verbose), Bar(quiet) as bar:
        check = debug_data(config_path, overrides, on_progress=bar)
    _show(msg, check, quiet, verbose)
    fails = _summarize(msg)
    if not quiet:  # `msg.text` would break the line, and a command couldn't be pasted
        typer.echo(next_step(check, config_path, arguments))
    if fails:
        sys.exit(1)


def _show(msg: Printer, check: DataCheck, quiet: bool, verbose: bool) -> None:
    sections: list[tuple[str, Iterable[Finding]]] = [
        ("Training data", describe_data(check)),
        ("Vocab & Vectors", describe_vectors(check)),
    ]
    for component in check.components:
        findings = (describe_entities(check, component), describe_longest(check, component))
        title = f"Named Entity Recognition: {component.name}"
        sections.append((title, chain(*findings, describe_names(check))))
    for title, section in sections:
        msg.divider(title)
        for finding in section:
            if verbose or not finding.verbose:
                msg.no_print = quiet and finding.kind not in (WARN, FAIL)
                _print(msg, finding, verbose)
        msg.no_print = quiet


def _print(msg: Printer, finding: Finding, verbose: bool) -> None:
    if finding.rows:
        aligns = ["l", *"r" * (len(finding.rows[0]) - 1)]
        msg.table(finding.rows[1:], header=finding.rows[0], divider=True, aligns=aligns)
        return
    getattr(msg, finding.kind)(finding.text)
    if finding.kind == WARN and msg.ignore_warnings:
        return
    shown = finding.examples if verbose else finding.examples[:_SHOWN]
    for example in shown:
        msg.text(f"  {example}")
    if len(shown) < len(finding.examples):
        msg.text(f"  and {len(finding.examples) - len(shown):,} more, with --verbose")


def _summarize(msg: Printer) -> int:
    """Print the number of passed checks, as spaCy does. Returns the number of errors."""
    n_good, n_warn, n_fail = (
        msg.counts[kind] for kind in (MESSAGES.GOOD, MESSAGES.WARN, MESSAGES.FAIL)
    )
    msg.divider("Summary")
    if n_good:
        msg.good(f"{n_good} {'check' if n_good == 1 else 'checks'} passed")
    if n_warn:
        msg.warn(f"{n_warn} {'warning' if n_warn == 1 else 'warnings'}")
    if n_fail:
        msg.fail(f"{n_fail} {'error' if n_fail == 1 else 'errors'}")
    return n_fail
