"""Measure how fast `window_ner` is, and what memory it takes, beside spaCy's tokenizer and `ner`.

All pipelines run on the same texts in one run, in turns, with one thread. Given a folder with
train, dev and test.spacy, both models are trained on it as in `accuracy.py`, once. Prints tables
and writes JSON. For Linux and macOS.

    python benchmarks/speed.py corpus/btc --output speed.json
"""

import datetime
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from accuracy_rows import BEST, PEER, Job, train_row
from machine import describe_machine, use_one_thread
from speed_report import MARKERS, check_targets, report
from speed_rows import ROWS, Setup
from speed_texts import make_sources, read_docs, read_letters
from speed_variants import make_variants
from tables import fill
from wasabi import msg

_SHARED = Path(__file__).parents[2] / "shared" / "data" / "raw"
RAW = [_SHARED / "masc.txt", _SHARED / "wikitext2.txt"]


def trained(row: str, corpus: Path, models: Path) -> Path:
    """A model that is trained now, or was before."""
    job = Job(row, corpus, models)
    folder = job.folder / BEST
    if folder.exists():
        msg.info(f"{row}: the model of an earlier run, trained on {corpus.name}")
        return folder
    msg.info(f"{row}: training on {corpus.name}")
    return train_row(job)


def choose_rows(rows: str) -> list[str]:
    """The rows that are named."""
    names = list(ROWS) if rows == "all" else rows.split(",")
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        known = ", ".join(ROWS)
        raise typer.BadParameter(f"There is no {', '.join(unknown)}. Choose from {known}.")
    return names


def main(
    corpus: Annotated[Path, typer.Argument(help="A folder with train, dev and test.spacy")],
    output: Annotated[Path, typer.Option(help="JSON file of the results")],
    ner: Annotated[Path | None, typer.Option(help="A trained spaCy `ner` pipeline")] = None,
    window_ner: Annotated[Path | None, typer.Option(help="A trained `window_ner` one")] = None,
    models: Annotated[Path, typer.Option(help="Where to save models")] = Path("training/speed"),
    rows: Annotated[str, typer.Option(help="Rows to run, with commas between, or all")] = "all",
    raw: Annotated[list[Path], typer.Option(help="Raw texts, a sentence a line")] = RAW,
    words: Annotated[int, typer.Option(help="The most words of each source of texts")] = 200_000,
    rounds: Annotated[int, typer.Option(help="Turns of each pipeline")] = 5,
    vocabularies: Annotated[
        str, typer.Option(help="Numbers of distinct words, with commas between")
    ] = "1000,10000,100000,1000000",
    zone_words: Annotated[
        int, typer.Option(help="Words to process in memory zones, 0 for none")
    ] = 20_000_000,
    docs: Annotated[Path | None, typer.Option(help="Markdown file to put the tables in")] = None,
) -> None:
    """Measure `window_ner` beside spaCy's tokenizer and `ner`."""
    names = [name for name in choose_rows(rows) if name != "zone" or zone_words]
    use_one_thread()
    ner = ner or trained(PEER, corpus, models)
    window_ner = window_ner or trained("window_ner", corpus, models)
    test = read_docs(corpus / "test.spacy")
    sources, skipped = make_sources(test, raw, words)
    sizes = [int(size) for size in vocabularies.split(",")]
    letters = read_letters(test)
    setup = Setup(make_variants(ner, window_ner), test, sources, letters, rounds, sizes, zone_words)
    result: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "machine": describe_machine(),
        "corpus": corpus.name,
        "skipped": skipped,
        "rows": {},
    }
    for name in names:
        msg.info(f"{datetime.datetime.now():%H:%M:%S} {name}")
        result["rows"][name] = ROWS[name](setup)
        result["targets"] = check_targets(result["rows"])
        srsly.write_json(output, result)
    text = report(result)
    print(text)
    if docs is not None:
        fill(docs, MARKERS, text)


if __name__ == "__main__":
    typer.run(main)
