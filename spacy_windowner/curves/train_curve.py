"""Is more data worth it?"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from spacy.util import load_config
from thinc.api import Config

from ..errors import Errors, check_setting
from ..progress import Stage, Tell, silent
from ..reporting.data_check import load_pipeline_of
from .data import count_dev_entities, read_training_docs
from .forecast import Forecast, forecast
from .run import Training, run_training
from .shares import check_shares, draw, sizes_of

SHARES = (25.0, 50.0, 75.0, 100.0)
"""The shares of the documents, in percent."""


class Point(NamedTuple):
    """All trainings with one share, in the mean of the seeds.

    share (float): The share, in percent.
    documents (int): Its documents.
    entities (float): Their entities.
    f (float): F1 on the development data, 0 to 1.
    p (float): Precision.
    r (float): Recall.
    f_stdev (Optional[float]): The standard deviation of F1, None for a single seed.
    seconds (float): How long a training took.
    """

    share: float
    documents: int
    entities: float
    f: float
    p: float
    r: float
    f_stdev: float | None
    seconds: float


@dataclass(frozen=True)
class TrainCurve:
    """How good models are that were trained on growing shares of the documents.

    trainings (List[Training]): All trainings.
    dev_entities (int): The entities of the development data.
    next (Forecast): What twice the documents would bring.
    """

    trainings: list[Training]
    dev_entities: int
    next: Forecast

    @property
    def points(self) -> list[Point]:
        """RETURNS (List[Point]): The mean of each share, the smallest first."""
        shares = dict.fromkeys(training.share for training in self.trainings)
        return [_point([one for one in self.trainings if one.share == share]) for share in shares]

    def to_dict(self) -> dict[str, Any]:
        """The same in dictionaries and lists, as for JSON."""
        return {
            "points": [point._asdict() for point in self.points],
            "trainings": [training._asdict() for training in self.trainings],
            "dev_entities": self.dev_entities,
            "next": self.next._asdict(),
        }


def train_curve(
    config: Config | str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    shares: Sequence[float] = SHARES,
    seeds: int = 1,
    use_gpu: int = -1,
    on_progress: Tell = silent,
) -> TrainCurve:
    """Train with a config on growing shares of its training documents, evaluate each model on its
    development data, and estimate what twice the documents would bring.

    Documents are drawn at random, and those of a share are among those of every larger one. Each
    training is that of `spacy train`, evaluated is its `model-best`. Nothing of it is kept. Loggers
    of the config aren't called.

    config (Union[Config, str, Path]): The config of a training.
    overrides (Optional[Mapping[str, Any]]): Settings to replace, by their dotted names.
    shares (Sequence[float]): The shares, in percent.
    seeds (int): Trainings with each share. The first has the seed of the config, each further one
        the next number; with other documents, too.
    use_gpu (int): The GPU, -1 for none.
    on_progress (Tell): Called with how far it is.
    RETURNS (TrainCurve): The scores, and the estimate. See `forecast`.
    RAISES (ValueError): If a share can't be used or has too few documents, or a corpus can't be
        read or has no entities.
    """
    shares = check_shares(shares)
    check_setting(seeds >= 1, "seeds", seeds, "It is at least 1.")
    on_progress(Stage("Reading"))
    given = dict(overrides or {})
    if isinstance(config, Config):
        loaded, origin = (
            Config().from_str(config.to_str(), overrides=given, interpolate=False),
            "it",
        )
    else:
        loaded, origin = load_config(config, overrides=given), str(config)
    nlp = load_pipeline_of(loaded, origin)
    filled = nlp.config.interpolate()
    corpora = {key: filled["training"][key] for key in ("train_corpus", "dev_corpus")}
    docs = read_training_docs(filled, corpora["train_corpus"])
    n_dev = count_dev_entities(nlp, filled, corpora["dev_corpus"])
    sizes = sizes_of(shares, len(docs))
    begin = filled["training"]["seed"] or 0
    runs = [
        (seed, share, numbers)
        for seed in range(begin, begin + seeds)
        for share, numbers in zip(shares, draw(len(docs), sizes, seed), strict=True)
    ]
    for _, share, numbers in runs:
        if not any(docs[number].ents for number in numbers):
            raise ValueError(Errors.WN202.format(share=share, n_docs=len(numbers)))
    work, done = sum(len(numbers) for *_, numbers in runs), 0
    trainings: list[Training] = []
    # The smallest first, so that all seeds of a share follow each other.
    for seed, share, numbers in sorted(runs, key=lambda run: run[1]):
        stage = Stage(f"{share:g} %, seed {seed}", done, work)
        on_progress(stage)
        chosen = [docs[number] for number in numbers]
        with TemporaryDirectory() as folder, warnings.catch_warnings():
            if share < shares[-1]:  # which lacks labels, say
                warnings.simplefilter("ignore")
            found = run_training(
                loaded,
                chosen,
                Path(folder),
                **corpora,
                seed=seed,
                use_gpu=use_gpu,
                tick=partial(on_progress, stage),
            )
        done += len(numbers)
        n_entities = sum(len(doc.ents) for doc in chosen)
        trainings.append(Training(share, seed, len(numbers), n_entities, *found))
    told = forecast([one.documents for one in trainings], [one.f for one in trainings], n_dev)
    return TrainCurve(trainings, n_dev, told)


def _point(trainings: list[Training]) -> Point:
    first = trainings[0]
    f = [one.f for one in trainings]
    return Point(
        first.share,
        first.documents,
        mean(one.entities for one in trainings),
        mean(f),
        mean(one.p for one in trainings),
        mean(one.r for one in trainings),
        stdev(f) if len(f) > 1 else None,
        mean(one.seconds for one in trainings),
    )
