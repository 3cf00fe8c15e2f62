"""Does the recall promise hold, and what does it cost? Does `ner_doubt` find errors?

Takes trained models and annotated documents that they weren't trained on. In each draw, one half of
the documents, chosen at random, is held out to fit the promise, and the other half is new. The
spans are found once, far behind the best sequence, and each draw counts those within its reach.

A folder of a CORPUS has dev.spacy and test.spacy. Prints the tables, and with --docs writes them to
the documentation. Run with OMP_NUM_THREADS=1.

    python benchmarks/recall.py btc=model/btc:corpus/btc bc5cdr=model/bc5cdr:corpus/bc5cdr
"""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import mean
from typing import Annotated, Any, NamedTuple

import numpy
import spacy
import typer
from doubt import doubt_table, measure_doubt
from spacy.training import Corpus
from tables import fill, make_table

from spacy_windowner.confidence.calibration import Curves
from spacy_windowner.confidence.recall import TooFew, fit_reaches
from spacy_windowner.decoding.spans import sigmoid

PROMISES = (0.9, 0.95, 0.98)
DRAWS = 100
_NEAR = 5.0  # what the curves of near misses are fitted to without a promise
_FURTHEST = 60.0


class Found(NamedTuple):
    """The spans that a model finds, and the entities.

    labels (Tuple[str, ...]): The labels.
    n_docs (int): The number of documents.
    spans (Dict[str, numpy.ndarray]): For each span its document, label, margin, whether it is an
        entity of the best sequence, whether it is right, and the number of its place.
    behind (numpy.ndarray): How far behind each entity is.
    docs (numpy.ndarray): Its document.
    numbers (numpy.ndarray): The number of its label.
    furthest (float): How far behind the best sequence the spans may be.
    """

    labels: tuple[str, ...]
    n_docs: int
    spans: dict[str, numpy.ndarray]
    behind: numpy.ndarray
    docs: numpy.ndarray
    numbers: numpy.ndarray
    furthest: float


def find(model: Path, parts: Sequence[Path]) -> Found:
    """Find spans in documents, up to the reach that the highest promise may need.

    model (Path): The pipeline.
    parts (Sequence[Path]): The annotated documents.
    """
    nlp = spacy.load(model)
    pipe: Any = nlp.get_pipe("window_ner")
    examples = [eg for part in parts for eg in Corpus(part)(nlp)]
    held_out = pipe._held_out([eg for eg in examples if eg.reference.has_annotation("ENT_IOB")], "")
    behind, docs, numbers = held_out.behind(pipe.biases)
    # Fitted to half of the documents, a reach may be wider than that of all.
    reaches = []
    with suppress(TooFew):
        for recall in PROMISES:
            found = fit_reaches(behind, docs, numbers, pipe.labels, recall)
            reaches += [reach.behind for reach in found.values()]
    furthest = min(_FURTHEST, max(_NEAR, 1.3 * max(reaches, default=numpy.inf) + 2.0))
    columns: dict[str, list[numpy.ndarray]] = {}
    n_before = 0
    for group in held_out.groups:
        best, near = group.adjust(pipe.biases).candidates(numpy.full(len(pipe.labels), furthest))
        in_all = near.after(n_before)
        new = {
            "doc": in_all.docs.astype("int64"),
            "label": near.labels,
            "margin": near.ratings,
            "is_entity": near.among(best),
            "right": in_all.among(held_out.gold),
            "bounds": near.starts.astype("int64") * 2**20 + near.ends,
        }
        for name, column in new.items():
            columns.setdefault(name, []).append(column)
        n_before += len(group.lengths)
    spans = {name: numpy.concatenate(parts) for name, parts in columns.items()}
    places = spans["doc"] * 2**40 + spans.pop("bounds")
    spans["place"] = numpy.unique(places, return_inverse=True)[1]
    return Found(pipe.labels, n_before, spans, behind, docs, numbers, furthest)


def draw(found: Found, recall: float, seed: int) -> dict[str, Any]:
    """Fit a promise to one half of the documents, and count in the other.

    found (Found): The spans.
    recall (float): What is promised.
    seed (int): The number of the draw.
    RETURNS (Dict): Whether there is a promise at all, the recall of the other half, also by label,
        and how many spans and places are offered for each entity. The same with a threshold.
    """
    held = numpy.random.default_rng(seed).permutation(found.n_docs) < found.n_docs // 2
    mine = held[found.docs]
    spans, own = found.spans, held[found.spans["doc"]]
    n_new = int((~mine).sum())
    row: dict[str, Any] = {"promised": True}
    for way, each_label in (("each", True), ("together", False)):
        try:
            reaches = fit_reaches(
                found.behind[mine], found.docs[mine], found.numbers[mine], found.labels, recall,
                each_label,
            )  # fmt: skip
        except TooFew:
            return {"promised": False}
        reach = numpy.array([reaches[label].behind for label in found.labels])
        if reach.max() > found.furthest:
            return {"promised": False}
        new = (spans["margin"] >= -reach[spans["label"]]) & ~own
        hit = found.behind <= reach[found.numbers]
        row[f"{way}_recall"] = float(hit[~mine].mean())
        row[f"{way}_offered"] = int(new.sum()) / n_new
        row[f"{way}_places"] = len(numpy.unique(spans["place"][new])) / n_new
        if each_label:
            row["labels"] = {
                label: float(hit[~mine & (found.numbers == number)].mean())
                for number, label in enumerate(found.labels)
                if not reaches[label].shared and (~mine & (found.numbers == number)).any()
            }
    p = _probabilities(found, own)
    right = p[own & spans["right"]]
    n_old = int(mine.sum())
    n_wanted = math.ceil(recall * n_old)
    least = numpy.sort(right)[::-1][n_wanted - 1] if n_wanted <= len(right) else 0.0
    kept = (p >= least) & ~own
    row["threshold_recall"] = float((kept & spans["right"]).sum() / n_new)
    row["threshold_offered"] = float(kept.sum() / n_new)
    return row


def _probabilities(found: Found, own: numpy.ndarray) -> numpy.ndarray:
    """The probability of each span, by curves that are fitted to one half as without a promise."""
    spans, p = found.spans, numpy.zeros(len(own))
    for kind in (True, False):
        mine = spans["is_entity"] == kind
        fitted = mine & own & (spans["margin"] >= -_NEAR)
        curves = Curves.fit(
            spans["margin"][fitted], spans["right"][fitted], spans["label"][fitted], found.labels
        )
        slope, bias = curves.of(found.labels)[:, spans["label"][mine]]
        p[mine] = sigmoid(slope * spans["margin"][mine] + bias)
    return p


def measure(found: Found, recall: float, draws: int) -> dict[str, Any]:
    """The means over draws, see `draw`."""
    rows = [draw(found, recall, seed) for seed in range(draws)]
    kept = [row for row in rows if row["promised"]]
    result: dict[str, Any] = {"recall": recall, "draws": len(kept), "entities": len(found.behind)}
    if kept:
        names = [name for name in kept[0] if name not in ("promised", "labels")]
        result["mean"] = {name: mean(row[name] for row in kept) for name in names}
        own = set.intersection(*(set(row["labels"]) for row in kept))
        result["labels"] = {
            label: mean(row["labels"][label] for row in kept) for label in sorted(own)
        }
    return result


def recall_table(results: dict[str, list[dict[str, Any]]]) -> str:
    """A table of what was promised, found and offered."""
    header = ["corpus", "promised", "draws", "each label: found", "label found least",
              "spans (places)", "together: found", "spans (places)", "threshold: found",
              "spans"]  # fmt: skip
    rows = []
    for name, measured in results.items():
        for each in measured:
            cells = [name, f"{100 * each['recall']:.0f} %", str(each["draws"])]
            if each["draws"]:
                of = each["mean"]
                least = min(each["labels"].items(), key=lambda item: item[1], default=None)
                for way in ("each", "together"):
                    cells.append(f"{100 * of[f'{way}_recall']:.1f} %")
                    if way == "each":
                        cells.append("-" if least is None else f"{least[0]} {100 * least[1]:.1f} %")
                    cells.append(f"{of[f'{way}_offered']:.2f} ({of[f'{way}_places']:.2f})")
                cells += [f"{100 * of['threshold_recall']:.1f} %",
                          f"{of['threshold_offered']:.2f}"]  # fmt: skip
            else:
                cells += ["refused", *["-"] * 6]
            rows.append(cells)
    return make_table(header, rows)


def main(
    corpora: Annotated[list[str], typer.Argument(help="NAME=MODEL:CORPUS, one or more")],
    output: Annotated[Path, typer.Option(help="JSON file of the results")],
    draws: int = DRAWS,
    docs: Annotated[Path | None, typer.Option(help="Documentation to write the tables to")] = None,
) -> None:
    results: dict[str, Any] = json.loads(output.read_text()) if output.exists() else {}
    for corpus in corpora:
        name, rest = corpus.split("=")
        model, folder = (Path(path) for path in rest.split(":"))
        if name in results:
            continue
        parts = [folder / f"{part}.spacy" for part in ("dev", "test")]
        found = find(model, parts)
        print(name, f"{found.n_docs:,} documents, {len(found.behind):,} entities", flush=True)
        results[name] = {
            "recall": [measure(found, recall, draws) for recall in PROMISES],
            "doubt": measure_doubt(model, *parts),
        }
        output.write_text(json.dumps(results, indent=1))
    tables = {
        "recall-table": recall_table({name: each["recall"] for name, each in results.items()}),
        "doubt-table": doubt_table({name: each["doubt"] for name, each in results.items()}),
    }
    for name, table in tables.items():
        print(table)
        if docs is not None:
            fill(docs, name, table)


if __name__ == "__main__":
    typer.run(main)
