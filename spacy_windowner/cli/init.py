from pathlib import Path
from typing import Annotated

from spacy.cli._util import Arg, Opt
from wasabi import Printer

from ..tools.init.make_config import DEFAULT, RECIPES, make_config, to_text
from ..tools.train import count_words
from ._util import Quiet, Verbose, explain_errors, windowner_cli

_OUT = "Config file to write"
_LANG = "The language of the text, e.g. de. xx is for none in particular"
_RECIPE = f"What to train: {', '.join(RECIPES)}. docs/lecture.md and docs/growth.md explain them"
_VECTORS = "Pipeline with word vectors, its folder or package, as `spacy init vectors` makes it"
_LEXICON = "Lists of names, a .jsonl or .txt file or a folder of these, see docs/lexicon.md"
_TRAIN = "The training data (.spacy), which the recipe may depend on"
_FORCE = "Write over an existing file"


@windowner_cli.command("init")
def init_cli(
    out: Annotated[Path, Arg(help=_OUT, dir_okay=False)],
    lang: Annotated[str, Opt("--lang", "-l", help=_LANG)] = "en",
    recipe: Annotated[str, Opt("--recipe", "-r", help=_RECIPE)] = DEFAULT,
    vectors: Annotated[str | None, Opt("--vectors", help=_VECTORS)] = None,
    lexicon: Annotated[Path | None, Opt("--lexicon", help=_LEXICON, exists=True)] = None,
    train: Annotated[Path | None, Opt("--train", "-t", help=_TRAIN, exists=True)] = None,
    force: Annotated[bool, Opt("--force", "-F", help=_FORCE)] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Write a config to train with.

    EXAMPLE:

      python -m spacy windowner init config.cfg --lang de

      \b
      python -m spacy train config.cfg --output model \\
        --paths.train train.spacy --paths.dev dev.spacy
    """
    msg = Printer(no_print=quiet)
    if out.exists() and not force:
        msg = Printer()
        msg.fail(f"{out} exists", "Write over it with --force, or name another file.", exits=1)
    with explain_errors(verbose):
        n_words = None if train is None else count_words(train)
        config = make_config(lang, recipe=recipe, vectors=vectors, lexicon=lexicon, n_words=n_words)
    if train is not None:
        config["paths"]["train"] = str(train)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(to_text(config, recipe), encoding="utf8")
    words = "" if n_words is None else f", for {n_words:,} words of training data"
    msg.good(f"{out}: the recipe {recipe}{words}")
    paths = "--paths.dev dev.spacy" if train else "--paths.train train.spacy --paths.dev dev.spacy"
    msg.text(f"Next: python -m spacy train {out} --output model {paths}")
