"""Does annotating what `suggest` chooses teach more than annotating random documents?

Annotation of a corpus is simulated. Both arms begin with the same few documents, chosen at random.
In each round the model of the documents annotated so far chooses more of them, or they are chosen
at random; then a model is trained anew on all of them. Prints F1 after each round, over the
documents and the words that were annotated. Finished rounds are kept in FOLDER/results.json, so
that an interrupted run goes on where it was. Run with OMP_NUM_THREADS=1.

    python benchmarks/suggest.py corpus/btc suggest --part test --picture docs/images/suggest.svg
"""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Annotated, Any

import spacy
import srsly
import typer
from accuracy_data import find_corpus, read_part
from growth import learn
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.util import load_config
from tables import make_table
from thinc.api import Config

from spacy_windowner.tools.suggest.suggest import suggest

CONFIG = Path(__file__).parent.parent / "configs" / "default.cfg"
RANDOM, MARGIN = "random", "suggest"
STEPS, EVAL_FREQUENCY = 400, 100
Row = dict[str, Any]


def choose(arm: str, model: Path, docs: Sequence[Doc], left: list[int], n: int, seed: int,
           folder: Path) -> list[int]:  # fmt: skip
    """The numbers of the documents to annotate next.

    arm (str): Who chooses.
    model (Path): A model of the documents annotated so far.
    docs (Sequence[Doc]): All documents.
    left (List[int]): Those that aren't annotated yet.
    n (int): How many to choose.
    seed (int): What decides on random ones.
    folder (Path): Where to write raw text to.
    """
    if arm == RANDOM:
        return random.Random(seed).sample(left, n)
    raw = folder / "raw.jsonl"
    srsly.write_jsonl(raw, ({"tokens": [token.text for token in docs[i]]} for i in left))
    tasks = suggest(spacy.load(model), raw, n=n).tasks
    chosen = [left[task["meta"]["line"] - 1] for task in tasks]
    # Few documents are left that aren't near-duplicates: the others are as good as any.
    others = sorted(set(left).difference(chosen))
    return chosen + others[: n - len(chosen)]


def make_config(steps: int) -> Config:
    """The config that both arms train with."""
    config = load_config(CONFIG, interpolate=False)
    config["training"].update(max_steps=steps, eval_frequency=min(EVAL_FREQUENCY, steps))
    return config


def train_and_score(
    docs: Sequence[Doc], corpus: dict[str, Path], folder: Path, seed: int, steps: int
) -> Row:
    """Train on documents, and score on the other parts.

    RETURNS (Dict): F1 in percent on each, and what was annotated.
    """
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    DocBin(docs=docs).to_disk(data / "train.spacy")
    vocab = docs[0].vocab
    DocBin(docs=read_part(corpus["dev"], vocab)).to_disk(data / "dev.spacy")
    seconds = learn(make_config(steps), data, folder, seed)
    nlp = spacy.load(folder / "model-best")
    scores = {}
    for part in ("dev", "test"):
        DocBin(docs=read_part(corpus[part], vocab)).to_disk(data / f"{part}.spacy")
        examples = list(Corpus(data / f"{part}.spacy")(nlp))
        scores[part] = 100.0 * nlp.evaluate(examples)["ents_f"]
    return {
        **scores,
        "docs": len(docs),
        "words": sum(map(len, docs)),
        "entities": sum(len(doc.ents) for doc in docs),
        "seconds": seconds,
    }


def simulate(
    corpus: dict[str, Path], folder: Path, seed: int, shares: Sequence[float], steps: int
) -> list[Row]:
    """Annotate in rounds, with both arms.

    corpus (Dict[str, Path]): The files of train, dev and test.
    folder (Path): Where to write models, and results.json.
    seed (int): The seed of the first documents, of random choice and of training.
    shares (Sequence[float]): The share of documents that are annotated after each round.
    steps (int): The steps of each training.
    RETURNS (List[Row]): The results of each round of each arm.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "results.json"
    rows: list[Row] = json.loads(file.read_text()) if file.exists() else []
    docs = read_part(corpus["train"], spacy.blank("en").vocab)
    sizes = [round(share * len(docs)) for share in shares]
    for arm in (RANDOM, MARGIN):
        chosen = random.Random(seed).sample(range(len(docs)), sizes[0])
        model = folder / f"first-{seed}"
        for number, (share, size) in enumerate(zip(shares, sizes, strict=True)):
            key = {"arm": arm, "seed": seed, "share": share, "steps": steps}
            if number:
                left = sorted(set(range(len(docs))).difference(chosen))
                seed_of_round = 1000 * seed + number
                best = model / "model-best"
                chosen += choose(arm, best, docs, left, size - len(chosen), seed_of_round, folder)
                model = folder / f"{arm}-{seed}-{share}"
            if any(key.items() <= row.items() for row in rows):
                continue
            if number == 0 and arm == MARGIN:  # the same documents, and the same model
                first = next(r for r in rows if {**key, "arm": RANDOM}.items() <= r.items())
                rows.append({**first, **key})
            else:
                annotated = [docs[i] for i in sorted(chosen)]
                rows.append({**key, **train_and_score(annotated, corpus, model, seed, steps)})
            print(rows[-1], flush=True)
            file.write_text(json.dumps(rows, indent=1))
    return [row for row in rows if row["steps"] == steps and row["share"] in shares]


def report(rows: list[Row], part: str) -> str:
    """A Markdown table of both arms.

    rows (List[Row]): The results.
    part (str): "dev" or "test".
    """
    lines = []
    for share in sorted({row["share"] for row in rows}):
        cells = [f"{share:.0%}"]
        for arm in (RANDOM, MARGIN):
            own = [row for row in rows if (row["arm"], row["share"]) == (arm, share)]
            scores = [row[part] for row in own]
            spread = f" ± {stdev(scores):.1f}" if len(scores) > 1 else ""
            cells.append(f"{mean(scores):.1f}{spread}")
            cells += [f"{mean(row[name] for row in own):,.0f}" for name in ("words", "entities")]
        lines.append(cells)
    header = [f"{arm}: {what}" for arm in (RANDOM, MARGIN) for what in ("F1", "words", "entities")]
    return make_table(["documents", *header], lines)


def main(
    corpus: Annotated[Path, typer.Argument(help="Folder with train, dev and test")],
    folder: Annotated[Path, typer.Argument(help="Folder for models and results")],
    shares: Annotated[
        str, typer.Option(help="Percent of the documents that are annotated after each round")
    ] = "5,10,15,20,25",
    seeds: Annotated[int, typer.Option(help="Simulations, with seeds 0, 1, ...")] = 3,
    steps: Annotated[int, typer.Option(help="Steps of each training")] = STEPS,
    part: Annotated[str, typer.Option(help="Report F1 on dev or test")] = "dev",
    picture: Annotated[
        Path | None, typer.Option(help="File of SVG to draw (needs matplotlib)")
    ] = None,
) -> None:
    """Simulate annotation of documents that the model chooses, and of random ones."""
    if part not in ("dev", "test"):
        raise typer.BadParameter(f"There is no part {part}. Choose from dev, test.")
    files = find_corpus(corpus).files
    percent = [float(share) for share in shares.split(",")]
    rows: list[Row] = []
    for seed in range(seeds):
        rows += [
            row
            for row in simulate(files, folder, seed, [share / 100 for share in percent], steps)
            if row["seed"] == seed
        ]
    print(report(rows, part))
    if picture is not None:
        from suggest_plot import draw  # needs matplotlib, which nothing else does

        draw(rows, part, picture)


if __name__ == "__main__":
    typer.run(main)
