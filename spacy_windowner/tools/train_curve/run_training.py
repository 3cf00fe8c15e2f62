"""Runs one training of a training curve and evaluates the best model."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc, DocBin
from spacy.util import resolve_dot_names, set_dot_to_object
from thinc.api import Config

from ..errors import Errors
from ..quiet_training import train_quietly


class Training(NamedTuple):
    """The result of one training.

    share (float): The share of the documents, in percent.
    seed (int): The seed of the sampling and of the training.
    documents (int): The number of training documents.
    entities (int): The number of entities in them.
    f (float): The F1 of the best model on the dev data, 0 to 1.
    p (float): The precision of the best model.
    r (float): The recall of the best model.
    seconds (float): The duration, including evaluations during training.
    """

    share: float
    seed: int
    documents: int
    entities: int
    f: float
    p: float
    r: float
    seconds: float


def run_training(
    config: Config,
    docs: Iterable[Doc],
    folder: Path,
    *,
    train_corpus: str,
    dev_corpus: str,
    seed: int,
    use_gpu: int = -1,
    tick: Callable[[], None] = lambda: None,
) -> tuple[float, float, float, float]:
    """Train with a config on some documents, as `spacy train` does, and evaluate the best model.

    config (Config): The config, not interpolated.
    docs (Iterable[Doc]): The documents.
    folder (Path): An empty folder for all files.
    train_corpus (str): The dotted name of the training corpus. Its path is replaced.
    dev_corpus (str): The dotted name of the dev corpus.
    seed (int): The seed that replaces the config's.
    use_gpu (int): The GPU ID, -1 for the CPU.
    tick (Callable[[], None]): Called regularly during training.
    RETURNS (Tuple[float, float, float, float]): F1, precision and recall on the dev data, and the
        duration of the training in seconds.
    RAISES (ValueError): If the pipeline has no entity scores.
    """
    path = folder / "train.spacy"
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    config = config.copy()
    set_dot_to_object(config, f"{train_corpus}.path", str(path))
    set_dot_to_object(config, f"{train_corpus}.limit", 0)  # already applied to the documents
    config["training"] = {**config["training"], "seed": seed}
    if "seed" in config.get("system", {}):
        config["system"]["seed"] = seed
    begin = time.perf_counter()
    best = train_quietly(config, folder / "model", use_gpu=use_gpu, tick=tick)
    seconds = time.perf_counter() - begin
    [dev] = resolve_dot_names(best.config.interpolate(), [dev_corpus])
    scores = best.evaluate(list(dev(best)))
    if "ents_f" not in scores:
        raise ValueError(Errors.WN204.format(names=", ".join(best.pipe_names)))
    f, p, r = (float(scores.get(f"ents_{key}") or 0.0) for key in "fpr")
    return f, p, r, seconds
