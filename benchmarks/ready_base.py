"""What starting from a trained pipeline brings, with few annotated sentences: from nothing, from
its weights, and with new labels beside its own.

    python benchmarks/ready_base.py en_windowner_web corpus/bionlp13cg metrics/ready_base.json \
        --ways nothing,start,keep

The corpus is a folder with train.spacy, dev.spacy and test.spacy. Each row is trained with
`windowner train` on the first sentences of a shuffled training part, chosen on 200 sentences of the
dev part, and scored on the test part. If the pipeline has learned from the corpus, the figures say
nothing: take one that was trained without it. Finished rows are kept in the output file.
"""

import random
import tempfile
from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from machine import use_one_thread
from spacy.tokens import Doc, DocBin

from spacy_windowner.tools.report.matching import Counts
from spacy_windowner.tools.train.train import train

WAYS = {
    "nothing": {},
    "start": {"has_base": True},
    "keep": {"has_base": True, "keep_labels": True},
}
_DEV = 200


def take(path: Path, target: Path, limit: int, seed: int = 0) -> Path:
    """Write some documents of a .spacy file, drawn at random."""
    docs: list[Doc] = list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))
    random.Random(seed).shuffle(docs)
    DocBin(docs=docs[:limit]).to_disk(target)
    return target


def run_row(base: str, corpus: Path, size: int, way: str, seed: int) -> float:
    """Train a row.

    base (str): The pipeline to start from.
    corpus (Path): The folder of the corpus.
    size (int): The number of training sentences.
    way (str): One of WAYS.
    seed (int): The seed of the sample and of the training.
    RETURNS (float): F1 on the test part, in percent. With added labels, of those alone.
    """
    settings: dict[str, Any] = dict(WAYS[way])
    if settings.pop("has_base", False):
        settings["base"] = base
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        part = take(corpus / "train.spacy", folder / "train.spacy", size, seed)
        dev = take(corpus / "dev.spacy", folder / "dev.spacy", _DEV)
        done = train(
            [part], folder / "out", dev=dev, test=corpus / "test.spacy", seed=seed, **settings
        )
        [model] = done.report.models
        gold = DocBin().from_disk(part).get_docs(spacy.blank("en").vocab)
        labels = {ent.label_ for doc in gold for ent in doc.ents}
        counts = [each for label, each in model.labels.items() if label in labels]
        return 100 * Counts(*map(sum, zip(*counts, strict=True))).f


def main(
    base: Annotated[str, typer.Argument(help="Folder or package of the pipeline")],
    corpus: Annotated[Path, typer.Argument(help="Folder of the corpus", exists=True)],
    output: Annotated[Path, typer.Argument(help="JSON file of the results")],
    sizes: Annotated[str, typer.Option(help="Numbers of sentences, with commas between")] = (
        "100,300,1000"
    ),
    ways: Annotated[str, typer.Option(help=f"Some of {', '.join(WAYS)}")] = "nothing,start",
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ...", min=1)] = 1,
) -> None:
    """Compare trainings with few sentences, from nothing and from a trained pipeline."""
    rows = srsly.read_json(output) if output.exists() else []
    done = {(row["corpus"], row["size"], row["way"], row["seed"]) for row in rows}
    for size in map(int, sizes.split(",")):
        for way in ways.split(","):
            for seed in range(seeds):
                key = (corpus.name, size, way, seed)
                if key not in done:
                    row = dict(zip(("corpus", "size", "way", "seed"), key, strict=True))
                    rows.append({**row, "f": run_row(base, corpus, size, way, seed)})
                    output.parent.mkdir(parents=True, exist_ok=True)
                    srsly.write_json(output, rows)
                    print(f"| {corpus.name} | {size} | {way} | {seed} | {rows[-1]['f']:.1f} |")


if __name__ == "__main__":
    use_one_thread()
    typer.run(main)
