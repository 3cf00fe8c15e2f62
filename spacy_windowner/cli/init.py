"""The command `init`."""

from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..files import write_files
from ..progress import Stage
from ..tools.examples import measure_corpus
from ..tools.init.make_config import (
    DEFAULT,
    GROW,
    RECIPES,
    make_config,
    to_text,
    warn_of_left_out_labels,
)
from ._util import (
    CLUSTERS,
    LANG,
    LEXICON,
    VECTORS,
    Bar,
    Quiet,
    Verbose,
    explain_errors,
    suggest_next,
    windowner_cli,
)

_OUT = "Config file to write"
_RECIPE = f"What to train: {', '.join(RECIPES)}. docs/train.md explains them"
_TRAIN = "Training data (.spacy), to adapt the recipe to its size"
_FORCE = "Overwrite an existing file"


@windowner_cli.command("init")
def init_cli(
    out: Annotated[Path, Arg(help=_OUT, dir_okay=False)],
    lang: Annotated[str, Opt("--lang", "-l", help=LANG)] = "en",
    recipe: Annotated[str, Opt("--recipe", "-r", help=_RECIPE)] = DEFAULT,
    vectors: Annotated[str | None, Opt("--vectors", help=VECTORS)] = None,
    lexicon: Annotated[Path | None, Opt("--lexicon", help=LEXICON, exists=True)] = None,
    clusters: Annotated[str | None, Opt("--clusters", help=CLUSTERS)] = None,
    train: Annotated[Path | None, Opt("--train", "-t", help=_TRAIN, exists=True)] = None,
    force: Annotated[bool, Opt("--force", "-F", help=_FORCE)] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Write a training config.

    EXAMPLE:

      python -m spacy windowner init config.cfg --lang de

      \b
      python -m spacy train config.cfg --output model \\
        --paths.train train.spacy --paths.dev dev.spacy
    """
    msg = Printer(no_print=quiet)
    if out.exists() and not force:
        msg = Printer()
        msg.fail(f"{out} exists", "Overwrite it with --force, or name another file.", exits=1)
    with explain_errors(verbose), Bar(quiet) as bar:
        bar(Stage("Reading the training data"))
        facts = None if train is None else measure_corpus(train)
        config = make_config(
            lang,
            recipe=recipe,
            vectors=vectors,
            lexicon=lexicon,
            clusters=clusters,
            labels=None if facts is None else facts.labels,
            n_words=None if facts is None else facts.n_words,
        )
        if facts is not None:
            config["paths"]["train"] = str(train)
            warn_of_left_out_labels(config, recipe, facts.labels)
        write_files(out.parent, {out.name: to_text(config, recipe)})
    words = "" if facts is None else f", for {facts.n_words:,} words of training data"
    msg.good(f"{out}: the recipe {recipe}{words}")
    options = ["--output", "model", "--paths.dev", "dev.spacy"]
    if train is None:
        options += ["--paths.train", "train.spacy"]
    if recipe == GROW:
        msg.info("Set the new labels in [initialize.before_init], and name the trained pipeline")
        options += ["--paths.base", "trained"]
    suggest_next(["train", str(out), *options], quiet)
