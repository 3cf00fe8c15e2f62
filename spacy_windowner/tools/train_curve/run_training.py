"""Runs one training of a training curve and evaluates the best model."""

import io
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc, DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, train
from spacy.util import load_model, resolve_dot_names, set_dot_to_object
from thinc.api import Config

from ..errors import Errors

_LOGGER = {"@loggers": "spacy.ConsoleLogger.v1", "progress_bar": False}


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
    path, output = folder / "train.spacy", folder / "model"
    output.mkdir()
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    config = config.copy()
    set_dot_to_object(config, f"{train_corpus}.path", str(path))
    set_dot_to_object(config, f"{train_corpus}.limit", 0)  # already applied to the documents
    config["training"] = {**config["training"], "seed": seed, "logger": dict(_LOGGER)}
    if "seed" in config.get("system", {}):
        config["system"]["seed"] = seed
    begin = time.perf_counter()
    nlp = init_nlp(config, use_gpu=use_gpu)
    tick()
    rows = _Rows(tick)
    train(nlp, output, use_gpu=use_gpu, stdout=rows, stderr=rows)
    seconds = time.perf_counter() - begin
    best = load_model(output / DIR_MODEL_BEST)
    [dev] = resolve_dot_names(nlp.config.interpolate(), [dev_corpus])
    scores = best.evaluate(list(dev(best)))
    if "ents_f" not in scores:
        raise ValueError(Errors.WN204.format(names=", ".join(best.pipe_names)))
    f, p, r = (float(scores.get(f"ents_{key}") or 0.0) for key in "fpr")
    return f, p, r, seconds


class _Rows(io.StringIO):
    """A stream that calls a function on each write and discards the text."""

    def __init__(self, tick: Callable[[], None]) -> None:
        super().__init__()
        self._tick = tick

    def write(self, text: str) -> int:
        self._tick()
        return len(text)
