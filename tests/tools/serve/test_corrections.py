"""Corrections: what is kept, and what is taught."""

import json
import threading

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_windowner import convert
from spacy_windowner.tools import correct as recipe
from spacy_windowner.tools.serve import corrections as module
from spacy_windowner.tools.serve import teacher as teacher_module
from spacy_windowner.tools.serve.corrections import Corrections
from spacy_windowner.tools.serve.tagger import Tagger
from spacy_windowner.tools.serve.teacher import Busy, Teacher

from ...pipeline.util import TRAIN_DATA
from ..explain.util import trained_nlp

RAW = [text for text, _ in TRAIN_DATA]
TEXT = "We joined Acme?"
ACME = {"start": 10, "end": 14, "label": "LOC"}
WHO = "Who is Shaka Khan?"


@pytest.fixture(scope="module")
def nlp():
    return trained_nlp(steps=80, recall_bias=0.25)


@pytest.fixture
def teacher(nlp, tmp_path, monkeypatch):
    """A teacher of a small model, which must learn faster. It forgets everything at the end."""

    def correct(*args, **settings):
        return recipe.correct(*args, learn_rate=0.01, **settings)

    monkeypatch.setattr(teacher_module, "correct", correct)
    made = Teacher(Tagger(nlp), Corrections(tmp_path / "corrections.jsonl"), RAW)
    yield made
    made.forget()


def labels(teacher, text):
    found = teacher._tagger.find(text)["entities"]
    return [(entity["text"], entity["label"]) for entity in found]


def test_convert_reads_the_file(teacher, tmp_path):
    assert teacher.corrections.path.read_text("utf8") == ""
    assert teacher.save(TEXT, [ACME | {"text": "Acme"}]) == {"saved": 1}
    assert teacher.save("😀\nWho is it?", []) == {"saved": 2}
    assert teacher.save(TEXT, []) == {"saved": 2}  # replaces the first one
    assert teacher.save(TEXT, [ACME]) == {"saved": 2}
    done = convert([teacher.corrections.path], tmp_path / "out.spacy")
    assert not done.skips
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(spacy.blank("en").vocab))
    assert [[(ent.text, ent.label_) for ent in doc.ents] for doc in docs] == [[("Acme", "LOC")], []]
    assert docs[1].text == "😀\nWho is it?" and docs[1].has_annotation("ENT_IOB")


def test_a_file_goes_on(tmp_path):
    path = tmp_path / "old.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "a", "spans": [], "more": 1}\r\n\n')
    kept = Corrections(path)
    assert kept.read() == {"a": []}
    assert kept.save("b", []) == 2
    path.write_text(path.read_text("utf8") + '{"text": "c", "spans": []}\n', "utf8")  # by hand
    assert kept.save("d", []) == 4
    assert list(Corrections(path).read()) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("rest", [{"answer": "accept"}, {"spans": None}])
def test_no_entities_in_lines_of_others(tmp_path, rest):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"text": WHO, **rest}), "utf8")
    assert Corrections(path).read() == {WHO: []}
    [part] = convert([path], tmp_path / "out.spacy").parts
    assert part.n_docs == 1


def test_lines_of_others_stay_as_they_are(teacher):
    who = {"text": WHO, "spans": [{"start": 7, "end": 12, "label": "LOC"}], "answer": "reject"}
    others = [
        json.dumps(who | {"meta": {"src": "x"}}),
        json.dumps(who | {"answer": "accept", "_is_binary": True}),
        json.dumps({"text": WHO, "answer": "ignore"}),
        '{ "answer":"accept", "text":"We left.", "spans":[], "meta":1.0 }',
        '{"text": "We left.", "spans": []}',
    ]
    path, kept = teacher.corrections.path, teacher.corrections
    path.write_text("\n".join(others), "utf8")
    assert kept.read() == {"We left.": []}
    assert teacher.save(TEXT, [ACME]) == {"saved": 2}
    mine = json.dumps({"text": TEXT, "spans": [ACME]}, separators=(",", ":"))
    assert path.read_text("utf8").splitlines() == [*others, mine]
    assert teacher.teach()["learned"] == 2
    assert labels(teacher, WHO) == [("Shaka Khan", "PERSON")]
    kept.save(WHO, [])  # the user corrects this text
    last = f'{{"text":"{WHO}","spans":[]}}'
    assert path.read_text("utf8").splitlines() == [last, *others[3:], mine]


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", '{"text": "x"}', '{"text": 1, "spans": []}', '{"text": "x", "spans": [[0, 1]]}',
        '{"text": "x", "spans": [{"start": 0, "end": true, "label": "A"}]}', "[" * 5000, "\udcff",
        r'{"text": "\ud800", "spans": []}', r'{"text": "\ud800", "spans": [], "answer": "reject"}',
        r'{"text": "x", "spans": [{"start": 0, "end": 1, "label": "\ud800"}]}',
        '{"text": "x", "spans": [{"start": 0, "end": 1, "label": ""}]}',
        '{"text": "x", "entities": [[0, 1, "A"]], "answer": "accept"}',
    ],
)  # fmt: skip
def test_damaged_files(tmp_path, line):
    path = tmp_path / "bad.jsonl"
    content = b'{"text": "a", "spans": []}\n' + line.encode("utf8", "surrogateescape")
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"WN286.*bad.jsonl, line 2"):
        Corrections(path)
    path.write_bytes(b"")
    kept = Corrections(path)
    path.write_bytes(content)  # damaged later
    with pytest.raises(ValueError, match="WN286"):
        kept.save("b", [])
    assert path.read_bytes() == content


def test_files_that_can_not_be_written(tmp_path):
    for path in (tmp_path, tmp_path / "missing" / "x.jsonl"):
        with pytest.raises(ValueError, match="WN287"):
            Corrections(path)
    folder = tmp_path / "folder"
    folder.mkdir()
    kept = Corrections(folder / "x.jsonl")
    (folder / "x.jsonl").unlink()
    folder.rmdir()
    with pytest.raises(ValueError, match=r"WN287.*Nothing was saved"):
        kept.save("a", [])


def test_without_a_file_they_are_kept_until_the_end(nlp):
    teacher = Teacher(Tagger(nlp), Corrections())
    assert teacher.save(TEXT, [ACME]) == {"saved": 1}
    assert teacher.corrections.read() == {TEXT: [ACME]}


def test_too_many(teacher, monkeypatch):
    monkeypatch.setattr(module, "MAX_CHARS", 20)
    teacher.save(TEXT, [])
    with pytest.raises(ValueError, match=r"WN289.*22 characters.*20 are.*corrections\.jsonl"):
        teacher.save("Who is?", [])
    assert list(teacher.corrections.read()) == [TEXT]


@pytest.mark.parametrize("change, code", [
    ({"start": 14}, "WN241"),
    ({"start": 9, "end": 10}, "WN241"),
    ({"start": -4}, "WN241"),
    ({"end": 10**30}, "WN241"),
    ({"start": 11}, r"WN242.*10:14, 'Acme'"),
    ({"start": 9}, r"WN242.*10:14, 'Acme'"),
    ({"label": "CITY"}, r"WN246.*PERSON, LOC"),
    ({"label": "\ud800"}, "WN246"),
    ({"text": "Acne"}, r"WN285.*'Acne'.*10:14.*'Acme'"),
])  # fmt: skip
def test_entities_that_are_not_possible(teacher, change, code):
    with pytest.raises(ValueError, match=code):
        teacher.save(TEXT, [ACME | change])
    assert teacher.corrections.read() == {}


def test_entities_that_overlap(teacher):
    whole = {"start": 3, "end": 14, "label": "PERSON"}
    for other in (whole, ACME):
        with pytest.raises(ValueError, match=r"WN284.*overlap"):
            teacher.save(TEXT, [ACME, other])
    with pytest.raises(ValueError, match="WN132"):
        teacher.save("x" * 10_001, [])


@pytest.mark.parametrize("text", ["", " \n\u00a0", "\u200b", "\u200b \u200b"])
def test_texts_without_words(teacher, text):
    with pytest.raises(ValueError, match="WN290"):
        teacher.save(text, [])
    assert teacher.corrections.path.read_bytes() == b""


def test_labels_of_other_components(tmp_path):
    nlp = trained_nlp(steps=5)
    nlp.add_pipe("entity_ruler", first=True).add_patterns([{"label": "DAY", "pattern": "Monday"}])
    teacher = Teacher(Tagger(nlp), Corrections(tmp_path / "x.jsonl"))
    assert teacher.save("on Monday", [{"start": 3, "end": 9, "label": "DAY"}])
    with pytest.raises(ValueError, match="WN246"):
        teacher.save("on Tuesday", [{"start": 3, "end": 10, "label": "DAY"}])


def test_the_model_learns_and_forgets(teacher):
    before = {text: teacher._tagger.find(text)["entities"] for text in (TEXT, WHO, *RAW)}
    assert labels(teacher, TEXT) == []
    teacher.save(TEXT, [ACME])
    answer = teacher.teach()
    assert answer == {"learned": 1, "left": [], "version": 1}
    assert labels(teacher, TEXT) == [("Acme", "LOC")]
    assert labels(teacher, WHO) == [("Shaka Khan", "PERSON")]
    learned = teacher._tagger.find(TEXT)["entities"]
    # From the model as it was: the same corrections lead to the same model.
    assert teacher.teach()["version"] == 2
    assert teacher._tagger.find(TEXT)["entities"] == learned
    assert teacher.forget() == {"version": 3} == teacher.forget()
    after = {text: teacher._tagger.find(text)["entities"] for text in before}
    assert after == before


def test_what_is_left_is_told(teacher, monkeypatch):
    teacher.save(TEXT, [ACME])
    teacher.save(f"{TEXT} ", [])  # contradicts it
    answer = teacher.teach()
    assert answer["learned"] + len(answer["left"]) == 2 and answer["left"]
    assert set(answer["left"]) <= {TEXT, f"{TEXT} "}


def test_a_failure_changes_nothing(teacher, nlp, monkeypatch):
    teacher.save(TEXT, [ACME])
    before = nlp.get_pipe("window_ner").to_bytes(exclude=["vocab"])

    def fail(nlp, *args, **settings):
        recipe.correct(nlp, *args, learn_rate=0.01, max_steps=2)
        raise ValueError("[WN162] diverged")

    monkeypatch.setattr(teacher_module, "correct", fail)
    with pytest.raises(ValueError, match="WN162"):
        teacher.teach()
    assert nlp.get_pipe("window_ner").to_bytes(exclude=["vocab"]) == before
    assert teacher._tagger.version == 0


def test_what_is_missing_is_told(teacher, nlp):
    with pytest.raises(ValueError, match=r"WN288.*no corrections.*Save one"):
        teacher.teach()
    with pytest.raises(ValueError, match=r"WN288.*no typical texts.*--texts"):
        Teacher(Tagger(nlp), Corrections()).teach()
    path = teacher.corrections.path
    for spans in ([ACME | {"start": 11}], [ACME | {"end": 2**40}], [ACME, ACME]):  # by hand
        path.write_text(json.dumps({"text": TEXT, "spans": spans}), "utf8")
        with pytest.raises(ValueError, match=r"WN288.*We joined Acme.*Correct this text again"):
            teacher.teach()
    path.write_text(json.dumps({"text": TEXT, "spans": [ACME | {"label": "CITY"}]}), "utf8")
    with pytest.raises(ValueError, match=r"WN282.*CITY.*PERSON, LOC"):
        teacher.teach()
    ner = nlp.get_pipe("window_ner")
    ner.cfg["frozen_labels"] = ["LOC"]
    teacher.save(TEXT, [ACME])
    with pytest.raises(ValueError, match="WN283.*frozen"):
        Teacher(Tagger(nlp), teacher.corrections, RAW).teach()
    ner.cfg["frozen_labels"] = []


def test_long_texts_are_rehearsed_in_part(nlp):
    [doc] = Teacher(Tagger(nlp), Corrections(), ["word " * 100_000])._raw
    assert len(doc.text) == 2_000


def test_only_one_page_teaches_at_a_time(teacher, monkeypatch):
    teacher.save(TEXT, [ACME])
    started, go_on = threading.Event(), threading.Event()

    def wait(*args, **settings):
        started.set()
        assert go_on.wait(30)
        return []

    monkeypatch.setattr(teacher_module, "correct", wait)
    first = threading.Thread(target=teacher.teach)
    first.start()
    assert started.wait(30)
    for ask in (teacher.teach, teacher.forget):
        with pytest.raises(Busy, match=r"WN288.*learning.*Wait"):
            ask()
    go_on.set()
    first.join()
    assert teacher._tagger.version == 1 and teacher.teach()["version"] == 2
