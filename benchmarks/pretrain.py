"""How fast words are learned from raw text, and what they bring to a training.

Learns words from a text, and prints words per CPU second. Given corpora, trains configs/default.cfg
on each, without and with these words, and prints F1 on dev.spacy. Run with OMP_NUM_THREADS=1.

    python benchmarks/pretrain.py raw.txt words --corpora corpus/wnut17,corpus/btc --seeds 2
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config, registry

from spacy_windowner.tools.pretrain.pretrain import WORDS, Status, pretrain

CONFIG = Path(__file__).parent.parent / "configs" / "default.cfg"
SCORES: list[float] = []


@registry.loggers("pretrain.Scores.v1")
def make_scores():
    """A logger that notes the F1 of each evaluation, in percent, in SCORES."""

    def setup(nlp, stdout, stderr):
        SCORES.clear()

        def log_step(info):
            if info is not None and info["score"] is not None:
                SCORES.append(100 * info["score"])

        return log_step, lambda: None

    return setup


def learn_words(text: Path, folder: Path, **settings: float) -> list[float]:
    """Learn words from a text.

    text (Path): The text.
    folder (Path): The folder to write, which must not exist.
    settings (float): Settings of `pretrain`.
    RETURNS (List[float]): Words per CPU second of each epoch, from reading to saving. The first
        epoch includes loading, and is slowed down by words that are new to the vocabulary.
    """
    marks = [(time.process_time(), 0)]

    def mark(status: Status) -> None:
        nonlocal last
        if status.epoch > len(marks):
            marks.append(last)
        last = time.process_time(), status.words

    last = marks[0]
    done = pretrain(text, folder, config=CONFIG, on_batch=mark, **settings)  # type: ignore[arg-type]
    marks.append((time.process_time(), done.words))
    return [
        (words - before) / (seconds - start)
        for (start, before), (seconds, words) in zip(marks, marks[1:], strict=False)
    ]


def train_with(corpus: Path, words: Path | None, seed: int) -> tuple[float, float]:
    """Train configs/default.cfg on a corpus.

    corpus (Path): A folder with train.spacy and dev.spacy.
    words (Optional[Path]): The words to begin with, if any.
    seed (int): The seed.
    RETURNS (Tuple[float, float]): F1 on dev.spacy after the first 200 steps, and the best.
    """
    overrides = {
        "paths.train": str(corpus / "train.spacy"),
        "paths.dev": str(corpus / "dev.spacy"),
        "paths.init_words": None if words is None else str(words),
        "system.seed": seed,
    }
    config = load_config(CONFIG, overrides)
    config["training"]["logger"] = {"@loggers": "pretrain.Scores.v1"}
    # The operating point is chosen where the pipeline is saved.
    with TemporaryDirectory() as output:
        train(init_nlp(config), Path(output), use_gpu=-1)
    return SCORES[1], max(SCORES)


def main(
    text: Annotated[Path, typer.Argument(help="Raw text")],
    folder: Annotated[Path, typer.Argument(help="Folder for the words; it must not exist")],
    corpora: Annotated[str, typer.Option(help="Folders of corpora, with commas between")] = "",
    seeds: Annotated[int, typer.Option(help="Trainings on each, with seeds 0, 1, ...")] = 1,
    epochs: Annotated[int, typer.Option(help="Epochs of learning words")] = 5,
    batch_words: Annotated[int, typer.Option(help="Words of a step")] = 20_000,
) -> None:
    """Measure the learning of words from raw text."""
    if folder.exists():
        raise typer.BadParameter(f"{folder} exists: its words would be replaced")
    rates = learn_words(text, folder, epochs=epochs, batch_words=batch_words)
    print("words per CPU second, by epoch:", ", ".join(f"{rate:,.0f}" for rate in rates))
    if not corpora:
        return
    print("| corpus | seed | words | dev F1 after 200 steps | best dev F1 |")
    print("| --- | --- | --- | --- | --- |")
    for corpus in map(Path, corpora.split(",")):
        for seed in range(seeds):
            for words in (None, folder / WORDS):
                first, best = train_with(corpus, words, seed)
                from_text = "random" if words is None else "from raw text"
                cells = [corpus.name, seed, from_text, f"{first:.1f}", f"{best:.1f}"]
                print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    typer.run(main)
