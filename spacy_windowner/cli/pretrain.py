"""The command `pretrain`."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from spacy.cli._util import Arg, Opt, import_code, parse_config_overrides, show_validation_error
from wasabi import Printer, msg, row

from ..tools.pretrain.pretrain import WORDS, Status, pretrain
from ._util import CODE, COMPONENT, Quiet, Verbose, explain_errors, windowner_cli

_WIDTHS = (5, 6, 13, 8, 10)
_SECONDS = 2.0  # between two rows of the table

_RAW_TEXT = (
    'File of raw text: .txt with one text a line, or .jsonl with {"text": ...} or '
    '{"tokens": [...]}; either may end in .gz'
)
_OUTPUT = (
    "Folder to write: words.bin, config.cfg and meta.json, after each epoch. The first epoch "
    "replaces those of an earlier pretraining"
)
_INIT_WORDS = "words.bin of an earlier pretraining, to start from. It may be the one in OUTPUT"
_CONFIG = "Config of the training to come. By default English, with the default window_ner"


@windowner_cli.command(
    "pretrain",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def pretrain_cli(
    ctx: typer.Context,
    raw_text: Annotated[Path, Arg(help=_RAW_TEXT)],
    output: Annotated[Path, Arg(help=_OUTPUT)],
    config: Annotated[
        Path | None, Opt("--config", help=_CONFIG, exists=True, dir_okay=False)
    ] = None,
    component: Annotated[str | None, Opt(help=COMPONENT)] = None,
    init_words: Annotated[Path | None, Opt("--init-words", help=_INIT_WORDS)] = None,
    epochs: Annotated[int, Opt("--epochs", "-e", help="How often the text is read")] = 5,
    batch_words: Annotated[
        int, Opt(help="Words in a step. More are faster, and an epoch learns less")
    ] = 20_000,
    corrupt_windows: Annotated[int, Opt(help="Corrupt windows for each true one")] = 1,
    learn_rate: Annotated[float, Opt(help="Learning rate")] = 0.002,
    dropout: Annotated[float, Opt(help="Dropout rate of the embeddings")] = 0.0,
    seed: Annotated[int, Opt(help="Seed of everything random")] = 0,
    code: Annotated[Path | None, Opt("--code", "-c", help=CODE)] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """
    Learn word vectors from raw text, to start training with.

    This learns the embedding (word vectors, n-gram tables) and the first layer of a window_ner
    component. Windows of the text should score higher than the same windows with a random word in
    their centre. Training can then start from OUTPUT/words.bin. You can override settings of the
    config as in `spacy train`, e.g. with --paths.vectors VECTORS.

    If you press Ctrl+C, OUTPUT/words.bin stays as the last complete epoch left it, and you can use
    it. To continue from there, add --init-words OUTPUT/words.bin.

    EXAMPLE:

      python -m spacy windowner pretrain raw.txt words --config config.cfg

      \b
      python -m spacy train config.cfg --paths.init_words words/words.bin \\
        --paths.train train.spacy --paths.dev dev.spacy
    """
    overrides = parse_config_overrides(ctx.args)
    with (
        show_validation_error(config, hint_fill=False),
        explain_errors(verbose),
        _explain_stop(output / WORDS),
    ):
        import_code(code)
        done = pretrain(
            raw_text,
            output,
            config=config,
            overrides=overrides,
            component=component,
            init_words=init_words,
            epochs=epochs,
            batch_words=batch_words,
            corrupt_windows=corrupt_windows,
            learn_rate=learn_rate,
            dropout=dropout,
            seed=seed,
            on_batch=None if quiet else _Table(),
        )
    Printer(no_print=quiet).good(
        f"Learned from {done.words:,} words in {done.epochs} epochs", output / WORDS
    )


@contextmanager
def _explain_stop(words: Path) -> Iterator[None]:
    """After Ctrl+C, say what can be used and how to continue. Exit with the usual code.

    words (Path): The file that each epoch writes.
    """
    try:
        yield
    except KeyboardInterrupt:
        if words.is_file():
            msg.warn(
                "Stopped",
                f"{words} is as the last complete epoch left it, and can be used. To continue "
                f"from there, add --init-words {words}",
            )
        else:
            msg.warn("Stopped before the end of the first epoch. Nothing was written")
        sys.exit(128 + signal.SIGINT)


class _Table:
    """Prints a row of progress every few seconds, and at the end of each epoch."""

    def __init__(self) -> None:
        self._begin_row()
        self._has_head = False

    def _begin_row(self) -> None:
        self._due = time.monotonic() + _SECONDS
        self._loss, self._words = 0.0, 0

    def __call__(self, status: Status) -> None:
        self._loss += status.loss * status.batch_words
        self._words += status.batch_words
        if time.monotonic() < self._due and status.share < 1.0:
            return
        if not self._has_head:
            self._has_head = True
            _print_row(["Epoch", "Text", "Words", "Loss", "Words/s"])
        _print_row([
            str(status.epoch),
            f"{status.share:.0%}",
            f"{status.words:,}",
            f"{self._loss / self._words:.4f}",
            f"{status.words / status.seconds:,.0f}",
        ])  # fmt: skip
        self._begin_row()


def _print_row(cells: list[str]) -> None:
    print(row(cells, widths=_WIDTHS, aligns=["r"] * len(_WIDTHS)), flush=True)
