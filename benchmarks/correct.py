"""Whether corrections stick, and what they cost elsewhere.

Of the development documents in which a model errs, twenty are drawn and given to
`correct` with the right entities, and text of the training part without annotation.
Prints how many corrections stick, and F1 on the test part before and after. Run with
OMP_NUM_THREADS=1.

    python benchmarks/correct.py training/btc/model-best corpus/btc
"""

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy
import spacy
import typer
from accuracy_data import find_corpus, read_part
from spacy.language import Language
from spacy.tokens import Doc
from tables import make_table

from spacy_windowner import correct
from spacy_windowner.tools.correct import entities, without_entities


def f1(nlp: Language, docs: Sequence[Doc]) -> float:
    """F1 of the entities that a pipeline finds in documents, in percent."""
    found = nlp.pipe([without_entities(doc) for doc in docs])
    pairs = [(entities(doc), entities(gold)) for doc, gold in zip(found, docs, strict=True)]
    return 200.0 * sum(len(a & b) for a, b in pairs) / sum(len(a) + len(b) for a, b in pairs)


def main(
    model: Annotated[Path, typer.Argument(help="Folder of a trained pipeline")],
    corpus: Annotated[Path, typer.Argument(help="Folder with train, dev and test")],
    draws: Annotated[int, typer.Option(help="How often corrections are drawn")] = 10,
    count: Annotated[int, typer.Option(help="Corrections in each draw")] = 20,
    rehearsals: Annotated[int, typer.Option(help="Rehearsals in each step")] = 3,
) -> None:
    """Measure what corrections do."""
    rows, files = [], find_corpus(corpus).files
    for draw in range(draws):
        rng = random.Random(draw)
        nlp = spacy.load(model)
        parts = {part: read_part(files[part], nlp.vocab) for part in ("train", "dev", "test")}
        wrong = [
            doc for doc in parts["dev"] if entities(nlp(without_entities(doc))) != entities(doc)
        ]
        corrected = rng.sample(wrong, count)
        raw = [without_entities(doc) for doc in rng.sample(parts["train"], 1000)]
        before, start = f1(nlp, parts["test"]), time.process_time()
        left = correct(nlp, corrected, raw, rehearsals=rehearsals)
        seconds = time.process_time() - start
        rows.append([draw, count - len(left), f1(nlp, parts["test"]) - before, seconds])
        print(rows[-1], flush=True)
    means, spread = numpy.mean(rows, axis=0), numpy.std(rows, axis=0, ddof=1)
    cells = [[str(n), f"{stick}", f"{moved:+.2f}", f"{s:.0f}"] for n, stick, moved, s in rows]
    cells.append(
        ["mean", f"{means[1]:.1f}", f"{means[2]:+.2f} ± {spread[2]:.2f}", f"{means[3]:.0f}"]
    )
    print(make_table(["draw", "corrections that stick", "test F1 moves by", "CPU s"], cells))


if __name__ == "__main__":
    typer.run(main)
