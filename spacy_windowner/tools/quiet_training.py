"""Trains with a config as `spacy train` does, without its output."""

import io
from collections.abc import Callable
from pathlib import Path

from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, train
from spacy.util import load_model
from thinc.api import Config

_LOGGER = {"@loggers": "spacy.ConsoleLogger.v1", "progress_bar": False}


def train_quietly(
    config: Config, output: Path, *, use_gpu: int = -1, tick: Callable[[], None] = lambda: None
) -> Language:
    """Train with a config and load the best pipeline. Loggers of the config aren't called.

    config (Config): The config, not interpolated.
    output (Path): A new folder for the pipelines.
    use_gpu (int): The GPU ID, -1 for the CPU.
    tick (Callable[[], None]): Called regularly during training.
    RETURNS (Language): The pipeline that was the best one on the dev data.
    """
    output.mkdir()
    config = config.copy()
    config["training"] = {**config["training"], "logger": dict(_LOGGER)}
    nlp = init_nlp(config, use_gpu=use_gpu)
    tick()
    rows = _Rows(tick)
    train(nlp, output, use_gpu=use_gpu, stdout=rows, stderr=rows)
    return load_model(output / DIR_MODEL_BEST)


class _Rows(io.StringIO):
    """A stream that calls a function on each write and discards the text."""

    def __init__(self, tick: Callable[[], None]) -> None:
        super().__init__()
        self._tick = tick

    def write(self, text: str) -> int:
        self._tick()
        return len(text)
