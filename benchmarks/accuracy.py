"""Train spaCy's `ner`, CRFsuite and `window_ner` on the same data, and compare what they reach.

Each row trains on the training part, chooses its model on the development part, and is scored on
the test part. Each finished row is kept in the output file and isn't run again, so that an
interrupted run goes on where it was. docs/accuracy.md says what is measured and how.

    python benchmarks/accuracy.py corpus/btc --seeds 3 --output accuracy.json
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import srsly
import typer
from accuracy_data import Corpus, check_corpus, find_corpus, find_vectors, prepare
from accuracy_report import KEY, MARKERS, Results, report
from accuracy_rows import CRF, PEERS, VARIANTS, Job, run
from machine import use_one_thread
from tables import fill
from wasabi import msg

KNOWN = [CRF, "ner", *VARIANTS]


def choose_rows(rows: str, peer: str) -> list[str]:
    """The rows that are named. "ner" is that of the config that `peer` names."""
    if f"ner {peer}" not in PEERS:
        known = ", ".join(PEERS.values())
        raise typer.BadParameter(f"There is no config of ner for {peer}. Choose from {known}.")
    names = KNOWN if rows == "all" else rows.split(",")
    if unknown := [name for name in names if name not in KNOWN]:
        known = ", ".join(KNOWN)
        raise typer.BadParameter(f"There is no {', '.join(unknown)}. Choose from {known}.")
    return [f"ner {peer}" if name == "ner" else name for name in names]


def make_jobs(
    folder: Path, rows: list[str], seeds: int, models: Path, vectors: Path | None, lang: str
) -> list[Job]:
    """The rows to train on a corpus.

    folder (Path): The corpus, as `prepare` writes it.
    rows (List[str]): The names of the rows.
    seeds (int): The number of seeds.
    models (Path): Where to save models.
    vectors (Optional[Path]): A folder of word vectors.
    lang (str): The language code.
    RETURNS (List[Job]): The rows, of CRFsuite only one: its training has no randomness, and its
        features are no numbers, as vectors are.
    """
    return [
        Job(row, folder, models, seed, None if row == CRF else vectors, lang)
        for row in rows
        for seed in range(1 if row == CRF else seeds)
    ]


def read_results(path: Path) -> Results:
    """The results of earlier runs."""
    return srsly.read_json(path) if path.exists() else {"corpora": {}, "rows": []}


def save_results(path: Path, results: Results) -> None:
    """Write the results. If that is interrupted, the file stays as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    srsly.write_json(unfinished, results)
    unfinished.replace(path)


def note_corpus(results: Results, name: str, about: dict[str, Any]) -> None:
    """Keep what is to be known of a corpus with its rows.

    results (Dict): The results.
    name (str): The corpus.
    about (Dict): What `prepare` says of it.
    RAISES (ValueError): If there are results of another corpus of that name.
    """
    known = results["corpora"].get(name, about)
    if any(known[key] != about[key] for key in ("lang", "parts", "labels")):
        raise ValueError(
            f"The output file has rows of a corpus {name} with other data or another language. "
            "Name another --output."
        )
    results["corpora"][name] = about


def is_done(results: Results, key: dict[str, Any]) -> bool:
    """Whether a row was trained and tested before, without an error."""
    return any("error" not in row and _key(row) == key for row in results["rows"])


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in KEY}


def run_job(job: Job, output: Path, run: Callable[[Job], dict[str, Any]]) -> None:
    """Run a row, and put it in the output file, in place of what was there of it. If it fails,
    its error is put there."""
    msg.info(", ".join(f"{name} {value}" for name, value in job.key.items()))
    try:
        row = run(job)
    except Exception as error:
        traceback.print_exc()
        row = {**job.key, "error": f"{type(error).__name__}: {error}"}
        msg.fail("This row failed. It is tried again in the next run.", row["error"])
    results = read_results(output)
    results["rows"] = [old for old in results["rows"] if _key(old) != job.key]
    results["rows"].append(row)
    save_results(output, results)


def gather(
    folders: list[Path], files: dict[str, Path | None], name: str, lang: str, models: Path
) -> dict[str, dict[str, Any]]:
    """Prepare all corpora, so that what is wrong with one shows before the first row is trained.

    folders (List[Path]): Corpora in folders.
    files (Dict[str, Optional[Path]]): The parts of another one.
    name (str): Its name.
    lang (str): The language code.
    models (Path): Where to write the parts.
    RETURNS (Dict[str, Dict]): What is to be known of each corpus, by its name.
    RAISES (ValueError): If a corpus is not complete, a part is empty, or two have the same name.
    """
    corpora = [find_corpus(folder) for folder in folders]
    given = {part: path for part, path in files.items() if path is not None}
    if given:
        corpora.append(check_corpus(Corpus(name, given)))
    names = [corpus.name for corpus in corpora]
    if len(set(names)) < len(names):
        raise ValueError(f"Two corpora have the same name: {', '.join(names)}.")
    return {each.name: prepare(each, lang, models / "data" / each.name) for each in corpora}


def main(
    output: Annotated[Path, typer.Option(help="JSON file of the results")],
    corpora: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders with train, dev and test, .spacy or CoNLL-style. None: only report",
            show_default=False,
        ),
    ] = None,
    train: Annotated[Path | None, typer.Option(help="Training part of another corpus")] = None,
    dev: Annotated[Path | None, typer.Option(help="Its development part, if it has one")] = None,
    test: Annotated[Path | None, typer.Option(help="Its test part")] = None,
    name: Annotated[str, typer.Option(help="Its name")] = "corpus",
    rows: Annotated[
        str, typer.Option(help=f"Rows to run, with commas between, or all: {', '.join(KNOWN)}")
    ] = f"{CRF},ner,window_ner",
    peer: Annotated[
        str, typer.Option(help="Config of spaCy's ner: efficiency or accuracy")
    ] = "efficiency",
    vectors: Annotated[
        Path | None,
        typer.Option(help="Word vectors: a folder of `spacy init vectors`, or a text file"),
    ] = None,
    lang: Annotated[str, typer.Option(help="Language code")] = "en",
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ...", min=1)] = 1,
    again: Annotated[bool, typer.Option("--again", help="Run rows again that are done")] = False,
    models: Annotated[Path, typer.Option(help="Where to save models")] = Path("training/accuracy"),
    docs: Annotated[Path | None, typer.Option(help="Markdown file to put the tables in")] = None,
) -> None:
    """Train and compare spaCy's `ner`, CRFsuite and `window_ner`."""
    names = choose_rows(rows, peer)
    use_one_thread()
    results = read_results(output)
    try:
        found = gather(
            corpora or [], {"train": train, "dev": dev, "test": test}, name, lang, models
        )
        for corpus, about in found.items():
            note_corpus(results, corpus, about)
        if found and vectors is not None:
            vectors = find_vectors(vectors, lang, models / "vectors")
    except (ImportError, OSError, ValueError) as error:
        msg.fail(str(error), exits=1)
    save_results(output, results)
    for corpus, about in found.items():
        for note in about["notes"]:
            msg.warn(f"{corpus}: {note}")
        folder = models / "data" / corpus
        for job in make_jobs(folder, names, seeds, models, vectors, lang):
            if again or not is_done(results, job.key):
                run_job(job, output, run)
    text = report(read_results(output))
    print(text)
    if docs is not None:
        fill(docs, MARKERS, text)


if __name__ == "__main__":
    typer.run(main)
