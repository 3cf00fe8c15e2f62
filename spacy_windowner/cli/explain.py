"""The command `explain`."""

import os
from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..files import write_files
from ..tools.explain.explain import explain
from ..tools.explain.render_html import explanation_to_html
from ..tools.explain.render_text import explanation_to_text
from ..tools.pipelines import load_pipeline
from ._util import CODE, COMPONENT, MODEL, Bar, Quiet, Verbose, explain_errors, windowner_cli

_HTML = "Write a page of HTML to this file instead of printing tables"
_JSON = "Print JSON instead of tables"
_VERSUS = (
    "What to compare with: a label, `none` for no entity, or START:END or START:END:LABEL in "
    "characters, to ask why this isn't an entity"
)
_ALL = "Show all words instead of the three that matter most"


@windowner_cli.command("explain")
def explain_cli(
    model: Annotated[str, Arg(help=MODEL)],
    text: Annotated[str, Arg(help="Text to find entities in")],
    versus: Annotated[str | None, Opt(help=_VERSUS)] = None,
    all_words: Annotated[bool, Opt("--all", help=_ALL)] = False,
    html: Annotated[Path | None, Opt("--html", help=_HTML, dir_okay=False)] = None,
    json: Annotated[bool, Opt("--json", help=_JSON)] = False,
    component: Annotated[str | None, Opt(help=COMPONENT)] = None,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Explain why a pipeline finds the entities of a text, and not something else.

    Compares each entity with the best alternative: nothing here, another label, or other bounds.
    Shows how much the words around it, and the features of each word, add to the difference. Also
    shows which context word, if it were removed, would make the pipeline find something else.

    EXAMPLE:

      \b
      python -m spacy windowner explain model/model-best \\
        "Paris Hilton flew to Paris."

      \b
      python -m spacy windowner explain model/model-best \\
        "Paris Hilton ..." --html why.html

      \b
      python -m spacy windowner explain model/model-best \\
        "Paris Hilton ..." --versus 21:26:PER
    """
    with explain_errors(verbose, text_to_stderr=json), Bar(quiet) as bar:
        nlp = load_pipeline(model, code)
        explanation = explain(nlp, text, component=component, versus=versus, on_progress=bar)
        if html is not None:
            write_files(html.parent, {html.name: explanation_to_html(explanation)})
    if json:
        typer.echo(dumps(explanation.to_dict(), indent=2))
    elif html is None or not explanation.entities:
        _echo(explanation_to_text(explanation, True, all_words))
    if html is not None and not json and not quiet:
        _echo(Printer(no_print=True).good("Saved the page", html))


def _echo(text: str | None) -> None:
    # typer removes colors by itself if the output isn't a terminal.
    typer.echo(text, color=False if os.environ.get("NO_COLOR") else None)
