"""How fast `annotate` is, with one process and with several, beside `nlp.pipe` and the conversion
to rows, and whether its memory stays flat. For Linux.

The corpus is made of sentences of raw text, drawn at random, with words in between that were never
there before. All ways run in turns, each in a process of its own, and the best turn of each counts.

    python benchmarks/annotate.py model/model-best
"""

import random
import string
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from annotate_worker import run_job
from tables import fill, make_table, words
from wasabi import msg

_SHARED = Path(__file__).parents[2] / "shared" / "data" / "raw"
RAW = [_SHARED / "masc.txt", _SHARED / "wikitext2.txt"]
MARKERS = "annotate-tables"
NEW_WORDS = 50
"""One in so many words was never there before."""


def made_up_word(number: int) -> str:
    """A word that no other number gives."""
    letters = []
    while number:
        number, rest = divmod(number, len(string.ascii_lowercase))
        letters.append(string.ascii_lowercase[rest])
    return f"Xq{''.join(letters)}"


def make_lines(sentences: Sequence[str], n_words: int) -> Iterator[str]:
    """Sentences at random, with new words.

    sentences (Sequence[str]): The sentences.
    n_words (int): Words of all lines, parted by spaces.
    YIELDS (str): The lines.
    """
    rng = random.Random(0)
    done = new = 0
    while done < n_words:
        line = rng.choice(sentences).split()
        done += len(line)
        while new < done // NEW_WORDS:
            new += 1
            line.insert(rng.randint(0, len(line)), made_up_word(new))
        yield " ".join(line)


def write_corpus(path: Path, sentences: Sequence[str], n_words: int) -> None:
    """Write a corpus of about this many words."""
    with path.open("w", encoding="utf8") as file:
        file.writelines(f"{line}\n" for line in make_lines(sentences, n_words))


def speed(
    job: dict[str, Any], processes: Sequence[int], rounds: int
) -> dict[str, dict[str, float]]:
    """The best of several turns of each way: words/s, and words per second of CPU time.

    job (Dict[str, Any]): What all of them are given.
    processes (Sequence[int]): Numbers of processes.
    rounds (int): The turns.
    RETURNS (Dict[str, Dict[str, float]]): "per_second" and "per_cpu_second" of each way.
    """
    ways: dict[str, dict[str, Any]] = {"nlp.pipe and rows": {"job": "pipe"}}
    for n in processes:
        name = "annotate, 1 process" if n == 1 else f"annotate, {n} processes"
        ways[name] = {"job": "shards", "n_process": n}
    best: dict[str, dict[str, float]] = {name: {} for name in ways}
    for turn in range(rounds):
        for name, way in ways.items():
            found = run_job(**job, **way)
            for key in ("per_second", "per_cpu_second"):
                best[name][key] = max(found[key], best[name].get(key, 0.0))
            msg.info(f"Turn {turn + 1}, {name}: {found['per_second']:,.0f} words/s")
    return best


def speed_table(best: dict[str, dict[str, float]]) -> str:
    """Words a second, by the time on the wall, and by the CPU time of all processes together, which
    other programs disturb less."""
    baseline, one = list(best.values())[:2]
    rows = [
        [
            name,
            words(found["per_second"]),
            f"{found['per_second'] / one['per_second']:.2f}",
            words(found["per_cpu_second"]),
            f"{found['per_cpu_second'] / baseline['per_cpu_second']:.0%}",
        ]
        for name, found in best.items()
    ]
    header = ["", "words/s", "times one process", "words per CPU second", "of the baseline"]
    return make_table(header, rows)


def memory_table(job: dict[str, Any], processes: Sequence[int]) -> str:
    """The most memory in each third of a run, of all processes together."""
    rows = []
    for n in processes:
        found = run_job(**job, job="shards", n_process=n)
        rows.append([str(n), f"{found['words']:,}", *(f"{mb:,.0f}" for mb in found["peaks"])])
        msg.info(f"{n} processes, {found['words']:,} words: {found['peaks']} MB")
    header = ["processes", "words", "MB in the first third", "in the second", "in the third"]
    return make_table(header, rows)


def main(
    model: Annotated[Path, typer.Argument(help="A trained pipeline")],
    raw: Annotated[list[Path], typer.Option(help="Raw texts, a sentence a line")] = RAW,
    n_words: Annotated[int, typer.Option(help="Words to measure speed with")] = 2_000_000,
    memory_words: Annotated[
        int, typer.Option(help="Words to measure memory with, 0 for not at all")
    ] = 10_000_000,
    processes: Annotated[str, typer.Option(help="Numbers of processes, from 1")] = "1,2",
    rounds: Annotated[int, typer.Option(help="Turns of each way")] = 5,
    docs: Annotated[Path | None, typer.Option(help="Markdown file to put the tables in")] = None,
) -> None:
    """Measure `annotate`."""
    numbers = [int(n) for n in processes.split(",")]
    lines = (line.strip() for path in raw for line in path.read_text("utf8").splitlines())
    sentences = [line for line in lines if line]
    with TemporaryDirectory() as folder:
        source = Path(folder) / "corpus.txt"
        job = {"model": str(model), "source": str(source)}
        write_corpus(source, sentences, n_words)
        tables = [speed_table(speed({**job, "n_words": n_words}, numbers, rounds))]
        if memory_words:
            write_corpus(source, sentences, memory_words)
            tables.append(memory_table({**job, "n_words": memory_words}, numbers))
    text = "\n\n".join(tables)
    print(text)
    if docs is not None:
        fill(docs, MARKERS, text)


if __name__ == "__main__":
    typer.run(main)
