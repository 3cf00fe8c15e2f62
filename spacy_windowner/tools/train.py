"""From annotated files to a trained pipeline and its report."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import spacy
import srsly
from spacy.cli.train import train as train_by_config
from spacy.training import Corpus
from thinc.api import Config

from ..errors import Errors, check_setting
from ..files import write_files
from .convert.convert import Conversion, Status, convert
from .init.make_config import DEFAULT, GROW, make_config, to_text
from .report.report import Report, make_report

SPLIT = "80/10/10"
BEST = "model-best"
_STATE = "train.json"
"""What the output was made of. It is written when all is done."""


class Trained(NamedTuple):
    """What was trained.

    model (Path): The pipeline.
    config (Path): The config it was trained with.
    conversions (Sequence[Conversion]): What the files were, and what of them could not be used.
    report (Report): How good it is on the data that it never saw.
    pages (Sequence[Path]): The report's files.
    is_new (bool): Whether this call trained it, and not an earlier one.
    """

    model: Path
    config: Path
    conversions: Sequence[Conversion]
    report: Report
    pages: Sequence[Path]
    is_new: bool


def train(
    sources: Sequence[str | Path],
    output: str | Path,
    *,
    dev: str | Path | None = None,
    test: str | Path | None = None,
    lang: str = "en",
    recipe: str = DEFAULT,
    vectors: str | Path | None = None,
    lexicon: str | Path | None = None,
    seed: int = 0,
    max_steps: int | None = None,
    progress_bar: bool = False,
    on_progress: Callable[[Status], None] | None = None,
    on_converted: Callable[[Conversion], None] | None = None,
) -> Trained:
    """Train a pipeline on annotated files of any format that `convert` reads, and measure it.

    The folder gets `corpus`, the data in spaCy's format; `config.cfg`, which `spacy train` can use
    again; `model-best` and `model-last`, the calibrated pipelines; and `report`. Called again with
    the same files and settings, it trains nothing anew.

    sources (Sequence[Union[str, Path]]): Files or folders to train on.
    output (Union[str, Path]): The folder.
    dev (Optional[Union[str, Path]]): Data to choose the best pipeline by, and to calibrate it. If
        None, the sources are split in 80 % for training, 10 % for this and 10 % for the report.
    test (Optional[Union[str, Path]]): Data for the report. If None, and there is `dev`, that is
        taken, which flatters a little.
    lang (str): The language.
    recipe (str): One of `make_config.RECIPES`.
    vectors (Optional[Union[str, Path]]): A pipeline whose word vectors are used.
    lexicon (Optional[Union[str, Path]]): A list of phrases with classes, see `LexiconEmbed`.
    seed (int): Another one gives another split and another model.
    max_steps (Optional[int]): The most batches. If None, what the recipe says.
    progress_bar (bool): Whether to show a bar in training, until the last batch.
    on_progress (Optional[Callable[[Status], None]]): Called after each document that is converted.
    on_converted (Optional[Callable[[Conversion], None]]): Called after each conversion.
    RETURNS (Trained): What was trained.
    RAISES (ValueError): If a file can't be read or a setting can't be used, or training fails.
    """
    check_setting(recipe != GROW, "recipe", recipe, "It needs a trained pipeline: docs/growth.md.")
    check_setting(dev is not None or test is None, "test", test, "Give `dev`, too.")
    output = Path(output)
    corpus = output / "corpus"
    options: dict[str, Any] = {"lang": lang, "on_progress": on_progress}
    wanted = _plan(sources, dev, test, corpus)
    if dev is None:
        options |= {"split": SPLIT, "seed": seed}
    conversions = []
    for data, place in wanted:
        conversions.append(convert(data, place, **options))
        if on_converted is not None:
            on_converted(conversions[-1])
    names = [part.path for done in conversions for part in done.parts]
    parts = {path.stem: path for path in names}
    n_words = count_words(parts["train"])
    config = make_config(lang, recipe=recipe, vectors=vectors, lexicon=lexicon, n_words=n_words)
    config["paths"].update(train=str(parts["train"]), dev=str(parts["dev"]))
    config["system"]["seed"] = seed
    if max_steps is not None:
        config["training"]["max_steps"] = max_steps
    path = output / "config.cfg"
    state = _state(config, {**parts, **_files_of(lexicon)})
    is_new = not _is_done(output, state)
    if is_new:
        (output / _STATE).unlink(missing_ok=True)
        path.write_text(to_text(config, recipe), encoding="utf8")
        bar = {"training.logger.progress_bar": "train"} if progress_bar else {}
        train_by_config(path, output, overrides=bar)
    model = output / BEST
    measured = parts.get("test", parts["dev"])
    report = make_report(model, measured, train=parts["train"])
    pages = write_files(output / "report", {
        "report.html": report.to_html(),
        "report.md": report.to_markdown(),
    })  # fmt: skip
    srsly.write_json(output / _STATE, state)
    return Trained(model, path, conversions, report, list(pages), is_new)


def _plan(
    sources: Sequence[str | Path], dev: str | Path | None, test: str | Path | None, corpus: Path
) -> list[tuple[Sequence[str | Path], Path]]:
    """What is converted to what."""
    if dev is None:
        return [(sources, corpus)]
    given = {"train": sources, "dev": [dev], "test": [test]}
    return [
        ([each for each in data if each is not None], corpus / f"{name}.spacy")
        for name, data in given.items()
        if data != [None]
    ]


def _state(config: Config, parts: dict[str, Path]) -> dict[str, Any]:
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in parts.items()}
    return {"config": hashlib.sha256(config.to_bytes()).hexdigest(), "corpus": hashes}


def _files_of(lexicon: str | Path | None) -> dict[str, Path]:
    """The files of a lexicon."""
    if lexicon is None:
        return {}
    path = Path(lexicon)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {f"lexicon {file.name}": file for file in files if file.is_file()}


def _is_done(output: Path, state: dict[str, Any]) -> bool:
    file = output / _STATE
    if not (file.is_file() and (output / BEST).is_dir()):
        return False
    try:
        return srsly.read_json(file) == state
    except ValueError as error:
        raise ValueError(Errors.WN221.format(path=file, reason=error)) from error


def count_words(path: str | Path) -> int:
    """The words of documents.

    path (Union[str, Path]): A .spacy file, or a folder of them.
    RETURNS (int): Their words, without whitespace.
    """
    nlp = spacy.blank("xx")
    docs = (example.reference for example in Corpus(Path(path))(nlp))
    return sum(not token.is_space for doc in docs for token in doc)
