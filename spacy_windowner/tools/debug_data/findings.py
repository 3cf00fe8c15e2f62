"""Turns the facts about the data into findings with a severity, and suggests a next step. The
limits for low numbers are those of `spacy debug data`."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from spacy.cli.debug_data import (
    BLANK_MODEL_MIN_THRESHOLD,
    BLANK_MODEL_THRESHOLD,
    NEW_LABEL_THRESHOLD,
)

from ...pipeline.gold import MISALIGNED, ON_WHITESPACE
from .corpus_facts import CROSSING, OVERLAPPING, PROBLEMS, TRIMMED, CorpusFacts
from .debug_data import ComponentFacts, DataCheck

GOOD, INFO, TEXT, WARN, FAIL = "good", "info", "text", "warn", "fail"
"""Severities. They are also the names of the methods of `wasabi.Printer` that print them."""
_MANY_LONG = 0.05  # share of entities longer than a window that is a warning
_MANY_SHARED = 0.01  # share of dev documents that may also be in the training data
_COVERED = 0.99  # share of entities that the suggested window covers
_GOOD = {
    MISALIGNED: "All entities align with the tokens",
    ON_WHITESPACE: "No entities consisting of whitespace",
    TRIMMED: "No entities beginning or ending with whitespace",
    CROSSING: "No entities crossing sentence boundaries",
}


class Finding(NamedTuple):
    """A line or table of the report.

    kind (str): GOOD, INFO, TEXT, WARN or FAIL.
    text (str): The message.
    examples (Sequence[str]): The places where it occurs.
    rows (Sequence[Sequence[str]]): A table instead of the message, the header first.
    verbose (bool): Whether to show it only with `--verbose`.
    """

    kind: str
    text: str = ""
    examples: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    verbose: bool = False


def describe_data(check: DataCheck) -> Iterator[Finding]:
    """Findings about the pipeline's initialization, the size of the corpora, and their overlap."""
    yield Finding(GOOD, "Corpus is loadable")
    if check.problem is None:
        yield Finding(GOOD, "Pipeline can be initialized with data")
    else:
        yield Finding(FAIL, f"Pipeline can't be initialized with data: {check.problem}")
    for text in check.warnings:
        yield Finding(WARN, text)
    yield Finding(TEXT, f"Language: {check.lang}")
    yield Finding(TEXT, f"Training pipeline: {', '.join(check.pipeline)}")
    if check.sourced:
        yield Finding(TEXT, f"Components from other pipelines: {', '.join(check.sourced)}")
    if check.frozen:
        yield Finding(TEXT, f"Frozen components: {', '.join(check.frozen)}")
    n = check.train.documents
    yield Finding(TEXT, f"{n} training docs")
    yield Finding(TEXT, f"{check.dev.documents} evaluation docs")
    if not check.dev.documents:
        yield Finding(FAIL, "No evaluation docs")
    if check.shared_texts:
        shared = f"{check.shared_texts} training examples also in evaluation data"
        yield Finding(WARN, shared, sorted(map(repr, check.train.texts & check.dev.texts)))
    else:
        yield Finding(GOOD, "No overlap between training and evaluation data")
    if n < BLANK_MODEL_THRESHOLD and not check.sourced:
        kind = FAIL if n < BLANK_MODEL_MIN_THRESHOLD else WARN
        yield Finding(kind, f"Low number of examples to train a new pipeline ({n})")
        yield Finding(
            TEXT,
            f"It's recommended to use at least {BLANK_MODEL_THRESHOLD} examples "
            f"(minimum {BLANK_MODEL_MIN_THRESHOLD})",
            verbose=True,
        )


def describe_vectors(check: DataCheck) -> Iterator[Finding]:
    """Findings about the words, their alignment and their vectors."""
    train = check.train
    n_words = train.words.total()
    yield Finding(INFO, f"{n_words} total word(s) in the data ({len(train.words)} unique)")
    for name, facts in (("training", train), ("dev", check.dev)):
        if facts.misaligned_words:
            yield Finding(WARN, f"{facts.misaligned_words} misaligned tokens in the {name} data")
    common = _counts(train.words.most_common(10))
    yield Finding(TEXT, f"10 most common words: {common}", verbose=True)
    if not check.vectors:
        yield Finding(INFO, "No word vectors present in the package")
        return
    yield Finding(INFO, f"{check.vectors} vectors")
    if train.words_without_vector:
        share = train.words_without_vector / max(1, n_words)
        text = f"{train.words_without_vector} words in training data without vectors ({share:.0%})"
        yield Finding(WARN, text)


def describe_entities(check: DataCheck, component: ComponentFacts) -> Iterator[Finding]:
    """Findings about the labels, and about entities that can't be learned."""
    train, dev = check.train, check.dev
    labels = [label for label, _ in train.labels.most_common()]
    labels += sorted({*component.labels, *dev.labels}.difference(labels))
    yield Finding(INFO, f"{len(component.labels)} label(s)")
    if component.frozen_labels:
        text = f"Frozen labels: {_names(component.frozen_labels)}"
        yield Finding(INFO, text)
    if labels:
        header = ("Label", "Train", "Dev", "Train docs without it")
        rows = [
            (
                label,
                f"{train.labels[label]:,}",
                f"{dev.labels[label]:,}",
                f"{train.documents - train.with_label[label]:,}",
            )
            for label in labels
        ]
        yield Finding(TEXT, rows=[header, *rows])
    yield from _describe_labels(train, dev, component)
    for name, facts in (("train", train), ("dev", dev)):
        yield from _describe_missing(name, facts)
        yield from _describe_problems(name, facts)
    kinds = {problem.kind for facts in (train, dev) for problem in facts.problems}
    for kind, text in _GOOD.items():
        if kind not in kinds:
            yield Finding(GOOD, text)


def _describe_labels(
    train: CorpusFacts, dev: CorpusFacts, component: ComponentFacts
) -> Iterator[Finding]:
    if not train.labels:
        text = "No entities in the train data"
        if train.groups:
            spans = _counts(train.groups.most_common())
            text += f", but spans in doc.spans: {spans}. window_ner learns from doc.ents"
        yield Finding(FAIL, text)
        return
    if not dev.labels and dev.documents:
        yield Finding(FAIL, "No entities in the dev data, so there will be no scores")
    if "" in train.labels:
        yield Finding(FAIL, "Empty label found in train data")
    learning = set(component.labels).difference(component.frozen_labels)
    absent = sorted(learning.difference(train.labels))
    if absent:
        yield Finding(
            WARN, f"Some model labels are not present in the train data: {_names(absent)}"
        )
    unknown = sorted(set(dev.labels).difference(train.labels, component.labels))
    if unknown:
        text = f"Labels in the dev data that aren't in the train data: {_names(unknown)}"
        yield Finding(WARN, f"{text}. Their entities can't be found, which lowers recall")
    untested = sorted(set(train.labels).difference(dev.labels))
    if untested and dev.labels:
        text = f"Labels in the train data that aren't in the dev data: {_names(untested)}"
        yield Finding(WARN, f"{text}. There will be no scores for them")
    low = False
    for label, count in train.labels.most_common():
        if count <= NEW_LABEL_THRESHOLD:
            low = True
            yield Finding(WARN, f"Low number of examples for label '{label}' ({count})")
    if low:
        text = f"Your data should include at least {NEW_LABEL_THRESHOLD} instances of each label"
        yield Finding(TEXT, text, verbose=True)
    else:
        yield Finding(GOOD, "Good amount of examples for all labels")
    everywhere = [label for label in train.labels if train.with_label[label] == train.documents]
    for label in everywhere:
        yield Finding(WARN, f"No examples for texts WITHOUT label '{label}'")
    if not everywhere:
        yield Finding(GOOD, "Examples without occurrences available for all labels")


def _describe_missing(name: str, facts: CorpusFacts) -> Iterator[Finding]:
    if facts.contradictions:
        text = f"{len(facts.contradictions)} {name} docs have contradictory user_data"
        yield Finding(
            FAIL, f"{text}, which is an error in training and evaluation", facts.contradictions
        )
    if facts.not_annotated:
        text = (
            f"{facts.not_annotated} of {facts.documents} {name} docs have no annotation of entities"
        )
        yield Finding(WARN, f"{text}. Training and evaluation ignore them")
    if facts.missing:
        text = f"{facts.missing} missing value(s) in the {name} data (tokens without annotation)"
        yield Finding(INFO, text)
    if facts.partly_annotated:
        text = f"{facts.partly_annotated} {name} docs are annotated for some labels only"
        yield Finding(INFO, text)


def _describe_problems(name: str, facts: CorpusFacts) -> Iterator[Finding]:
    found = {
        kind: [str(problem) for problem in facts.problems if problem.kind == kind]
        for kind in PROBLEMS
    }
    texts = {
        MISALIGNED: (
            WARN,
            f"entities in the {name} data don't align with the tokens, and can't be learned",
        ),
        ON_WHITESPACE: (FAIL, f"invalid whitespace entity spans in the {name} data"),
        TRIMMED: (
            WARN,
            f"entities in the {name} data begin or end with whitespace or invisible characters. "
            f"They are trained without these, and evaluation counts them as missed",
        ),
        CROSSING: (
            WARN,
            f"entity span(s) crossing sentence boundaries in the {name} data. If a component "
            f"before window_ner sets the boundaries, they can't be found",
        ),
        OVERLAPPING: (
            WARN,
            f"spans of doc.spans in the {name} data overlap others of their group, so they "
            f"can't all be in doc.ents. spacy.util.filter_spans keeps the longest",
        ),
    }
    for kind, (how_bad, text) in texts.items():
        if found[kind]:
            yield Finding(how_bad, f"{len(found[kind])} {text}", found[kind])


def describe_longest(check: DataCheck, component: ComponentFacts) -> Iterator[Finding]:
    """Findings about the longest entity and the window size."""
    train = check.train
    if train.longest is None:
        return
    longest = max(train.lengths)
    words = "word" if longest == 1 else "words"
    yield Finding(INFO, f"The longest entity has {longest} {words}. {train.longest}")
    if component.window is None:
        return
    width = 2 * component.window + 1
    n_longer = train.longer_than(width)
    share = n_longer / train.entities
    if not n_longer:
        yield Finding(GOOD, f"No entity is longer than a window ({width} words)")
        return
    text = (
        f"Entities longer than a window ({width} words): {n_longer} ({share:.1%}). No window "
        f"contains both ends of such an entity"
    )
    yield Finding(INFO if share < _MANY_LONG else WARN, text)
    if share >= _MANY_LONG:
        window = component.window
        while train.longer_than(2 * window + 1) > (1 - _COVERED) * train.entities:
            window += 1
        yield Finding(TEXT, f"With window = {window}, {_COVERED:.0%} would not be longer")


def describe_names(check: DataCheck) -> Iterator[Finding]:
    """Findings about dev entities that aren't in the training data."""
    entities, names = check.dev.entities, len(check.dev.names)
    if not entities or not check.train.entities:
        return
    unseen, unseen_names = check.unseen
    text = (
        f"{unseen} of {entities} entities of the dev data ({unseen / entities:.0%}), and "
        f"{unseen_names} of {names} different ones, are not in the train data"
    )
    if unseen:
        yield Finding(INFO, f"{text}: they can be recognized only by their form and context")
    else:
        yield Finding(WARN, f"{text}: scores will say nothing about new names")


def next_step(check: DataCheck, config: Path, arguments: Sequence[str]) -> str:
    """Suggest the next step.

    check (DataCheck): What `debug_data` found.
    config (Path): The config file.
    arguments (Sequence[str]): The config overrides, as on the command line.
    RETURNS (str): A sentence.
    """
    kinds = {problem.kind for facts in (check.train, check.dev) for problem in facts.problems}
    few = [label for label, n in check.train.labels.items() if n <= NEW_LABEL_THRESHOLD]
    if not check.train.labels:
        return "Next: annotate the entities of the training data, in doc.ents."
    if not check.dev.labels:
        return "Next: annotate the dev data, or hold out every tenth training document."
    if check.problem is not None:
        return "Next: find out why the pipeline can't be initialized, see above."
    if check.train.contradictions or check.dev.contradictions:
        return "Next: correct the user_data of the documents named above. --verbose names them all."
    if kinds & {ON_WHITESPACE, TRIMMED, MISALIGNED}:
        return "Next: correct the offsets of the entities named above. --verbose names them all."
    if check.shared_texts > _MANY_SHARED * check.dev.documents:
        return "Next: remove texts that are in both corpora from one, or scores will be too high."
    if few:
        return f"Next: annotate more of {_names(sorted(few))}, or continue without more."
    if check.train.documents < BLANK_MODEL_MIN_THRESHOLD and not check.sourced:
        return f"Next: annotate more documents, at least {BLANK_MODEL_MIN_THRESHOLD}."
    command = ["python", "-m", "spacy", "train", str(config), *arguments, "--output", "model"]
    return f"Next: {shlex.join(command)}"


def _names(labels: Sequence[str]) -> str:
    return ", ".join(f"'{label}'" for label in labels)


def _counts(found: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"'{each}' ({count})" for each, count in found)
