import datetime
import decimal
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.tools.annotate.annotate import annotate
from spacy_windowner.tools.annotate.read import read_sources
from spacy_windowner.tools.annotate.records import COLUMNS, KEPT, Columns, Record, Reject
from spacy_windowner.tools.annotate.sources import find_sources

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


def read(path, columns=None, **settings):
    sources, _ = find_sources(path)
    return [item for item, _ in read_sources(sources, columns or Columns(), **settings)]


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
    assert items[1].source == "b.parquet" and "can't be read after row 0" in items[1].reason
    assert [item.text for item in items[2:-2]] == texts[: len(items) - 4]
    assert 1000 < len(items) < 4000
    assert items[-2].source == "c.parquet" and f"row {len(items) - 4} " in items[-2].reason
    assert items[-1].text == "Four."


def test_a_column_that_must_be_there(tmp_path):
    path = write(tmp_path / "a.parquet", {"text": ["One."]})
    [reject] = read(path, Columns.named(None, "key"))
    assert reject.reason == "no column key, but text"


@pytest.mark.usefixtures("light_processes")
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


def no_strings():
    """Columns of other types, by these; of some, Python can't hold all values."""
    number, one = 2**62, {"a": "x"}
    values = {
        pyarrow.timestamp("ns"): number + 1,
        pyarrow.timestamp("us"): number,
        pyarrow.timestamp("s", tz="Nowhere/Never"): 0,
        pyarrow.date32(): 2**31 - 1,
        pyarrow.time64("ns"): 1,
        pyarrow.duration("ns"): number + 1,
        pyarrow.decimal128(38, 0): decimal.Decimal(1),
        pyarrow.decimal256(76, 2): decimal.Decimal(1),
        pyarrow.binary(): b"\xff",
        pyarrow.binary(1): b"\xff",
        pyarrow.float64(): float("nan"),
        pyarrow.bool_(): True,
        pyarrow.null(): None,
        pyarrow.list_(pyarrow.string()): ["x"],
        pyarrow.list_(pyarrow.timestamp("ns")): [number + 1],
        pyarrow.struct({"a": pyarrow.string()}): one,
        pyarrow.map_(pyarrow.string(), pyarrow.string()): list(one.items()),
        pyarrow.dictionary(pyarrow.int32(), pyarrow.timestamp("ns")): None,
    }
    return [pytest.param(kind, value, id=str(kind)) for kind, value in values.items()]


@pytest.mark.parametrize("kind, value", no_strings())
def test_columns_of_other_types(tmp_path, kind, value):
    if isinstance(kind, pyarrow.DictionaryType):
        values = pyarrow.array([2**62 + 1], kind.value_type).dictionary_encode()
    elif isinstance(value, int) and not isinstance(value, bool):
        integers = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
        values = pyarrow.array([value], integers).view(kind)
    else:
        values = pyarrow.array([value], kind)
    path = write(tmp_path / "a.parquet", {"text": ["One."], "id": values})
    assert read(path) == [Record("a.parquet:1", "One.", "a.parquet", 1)]
    [reject] = read(path, Columns.named(None, "id"))
    assert reject.reason.startswith("the column id is ")
    assert reject.reason.endswith(", not string or integer") and reject.line == 0
    [reject] = read(path, Columns.named("id", "text"))
    assert reject.reason.startswith("the column id is ") and ", not string" in reject.reason


def test_an_id_that_nobody_asked_for_does_not_end_a_run(model, tmp_path):
    """Python's datetime has no nanoseconds, and no year 10000."""
    times = pyarrow.array([2**62 + i for i in range(20)], pyarrow.timestamp("ns"))
    path = write(tmp_path / "a.parquet", {"text": make_texts(20), "id": times})
    done = annotate(model, path, tmp_path / "out")
    assert (done.totals.docs, done.totals.rejects) == (20, 0)
    dates = pyarrow.array([datetime.date(9999, 12, 31)]).cast(pyarrow.int32())
    later = pyarrow.compute.add(dates, pyarrow.scalar(1, pyarrow.int32())).view(pyarrow.date32())
    path = write(tmp_path / "b.parquet", {"text": ["I like London."], "id": later})
    assert annotate(model, path, tmp_path / "later").totals.docs == 1


@pytest.mark.parametrize("kind", ["int8", "uint64", "dictionary"])
def test_kinds_of_whole_numbers(tmp_path, kind):
    values = pyarrow.array([7, None, 9])
    ids = values.dictionary_encode() if kind == "dictionary" else values.cast(kind)
    path = write(tmp_path / "a.parquet", {"text": ["a", "b", "c"], "id": ids})
    assert [item.id for item in read(path)] == ["7", "a.parquet:2", "9"]


def test_columns_of_the_same_name(tmp_path):
    arrays = [pyarrow.array([text]) for text in ("a", "b", "c")]
    for name in ("a", "b"):
        names = ["text", "text", "id"] if name == "a" else ["text", "id", "id"]
        table = pyarrow.Table.from_arrays(arrays, names=names)
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    first, second = read(tmp_path)
    assert isinstance(first, Reject) and first.reason == "2 columns text"
    assert second == Record("b.parquet:1", "a", "b.parquet", 1)


def test_a_name_with_a_dot_is_no_path(tmp_path):
    nested = pyarrow.array([{"b": "nested"}])
    path = write(tmp_path / "a.parquet", {"a": nested, "a.b": ["plain"]})
    assert [item.text for item in read(path, Columns.named("a.b", None))] == ["plain"]


def test_texts_that_are_too_long(tmp_path):
    texts = ["x" * 20_000, "é" * 10_001, "x" * 20_001, "Four."]
    path = write(tmp_path / "a.parquet", {"text": texts, "id": [1, 2, 3, 4]})
    first, *rejects, last = read(path, max_line=20_000)
    assert (first.id, last.id) == ("1", "4")
    for reject, line, size in zip(rejects, [2, 3], [20_002, 20_001], strict=True):
        assert (reject.line, reject.size, len(reject.raw)) == (line, size, KEPT)
        assert reject.reason == "'text' has more than 20,000 bytes"


def test_a_small_file_of_long_texts(tmp_path):
    """A text that is in the file once can be that of all rows."""
    indices = pyarrow.array([0] * 300 + [1, None], pyarrow.int32())
    texts = pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(["x" * 10**7, "y"]))
    path = write(tmp_path / "a.parquet", {"text": texts}, compression="zstd", store_schema=False)
    assert path.stat().st_size < 10_000
    before = pyarrow.default_memory_pool()
    pool = pyarrow.proxy_memory_pool(before)
    pyarrow.set_memory_pool(pool)
    try:
        items = read(path, max_line=10**6)
    finally:
        pyarrow.set_memory_pool(before)
    assert len(items) == 302 and items[300].text == "y" and items[301].raw == '{"text":"None"}'
    assert all(item.size == 10**7 for item in items[:300])
    assert pool.max_memory() < 10 * 10**7  # of 300


@pytest.mark.parametrize("use_dictionary", [True, False])
def test_long_texts_are_read_a_few_at_a_time(tmp_path, use_dictionary):
    texts = ["x" * 10**6 + str(i) for i in range(300)]
    settings = {"compression": "zstd", "use_dictionary": use_dictionary, "write_batch_size": 1}
    path = write(tmp_path / "a.parquet", {"text": texts}, **settings)
    before = pyarrow.default_memory_pool()
    pool = pyarrow.proxy_memory_pool(before)
    pyarrow.set_memory_pool(pool)
    try:
        assert [len(item.raw) for item in read(path, max_line=10**5)] == [KEPT] * 300
    finally:
        pyarrow.set_memory_pool(before)
    assert pool.max_memory() < 150 * 10**6  # of 300


@pytest.mark.slow
@settings(max_examples=2000)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=8)), min_size=1))
def test_damaged_files_end_no_run(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "damaged.parquet"
    write(path, {"text": ["One.", None, "Three."] * 20, "id": list(range(60))}, row_group_size=20)
    data = bytearray(path.read_bytes())
    for place, new in changes:
        place %= len(data)
        data[place : place + len(new)] = new
    path.write_bytes(data)
    assert all(isinstance(item, Record | Reject) for item in read(path))
