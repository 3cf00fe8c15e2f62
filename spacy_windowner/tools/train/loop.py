"""A training that stops when it is done, and goes on after an interruption."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training.loop import (
    DIR_MODEL_BEST,
    DIR_MODEL_LAST,
    create_before_to_disk_callback,
    create_evaluation_callback,
    create_train_batches,
    train_while_improving,
    update_meta,
)
from spacy.util import registry, resolve_dot_names
from thinc.api import fix_random_seed

from ...files import PART
from ...progress import Stage, Tell
from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint

CHECKPOINT = "checkpoint.bin"
N_PERFECT = 3
"""Training stops after this many evaluations in a row whose score can't get any better."""


def train_pipeline(
    nlp: Language,
    output: Path,
    origin: dict[str, Any],
    on_start: Callable[[int], None],
    on_progress: Tell,
) -> None:
    """Train a pipeline, as `spacy.training.loop.train` does, with four differences:

    - It also evaluates the last step of `max_steps`.
    - It also stops when the score can't get any better.
    - It writes a checkpoint after each evaluation, and begins with the one that it finds.
    - A saved pipeline is complete at any moment, because it is written under another name first.

    nlp (Language): The initialized pipeline.
    output (Path): The folder for "model-best", "model-last" and the checkpoint.
    origin (Dict[str, Any]): JSON values that tell what the training is made from. A checkpoint with
        other values isn't used.
    on_start (Callable[[int], None]): Called with the number of steps that earlier calls have done.
    on_progress (Tell): Called after each step. The total is the step at which training ends, if the
        score doesn't improve.
    RAISES (ValueError): If the checkpoint is damaged, or the training fails.
    """
    config = nlp.config.interpolate()
    fix_random_seed(config["training"]["seed"])
    settings: dict[str, Any] = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    names = [settings["train_corpus"], settings["dev_corpus"]]
    train_corpus, dev_corpus = resolve_dot_names(config, names)
    optimizer = settings["optimizer"]
    before_to_disk = create_before_to_disk_callback(settings["before_to_disk"])
    evaluate = create_evaluation_callback(nlp, dev_corpus, settings["score_weights"])
    epochs = settings["max_epochs"]
    batches = create_train_batches(nlp, train_corpus, settings["batcher"], epochs)
    start = load_checkpoint(output / CHECKPOINT, origin) if _find_best(output) else None
    n_done = 0  # the steps of earlier calls
    if start is not None:
        n_done = start.step + 1
        batches, evaluate = _replay(start, nlp, optimizer, batches, evaluate)

    def save(is_best: bool) -> None:
        with nlp.use_params(optimizer.averages):
            before_to_disk(nlp).to_disk(_unfinished(output / DIR_MODEL_LAST))
        _finish(output / DIR_MODEL_LAST)
        if is_best:
            copy = _unfinished(output / DIR_MODEL_BEST)
            shutil.copytree(output / DIR_MODEL_LAST, copy)
            _finish(output / DIR_MODEL_BEST)

    def evaluate_last(info: dict[str, Any]) -> bool:
        """Evaluate a step that spaCy's loop didn't. Return whether it has the best score."""
        with nlp.use_params(optimizer.averages):
            score, others = evaluate()
        info["checkpoints"].append((score, info["step"]))
        info.update(score=score, other_scores=others)
        return score == max(info["checkpoints"])[0]

    steps = train_while_improving(
        nlp,
        optimizer,
        batches,
        evaluate,
        exclude=settings["frozen_components"],
        annotating_components=settings["annotating_components"],
        **{name: settings[name] for name in _LOOP_SETTINGS},
    )
    best_possible = sum(max(weight or 0.0, 0.0) for weight in settings["score_weights"].values())
    on_start(n_done)
    is_best: bool | None = None
    log_step, finish_log = settings["logger"](nlp, sys.stdout, sys.stderr)
    try:
        for _, info, is_best in steps:
            if is_best is None and info["step"] == settings["max_steps"]:
                is_best = evaluate_last(info)
            if info["step"] >= n_done:
                if is_best is not None:
                    update_meta(settings, nlp, info)
                    save(is_best)
                    checkpoint = Checkpoint.of(nlp, optimizer, info)
                    save_checkpoint(output / CHECKPOINT, checkpoint, origin)
                log_step(info if is_best is not None else None)
            on_progress(_stage_of(info, settings["patience"], settings["max_steps"]))
            last = info["checkpoints"][-N_PERFECT:]
            if len(last) == N_PERFECT and all(score >= best_possible for score, _ in last):
                break
    finally:
        finish_log()
    if is_best is None:  # the last step came after the last evaluation
        save(False)


_LOOP_SETTINGS = (
    "dropout", "accumulate_gradient", "patience", "max_steps", "eval_frequency", "before_update"
)  # fmt: skip


def _stage_of(info: dict[str, Any], patience: int, max_steps: int) -> Stage:
    score, best_step = max(info["checkpoints"], key=lambda result: result[0])
    ends = [max_steps, patience and best_step + patience]
    end = min((step for step in ends if step), default=0)
    return Stage(f"Best score {100 * score:.1f} at step {best_step}", info["step"], end)


def _replay(start: Checkpoint, nlp: Language, optimizer: Any, batches: Any, evaluate: Any) -> Any:
    """Replace the batches and the evaluation of a loop by some with which it comes to a checkpoint
    quickly: until then, batches are empty, and scores those of the checkpoint. So the order of the
    later batches, the schedules and the best score are as they were."""
    scores = [score for score, _ in start.results]

    def replayed_batches() -> Iterator[tuple[int, Any]]:
        for step, (epoch, batch) in enumerate(batches):
            yield epoch, batch if step > start.step else []

    def replayed_evaluate() -> tuple[float, dict[str, float]]:
        if not scores:
            return evaluate()
        if len(scores) == 1:  # a checkpoint is made after an evaluation
            start.restore(nlp, optimizer)
        return scores.pop(0), {}

    return replayed_batches(), replayed_evaluate


def _find_best(output: Path) -> bool:
    """Whether there is a best pipeline. If one was just being replaced, it is put back."""
    best = output / DIR_MODEL_BEST
    if not best.exists() and _old(best).exists():
        _old(best).rename(best)
    return best.is_dir()


def _unfinished(folder: Path) -> Path:
    """The name of a folder while it is written. One that was left behind is deleted."""
    path = folder.with_name(f"{folder.name}{PART}")
    _delete(path)
    return path


def _finish(folder: Path) -> None:
    """Put what was written in the place of an older folder."""
    _delete(_old(folder))
    if folder.exists():
        folder.rename(_old(folder))
    folder.with_name(f"{folder.name}{PART}").rename(folder)
    _delete(_old(folder))


def _old(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.old")


def _delete(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
