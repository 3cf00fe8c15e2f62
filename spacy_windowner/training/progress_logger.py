"""A training logger with more columns than spaCy's, which also draws the learning curve."""

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, Literal

import numpy
from spacy.language import Language
from spacy.training.loggers import console_logger_v3
from spacy.util import registry
from wasabi import Printer

from ..errors import Errors, Warnings
from ..losses.targets import Targets
from ..pipeline.window_ner import WindowNER
from .learning_curve import Evaluation, History, save_learning_curve

SPEED = "k words/s"
VIOLATIONS = "Violations"
PICTURE = "learning-curve.svg"
MARGIN = 1.0
"""The margin of the losses, by which the gold tag should beat every other tag."""
_MAX_LABELS = 8
Log = tuple[Callable[[dict[str, Any] | None], None], Callable[[], None]]


@registry.loggers("spacy-windowner.ProgressLogger.v1")
def ProgressLogger(
    progress_bar: bool | Literal["train", "eval"] | None = None,
    console_output: bool = True,
    output_file: str | Path | None = None,
    labels: list[str] | tuple[str, ...] | None = None,
    picture: bool = True,
) -> Callable[[Language, IO, IO], Log]:
    """spaCy's console logger, with more columns in its table: the speed of training, margin
    violations and the F-score of each label. It also draws all that as a picture,
    `learning-curve.svg`, beside the model. The picture is redrawn at each evaluation. Without an
    output folder there is none.

    progress_bar (Union[bool, str, None]): A progress bar until the next evaluation ("eval" or
        true), until the last step ("train"), or none.
    console_output (bool): Whether to print the table.
    output_file (Optional[Union[str, Path]]): A new .jsonl file to save the table to as well.
    labels (Union[List[str], Tuple[str, ...], None]): The labels that have a column. If None, the
        first 8. The picture shows all labels.
    picture (bool): Whether to draw the picture.
    RETURNS (Callable): The logger.
    """
    if isinstance(progress_bar, bool):
        progress_bar = "eval" if progress_bar else None
    console = console_logger_v3(progress_bar, console_output, output_file)

    def setup_printer(nlp: Language, stdout: IO = sys.stdout, stderr: IO = sys.stderr) -> Log:
        training = nlp.config["training"]
        weights = {name: x for name, x in training["score_weights"].items() if x is not None}
        columns = {f"F {label}": label for label in _choose_labels(nlp, labels)}
        watched = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, WindowNER)]
        violations = Violations()
        for pipe in watched:
            pipe.on_scores = violations
        own = [SPEED, *[VIOLATIONS] * bool(watched), *columns]
        # spaCy's logger has a column for each score that has a weight.
        view: Any = SimpleNamespace(
            pipeline=nlp.pipeline,
            config={"training": {**training, "score_weights": weights | dict.fromkeys(own, 0.0)}},
        )
        log_console, finalize_console = console(view, stdout, stderr)
        trained = [name for name, pipe in nlp.pipeline if getattr(pipe, "is_trainable", False)]
        history = History(trained, list(weights))
        saver = _PictureSaver(history, ", ".join(nlp.pipe_names), stdout)

        def log_step(info: dict[str, Any] | None) -> None:
            if info is None:
                history.step()
                log_console(None)
                return
            evaluation = history.evaluate(info, violations.take() if watched else None)
            scores = {**info["other_scores"], **_cells(evaluation, columns)}
            log_console({**info, "other_scores": scores})
            if picture and "output_path" in info:
                saver.save(Path(info["output_path"]).parent / PICTURE)
            history.go_on()

        def finalize() -> None:
            for pipe in watched:
                pipe.on_scores = None
            finalize_console()
            saver.report()

        return log_step, finalize

    return setup_printer


class Violations:
    """Counts the tokens whose gold tag doesn't score at least the margin above all others, while a
    component trains. See `WindowNER.on_scores`."""

    def __init__(self) -> None:
        self._violations = 0
        self._tokens = 0

    def __call__(self, scores: numpy.ndarray, targets: Targets) -> None:
        """Count the violations in a batch.

        scores (numpy.ndarray): Scores, one column per tag. Shape (n_tokens, n_tags).
        targets (Targets): The gold annotation of the same tokens. Tokens without one don't count.
        """
        tokens = targets.annotated
        tags = targets.tags[tokens]
        rivals = scores[tokens]  # a copy
        rows = numpy.arange(len(tokens))
        right = rivals[rows, tags]
        rivals[rows, tags] = -numpy.inf
        self._violations += int((right < rivals.max(axis=1, initial=-numpy.inf) + MARGIN).sum())
        self._tokens += len(tokens)

    def take(self) -> float | None:
        """RETURNS (Optional[float]): The share of violations among the tokens since the last call,
        0 to 1. None if there were no tokens."""
        share = self._violations / self._tokens if self._tokens else None
        self._violations = self._tokens = 0
        return share


def _choose_labels(nlp: Language, labels: Sequence[str] | None) -> list[str]:
    """Choose the labels to show, from all components that find entities."""
    finders: list[Any] = [pipe for name, pipe in nlp.components if _finds_entities(nlp, name)]
    known = list(dict.fromkeys(label for pipe in finders for label in pipe.labels))
    if labels is None:
        return known[:_MAX_LABELS]
    unknown = [label for label in labels if label not in known]
    if unknown:
        names = ", ".join(known) or "none"
        raise ValueError(Errors.WN135.format(unknown=", ".join(map(repr, unknown)), names=names))
    return list(labels)


def _finds_entities(nlp: Language, name: str) -> bool:
    return "doc.ents" in nlp.get_pipe_meta(name).assigns and hasattr(nlp.get_pipe(name), "labels")


def _cells(evaluation: Evaluation, columns: dict[str, str]) -> dict[str, float]:
    """The values in our columns. spaCy's logger shows scores times 100, and missing ones as
    0.00."""
    cells = {column: evaluation.label_f.get(label, 0.0) for column, label in columns.items()}
    cells[SPEED] = (evaluation.words_per_second or 0.0) / 1000 / 100
    cells[VIOLATIONS] = evaluation.violations or 0.0
    return cells


class _PictureSaver:
    """Saves the picture, and reports it at the end. If saving fails there is one warning, because
    training should go on."""

    def __init__(self, history: History, pipeline: str, stdout: IO) -> None:
        self._history = history
        self._pipeline = pipeline
        self._stdout = stdout
        self._saved: Path | None = None
        self._failed = False

    def save(self, path: Path) -> None:
        if self._failed:
            return
        try:
            save_learning_curve(path, self._history, self._pipeline)
            self._saved = path
        except OSError as error:
            self._failed = True
            warnings.warn(Warnings.WW130.format(path=path, reason=error), stacklevel=2)

    def report(self) -> None:
        if self._saved is not None and not self._failed:
            message = Printer(no_print=True).info("Drew the learning curve", self._saved)
            print(message, file=self._stdout, flush=True)
