"""Train spaCy's `ner` and variants of `window_ner` on the same data, and compare what they reach.

Each row trains on train.spacy with spaCy's own training loop, chooses the model on dev.spacy, and
scores it on test.spacy. Times are CPU seconds of one process; run with OMP_NUM_THREADS=1. Rows
that are in the output file already are not run again.

    python benchmarks/compare.py corpus/btc --output btc.json
"""

import copy
import time
from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.cli.init_config import init_config
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config, registry
from thinc.api import Config
from wasabi import msg

CONFIGS = Path(__file__).parent.parent / "configs"
MODEL = "components.window_ner.model"
LOSS = "components.window_ner.loss"

# What each row changes in configs/default.cfg.
VARIANTS: dict[str, dict[str, Any]] = {
    "window_ner": {},
    "cross-entropy": {LOSS: {"@losses": "spacy-windowner.CrossEntropy.v1"}},
    "structured margin": {LOSS: {"@losses": "spacy-windowner.StructuredMargin.v1"}},
    "same-window term alone": {f"{LOSS}.pairwise_weight": 0.0},
    "uniform corrupt windows": {f"{LOSS}.sampling": "uniform"},
    "average": {f"{MODEL}.pooling": "average"},
    "hidden depth 0": {f"{MODEL}.hidden_depth": 0},
    "hidden depth 2": {f"{MODEL}.hidden_depth": 2},
    "no n-grams": {f"{MODEL}.embed.ngrams": None},
}
PEER = "spaCy ner"
BEST = "model-best"


def make_config(row: str, corpus: Path, seed: int) -> Config:
    """The config of a row."""
    if row == PEER:
        config = init_config(lang="en", pipeline=["ner"], optimize="efficiency")
    else:
        config = load_config(CONFIGS / "default.cfg")
        for path, value in VARIANTS[row].items():
            *parents, key = path.split(".")
            block = config
            for parent in parents:
                block = block[parent]
            block[key] = copy.deepcopy(value)
    config["paths"]["train"] = str(corpus / "train.spacy")
    config["paths"]["dev"] = str(corpus / "dev.spacy")
    config["system"]["seed"] = seed
    config["training"]["logger"] = {"@loggers": "compare.Log.v1"}
    return config


LOG: list[tuple[float, float]] = []
COLUMNS = ["corpus", "row", "seed", "dev_f", "test_p", "test_r", "test_f", "seconds_to_best"]


@registry.loggers("compare.Log.v1")
def make_log():
    """A logger that notes the CPU time and the score of each evaluation in LOG."""

    def setup(nlp, stdout, stderr):
        LOG.clear()

        def log_step(info):
            if info is not None and info["score"] is not None:
                LOG.append((time.process_time(), info["score"]))

        return log_step, lambda: None

    return setup


def train_row(row: str, corpus: Path, seed: int, models: Path) -> Path:
    """Train one row.

    row (str): Its name.
    corpus (Path): A folder with train.spacy and dev.spacy.
    seed (int): The seed.
    models (Path): Where to save the model, in a folder of its own.
    RETURNS (Path): The folder of the model that is best on dev.spacy.
    """
    nlp = init_nlp(make_config(row, corpus, seed))
    folder = model_folder(row, corpus, seed, models)
    folder.mkdir(parents=True, exist_ok=True)
    train(nlp, folder, use_gpu=-1)
    return folder / BEST


def model_folder(row: str, corpus: Path, seed: int, models: Path) -> Path:
    """Where the models of a row are saved."""
    return models / f"{corpus.name}-{row}-{seed}".replace(" ", "-")


def run(row: str, corpus: Path, seed: int, models: Path) -> dict[str, Any]:
    """Train and test one row."""
    start = time.process_time()
    best_model = train_row(row, corpus, seed, models)
    total = time.process_time() - start
    scores = [score for _, score in LOG]
    best = scores.index(max(scores))
    nlp = spacy.load(best_model)
    test = nlp.evaluate(list(Corpus(corpus / "test.spacy")(nlp)))
    return {
        "corpus": corpus.name,
        "row": row,
        "seed": seed,
        "dev_f": round(100 * scores[best], 2),
        "test_p": round(100 * test["ents_p"], 2),
        "test_r": round(100 * test["ents_r"], 2),
        "test_f": round(100 * test["ents_f"], 2),
        "seconds_to_best": round(LOG[best][0] - start, 1),
        "seconds": round(total, 1),
        "curve": [(round(at - start, 1), round(100 * score, 2)) for at, score in LOG],
    }


def seconds_to_reach(result: dict[str, Any], dev_f: float) -> float | None:
    """The seconds after which a row's dev score is at least this high, None if never."""
    return next((seconds for seconds, score in result["curve"] if score >= dev_f), None)


def main(
    corpora: Annotated[list[Path], typer.Argument(help="Folders with train, dev and test.spacy")],
    output: Annotated[Path, typer.Option(help="JSON file of the rows")],
    rows: Annotated[str, typer.Option(help="Rows to run, with commas between, or all")] = "all",
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ...")] = 1,
    models: Annotated[Path, typer.Option(help="Where to save models")] = Path("training/compare"),
) -> None:
    """Train and compare spaCy's `ner` and variants of `window_ner`."""
    names = [PEER, *VARIANTS] if rows == "all" else rows.split(",")
    results = srsly.read_json(output) if output.exists() else []
    done = {(result["corpus"], result["row"], result["seed"]) for result in results}
    for corpus in corpora:
        for name in names:
            for seed in range(seeds):
                if (corpus.name, name, seed) not in done:
                    msg.info(f"{corpus.name}, {name}, seed {seed}")
                    results.append(run(name, corpus, seed, models))
                    srsly.write_json(output, results)
    print("| " + " | ".join([*COLUMNS, "seconds to the peer's best dev_f", "seconds"]) + " |")
    print("|" + " --- |" * (len(COLUMNS) + 2))
    peers = {(r["corpus"], r["seed"]): r["dev_f"] for r in results if r["row"] == PEER}
    for result in results:
        peer = peers.get((result["corpus"], result["seed"]))
        reached = None if peer is None else seconds_to_reach(result, peer)
        cells = [*(result[column] for column in COLUMNS), reached or "-", result["seconds"]]
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    typer.run(main)
