import sys

import pytest

from spacy_windowner.annotating.annotate import annotate
from spacy_windowner.annotating.columns import Columns
from spacy_windowner.annotating.read import read_sources
from spacy_windowner.annotating.records import Record, Reject
from spacy_windowner.annotating.rows import COLUMNS
from spacy_windowner.annotating.sources import find_sources

from .util import contents, make_texts, read_lines, write_jsonl, write_txt


def test_without_pyarrow(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write_txt(tmp_path / "a.txt", ["a"])
    with pytest.raises(ImportError, match=r"WN118.*spacy-windowner\[parquet\]"):
        annotate(model, path, tmp_path / "out", format="parquet")
    (tmp_path / "b.parquet").write_bytes(b"")
    with pytest.raises(ImportError, match="WN118"):
        annotate(model, tmp_path, tmp_path / "out")


pyarrow = pytest.importorskip("pyarrow", reason="PyArrow is an extra: parquet")
from pyarrow import parquet  # noqa: E402


def write(path, columns, **settings):
    parquet.write_table(pyarrow.table(columns), path, **settings)
    return path


def read(path, columns=None):
    sources, _ = find_sources(path)
    return [item for item, _ in read_sources(sources, columns or Columns())]


def test_rows_are_documents(tmp_path):
    columns = {"text": ["One.", "", None, "Four."], "id": [7, 8, 9, None], "other": [1, 2, 3, 4]}
    path = write(tmp_path / "a.parquet", columns)
    first, second, third, fourth = read(path)
    assert first == Record("7", "One.", "a.parquet", 1) and second.text == ""
    assert isinstance(third, Reject) and third.reason == "'text' is null, not a string"
    assert third.line == 3 and '"id":"9"' in third.raw
    assert fourth == Record("a.parquet:4", "Four.", "a.parquet", 4)


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary"])
def test_kinds_of_strings(tmp_path, kind):
    values = pyarrow.array(["One.", "Two.", "One."])
    if kind == "dictionary":
        values = values.dictionary_encode()
    else:
        values = values.cast(getattr(pyarrow, kind)())
    path = write(tmp_path / "a.parquet", {"text": values})
    assert [item.text for item in read(path)] == ["One.", "Two.", "One."]


def test_a_string_that_is_no_utf8(tmp_path):
    offsets = pyarrow.py_buffer(b"".join(i.to_bytes(4, "little") for i in (0, 2, 4, 6)))
    data = pyarrow.py_buffer(b"ab\xff\xffcd")
    values = pyarrow.StringArray.from_buffers(3, offsets, data)
    path = write(tmp_path / "a.parquet", {"text": values})
    first, second, third = read(path)
    assert (first.text, third.text) == ("ab", "cd")
    assert isinstance(second, Reject) and second.reason == "'text' is bytes, not a string"
    assert "xff" in second.raw


def test_missing_columns_and_damaged_files(tmp_path):
    write(tmp_path / "a.parquet", {"body": ["One."], "id": [1]})
    (tmp_path / "b.parquet").write_bytes(b"no parquet")
    texts = [f"{i} " * 50 for i in range(5000)]
    path = write(tmp_path / "c.parquet", {"text": texts}, row_group_size=1000)
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(damaged)
    write(tmp_path / "d.parquet", {"text": ["Four."]})
    items = read(tmp_path)
    assert items[0] == Reject("a.parquet", 0, "no column text, but body, id", None)
    assert items[1].source == "b.parquet" and "can't be read on after row 0" in items[1].reason
    assert [item.text for item in items[2:-2]] == texts[: len(items) - 4]
    assert 1000 < len(items) < 4000
    assert items[-2].source == "c.parquet" and f"row {len(items) - 4} " in items[-2].reason
    assert items[-1].text == "Four."


def test_a_column_that_must_be_there(tmp_path):
    path = write(tmp_path / "a.parquet", {"text": ["One."]})
    [reject] = read(path, Columns.named(None, "key"))
    assert reject.reason == "no column key, but text"


def test_rows_as_parquet(model, tmp_path):
    texts = make_texts(100)
    source = write(tmp_path / "a.parquet", {"text": texts, "id": [f"id{i}" for i in range(100)]})
    lines = write_jsonl(
        tmp_path / "a.jsonl", [{"text": text, "id": f"id{i}"} for i, text in enumerate(texts)]
    )
    for name, path, format in [("jsonl", lines, "jsonl"), ("one", source, "parquet")]:
        annotate(model, path, tmp_path / name, format=format, shard_size=500)
    annotate(model, source, tmp_path / "two", format="parquet", shard_size=500, n_process=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    found = parquet.read_table(sorted((tmp_path / "one").glob("*.parquet")))
    assert found.schema.names == list(COLUMNS)
    assert found.to_pylist() == read_lines(tmp_path / "jsonl")
    types = [str(field.type) for field in found.schema]
    assert types == ["string", "int64", "int64", "string", "string", "double"]


def test_shards_without_entities_have_columns_too(model, tmp_path):
    path = write_txt(tmp_path / "a.txt", ["."])
    annotate(model, path, tmp_path / "out", format="parquet")
    [shard] = (tmp_path / "out").glob("*.parquet")
    assert parquet.read_table(shard).schema.names == list(COLUMNS)
