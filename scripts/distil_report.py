"""Compare a teacher and the student that learned from it: F1 on gold data, and speed."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Corpus, Example
from wasabi import msg

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))

from machine import describe_machine, use_one_thread  # noqa: E402
from speed_timing import CPU, WALL, Task, interleave, rates, ratio  # noqa: E402

_ROUNDS = 3


def tag_examples(nlp: Language, path: Path) -> list[Example]:
    """Tag the documents of a .spacy file, on its tokens where it has no text."""
    examples = list(Corpus(path)(nlp))
    for example, doc in zip(examples, nlp.pipe([eg.predicted for eg in examples]), strict=True):
        example.predicted = doc
    return examples


def labels_in(docs: Iterable[Doc]) -> set[str]:
    """The labels of the entities of documents."""
    return {ent.label_ for doc in docs for ent in doc.ents}


def known_labels(nlp: Language) -> set[str]:
    """The labels of the components that say of themselves that they set entities."""
    names = [name for name in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(name).assigns]
    return {label for name in names for label in nlp.pipe_labels.get(name, [])}


def score(examples: list[Example], labels: set[str]) -> dict[str, Any]:
    """Precision, recall and F1 of the entities of some labels, in all and by label."""
    for example in examples:
        for doc in (example.predicted, example.reference):
            left_out = [ent for ent in doc.ents if ent.label_ not in labels]
            outside = [doc[i : i + 1] for ent in left_out for i in range(ent.start, ent.end)]
            doc.set_ents([], outside=outside, default="unmodified")
    return get_ner_prf(examples)


def measure_speed(
    pipelines: dict[str, Language], texts: Sequence[str], n_words: int, on_gpu: bool
) -> dict[str, Any]:
    """Time pipelines in turns, from text to entities, each warm.

    pipelines (Dict[str, Language]): The teacher and the student.
    texts (Sequence[str]): The texts.
    n_words (int): Their words.
    on_gpu (bool): Whether to read the time on the wall, and not that of the processor.
    RETURNS (Dict[str, Any]): Words a second of each, in the middle round and in the best, and how
        many times as fast as the teacher the student is.
    """

    def task_of(nlp: Language) -> Task:
        return Task(lambda _: [None for _ in nlp.pipe(texts)])

    tasks = {name: task_of(nlp) for name, nlp in pipelines.items()}
    seconds = interleave(tasks, _ROUNDS, WALL if on_gpu else CPU)
    words = {name: rates(seconds[name], n_words) for name in pipelines}
    return {"words_per_second": words, "ratio": ratio(seconds, "student", "teacher")}


def compare_labels(taught: set[str], gold: set[str]) -> set[str]:
    """The labels that teacher and gold data share. Others are named: they can't be compared."""
    shared = taught & gold
    if not shared:
        why = f"The teacher's: {_list(taught)}. The test data's: {_list(gold)}. Rename one's."
        msg.fail("Teacher and test data share no label", why, exits=1)
    for who, labels in [("teacher", taught - gold), ("test data", gold - taught)]:
        if labels:
            msg.warn(f"Not scored, for the {who} alone has them: {_list(labels)}")
    return shared


def _list(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels)) or "none"


def main(
    teacher: Annotated[str, typer.Argument(help="Name or path of the teacher's pipeline")],
    student: Annotated[str, typer.Argument(help="Name or path of the student's pipeline")],
    test: Annotated[Path, typer.Argument(help="Gold test data, a .spacy file")],
    target: Annotated[Path, typer.Argument(help="The JSON file to write")],
    words: Annotated[int, typer.Option(help="Words that speed is measured on, about")] = 50_000,
    gpu_id: Annotated[int, typer.Option(help="The GPU both run on, -1 for none")] = -1,
) -> None:
    """Print a table of F1 and speed of teacher and student, and write it as JSON."""
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    pipelines = {"teacher": spacy.load(teacher), "student": spacy.load(student)}
    examples = {name: tag_examples(nlp, test) for name, nlp in pipelines.items()}
    predicted = [eg.predicted for eg in examples["teacher"]]
    if not any(doc.has_annotation("ENT_IOB") for doc in predicted):
        why = f"Its components: {_list(pipelines['teacher'].pipe_names)}."
        msg.fail(f"The pipeline {teacher} finds no entities", why, exits=1)
    gold = labels_in(eg.reference for eg in examples["teacher"])
    taught = labels_in(predicted) | known_labels(pipelines["teacher"])
    shared = compare_labels(taught, gold)

    texts, n_words = [], 0
    for example in examples["teacher"]:
        if n_words < words:
            texts.append(example.reference.text)
            n_words += len(example.reference)
    scores = {name: score(of_one, shared) for name, of_one in examples.items()}
    speed = measure_speed(pipelines, texts, n_words, gpu_id >= 0)

    report = {
        "teacher": teacher,
        "student": student,
        "test": str(test),
        "labels": sorted(shared),
        "only_teacher": sorted(taught - gold),
        "only_test": sorted(gold - taught),
        "scores": scores,
        "speed": {**speed, "words": n_words, "gpu": gpu_id >= 0},
        "machine": describe_machine(),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(target, report)
    rows = [
        (
            name,
            *(f"{100 * scores[name][key]:.1f}" for key in ("ents_p", "ents_r", "ents_f")),
            f"{speed['words_per_second'][name]['median']:,.0f}",
        )
        for name in pipelines
    ]
    msg.table(rows, header=["", "P", "R", "F", "words/s"], aligns=["l", *"rrrr"], divider=True)
    msg.good(f"The student is {speed['ratio']:.1f} times as fast. See {target}")


if __name__ == "__main__":
    use_one_thread()
    typer.run(main)
