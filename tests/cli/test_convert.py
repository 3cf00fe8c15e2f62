import json
from functools import partial

import pytest
from spacy.tokens import DocBin

from spacy_windowner.cli._util import Bar

from .util import run_command

run = partial(run_command, "convert")
PARIS = {"text": "Paris Hilton  came.", "spans": [{"start": 0, "end": 12, "label": "PER"}]}
CONLL = "Anna\tB-PER\nleft\tO\n\nRome\tB-LOC\n"


def write(path, *rows):
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf8")
    return path


def size(path):
    return len(DocBin().from_disk(path))


def test_a_file(tmp_path):
    path = write(tmp_path / "in.jsonl", PARIS, {"text": "Nobody.", "spans": []})
    code, output = run(path, tmp_path / "new/out.spacy")
    assert code == 0, output
    assert f"{path.name}: JSON, one document per line" in output
    assert "documents 2 tokens 7 entities 1 PER 1" in output
    assert "2 documents with 1 entity" in output and "WW" not in output
    assert size(tmp_path / "new/out.spacy") == 2


def test_several_files_to_a_folder(tmp_path):
    for name in ("train", "dev"):
        (tmp_path / f"{name}.conll").write_text(CONLL)
    code, output = run(tmp_path / "train.conll", tmp_path / "dev.conll", tmp_path / "out")
    assert code == 0, output
    assert output.count("CoNLL, 2 columns, tags in IOB2") == 1
    assert "documents 2 2 tokens 3 3 entities 2 2 LOC 1 1 PER 1 1" in output
    assert size(tmp_path / "out/train.spacy") == size(tmp_path / "out/dev.spacy") == 2


def test_a_split(tmp_path):
    rows = [{**PARIS, "text": f"{PARIS['text']} {'ab'[i % 2] * (i + 1)}"} for i in range(20)]
    path = write(tmp_path / "in.jsonl", *rows)
    code, output = run(path, tmp_path / "out", "--split", "80/10/10", "--seed", 3)
    assert code == 0, output
    assert "train.spacy dev.spacy test.spacy" in output and "documents 16 2 2" in output


def test_what_is_left_out_is_told(tmp_path):
    spans = [{"start": 2, "end": 9, "label": "PER"}, {"start": 90, "end": 91, "label": "PER"}]
    reject = {**PARIS, "answer": "reject"}
    path = write(tmp_path / "in.jsonl", {**PARIS, "spans": spans}, reject, "nothing", PARIS)
    code, output = run(path, tmp_path / "out.spacy")
    assert code == 0, output
    assert output.count("[WW180]") == 4
    assert "Entities don't begin and end at word boundaries; " in output
    assert "the words there count as not annotated (1). The first one" in output
    assert f"{path.name}, line 1: 'ris Hil' (PER, 2 to 9). Correct their offsets" in output
    assert "Documents that were rejected or ignored" in output
    assert "not annotated 2" in output


def test_quiet(tmp_path):
    path = write(tmp_path / "in.jsonl", PARIS, {**PARIS, "answer": "reject"})
    assert run(path, tmp_path / "out.spacy", "--quiet") == (0, "")
    code, output = run(write(path, PARIS, {}), tmp_path / "out.spacy", "-q")
    assert code == 0 and "[WW180] Documents that" in output
    code, output = run(write(path, {"text": "a", "spans": []}), tmp_path / "out.spacy", "-q")
    assert code == 0 and "There are no entities in any of them" in output


def test_options(tmp_path):
    path = tmp_path / "in.txt"
    path.write_bytes("1 Zoë I-PER x\n2 Eve B-PER x\n3 left O x\n".encode("latin-1"))
    columns = ["--word-column", 2, "--tag-column", 3, "--encoding", "latin-1", "--scheme", "iob1"]
    rename = ["--rename", "PER=PERSON", "--format", "conll", "--lang", "de", "--documents"]
    code, output = run(path, tmp_path / "out.spacy", *columns, *rename)
    assert code == 0, output
    assert "PERSON 2" in output and "Document boundaries aren't known" in output
    path = write(tmp_path / "in.jsonl", {"tokens": ["Zoë"], "ner_tags": [1]})
    code, output = run(path, tmp_path / "out.spacy", "--tag-names", "O, B-PER,I-PER")
    assert code == 0 and "PER 1" in output


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["missing.jsonl", "out.spacy"], "WN180"),
        (["prose.txt", "out.spacy"], "WN181"),
        (["bad.conll", "out.spacy"], "WN184"),
        (["latin.conll", "out.spacy"], "WN185"),
        (["empty.conll", "out.spacy"], "WN188"),
        (["in.conll", "in.conll/out"], "WN187"),
        (["in.conll", "out.spacy", "--split", "8/1/1"], "WN187"),
        (["in.conll", "out", "--split", "8/1/1"], "WN193"),
        (["in.conll", "out", "--split", "all"], "WN001"),
        (["in.conll", "out", "--format", "xml"], "WN001"),
        (["in.conll", "out", "--rename", "PER"], "WN001"),
        (["in.conll", "out", "--lang", "none"], "WN194"),
    ],
    ids=str,
)
def test_errors_are_short_and_nothing_is_written(tmp_path, monkeypatch, args, code):
    monkeypatch.chdir(tmp_path)
    for name, data in {
        "in.conll": CONLL.encode(),
        "prose.txt": b"Once upon a time\nthere was an end.\n",
        "bad.conll": b"a B-PER\nb I-LOC\n",
        "latin.conll": b"Zo\xeb B-PER\n",
        "empty.conll": b"",
    }.items():
        (tmp_path / name).write_bytes(data)
    exit_code, output = run(*args)
    assert exit_code == 1 and f"[{code}]" in output
    assert not list(tmp_path.rglob("*.spacy"))


def test_how_far_it_is_is_told(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(Bar, "__call__", lambda bar, stage: shown.append(stage))
    assert run(write(tmp_path / "in.jsonl", *[PARIS] * 3), tmp_path / "out.spacy")[0] == 0
    assert shown[-1].text == "3 documents" and shown[-1].done == shown[-1].total
