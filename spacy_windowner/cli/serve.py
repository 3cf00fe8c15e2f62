"""The command `serve`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..tools.errors import Errors, Warnings
from ..tools.pipelines import load_pipeline
from ._util import CODE, COMPONENT, MODEL, Quiet, Verbose, explain_errors, windowner_cli

_HOST = "Address to listen on. By default only this machine can reach it"
_PORT = "Port to listen on, 0 for any free one"
_MAX_CHARS = "Maximum length of a text, in characters"
_TEXTS = (
    "Typical texts, one a line (.txt or .jsonl): samples to try, which the model also rehearses "
    "when it learns corrections"
)
_CORRECTIONS = "File to keep corrections in (.jsonl). It may exist"
_OPEN = "Open the page in the browser"


@windowner_cli.command("serve")
def serve_cli(
    model: Annotated[str, Arg(help=MODEL)],
    port: Annotated[int, Opt("--port", "-p", help=_PORT, min=0, max=65535)] = 8000,
    host: Annotated[str, Opt(help=_HOST)] = "127.0.0.1",
    component: Annotated[str | None, Opt(help=COMPONENT)] = None,
    max_chars: Annotated[int, Opt(help=_MAX_CHARS, min=1)] = 10_000,
    texts: Annotated[Path | None, Opt(help=_TEXTS, exists=True)] = None,
    corrections: Annotated[Path | None, Opt(help=_CORRECTIONS, dir_okay=False)] = None,
    open_browser: Annotated[bool, Opt("--open/--no-open", help=_OPEN)] = True,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Try a pipeline on a page in the browser.

    Entities appear as you type, and more probable ones are shaded more strongly. A click on an
    entity shows why it was found, as the command `explain` does. Mark a part of the text to ask why
    it isn't an entity, or to correct it. Needs the extra `serve`:
    pip install "spacy-windowner[serve]". Ctrl+C stops the server.

    EXAMPLE:

      python -m spacy windowner serve model/model-best

      \b
      python -m spacy windowner serve model/model-best \\
        --texts raw.txt --corrections corrections.jsonl
    """
    msg = Printer(no_print=quiet)
    with explain_errors(verbose):
        try:
            from ..tools.serve import app, server
            from ..tools.serve.corrections import Corrections
            from ..tools.serve.samples import read_texts, samples_of
            from ..tools.serve.tagger import Tagger
            from ..tools.serve.teacher import Teacher
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
                raise
            raise ImportError(Errors.WN130) from None
        tagger = Tagger(load_pipeline(model, code), component, max_chars)
        typical = [] if texts is None else read_texts(texts, tagger.nlp)
        teacher = Teacher(tagger, Corrections(corrections), typical)
        served = app.Served(tagger, teacher, model, samples_of(typical, tagger))
        listening = server.listen(host, port)
    if not server.is_local(host):
        Printer().warn(Warnings.WW131.format(host=host))
    msg.good("Serving the page, until Ctrl+C", server.url_of(listening))
    made = app.make_app(served, server.allowed_hosts(host))
    with suppress(KeyboardInterrupt):
        server.run(made, listening, open_browser)
    msg.info("Stopped")
    if tagger.version:
        Printer().warn(Warnings.WW191.format(path=corrections or "the downloaded corrections"))
