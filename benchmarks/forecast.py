"""Check the estimate of `train-curve`: from trainings with an eighth to a half of some documents,
predict what the other half brings, train with all, and compare. Besides the estimate, other simple
rules are tried.

A corpus is a sample of 800 training documents, evaluated on up to 400 dev documents. Trainings end
after 500 steps without a better score, and after 1,500 in any case.

    python benchmarks/forecast.py
    python benchmarks/forecast.py --corpora re3d,btc --seed 1
"""

import math
import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy
import spacy
import typer
from machine import use_one_thread
from spacy.tokens import DocBin
from thinc.api import Config

from spacy_windowner import convert, make_config, train_curve
from spacy_windowner.tools.train_curve.forecast import forecast

DATA = Path("../shared/data")
SHARES = [12.5, 25.0, 37.5, 50.0, 100.0]
CORPORA = {
    "btc": ("en", "btc/btc.train", "btc/btc.dev"),
    "bc5cdr": ("en", "bc5cdr/train.tsv", "bc5cdr/dev.tsv"),
    "re3d": ("en", "arena/en-re3d/train.spacy", "arena/en-re3d/dev.spacy"),
    "da-uner": ("da", "arena/da-uner/train.spacy", "arena/da-uner/dev.spacy"),
}
N_TRAIN, N_DEV = 800, 400
N_ENTITIES = 100  # at least as many are in each dev part


def sample(source: Path, path: Path, n: int, multiple: int, seed: int) -> None:
    """Write up to n documents of a file, drawn at random, as many as a multiple of a number."""
    convert([source], path)
    docs = list(DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab))
    n = min(n, len(docs) // multiple * multiple)
    random.Random(seed).shuffle(docs)
    DocBin(docs=docs[:n]).to_disk(path)


def config_for(lang: str, folder: Path) -> Config:
    """The config of little data, which ends still earlier."""
    config = make_config(lang, n_words=1)
    config["paths"].update(train=str(folder / "train.spacy"), dev=str(folder / "dev.spacy"))
    config["training"].update(eval_frequency=100, patience=500, max_steps=1500)
    return config


def gains(sizes: Sequence[int], scores: Sequence[float]) -> dict[str, float]:
    """What rules expect from twice the largest size, in F1 from 0 to 1: the inverse power law of
    `train-curve`, the same with the three largest sizes, a line of F1 or of its log odds over the
    logarithm of the size, and the gain from the last doubling."""
    x, f = numpy.log2(sizes), numpy.array(scores)
    now, then = x[-1], x[-1] + 1

    def error(fit: numpy.ndarray) -> float:
        return math.exp(numpy.polyval(fit, now)) - math.exp(numpy.polyval(fit, then))

    odds = numpy.polyfit(x, numpy.log(f / (1 - f)), 1)
    shares = [1 / (1 + math.exp(-numpy.polyval(odds, place))) for place in (now, then)]
    half = int(numpy.abs(x - (now - 1)).argmin())
    return {
        "power law": error(numpy.polyfit(x, numpy.log(1 - f), 1)),
        "of three sizes": error(numpy.polyfit(x[-3:], numpy.log(1 - f[-3:]), 1)),
        "line of F1": float(numpy.polyfit(x, f, 1)[0]),
        "line of log odds": shares[1] - shares[0],
        "last doubling": float(f[-1] - f[half]),
    }


def main(
    data: Annotated[Path, typer.Option(help="Folder of the corpora")] = DATA,
    corpora: Annotated[str, typer.Option(help="Some of the corpora")] = ",".join(CORPORA),
    seed: Annotated[int, typer.Option(help="Seed of the trainings and of the shares")] = 0,
) -> None:
    """Print a table."""
    use_one_thread()
    header = [*(f"{share:g} %" for share in SHARES), "gain", "range", *gains([1, 2, 4], [0.1] * 3)]
    print(f"| corpus | {' | '.join(header)} |\n|{'---|' * (len(header) + 1)}", flush=True)
    for name in corpora.split(","):
        lang, train, dev = CORPORA[name]
        with TemporaryDirectory() as place:
            folder = Path(place)
            sample(data / train, folder / "train.spacy", N_TRAIN, 8, 99)
            sample(data / dev, folder / "dev.spacy", N_DEV, 1, 5)
            config = config_for(lang, folder)
            config["system"]["seed"] = seed
            points = train_curve(config, shares=SHARES).points
        sizes, scores = [point.documents for point in points], [point.f for point in points]
        found = forecast(sizes[:-1], scores[:-1], N_ENTITIES)
        ends = [found.low, found.high] if found.low is not None else []
        cells = [
            *(f"{100 * score:.1f}" for score in scores),
            f"{100 * (scores[-1] - scores[-2]):+.1f}",
            " to ".join(f"{100 * end:+.1f}" for end in ends if end is not None) or "none",
            *(f"{100 * gain:+.1f}" for gain in gains(sizes[:-1], scores[:-1]).values()),
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
