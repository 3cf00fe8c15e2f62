"""Measure what probabilities, and candidates as well, cost a component of its throughput.

    python benchmarks/candidates.py training/model-best corpus/btc/test.spacy corpus/raw.txt

The component processes Docs made beforehand, in turns: without a calibration, with probabilities,
and with `spans_key` and candidates as well. Each Doc is dropped after use, as in a loop over
`nlp.pipe`, or all are kept in memory. There, Python's garbage collector looks through more and more
objects, among them the groups of spans. A text is a document of a .spacy file or a line of another
file, and several of them joined, with about 200 words.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from machine import describe_machine, use_one_thread
from spacy.language import Language
from spacy.tokens import Doc
from speed_texts import cut, join_texts, read_docs
from speed_timing import Task, interleave, ratio
from tables import make_table

PLAIN, PROBABILITIES, CANDIDATES = "plain", "probabilities", "and candidates"


def settings_of(calibration: Any) -> dict[str, dict[str, Any]]:
    """The component's settings in each turn."""
    off = {"spans_key": None, "candidates": False, "redact": False}
    return {
        PLAIN: {"calibration": None, **off},
        PROBABILITIES: {"calibration": calibration, **off},
        CANDIDATES: {"calibration": calibration, "spans_key": "sc", "candidates": True},
    }


def make_task(nlp: Language, texts: list[str], settings: dict[str, Any], keep: bool) -> Task:
    """Finding the entities of Docs that are kept, or dropped after use."""
    pipe: Any = nlp.get_pipe("window_ner")

    def run(docs: list[Doc]) -> None:
        pipe.cfg.update(settings)
        for _ in pipe.pipe(docs if keep else _drain(docs), batch_size=nlp.batch_size):
            pass

    return Task(run, lambda: list(nlp.tokenizer.pipe(texts)))


def _drain(docs: list[Doc]) -> Iterator[Doc]:
    docs.reverse()
    while docs:
        yield docs.pop()


def lost(seconds: dict[str, list[float]], name: str) -> str:
    """The share of the throughput that is lost, in percent."""
    return f"{100 * (1 - (ratio(seconds, name, PLAIN) or 0.0)):.0f} %"


def main(
    model: Annotated[Path, typer.Argument(help="Calibrated pipeline", exists=True)],
    files: Annotated[list[Path], typer.Argument(help=".spacy files, or a text a line")],
    words: Annotated[int, typer.Option(help="The most words of each source")] = 20_000,
    rounds: Annotated[int, typer.Option(help="Number of turns")] = 7,
) -> None:
    """Measure what probabilities and candidates cost."""
    nlp = spacy.load(model)
    pipe: Any = nlp.get_pipe("window_ner")
    calibration = pipe.cfg["calibration"]
    if calibration is None:
        raise typer.BadParameter(f"{model} isn't calibrated.")
    rows = []
    for path in files:
        if path.suffix == ".spacy":
            docs = read_docs(path)
        else:
            docs = [nlp.make_doc(line) for line in path.read_text("utf8").splitlines() if line]
        sources = {path.name: [doc.text for doc in docs], "200 words": join_texts(docs, 200)}
        for name, texts in sources.items():
            texts = cut(texts, words)
            row = [name, sum(map(len, nlp.tokenizer.pipe(texts))) / len(texts)]
            for keep in (False, True):
                tasks = {
                    turn: make_task(nlp, texts, settings, keep)
                    for turn, settings in settings_of(calibration).items()
                }
                seconds = interleave(tasks, rounds)
                row += [lost(seconds, PROBABILITIES), lost(seconds, CANDIDATES)]
            rows.append(row)
    kinds = [
        f"{kind}: {turn}" for kind in ("dropped", "kept") for turn in (PROBABILITIES, CANDIDATES)
    ]
    print(make_table(["texts", "words each", *kinds], rows))
    print(f"\n{describe_machine()}")


if __name__ == "__main__":
    use_one_thread()
    typer.run(main)
