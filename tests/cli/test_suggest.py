import json
from functools import partial

import pytest
import spacy

from ..pipeline.util import make_nlp, train
from ..tools.suggest.util import KNOWN, NEW, write_lines
from .util import run_command


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    nlp = make_nlp()
    train(nlp)
    path = tmp_path_factory.mktemp("suggest") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture
def raw(tmp_path):
    return write_lines(tmp_path / "raw.txt", [*KNOWN, *NEW])


run = partial(run_command, "suggest")


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def test_writes_documents_to_annotate(model, raw, tmp_path):
    code, output = run(model, raw, tmp_path / "out.jsonl", "-n", 2)
    assert code == 0, output
    tasks = read(tmp_path / "out.jsonl")
    assert len(tasks) == 2 and {task["text"] for task in tasks} < set(NEW)
    assert all(list(task) == ["text", "tokens", "spans", "meta"] for task in tasks)
    words, spans = (sum(len(task[key]) for task in tasks) for key in ("tokens", "spans"))
    assert f"Suggested 2 with {words} words and {spans} spans" in output
    assert f"Read {len(KNOWN) + len(NEW)} documents, left out 0 as excluded" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "raw.txt"]


def test_leaves_out_what_is_annotated(model, raw, tmp_path):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert run(model, raw, first, "-n", 2)[0] == 0
    code, output = run(
        model, raw, second, "-x", first, "-x", write_lines(raw.parent / "x.txt", KNOWN)
    )
    assert code == 0 and f"left out {2 + len(KNOWN)} as excluded" in output
    texts = [task["text"] for task in [*read(first), *read(second)]]
    assert sorted(texts) == sorted(NEW)


@pytest.mark.parametrize(
    "args, code",
    [
        (["raw.txt", "out.jsonl", "-n", 0], "WN001"),
        (["raw.txt", "out.jsonl", "--component", "other"], "WN050"),
        (["missing.txt", "out.jsonl"], "WN040"),
        (["empty.txt", "out.jsonl"], "WN041"),
        (["raw.txt", "out.jsonl", "-x", "raw.txt"], "WN081"),
        (["raw.txt", "out.json"], "WN082"),
        (["raw.txt", "raw.txt/out.jsonl"], "WN082"),
        (["raw.jsonl", "raw.jsonl"], "WN082"),
        (["raw.txt", "raw.jsonl", "-x", "raw.jsonl"], "WN082"),
    ],
    ids=str,
)
def test_errors_are_short_and_nothing_is_written(model, raw, tmp_path, monkeypatch, args, code):
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "empty.txt", [])
    write_lines(tmp_path / "raw.jsonl", ['{"text": "One."}'])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    status, output = run(model, *args)
    assert status == 1 and f"[{code}]" in output
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_other_models(raw, tmp_path):
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    blank.to_disk(tmp_path / "blank")
    code, output = run(tmp_path / "blank", raw, tmp_path / "out.jsonl")
    assert code == 1 and "WN050" in output
    code, output = run("en_no_such_package", raw, tmp_path / "out.jsonl")
    assert code == 1 and "Can't load the pipeline" in output
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.filterwarnings("always")
def test_unreadable_lines_are_told(model, tmp_path):
    raw = tmp_path / "raw.jsonl"
    raw.write_text(f'{{"text": "{NEW[0]}"}}\n{{"id": 3}}\nnothing\n')
    code, output = run(model, raw, tmp_path / "out.jsonl")
    assert code == 0
    assert output.count("WW040") == 1 and "[WW040] 2 of 3 lines" in output
    assert "UserWarning" not in output
    assert [task["text"] for task in read(tmp_path / "out.jsonl")] == [NEW[0]]


def test_the_defaults_are_those_of_the_function():
    import inspect

    from spacy_windowner.cli.suggest import suggest_cli
    from spacy_windowner.tools.suggest.suggest import suggest

    ours, theirs = (inspect.signature(f).parameters for f in (suggest_cli, suggest))
    assert ours["n"].default == theirs["n"].default
    assert ours["component"].default is theirs["component"].default is None
