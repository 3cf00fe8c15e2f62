"""Whatever a file holds, there is a result or an error of ours that says what to do."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spacy_windowner.tools.convert.convert import convert
from spacy_windowner.tools.convert.recognize import FORMATS

ITEM = {"start": 0, "end": 4, "label": "PER", "text": "Anna"}
TASK = {"data": {"text": "Anna"}, "annotations": [{"result": [{"value": ITEM, "type": "labels"}]}]}
GOOD = {
    "in.conll": "-DOCSTART- O\n\nAnna B-PER\nLee I-PER\nleft O\n\nRome B-LOC\n# c\n",
    "in.iob": "Anna|B-PER left|O\nRome|B-LOC\n",
    "in.jsonl": f"{json.dumps({'text': 'Anna left.', 'spans': [ITEM], 'answer': 'accept'})}\n" * 2,
    "tokens.jsonl": json.dumps({"tokens": ["Anna", "left"], "ner_tags": ["B-PER", "O"]}),
    "in.json": json.dumps([{"text": "Anna left.", "entities": [[0, 4, "PER"]]}] * 2, indent=1),
    "task.json": json.dumps([TASK, TASK]),
    "in.csv": "Sentence #,Word,Tag\n1,Anna,B-PER\n,left,O\n2,Rome,B-LOC\n",
    "text.csv": 'text,start,end,label\n"Anna, left",0,4,PER\nBob,,,\n',
    "spans.tsv": 'text\tspans\nAnna\t"[[0, 4, ""PER""]]"\n',
    "in.ann": "T1\tPER 0 4\tAnna\nT2\tPER 0 2;3 4\tAna\n",
}
PIECES = ["\n", "\t", " ", ",", '"', "[", "]", "{", "}", "|", "-", "#", "null", "1e400", "-1", "é",
          "9" * 400, "\\ud83d", "\0", "\ufeff", "B-X", "O", "\u2028", "\r", "text,", "NaN",
          "[" * 999]  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=30)
@given(data=st.data())
def test_damaged_files(tmp_path_factory, name, data):
    text = GOOD[name]
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.sampled_from([0, 0, 1, 5, 40])))
        text = text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:]
    check(tmp_path_factory.mktemp("damage") / name, text.encode(), "auto")


@settings(max_examples=60)
@given(data=st.binary(max_size=60), format=st.sampled_from(["auto", *FORMATS]))
@example(data=b"PAR1PAR1", format="auto")
@example(data=b"\x78\x9c\x03\x00\x00\x00\x00\x01", format="spacy")
@example(data=b"\xff\xfe\x00", format="auto")
@example(data=b"\xef\xbb\xbf", format="conll")
@example(data=b'{"text": "a", "answer": "\\ud83d"}', format="jsonl")
def test_any_bytes(tmp_path_factory, data, format):
    check(tmp_path_factory.mktemp("damage") / "in.x", data, format)


@settings(max_examples=60)
@given(data=st.data())
def test_any_json(tmp_path_factory, data):
    keys = ["text", "spans", "entities", "label", "labels", "tokens", "ner_tags", "start", "end",
            "data", "annotations", "result", "value", "answer"]  # fmt: skip
    leaves = st.sampled_from([None, True, 0, 1, -100, 2.0, 1e300, "", "a b", "O", "B-X", "\ud83d"])
    key = st.sampled_from(keys)
    values = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(key, inner),
        max_leaves=12,
    )
    rows = data.draw(st.lists(st.dictionaries(key, values), min_size=1, max_size=3))
    array = data.draw(st.booleans())
    text = json.dumps(rows) if array else "\n".join(map(json.dumps, rows))
    check(tmp_path_factory.mktemp("damage") / "in.json", text.encode(), "auto")


def check(path, data, format):
    path.write_bytes(data)
    if path.suffix == ".ann":
        path.with_suffix(".txt").write_text("Anna left.")
    try:
        done = convert([path], path.parent / "out.spacy", format=format)
    except (ValueError, ImportError) as error:  # without PyArrow, Parquet files give the latter
        assert str(error).startswith("[WN"), error
        str(error).encode("utf8")
        assert not (path.parent / "out.spacy").exists()
    else:
        for count in done.skips:
            str(count).encode("utf8")
