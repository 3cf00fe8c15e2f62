"""Trains on growing shares of the data to estimate whether more data would help."""

import math
import random
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus
from spacy.training.corpus import FILE_TYPE, walk_corpus
from spacy.util import dot_to_object, load_config, resolve_dot_names
from spacy.vocab import Vocab
from thinc.api import Config

from ...errors import check_setting
from ...progress import Stage, Tell, silent
from ..errors import Errors
from ..pipelines import load_pipeline_of, read_corpus
from ..reading import reason_of
from .forecast import Forecast, forecast
from .run_training import Training, run_training

SHARES = (25.0, 50.0, 75.0, 100.0)
"""The default shares of the documents, in percent."""


class Point(NamedTuple):
    """The mean of all trainings with one share.

    share (float): The share, in percent.
    documents (int): The number of documents.
    entities (float): The mean number of entities.
    f (float): The mean F1 on the dev data, 0 to 1.
    p (float): The mean precision.
    r (float): The mean recall.
    f_stdev (Optional[float]): The standard deviation of F1, None for a single seed.
    seconds (float): The mean duration of a training.
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
    """The results of models trained on growing shares of the documents.

    trainings (List[Training]): All trainings.
    dev_entities (int): The number of entities in the dev data.
    next (Forecast): The estimated gain from twice the documents.
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
        """RETURNS (Dict[str, Any]): The results as dictionaries and lists, for JSON."""
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
    dev data, and estimate the gain from twice the documents.

    Documents are drawn at random, and each share includes the documents of all smaller shares.
    Each training runs as in `spacy train`, and its `model-best` is evaluated. No model is kept.
    Loggers of the config aren't called.

    config (Union[Config, str, Path]): The training config.
    overrides (Optional[Mapping[str, Any]]): Config overrides, by dotted name.
    shares (Sequence[float]): The shares, in percent.
    seeds (int): The number of trainings with each share. The first one has the config's seed, and
        each further one the next number. The seed also determines which documents are drawn.
    use_gpu (int): The GPU ID, -1 for the CPU.
    on_progress (Tell): Called with the progress.
    RETURNS (TrainCurve): The scores and the estimate, see `forecast`.
    RAISES (ValueError): If a share isn't valid or has too few documents, or if a corpus can't be
        read or has no entities.
    """
    shares = check_shares(shares)
    check_setting(seeds >= 1, "seeds", seeds, "It must be at least 1.")
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
    # The smallest share first, all seeds of a share in a row.
    for seed, share, numbers in sorted(runs, key=lambda run: run[1]):
        stage = Stage(f"{share:g} %, seed {seed}", done, work)
        on_progress(stage)
        chosen = [docs[number] for number in numbers]
        with TemporaryDirectory() as folder, warnings.catch_warnings():
            if share < shares[-1]:  # some labels may be missing
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
    estimate = forecast([one.documents for one in trainings], [one.f for one in trainings], n_dev)
    return TrainCurve(trainings, n_dev, estimate)


def check_shares(shares: Sequence[float]) -> list[float]:
    """Check that shares are valid.

    shares (Sequence[float]): The shares, in percent.
    RETURNS (List[float]): The shares, the smallest first.
    RAISES (ValueError): If there are none, if two are the same, or if one isn't above 0 and at most
        100.
    """
    in_range = all(math.isfinite(share) and 0 < share <= 100 for share in shares)
    if not shares or not in_range or len(set(shares)) < len(shares):
        raise ValueError(Errors.WN200.format(shares=",".join(f"{share:g}" for share in shares)))
    return sorted(shares)


def read_training_docs(config: Config, name: str) -> list[Doc]:
    """Read the annotated documents of a corpus.

    config (Config): A complete, interpolated config.
    name (str): The dotted name of the corpus.
    RETURNS (List[Doc]): The documents, without augmentation.
    RAISES (ValueError): If the corpus has no path or can't be read.
    """
    try:
        block = dot_to_object(config, name)
        path = Path(block["path"])
        docs = Corpus(path, limit=block.get("limit") or 0).read_docbin(
            Vocab(), walk_corpus(path, FILE_TYPE)
        )
        return list(docs)
    except (KeyError, TypeError):
        reason = "it has no `path` of .spacy files to draw documents from."
        raise ValueError(Errors.WN096.format(name=name, reason=reason)) from None
    except Exception as error:  # each layer of the format raises its own errors
        raise ValueError(Errors.WN096.format(name=name, reason=reason_of(error))) from error


def count_dev_entities(nlp: Language, config: Config, name: str) -> int:
    """Count the entities in the dev data.

    nlp (Language): The pipeline.
    config (Config): A complete, interpolated config.
    name (str): The dotted name of the corpus.
    RETURNS (int): The number of entities.
    RAISES (ValueError): If the corpus can't be read or has no entities.
    """
    try:
        [corpus] = resolve_dot_names(config, [name])
    except ValueError as error:
        raise ValueError(Errors.WN096.format(name=name, reason=reason_of(error))) from error
    examples = read_corpus(nlp, corpus, name, config)
    n_entities = sum(len(example.reference.ents) for example in examples)
    if not n_entities:
        raise ValueError(Errors.WN203.format(name=name, n_docs=len(examples)))
    return n_entities


def sizes_of(shares: Sequence[float], n_docs: int) -> list[int]:
    """Compute the number of documents in each share.

    shares (Sequence[float]): The shares in percent, ascending.
    n_docs (int): The number of all documents.
    RETURNS (List[int]): The numbers of documents, ascending.
    RAISES (ValueError): If a share has no documents, or no more than the previous one.
    """
    sizes = [round(n_docs * share / 100) for share in shares]
    for i, (share, size) in enumerate(zip(shares, sizes, strict=True)):
        if size <= (sizes[i - 1] if i else 0):
            raise ValueError(Errors.WN201.format(share=share, n_docs=n_docs, size=size))
    return sizes


def draw(n_docs: int, sizes: Sequence[int], seed: int) -> list[list[int]]:
    """Draw documents at random. Each sample includes all smaller ones.

    n_docs (int): The number of all documents.
    sizes (Sequence[int]): The sizes of the samples.
    seed (int): The random seed.
    RETURNS (List[List[int]]): The indices of the documents in each sample, ascending.
    """
    order = list(range(n_docs))
    random.Random(seed).shuffle(order)
    return [sorted(order[:size]) for size in sizes]


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


def parse_shares(text: str) -> list[float]:
    """Parse comma-separated shares.

    text (str): The shares, e.g. "25,50,100".
    RETURNS (List[float]): The shares.
    RAISES (ValueError): If one of them isn't a number.
    """
    try:
        return [float(share) for share in text.split(",")]
    except ValueError:
        raise ValueError(Errors.WN200.format(shares=text)) from None
