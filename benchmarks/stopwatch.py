"""Measure the time from annotated files to a trained pipeline with its report, as users have it:
one command for each of some files, in a process of its own.

The files are made from public corpora first, which isn't timed: exports of doccano, one of them
small, a CSV with a row for each entity, and CoNLL files. Each row of the table says what was typed,
the seconds of the clock and of the processor, and F1 on the test part.

    python benchmarks/stopwatch.py
    python benchmarks/stopwatch.py --only doccano
"""

import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import spacy
import typer
from machine import describe_machine, use_one_thread
from spacy.tokens import Doc, DocBin

DATA = Path("../shared/data")
COMMAND = "python -m spacy windowner train"


class Run(NamedTuple):
    """A command to time.

    files (str): What the files are.
    words (List[str]): The words after `windowner train`, without the output.
    """

    files: str
    words: list[str]


class Timed(NamedTuple):
    """A command that was timed.

    clock (float): Its seconds.
    cpu (float): The seconds of the processor, which other programs delay less.
    f1 (str): F1 in the report, in percent.
    """

    clock: float
    cpu: float
    f1: str


def read_docs(corpus: Path, parts: Sequence[str]) -> list[Doc]:
    """The documents of some parts of a corpus."""
    vocab = spacy.blank("xx").vocab
    return [doc for part in parts
            for doc in DocBin().from_disk(corpus / f"{part}.spacy").get_docs(vocab)]  # fmt: skip


def write_csv(path: Path, docs: Sequence[Doc]) -> None:
    """Write a table with a row for each entity, and one for a document without any."""
    with path.open("w", encoding="utf8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "start", "end", "label"])
        for number, doc in enumerate(docs):
            found = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
            rows.writerows([number, doc.text, *ent] for ent in found or [("", "", "")])


def write_doccano(path: Path, docs: Sequence[Doc]) -> None:
    """Write what doccano exports."""
    with path.open("w", encoding="utf8") as file:
        for number, doc in enumerate(docs):
            label = [[ent.start_char, ent.end_char, ent.label_] for ent in doc.ents]
            row = {"id": number, "text": doc.text, "label": label, "Comments": []}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def prepare_few(data: Path, folder: Path) -> Run:
    docs = read_docs(data / "arena" / "en-crossner-politics", ["train"])
    write_doccano(folder / "doccano.jsonl", docs)
    return Run(f"a doccano export, {len(docs):,} sentences of CrossNER", ["doccano.jsonl"])


def prepare_csv(data: Path, folder: Path) -> Run:
    docs = read_docs(data / "arena" / "en-re3d", ["train", "dev", "test"])
    write_csv(folder / "entities.csv", docs)
    return Run(f"a CSV, {len(docs):,} sentences of re3d", ["entities.csv"])


def prepare_doccano(data: Path, folder: Path) -> Run:
    docs = read_docs(data / "arena" / "en-wikigold", ["train", "dev", "test"])
    write_doccano(folder / "doccano.jsonl", docs)
    return Run(f"a doccano export, {len(docs):,} sentences of WikiGold", ["doccano.jsonl"])


def prepare_conll(data: Path, folder: Path) -> Run:
    for part in ("train", "dev", "test"):
        shutil.copy(data / "btc" / f"btc.{part}", folder / f"btc.{part}")
    words = ["btc.train", "--dev", "btc.dev", "--test", "btc.test"]
    return Run("CoNLL files of the Broad Twitter Corpus", words)


RUNS: dict[str, Callable[[Path, Path], Run]] = {
    "few": prepare_few,
    "csv": prepare_csv,
    "doccano": prepare_doccano,
    "conll": prepare_conll,
}


def time_run(run: Run, folder: Path, more: Sequence[str] = ()) -> Timed:
    """Run a command.

    run (Run): What to run.
    folder (Path): The folder of the files.
    more (Sequence[str]): More words of the command.
    RETURNS (Timed): How long it took, and what its last table says.
    """
    import resource  # which Windows lacks

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    command = [sys.executable, *COMMAND.split()[1:], *run.words, "--output", "model", *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    clock = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    [f1] = re.findall(r"^all labels +([\d.]+)", done.stdout, re.M)
    return Timed(clock, cpu, f1)


def main(
    data: Annotated[Path, typer.Option(help="Folder of the corpora")] = DATA,
    only: Annotated[str, typer.Option(help=f"Some of {', '.join(RUNS)}")] = ",".join(RUNS),
    max_steps: Annotated[int, typer.Option(help="End trainings early, to try this")] = 0,
) -> None:
    """Print the table."""
    use_one_thread()
    print(describe_machine())
    print("| files | typed | seconds | processor | F1 |\n|---|---|---:|---:|---:|", flush=True)
    for name in only.split(","):
        with tempfile.TemporaryDirectory() as place:
            run = RUNS[name](data, Path(place))
            more = ["--max-steps", str(max_steps)] * bool(max_steps)
            timed = time_run(run, Path(place), more)
        typed = f"`{COMMAND} {' '.join(run.words)} --output model`"
        print(
            f"| {run.files} | {typed} | {timed.clock:.0f} | {timed.cpu:.0f} | {timed.f1} |",
            flush=True,
        )


if __name__ == "__main__":
    typer.run(main)
