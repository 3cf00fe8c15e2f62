"""Trains a pipeline on annotated files: converts them, makes a config, trains and evaluates."""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import spacy
import srsly
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST
from spacy.util import get_package_path, is_package, load_config
from thinc.api import Config, require_cpu

from ... import __version__
from ...errors import check_setting
from ...files import lock_folder, write_files
from ...models.clusters_file import check_source, is_lookups
from ...progress import Stage, Tell, silent
from ..convert.convert import Conversion, convert
from ..errors import Errors, Warnings
from ..examples import measure_corpus
from ..init.make_config import DEFAULT, GROW, make_config, to_text, warn_of_left_out_labels
from ..pipelines import import_code
from ..raw_text import RawText
from ..report.render_html import report_to_html
from ..report.render_markdown import report_to_markdown
from ..report.report import make_report
from ..report.results import Report
from .base import make_base_config
from .loop import CHECKPOINT, train_pipeline
from .self_training import TAGGED, Tagged, limit_of, write_tagged

SPLIT = "80/10/10"
_CONFIG = "config.cfg"
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
    clusters: str | Path | None = None,
    base: str | Path | None = None,
    keep_labels: bool = False,
    raw_text: str | Path | None = None,
    seed: int = 0,
    max_steps: int | None = None,
    code: str | Path | None = None,
    on_progress: Tell = silent,
    on_recognized: Callable[[str, str], None] | None = None,
    on_converted: Callable[[Conversion], None] | None = None,
    on_start: Callable[[int], None] = lambda n_done: None,
    on_tagged: Callable[[Tagged], None] | None = None,
) -> Trained:
    """Train a pipeline on annotated files in any format that `convert` reads, and evaluate it.

    The output folder contains `corpus`, the data in .spacy format; `config.cfg`, which works with
    `spacy train`; `model-best` and `model-last`, the calibrated pipelines; and `report`. A second
    call with the same files and settings doesn't train again. If the first one was interrupted, it
    goes on after the last evaluation, and ends with the same pipeline.

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
    clusters (Optional[Union[str, Path]]): The source of word clusters, see `ClusterEmbed`.
    base (Optional[Union[str, Path]]): Folder or package of a trained pipeline to start from. Its
        model, words and weights take the place of `recipe`, `vectors`, `lexicon` and `clusters`.
    keep_labels (bool): With `base`, whether to keep its labels as they are and to add those of the
        data. If False, the new pipeline has only the labels of the data.
    raw_text (Optional[Union[str, Path]]): Raw text, as `RawText` reads it. A first model is trained
        in the folder `teacher` of the output, and tags it. The pipeline learns from the annotated
        documents and from this text, and the report compares both. Not with `keep_labels`.
    seed (int): The random seed of the split and the training.
    max_steps (Optional[int]): The maximum number of training steps. None for the recipe's.
    code (Optional[Union[str, Path]]): A Python file to import first, with functions that `base`
        needs.
    on_progress (Tell): Called with the progress.
    on_recognized (Optional[Callable[[str, str], None]]): Called with each file and its format.
    on_converted (Optional[Callable[[Conversion], None]]): Called after each conversion.
    on_start (Callable[[int], None]): Called before the first step of each training, with the number
        of steps that an interrupted call has done.
    on_tagged (Optional[Callable[[Tagged], None]]): Called after the raw text was tagged.
    RETURNS (Trained): The result.
    RAISES (ValueError): If a file can't be read, a setting isn't valid, or training fails.
    """
    if code is not None:
        import_code(code)
    start = _Start(lang, recipe, vectors, lexicon, clusters, base, keep_labels)
    _check_arguments(start, dev, test, raw_text)
    output = _make_folder(output)
    with lock_folder(output) as is_free:
        if not is_free:
            raise ValueError(Errors.WN251.format(path=output))
        options: dict[str, Any] = {"lang": lang, "on_progress": on_progress}
        options["on_recognized"] = on_recognized
        if dev is None:
            options |= {"split": SPLIT, "seed": seed}
        places = _conversions(sources, dev, test, output / "corpus")
        conversions = _convert_all(places, options, on_converted)
        written = {part.path.stem: part for done in conversions for part in done.parts}
        parts = {name: part.path for name, part in written.items()}
        labels = sorted(written["train"].labels)
        on_progress(Stage("Reading the corpus"))
        n_words = measure_corpus(parts["train"]).n_words
        files = {**parts}
        given = {
            "vectors": vectors, "lexicon": lexicon, "clusters": clusters, "base": base, "code": code
        }  # fmt: skip
        for name, source in given.items():
            files |= _files_of(name, source)

        def plan(folder: Path, corpus: Path, n_words: int, more: dict[str, Path]) -> _Plan:
            config, used = start.make_config(labels, n_words)
            config["paths"].update(train=str(corpus), dev=str(parts["dev"]))
            config["system"]["seed"] = seed
            if max_steps is not None:
                config["training"]["max_steps"] = max_steps
            state = _state(config, {**files, **more})
            return _Plan(folder, config, used, state)

        training = plan(output, parts["train"], n_words, {})
        warn_of_left_out_labels(training.config, training.recipe, labels)
        teacher: _Plan | None = None
        if raw_text is not None:
            teacher = training._replace(folder=output / "teacher")
            n_all = n_words + limit_of(n_words)
            raw = {"raw text": Path(raw_text)}
            training = plan(output, teacher.folder / TAGGED, n_all, raw)
        is_new = not training.is_done
        if is_new:
            if teacher is not None and raw_text is not None:
                if not teacher.is_done:
                    teacher.run(on_start, on_progress)
                    teacher.finish()
                tagged = write_tagged(
                    teacher.folder, raw_text, parts["train"], n_words, on_progress
                )
                if on_tagged is not None:
                    on_tagged(tagged)
            training.run(on_start, on_progress)
        model = output / DIR_MODEL_BEST
        others = [] if teacher is None else [teacher.folder / DIR_MODEL_BEST]
        measured = parts.get("test", parts["dev"])
        report = make_report(
            model,
            measured,
            compare_with=[path for path in others if path.is_dir()],  # it may have been deleted
            train=parts["train"],
            on_progress=on_progress,
        )
        if keep_labels:
            _warn_of_kept_labels(report, labels, str(base))
        pages = write_files(output / "report", {
            "report.html": report_to_html(report),
            "report.md": report_to_markdown(report),
        })  # fmt: skip
        training.finish()
    return Trained(model, output / _CONFIG, conversions, report, list(pages), is_new)


class _Start(NamedTuple):
    """What a training starts from: the arguments of `train`."""

    lang: str
    recipe: str
    vectors: str | Path | None
    lexicon: str | Path | None
    clusters: str | Path | None
    base: str | Path | None
    keep_labels: bool

    def make_config(self, labels: Sequence[str], n_words: int) -> tuple[Config, str]:
        """Make a config for data with these labels. Returns it and its recipe."""
        if self.base is not None:
            return make_base_config(
                self.base, labels, lang=self.lang, keep_labels=self.keep_labels, n_words=n_words
            )
        config = make_config(
            self.lang,
            recipe=self.recipe,
            vectors=self.vectors,
            lexicon=self.lexicon,
            clusters=self.clusters,
            labels=labels,
            n_words=n_words,
        )
        return config, self.recipe


class _Plan(NamedTuple):
    """A training.

    folder (Path): The folder for the config and the pipelines.
    config (Config): The config.
    recipe (str): Its recipe.
    state (Dict[str, Any]): JSON values that tell what the result is made from.
    """

    folder: Path
    config: Config
    recipe: str
    state: dict[str, Any]

    @property
    def is_done(self) -> bool:
        """Whether an earlier call has finished it."""
        file = self.folder / _STATE
        if not (file.is_file() and (self.folder / DIR_MODEL_BEST).is_dir()):
            return False
        try:
            return srsly.read_json(file) == self.state
        except ValueError as error:
            raise ValueError(Errors.WN221.format(path=file, reason=error)) from error

    def run(self, on_start: Callable[[int], None], on_progress: Tell) -> None:
        """Train the pipeline, or go on after an interruption."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / _STATE).unlink(missing_ok=True)
        path = self.folder / _CONFIG
        path.write_text(to_text(self.config, self.recipe), encoding="utf8")
        require_cpu()
        on_progress(Stage("Initializing the pipeline"))
        nlp = init_nlp(load_config(path))
        origin = {**self.state, "version": __version__}
        train_pipeline(nlp, self.folder, origin, on_start, on_progress)

    def finish(self) -> None:
        """Take note that it is done."""
        srsly.write_json(self.folder / _STATE, self.state)
        (self.folder / CHECKPOINT).unlink(missing_ok=True)


def _state(config: Config, files: dict[str, Path]) -> dict[str, Any]:
    digests = {}
    for name, path in files.items():
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for block in iter(lambda: file.read(2**20), b""):
                digest.update(block)
        digests[name] = digest.hexdigest()
    return {"config": hashlib.sha256(config.to_bytes()).hexdigest(), "corpus": digests}


def _check_arguments(
    start: _Start,
    dev: str | Path | None,
    test: str | Path | None,
    raw_text: str | Path | None,
) -> None:
    """Raise an error if arguments don't fit together, or name what doesn't exist."""
    recipe, base, keep_labels = start.recipe, start.base, start.keep_labels
    check_setting(recipe != GROW, "recipe", recipe, "Use `base` and `keep_labels`.")
    if base is not None:
        for name, value, default in (
            ("recipe", recipe, DEFAULT), ("vectors", start.vectors, None),
            ("lexicon", start.lexicon, None), ("clusters", start.clusters, None),
        ):  # fmt: skip
            check_setting(value == default, name, value, "Those of `base` are used.")
    check_setting(base is not None or not keep_labels, "keep_labels", True, "Give `base` as well.")
    fix = "It can't be combined with `keep_labels`."
    check_setting(raw_text is None or not keep_labels, "raw_text", raw_text, fix)
    check_setting(dev is not None or test is None, "test", test, "Give `dev` as well.")
    vectors = start.vectors
    if vectors is not None and not (Path(vectors).exists() or is_package(str(vectors))):
        raise ValueError(Errors.WN253.format(vectors=str(vectors)))
    if start.clusters is not None:
        check_source(start.clusters, start.lang)
    if raw_text is not None:
        RawText.of(raw_text, spacy.blank("xx"))  # raises its errors before the training


def _make_folder(path: str | Path) -> Path:
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fix = "Use another folder."
        raise ValueError(Errors.WN187.format(path=folder, why=error, fix=fix)) from error
    return folder


def _conversions(
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


def _convert_all(
    places: Sequence[tuple[Sequence[str | Path], Path]],
    options: dict[str, Any],
    on_converted: Callable[[Conversion], None] | None,
) -> list[Conversion]:
    """Convert files, and check that each part has entities."""
    conversions = []
    for data, place in places:
        conversions.append(convert(data, place, **options))
        if on_converted is not None:
            on_converted(conversions[-1])
    _require_entities(conversions)
    return conversions


def _require_entities(conversions: Sequence[Conversion]) -> None:
    """Check this before training, which takes long."""
    verbs = {"train": "learned", "dev": "chosen or calibrated", "test": "measured"}
    for part in (part for done in conversions for part in done.parts):
        if not part.labels:
            name = part.path.stem
            text = Errors.WN254.format(part=name, path=part.path, verb=verbs[name])
            raise ValueError(text)


def _files_of(name: str, source: str | Path | None) -> dict[str, Path]:
    """The files that a setting names: a file, or those of a folder or of a pipeline's package."""
    if source is None or is_lookups(source):
        return {}
    path = Path(source)
    if not path.exists() and is_package(str(source)):
        path = get_package_path(str(source))
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return {f"{name} {file.relative_to(path.parent)}": file for file in files if file.is_file()}


def _warn_of_kept_labels(report: Report, labels: Sequence[str], base: str) -> None:
    """Warn of labels that are in the report, although the data isn't annotated for them."""
    [model] = report.models
    if kept := [label for label in model.labels if label not in labels]:
        warnings.warn(Warnings.WW184.format(labels=", ".join(kept), base=base), stacklevel=3)
