"""What a model forgets when it learns a new label, and how well it learns it.

Trains on a corpus without the annotation of one label; then teaches the same model this label from
documents in which nothing else is annotated; and trains on all labels together, for comparison,
with all of the annotation, and with half of it removed at random. Prints F1 of each on the test
part, for window_ner and for spaCy's `ner`. Run with OMP_NUM_THREADS=1.

    python benchmarks/growth.py corpus/btc growth --label ORG
"""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy
import spacy
import typer
from accuracy_data import PARTS, find_corpus, read_part
from spacy.cli.init_config import init_config
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config, registry
from tables import make_table
from thinc.api import Config

CONFIGS = Path(__file__).parent.parent / "configs"
NAMES = {
    "old": "without it",
    "grown": "learned after",
    "joint": "all together",
    "half": "half of the annotation",
}
"""The trainings, in their order, as the table calls them."""


@registry.callbacks("growth.add_label.v1")
def make_add_label(label: str) -> Callable[[Language], Language]:
    """A callback that adds a label to spaCy's `ner`, as its users do."""

    def add_label(nlp: Language) -> Language:
        nlp.get_pipe("ner").add_label(label)  # type: ignore[attr-defined]
        return nlp

    return add_label


def split_labels(source: Path, folder: Path, label: str) -> None:
    """Write a corpus with all labels ("joint"), without one ("old"), with that one alone ("grown"),
    and with all labels, but half of the annotation of the training part ("half"). Tokens of labels
    that are left out count as no entities.

    source (Path): The folder of the corpus.
    folder (Path): The folder to write to.
    label (str): The label.
    """
    vocab = spacy.blank("en").vocab
    files = find_corpus(source).files
    wanted = {
        "joint": lambda ent: True,
        "old": lambda ent: ent.label_ != label,
        "grown": lambda ent: ent.label_ == label,
        "half": lambda ent: True,
    }
    for name, is_wanted in wanted.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            docs = read_part(files[part], vocab)
            for doc in docs:
                doc.set_ents([ent for ent in doc.ents if is_wanted(ent)], default="outside")
            if (name, part) == ("half", "train"):
                remove_half(docs)
            DocBin(docs=docs).to_disk(folder / name / f"{part}.spacy")


def remove_half(docs: Sequence[Doc]) -> None:
    """Remove the annotation of each entity and of each token in none by the toss of a coin."""
    rng = random.Random(0)
    for doc in docs:
        outside = [doc[token.i : token.i + 1] for token in doc if not token.ent_type]
        missing = [span for span in [*doc.ents, *outside] if rng.random() < 0.5]
        kept = [ent for ent in doc.ents if ent not in missing]
        doc.set_ents(kept, missing=missing, default="outside")


def window_ner_config(base: Path | None, label: str) -> Config:
    """The config of window_ner, to teach a base model a label if there is one."""
    if base is None:
        return load_config(CONFIGS / "default.cfg", interpolate=False)
    config = load_config(CONFIGS / "grow.cfg", {"paths.base": str(base)}, interpolate=False)
    config["initialize"]["before_init"]["labels"] = [label]
    return config


def ner_config(base: Path | None, label: str) -> Config:
    """The same of spaCy's `ner`. The best model is chosen by the new label's F1, too."""
    config = init_config(lang="en", pipeline=["ner"], optimize="efficiency", gpu=False)
    if base is not None:
        for name in config["nlp"]["pipeline"]:
            config["components"][name] = {"source": str(base)}
        callback = {"@callbacks": "growth.add_label.v1", "label": label}
        config["initialize"]["before_init"] = callback
        config["training"]["score_weights"] = {"ents_f": 1.0}
    return config


def learn(config: Config, corpus: Path, output: Path, seed: int) -> float:
    """Train a config on a corpus.

    RETURNS (float): CPU seconds.
    """
    config["paths"].update(train=str(corpus / "train.spacy"), dev=str(corpus / "dev.spacy"))
    config["system"]["seed"] = seed
    output.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    train(init_nlp(config), output)
    return time.process_time() - start


def evaluate(model: Path, corpus: Path, groups: dict[str, Sequence[str]]) -> dict[str, float]:
    """F1 of groups of labels on the test part of a corpus, in percent."""
    nlp = spacy.load(model)
    examples = list(Corpus(corpus / "test.spacy")(nlp))
    found = list(nlp.pipe([example.predicted.copy() for example in examples]))
    scores = {}
    for group, labels in groups.items():
        pairs = [(_rows(eg.reference, labels), _rows(doc, labels)) for eg, doc in
                 zip(examples, found, strict=True)]  # fmt: skip
        right = sum(len(gold & rows) for gold, rows in pairs)
        total = sum(len(gold) + len(rows) for gold, rows in pairs)
        scores[group] = 200.0 * right / total if total else 0.0
    return scores


def _rows(doc: Any, labels: Sequence[str]) -> set[tuple[int, int, str]]:
    return {(ent.start, ent.end, ent.label_) for ent in doc.ents if ent.label_ in labels}


def same_scores(old: Path, grown: Path, corpus: Path) -> bool:
    """Whether two window_ner score the tags of the first one's labels alike to the last bit."""
    tables = []
    for path in (old, grown):
        nlp = spacy.load(path)
        ner: Any = nlp.get_pipe("window_ner")
        ner.cfg["document_weight"] = 0.0  # it depends on the other labels
        docs = read_part(corpus / "test.spacy", nlp.vocab)
        scored = ner.score_docs(docs, overwrite=True)
        tables.append(numpy.vstack([group.scores for group in scored]))
    before, after = tables
    return bool((after[:, : before.shape[1]] == before).all())


def main(
    corpus: Annotated[Path, typer.Argument(help="Folder with train, dev and test")],
    folder: Annotated[Path, typer.Argument(help="Folder for data and models")],
    label: Annotated[str, typer.Option(help="The label that is learned after the others")] = "ORG",
    seeds: Annotated[int, typer.Option(help="Trainings of each, with seeds 0, 1, ...")] = 1,
    systems: Annotated[str, typer.Option(help="What to train")] = "window_ner,ner",
) -> None:
    """Measure what a new label costs the old ones."""
    split_labels(corpus, folder, label)
    vocab = spacy.blank("en").vocab
    docs = read_part(folder / "old" / "train.spacy", vocab)
    old_labels = sorted({ent.label_ for doc in docs for ent in doc.ents})
    groups = {**{each: [each] for each in old_labels}, "old labels": old_labels, label: [label]}
    rows = []
    for system in systems.split(","):
        make_config = {"window_ner": window_ner_config, "ner": ner_config}[system]
        for seed in range(seeds):
            models = {stage: folder / f"{system}-{stage}-{seed}" for stage in NAMES}
            for stage in NAMES:
                base = models["old"] / "model-best" if stage == "grown" else None
                config = make_config(base, label)
                seconds = learn(config, folder / stage, models[stage], seed)
                found = evaluate(models[stage] / "model-best", folder / "joint", groups)
                cells = [f"{score:.1f}" for score in found.values()]
                rows.append([f"`{system}` {NAMES[stage]}", str(seed), *cells, f"{seconds:.0f}"])
                print(rows[-1], flush=True)
            if system == "window_ner":
                paths = [models[stage] / "model-best" for stage in ("old", "grown")]
                print("old scores the same:", same_scores(*paths, folder / "joint"))
    print(make_table(["", "seed", *groups, "CPU s"], rows))


if __name__ == "__main__":
    typer.run(main)
