"""Trains a pipeline on annotated files: converts them, makes a config, trains and evaluates."""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import spacy
import srsly
from spacy.cli.train import train as train_by_config
from spacy.training import Corpus
from spacy.util import get_package_path
from thinc.api import Config

from ..errors import check_setting
from ..files import write_files
from .convert.convert import Conversion, Status, convert
from .errors import Errors, Warnings
from .init.make_config import DEFAULT, GROW, make_config, to_text
from .report.render_html import report_to_html
from .report.render_markdown import report_to_markdown
from .report.report import Report, make_report
from .train_base import make_base_config

SPLIT = "80/10/10"
BEST = "model-best"
_STATE = "train.json"
"""The file that records what the output was made from. It is written at the end."""


class Trained(NamedTuple):
    """The result of a training.

    model (Path): The folder of the trained pipeline.
    config (Path): The config that it was trained with.
    conversions (Sequence[Conversion]): The results of converting the files.
    report (Report): The evaluation on held-out data.
    pages (Sequence[Path]): The files of the report.
    is_new (bool): Whether this call trained the pipeline, rather than an earlier one.
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
    base: str | Path | None = None,
    keep_labels: bool = False,
    seed: int = 0,
    max_steps: int | None = None,
    progress_bar: bool = False,
    on_progress: Callable[[Status], None] | None = None,
    on_converted: Callable[[Conversion], None] | None = None,
) -> Trained:
    """Train a pipeline on annotated files in any format that `convert` reads, and evaluate it.

    The output folder contains `corpus`, the data in .spacy format; `config.cfg`, which works with
    `spacy train`; `model-best` and `model-last`, the calibrated pipelines; and `report`. A second
    call with the same files and settings doesn't train again.

    sources (Sequence[Union[str, Path]]): Files or folders to train on.
    output (Union[str, Path]): The output folder.
    dev (Optional[Union[str, Path]]): The dev data, which selects the best pipeline and calibrates
        it. If None, the sources are split: 80 % training, 10 % dev and 10 % test data.
    test (Optional[Union[str, Path]]): The test data for the report. If None and `dev` is given, the
        report uses the dev data, and its scores are slightly too high.
    lang (str): The language code.
    recipe (str): One of `make_config.RECIPES`, except "grow".
    vectors (Optional[Union[str, Path]]): Folder or package of a pipeline with word vectors.
    lexicon (Optional[Union[str, Path]]): A list of phrases with classes, see `LexiconEmbed`.
    base (Optional[Union[str, Path]]): Folder or package of a trained pipeline to start from. Its
        model, words and weights take the place of `recipe`, `vectors` and `lexicon`.
    keep_labels (bool): With `base`, whether to keep its labels as they are and to add those of the
        data. If False, the new pipeline has only the labels of the data.
    seed (int): The random seed of the split and the training.
    max_steps (Optional[int]): The maximum number of training steps. None for the recipe's.
    progress_bar (bool): Whether to show a progress bar during training.
    on_progress (Optional[Callable[[Status], None]]): Called after each converted document.
    on_converted (Optional[Callable[[Conversion], None]]): Called after each conversion.
    RETURNS (Trained): The result.
    RAISES (ValueError): If a file can't be read, a setting isn't valid, or training fails.
    """
    check_setting(recipe != GROW, "recipe", recipe, "It needs a trained pipeline: docs/growth.md.")
    if base is not None:
        for name, value, default in (
            ("recipe", recipe, DEFAULT), ("vectors", vectors, None), ("lexicon", lexicon, None)
        ):  # fmt: skip
            check_setting(value == default, name, value, "Those of `base` are used.")
    check_setting(base is not None or not keep_labels, "keep_labels", True, "Give `base` as well.")
    check_setting(dev is not None or test is None, "test", test, "Give `dev` as well.")
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
    written = {part.path.stem: part for done in conversions for part in done.parts}
    parts = {name: part.path for name, part in written.items()}
    labels = sorted(written["train"].labels)
    n_words = count_words(parts["train"])
    if base is None:
        config = make_config(lang, recipe=recipe, vectors=vectors, lexicon=lexicon, n_words=n_words)
    else:
        config, recipe = make_base_config(
            base, labels, lang=lang, keep_labels=keep_labels, n_words=n_words
        )
    config["paths"].update(train=str(parts["train"]), dev=str(parts["dev"]))
    config["system"]["seed"] = seed
    if max_steps is not None:
        config["training"]["max_steps"] = max_steps
    path = output / "config.cfg"
    state = _state(config, {**parts, **_files_of(lexicon), **_files_of_base(base)})
    is_new = not _is_done(output, state)
    if is_new:
        (output / _STATE).unlink(missing_ok=True)
        path.write_text(to_text(config, recipe), encoding="utf8")
        bar = {"training.logger.progress_bar": "train"} if progress_bar else {}
        train_by_config(path, output, overrides=bar)
    model = output / BEST
    measured = parts.get("test", parts["dev"])
    report = make_report(model, measured, train=parts["train"])
    if keep_labels:
        _warn_of_kept_labels(report, labels, str(base))
    pages = write_files(output / "report", {
        "report.html": report_to_html(report),
        "report.md": report_to_markdown(report),
    })  # fmt: skip
    srsly.write_json(output / _STATE, state)
    return Trained(model, path, conversions, report, list(pages), is_new)


def _plan(
    sources: Sequence[str | Path], dev: str | Path | None, test: str | Path | None, corpus: Path
) -> list[tuple[Sequence[str | Path], Path]]:
    """The files to convert, and where to write them."""
    if dev is None:
        return [(sources, corpus)]
    given = {"train": sources, "dev": [dev], "test": [test]}
    return [
        ([each for each in data if each is not None], corpus / f"{name}.spacy")
        for name, data in given.items()
        if data != [None]
    ]


def count_words(path: str | Path) -> int:
    """Count the words in documents.

    path (Union[str, Path]): A .spacy file, or a folder of them.
    RETURNS (int): The number of words, without whitespace tokens.
    """
    nlp = spacy.blank("xx")
    docs = (example.reference for example in Corpus(Path(path))(nlp))
    return sum(not token.is_space for doc in docs for token in doc)


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


def _files_of_base(base: str | Path | None) -> dict[str, Path]:
    """The files of a trained pipeline that its results depend on."""
    if base is None:
        return {}
    folder = Path(base) if Path(base).exists() else get_package_path(str(base))
    files = sorted(folder.rglob("*"))
    return {f"base {file.relative_to(folder)}": file for file in files if file.is_file()}


def _warn_of_kept_labels(report: Report, labels: Sequence[str], base: str) -> None:
    """Warn of labels that are in the report, although the data isn't annotated for them."""
    [model] = report.models
    if kept := [label for label in model.labels if label not in labels]:
        warnings.warn(Warnings.WW184.format(labels=", ".join(kept), base=base), stacklevel=3)


def _is_done(output: Path, state: dict[str, Any]) -> bool:
    file = output / _STATE
    if not (file.is_file() and (output / BEST).is_dir()):
        return False
    try:
        return srsly.read_json(file) == state
    except ValueError as error:
        raise ValueError(Errors.WN221.format(path=file, reason=error)) from error
