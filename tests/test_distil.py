"""Learning from a teacher: the workflow `distil`, with a teacher made of rules."""

import re
import sys
from pathlib import Path

import distil_report
import distil_tag
import pytest
import raw_text
import spacy
import srsly
from spacy.cli._util import parse_config_overrides
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.util import load_config, load_model_from_config

from .scripts import ROOT
from .test_project import PROJECT, run, train_config

PEOPLE, PLACES = ["Anna", "Bob", "Carla", "Dan"], ["Rome", "Oslo", "Lima", "Paris"]
TEXTS = [f"{who} saw {place}." for who in PEOPLE for place in PLACES] * 2


def save_teacher(path: Path, place: str = "LOC") -> Path:
    nlp = spacy.blank("en")
    patterns = [{"label": "PER", "pattern": word} for word in PEOPLE]
    patterns += [{"label": place, "pattern": word} for word in PLACES]
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    nlp.to_disk(path)
    return path


def write_gold(path: Path, ents: list[str]) -> Path:
    vocab = spacy.blank("en").vocab
    docs = [Doc(vocab, words=[who, "saw", "Oslo", "."], ents=ents) for who in PEOPLE]
    DocBin(docs=docs).to_disk(path)
    return path


@pytest.fixture(scope="module")
def teacher(tmp_path_factory) -> Path:
    return save_teacher(tmp_path_factory.mktemp("teacher") / "model")


@pytest.fixture
def gold(tmp_path) -> Path:
    return write_gold(tmp_path / "gold.spacy", ["B-PER", "O", "B-LOC", "O"])


@pytest.mark.filterwarnings(r"ignore:\[WW060\]")  # so small a corpus
@pytest.mark.slow
def test_from_documents_to_report(tmp_path, teacher, gold):
    nlp = spacy.blank("en")
    DocBin(docs=[nlp(text) for text in TEXTS]).to_disk(tmp_path / "dev.spacy")
    raw_text.main(tmp_path / "dev.spacy", tmp_path / "raw.jsonl")
    assert [line["text"] for line in srsly.read_jsonl(tmp_path / "raw.jsonl")] == TEXTS

    silver = [tmp_path / split / "silver.spacy" for split in ("train", "dev")]
    distil_tag.main(str(teacher), tmp_path / "raw.jsonl", *silver)
    train, dev = (list(DocBin().from_disk(path).get_docs(nlp.vocab)) for path in silver)
    assert [doc.text for doc in dev] == TEXTS[9::10]
    assert [doc.text for doc in train] == [t for i, t in enumerate(TEXTS, 1) if i % 10]
    assert all([ent.label_ for ent in doc.ents] == ["PER", "LOC"] for doc in train + dev)

    corpus = tmp_path / "folders"  # in which other data can lie beside
    corpus.mkdir()
    for path in silver:
        (corpus / f"{path.parent.name}.spacy").symlink_to(path.parent)
    (tmp_path / "student").mkdir()
    train_config("default", corpus, tmp_path / "student", max_steps=20, eval_frequency=10)
    student = tmp_path / "student/model-best"
    script, target = ROOT / "scripts/distil_report.py", tmp_path / "report.json"
    run(sys.executable, script, teacher, student, gold, target, "--words", 8)
    report = srsly.read_json(target)
    assert report["scores"]["teacher"]["ents_f"] == 1.0
    assert report["scores"]["student"]["ents_f"] > 0.9
    assert report["labels"] == ["LOC", "PER"]
    assert report["speed"]["ratio"] > 0.0 and report["speed"]["words"] == 8


def test_tokens_stay_those_of_the_corpus(tmp_path, teacher):
    words = ["Anna", "'", "s", "Rome", "(", "Oslo)"]
    DocBin(docs=[Doc(spacy.blank("en").vocab, words=words)] * 10).to_disk(tmp_path / "in.spacy")
    raw_text.main(tmp_path / "in.spacy", tmp_path / "raw.jsonl")
    train, dev = tmp_path / "train.spacy", tmp_path / "dev.spacy"
    distil_tag.main(str(teacher), tmp_path / "raw.jsonl", train, dev)
    docs = list(DocBin().from_disk(train).get_docs(spacy.blank("en").vocab))
    assert [[token.text for token in doc] for doc in docs] == [words] * 9
    assert all(doc.has_unknown_spaces for doc in docs)
    assert [ent.text for ent in docs[0].ents] == ["Anna", "Rome"]


def test_texts_without_entities_stay(tmp_path, teacher):
    raw = tmp_path / "raw.txt"
    raw.write_text("Nobody came.\n" * 9 + "\n" + "Anna came.\n" * 11, "utf8")
    distil_tag.main(str(teacher), raw, tmp_path / "train.spacy", tmp_path / "dev.spacy")
    vocab = spacy.blank("en").vocab
    train = list(DocBin().from_disk(tmp_path / "train.spacy").get_docs(vocab))
    assert [len(doc.ents) for doc in train] == [0] * 9 + [1] * 9
    assert all(doc.has_annotation("ENT_IOB") for doc in train)


@Language.component("leaves_much_behind")
def leave_much_behind(doc: Doc) -> Doc:
    """As a transformer does: what it leaves can't be saved, or takes kilobytes a token."""
    doc.user_data["activations"] = object()
    return doc


def test_entities_alone_are_kept(tmp_path, teacher):
    nlp = spacy.load(teacher)
    nlp.add_pipe("leaves_much_behind")
    nlp.to_disk(tmp_path / "teacher")
    (tmp_path / "raw.txt").write_text("Anna saw Rome.\n" * 10, "utf8")
    train, dev = tmp_path / "train.spacy", tmp_path / "dev.spacy"
    distil_tag.main(str(tmp_path / "teacher"), tmp_path / "raw.txt", train, dev)
    docs = list(DocBin(store_user_data=True).from_disk(train).get_docs(nlp.vocab))
    assert len(docs) == 9
    assert all(not doc.user_data and len(doc.ents) == 2 for doc in docs)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Anna came.\n" * 9, "has only 9 texts"),
        ("Nobody came.\n" * 10, "found no entity in"),
        ("Anna came.\n" * 10, "Its components: sentencizer."),
    ],
    ids=["too few", "no entities", "no recognizer"],
)
def test_raw_text_and_teachers_to_learn_nothing_from(tmp_path, teacher, text, what, capsys):
    if "sentencizer" in what:
        nlp = spacy.blank("en")
        nlp.add_pipe("sentencizer")
        teacher = tmp_path / "without"
        nlp.to_disk(teacher)
    (tmp_path / "raw.txt").write_text(text, "utf8")
    outputs = [tmp_path / "train.spacy", tmp_path / "dev.spacy"]
    with pytest.raises(SystemExit) as failure:
        distil_tag.main(str(teacher), tmp_path / "raw.txt", *outputs)
    assert failure.value.code == 1
    assert what in " ".join(capsys.readouterr().out.split())
    assert not any(path.exists() for path in outputs)


def test_labels_that_are_not_shared(tmp_path, teacher, gold, capsys, monkeypatch):
    monkeypatch.setattr(distil_report, "_ROUNDS", 1)
    other = save_teacher(tmp_path / "other", place="GPE")
    target = tmp_path / "report.json"
    distil_report.main(str(other), str(teacher), gold, target, words=8)
    report = srsly.read_json(target)
    assert report["labels"] == ["PER"]
    assert (report["only_teacher"], report["only_test"]) == (["GPE"], ["LOC"])
    assert [report["scores"][name]["ents_f"] for name in ("teacher", "student")] == [1.0, 1.0]
    shown = capsys.readouterr().out
    assert "the teacher alone has them: GPE" in shown
    assert "the test data alone has them: LOC" in shown

    gold = write_gold(gold, ["O", "O", "B-LOC", "O"])
    with pytest.raises(SystemExit):
        distil_report.main(str(other), str(teacher), gold, target)
    assert "The teacher's: GPE, PER. The test data's: LOC." in capsys.readouterr().out


def test_a_student_of_another_language():
    [student] = [command for command in PROJECT["commands"] if command["name"] == "student"]
    given = {**PROJECT["vars"], "lang": "zh", "tokenizer": "spacy.zh.ChineseTokenizer"}
    [script] = student["script"]
    args = re.sub(r"\$\{vars\.(\w+)\}", lambda found: str(given[found[1]]), script).split()
    overrides = parse_config_overrides(args[args.index("--paths.train") : args.index("--gpu-id")])
    nlp = load_model_from_config(load_config(ROOT / args[4], overrides), auto_fill=True)
    assert nlp.lang == "zh"
    assert [token.text for token in nlp.tokenizer("我在")] == ["我", "在"]


def test_a_teacher_by_its_name():
    """A teacher may be an installed package, so that no command has it as a file it needs."""
    assert not any("teacher}" in dep for cmd in PROJECT["commands"] for dep in cmd["deps"])
