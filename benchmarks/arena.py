"""Train `window_ner` and its peers on many corpora, and compare what they reach on all together.

A folder of corpora is an arena: each is a folder as `accuracy.py` takes it, whose name begins with
the code of its language, such as da-uner. One whose name ends in -docs has whole documents in place
of sentences. Defaults are judged by the mean over development parts; the test parts are looked at
last. Each finished row is kept in the output file and isn't run again. docs/accuracy.md says how
rows are trained.

    python benchmarks/arena.py --output arena.json
    python benchmarks/arena.py --output arena.json --corpora en-re3d,da-uner --systems window_ner \
        --set loss.transitions=true
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from accuracy import (
    choose_rows,
    is_done,
    make_jobs,
    note_corpus,
    read_results,
    run_job,
    save_results,
)
from accuracy_data import find_corpus, prepare
from accuracy_report import machines
from accuracy_rows import CRF, Job, make_config, run
from arena_report import arena_table
from machine import use_one_thread
from spacy.util import get_lang_class
from wasabi import msg

ARENA = Path("../shared/data/arena")
DOCUMENTS = "-docs"
NER = "window_ner"
_TOKENIZER = "spacy.Tokenizer.v1"


def choose_corpora(folder: Path, documents: bool, names: str) -> list[Path]:
    """The corpora of an arena.

    folder (Path): The folder of the corpora.
    documents (bool): Whether to take those with whole documents in place of sentences.
    names (str): The names of some, with commas between and without -docs, or "all".
    RETURNS (List[Path]): Their folders, the smallest first, so that much is known early.
    RAISES (ValueError): If there is no such corpus.
    """
    suffix = DOCUMENTS if documents else ""
    found = {
        path.name.removesuffix(suffix): path
        for path in (folder.iterdir() if folder.is_dir() else [])
        if path.is_dir() and path.name.endswith(DOCUMENTS) == documents
    }
    chosen = list(found) if names == "all" else names.split(",")
    if not found:
        raise ValueError(f"There are no corpora{' of documents' * documents} in {folder}.")
    if unknown := [name for name in chosen if name not in found]:
        known = ", ".join(sorted(found))
        raise ValueError(f"There is no {', '.join(unknown)} in {folder}. Choose from {known}.")
    folders = [found[name] for name in chosen]
    return sorted(folders, key=lambda path: find_corpus(path).files["train"].stat().st_size)


def find_language(name: str) -> tuple[str, bool]:
    """The language code that a corpus's name begins with, and whether spaCy has a tokenizer of that
    language. Without one, or if it needs other packages, the code is xx."""
    code = name.split("-")[0]
    try:
        tokenizer = get_lang_class(code).default_config["nlp"]["tokenizer"]["@tokenizers"]
    except ImportError:
        return "xx", False
    return (code, True) if tokenizer == _TOKENIZER else ("xx", False)


def prepare_all(folders: list[Path], models: Path) -> dict[str, dict[str, Any]]:
    """Prepare all corpora, so that what is wrong with one shows before the first row is trained.

    folders (List[Path]): The corpora.
    models (Path): Where to write the parts.
    RETURNS (Dict[str, Dict]): What is to be known of each corpus, by its name.
    RAISES (ValueError): If a corpus is not complete, or a part is empty.
    """
    found = {}
    for path in folders:
        lang, has_tokenizer = find_language(path.name)
        target = models / "data" / path.name
        # Documents are compared with the same sentences, so they must have the same tokens. Between
        # the sentences of some corpora there is no space.
        keep_tokens = path.name.endswith(DOCUMENTS) or not has_tokenizer
        found[path.name] = prepare(find_corpus(path), lang, target, keep_tokens=keep_tokens)
    return found


def name_systems(systems: str, changes: tuple[str, ...]) -> list[Job]:
    """A job of each row to run, without a corpus: the systems, and at last a changed `window_ner`.

    systems (str): The names of rows, with commas between, or "all".
    changes (Tuple[str, ...]): What to change, as `Job` has it. None: there is no such row.
    RETURNS (List[Job]): The jobs.
    RAISES (ValueError): If there is no such setting.
    """
    jobs = [Job(row, Path(), Path()) for row in choose_rows(systems, "efficiency")]
    if changes:
        jobs.append(Job(NER, Path(), Path(), changes=changes))
        make_config(jobs[-1])
    return jobs


def main(
    output: Annotated[Path, typer.Option(help="JSON file of the results")],
    folder: Annotated[Path, typer.Argument(help="Folder of the corpora")] = ARENA,
    corpora: Annotated[
        str, typer.Option(help="Names of corpora, with commas between, or all")
    ] = "all",
    documents: Annotated[
        bool, typer.Option("--documents", help="Take the corpora of whole documents (-docs)")
    ] = False,
    systems: Annotated[
        str, typer.Option(help="Rows to run and show, as accuracy.py has them, with commas between")
    ] = f"{CRF},ner,{NER}",
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Also run window_ner with another setting, such as loss.transitions=true or "
            "training.dropout=0.2. Can be given several times, which makes one row",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Number of seeds, 0, 1, ...", min=1)] = 1,
    part: Annotated[str, typer.Option(help="The part whose scores to show: dev or test")] = "dev",
    report: Annotated[
        bool, typer.Option("--report", help="Train nothing, show what is there")
    ] = False,
    models: Annotated[Path, typer.Option(help="Where to save models")] = Path("training/arena"),
) -> None:
    """Compare `window_ner` and its peers on many corpora."""
    if part not in ("dev", "test"):
        raise typer.BadParameter(f"There is no part {part}. Choose from dev and test.")
    use_one_thread()
    results = read_results(output)
    try:
        rows = name_systems(systems, tuple(changes or ()))
        folders = choose_corpora(folder, documents, corpora)
        found = {} if report else prepare_all(folders, models)
        for corpus, about in found.items():
            note_corpus(results, corpus, about)
    except (OSError, ValueError) as error:
        msg.fail(str(error), exits=1)
    save_results(output, results)
    for corpus, about in found.items():
        for note in about["notes"]:
            msg.warn(f"{corpus}: {note}")
        for row in rows:
            data = models / "data" / corpus
            for job in make_jobs(data, [row.row], seeds, models, None, about["lang"]):
                job = job._replace(changes=row.changes)
                if not is_done(results, job.key):
                    run_job(job, output, run)
    names = [row.name for row in rows]
    shown = [path.name for path in folders]
    wanted = [
        row for row in read_results(output)["rows"]
        if row["corpus"] in shown and row["row"] in names and row["vectors"] is None
    ]  # fmt: skip
    done = [row for row in wanted if "error" not in row]
    if done:
        print(machines(done), end="\n\n")
    print(arena_table(done, shown, names, part))
    for row in wanted:
        if "error" in row:
            print(f"\nFailed: {row['corpus']}, {row['row']}, seed {row['seed']}: {row['error']}")


if __name__ == "__main__":
    typer.run(main)
