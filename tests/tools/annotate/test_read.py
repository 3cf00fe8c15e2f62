import gzip
import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from spacy_windowner.tools.annotate.read import read_sources
from spacy_windowner.tools.annotate.records import KEPT, Columns, Record, Reject
from spacy_windowner.tools.annotate.sources import find_sources

from .util import write_jsonl, write_txt


def read(path, columns=None, input_format=None, **settings):
    sources, _ = find_sources(path, input_format)
    return [item for item, _ in read_sources(sources, columns or Columns(), **settings)]


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_lines_of_text_are_documents(tmp_path, name):
    path = write_txt(
        tmp_path / name, ["\ufeffOne.", " Two, \u2028 with spaces. ", "", "  ", "Five."]
    )
    assert read(path) == [
        Record(f"{name}:1", "One.", name, 1),
        Record(f"{name}:2", " Two, \u2028 with spaces. ", name, 2),
        Record(f"{name}:5", "Five.", name, 5),
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_json_has_ids(tmp_path, name):
    entries = [{"text": "One.", "id": "first"}, {"text": " Two. "}, {"text": "", "id": 3},
               {"text": "Four.", "id": None}, {"text": "Five.", "id": 1.5}]  # fmt: skip
    path = write_jsonl(tmp_path / name, entries)
    found = [(item.id, item.text) for item in read(path)]
    assert found == [("first", "One."), (f"{name}:2", " Two. "), ("3", ""),
                     (f"{name}:4", "Four."), (f"{name}:5", "Five.")]  # fmt: skip


def test_columns_can_have_other_names(tmp_path):
    path = write_jsonl(tmp_path / "a.jsonl", [{"body": "One.", "key": 1}, {"body": "Two."}])
    first, second = read(path, Columns.named("body", "key"))
    assert first == Record("1", "One.", "a.jsonl", 1)
    assert isinstance(second, Reject) and "'key' is null" in second.reason


def test_unreadable_lines_are_told_and_kept(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = [b'{"text": "One."}', b'{"text": "Two."', b'{"body": "Three."}', b'{"text": 4}',
             b'["Five."]', b'{"text": "Six\xff."}', b'{"text": "Seven \\ud800."}',
             b'{"text": "Eight."} 8', b'{"text": null}', b'{"text": "Ten."}']  # fmt: skip
    path.write_bytes(b"\r\n".join(lines))
    items = read(path)
    assert [item.line for item in items] == list(range(1, 11))
    assert [item.line for item in items if isinstance(item, Record)] == [1, 10]
    rejects = {item.line: item for item in items if isinstance(item, Reject)}
    for line, reject in rejects.items():
        raw = reject.raw if isinstance(reject.raw, bytes) else reject.raw.encode("utf8")
        assert raw == lines[line - 1]
    assert "not JSON" in rejects[2].reason and "not JSON" in rejects[8].reason
    assert rejects[3].reason == "no 'text', but body"
    assert rejects[4].reason == "'text' is int, not a string"
    assert rejects[5].reason == "list, not a JSON object"
    assert "not UTF-8" in rejects[6].reason and "surrogate" in rejects[7].reason
    assert rejects[9].reason == "'text' is null, not a string"
    assert rejects[6].to_dict()["raw"] == '{"text": "Six\\xff."}'
    assert rejects[6].to_dict()["raw_base64"]


def test_a_folder_is_read_in_order_of_names(tmp_path):
    write_txt(tmp_path / "b.txt", ["b"])
    write_txt(tmp_path / "a" / "z.txt.gz", ["az"])
    write_jsonl(tmp_path / "a.jsonl", [{"text": "a"}])
    write_txt(tmp_path / "README.md", ["no corpus"])
    write_txt(tmp_path / ".hidden.txt", ["hidden"])
    write_txt(tmp_path / "c" / ".hidden.txt", ["hidden"])
    sources, others = find_sources(tmp_path)
    assert [source.name for source in sources] == ["a.jsonl", "a/z.txt.gz", "b.txt"]
    assert others == 1
    assert [item.id for item in read(tmp_path)] == ["a.jsonl:1", "a/z.txt.gz:1", "b.txt:1"]


def test_a_folder_that_is_named_may_be_hidden(tmp_path):
    write_txt(tmp_path / ".corpus" / "a.txt", ["a"])
    assert [item.id for item in read(tmp_path / ".corpus")] == ["a.txt:1"]


def test_a_damaged_file_is_told_and_the_next_is_read(tmp_path):
    write_txt(tmp_path / "a.txt", ["a"])
    lines = [str(i) * 100 for i in range(1000)]
    path = write_txt(tmp_path / "b.txt.gz", lines)
    path.write_bytes(path.read_bytes()[:-2000])
    (tmp_path / "c.txt.gz").write_bytes(b"no gzip")
    write_txt(tmp_path / "d.txt", ["d"])
    items = read(tmp_path)
    assert [item.source for item in items if isinstance(item, Record)][-1] == "d.txt"
    of_b = [item for item in items if item.source == "b.txt.gz"]
    assert 0 < len(of_b) < 1000
    assert [item.text for item in of_b[:-1]] == lines[: len(of_b) - 1]
    assert f"after line {len(of_b) - 1}" in of_b[-1].reason and of_b[-1].raw is None
    [of_c] = [item for item in items if item.source == "c.txt.gz"]
    assert isinstance(of_c, Reject) and "can't be read after line 0" in str(of_c)


def test_a_file_that_is_gone(tmp_path):
    write_txt(tmp_path / "a.txt", ["a"])
    write_txt(tmp_path / "b.txt", ["b"])
    sources, _ = find_sources(tmp_path)
    (tmp_path / "a.txt").unlink()
    first, second = (item for item, _ in read_sources(sources, Columns()))
    assert isinstance(first, Reject) and "No such file" in first.reason
    assert second.id == "b.txt:1"


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_what_is_no_file_is_told(tmp_path):
    corpus = tmp_path / "corpus"
    write_txt(corpus / "a.txt", ["a"])
    (corpus / "b.txt").symlink_to("nowhere.txt")
    (corpus / "c.txt").symlink_to("c.txt")
    os.mkfifo(corpus / "d.txt")
    write_txt(corpus / "e.txt", ["e"])
    first, *rejects, last = read(corpus)
    assert (first.id, last.id) == ("a.txt:1", "e.txt:1")
    for reject, reason in zip(rejects, ["No such file", "symbolic links", "a pipe"], strict=True):
        assert isinstance(reject, Reject) and reason in reject.reason


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_to_folders(tmp_path):
    """They are followed, but not round in circles."""
    write_txt(tmp_path / "elsewhere" / "z.txt", ["z"])
    write_txt(tmp_path / "corpus" / "a" / "b" / "c.txt", ["c"])
    (tmp_path / "corpus" / "a" / "b" / "up").symlink_to("..")
    (tmp_path / "corpus" / "all").symlink_to(".")
    (tmp_path / "corpus" / "linked").symlink_to(tmp_path / "elsewhere")
    sources, others = find_sources(tmp_path / "corpus")
    assert [source.name for source in sources] == ["a/b/c.txt", "linked/z.txt"]
    assert others == 0


def test_a_folder_that_cant_be_listed(tmp_path, monkeypatch):
    """As without the right to. (The tests may run as one who has all rights.)"""
    write_txt(tmp_path / "a" / "a.txt", ["a"])
    write_txt(tmp_path / "b.txt", ["b"])
    listing = Path.iterdir

    def deny(path):
        if path.name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", deny)
    first, second = read(tmp_path)
    assert isinstance(first, Reject) and first.source == "a" and second.id == "b.txt:1"
    assert "Permission denied" in first.reason


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_utf8(tmp_path):
    write_txt(Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.txt")), ["a"])
    [record] = read(tmp_path)
    assert (record.id, record.source) == ("a\\xff.txt:1", "a\\xff.txt")


def test_json_of_other_programs(tmp_path):
    """Numbers of any size, NaN and tabs are no reason to reject a text."""
    path = tmp_path / "a.jsonl"
    lines = [b'{"text": "One.", "id": 123456789012345678901234567890}',
             b'{"text": "Two.", "score": NaN, "big": -1e999}',
             b'{"text": "Three\t."}', b"[" * 100_000]  # fmt: skip
    path.write_bytes(b"\n".join(lines))
    *records, deep = read(path)
    assert [record.text for record in records] == ["One.", "Two.", "Three\t."]
    assert records[0].id == "123456789012345678901234567890"
    assert isinstance(deep, Reject) and "not JSON" in deep.reason


def test_the_share_that_is_read_is_known(tmp_path):
    write_txt(tmp_path / "a.txt", ["a"] * 10)
    write_txt(tmp_path / "b.txt.gz", ["b"] * 10)
    sources, _ = find_sources(tmp_path)
    positions = [position for _, position in read_sources(sources, Columns())]
    assert positions == sorted(positions)
    assert positions[9] == 20 and positions[-1] == sum(source.size for source in sources)


@pytest.mark.parametrize("format, data", [(None, b'{"text": "One."}\n'), ("txt", b"One.\n")])
def test_standard_input(monkeypatch, format, data):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert read("-", input_format=format) == [Record("stdin:1", "One.", "stdin", 1)]


def test_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    [reject] = read("-")
    assert reject.source == "stdin" and "it is closed" in reject.reason


def test_what_is_no_corpus(tmp_path):
    write_txt(tmp_path / "a.csv", ["a"])
    with pytest.raises(ValueError, match="WN110.*no such file"):
        find_sources(tmp_path / "b.txt")
    for path in (tmp_path, tmp_path / "a.csv"):
        with pytest.raises(ValueError, match="WN110.*must end in one of .txt"):
            find_sources(path)
    with pytest.raises(ValueError, match="WN110.*standard input"):
        find_sources(tmp_path, "txt")


def test_gzip_of_several_members(tmp_path):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"One.\n") + gzip.compress(b"Two.\n"))
    assert [item.text for item in read(path)] == ["One.", "Two."]


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_lines_that_are_too_long(tmp_path, name):
    path = write_txt(tmp_path / name, ["x" * 20_000, "é" * 25_000, "x" * 20_001, "Four."])
    first, *rejects, last = read(path, max_line=20_000)
    assert first.text == "x" * 20_000 and last == Record(f"{name}:4", "Four.", name, 4)
    for reject, line, size in zip(rejects, [2, 3], [50_001, 20_002], strict=True):
        assert (reject.line, reject.reason) == (line, "more than 20,000 bytes")
        assert (len(reject.raw), reject.size) == (KEPT, size)
    assert rejects[0].to_dict()["size"] == 50_001


def test_what_is_kept_of_rejects_is_bounded(tmp_path):
    keys = {f"key {i}": i for i in range(10_000)}
    lines = [{"text": 1, "more": "x" * 10**6}, keys, {"x" * 10**6: 1}, {"text": "a", "id": "i"}]
    path = write_jsonl(tmp_path / "a.jsonl", lines)
    *rejects, last = read(path)
    assert len(rejects) == 3 and last.id == "i"
    for reject in rejects:
        assert len(reject.raw) == KEPT and reject.size > 100_000
        assert len(reject.reason) < 310 and len(str(reject.to_dict())) < KEPT + 600
    whole = Reject.of("a", 1, "why", b"\xff" * KEPT)
    assert whole.size == 0 and "size" not in whole.to_dict() and len(whole.raw) == KEPT


def test_ids_are_bounded(tmp_path):
    """Each row of a document has its id."""
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": "a", "id": "x" * n} for n in (1000, 1001)])
    assert [item.id for item in read(path)] == ["x" * 1000, "a.jsonl:2"]
    _, reject = read(path, Columns.named(None, "id"))
    assert reject.reason == "'id' has more than 1,000 characters"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_each_file_is_read_once(tmp_path):
    """A folder of two links to a folder of two links, ten deep, has a thousand ways to a file."""
    corpus = tmp_path / "corpus"
    write_txt(tmp_path / "10" / "a.txt", ["a"])
    for i in reversed(range(10)):
        (tmp_path / str(i)).mkdir()
        for name in "xy":
            (tmp_path / str(i) / name).symlink_to(tmp_path / str(i + 1))
    (tmp_path / "0").rename(corpus)
    sources, others = find_sources(corpus)
    assert ["/".join("x" * 10) + "/a.txt"] == [source.name for source in sources]
    assert others == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_the_name_with_the_fewest_links_counts(tmp_path):
    write_txt(tmp_path / "b" / "c.txt", ["c"])
    write_txt(tmp_path / "d.txt", ["d"])
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "a.txt").symlink_to("d.txt")
    (tmp_path / "b" / "a.txt").symlink_to("c.txt")
    (tmp_path / "b" / "e.txt").symlink_to("../.hidden.txt")
    (tmp_path / "f.txt").symlink_to(".hidden.txt")
    write_txt(tmp_path / ".hidden.txt", ["hidden"])
    sources, _ = find_sources(tmp_path)
    assert [source.name for source in sources] == ["b/c.txt", "b/e.txt", "d.txt"]


def test_standard_input_that_cant_be_read(monkeypatch, tmp_path):
    """As after `0> file`."""
    number = os.open(tmp_path / "a", os.O_WRONLY | os.O_CREAT)
    with os.fdopen(number, "rb") as write_only:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=write_only))
        [reject] = read("-")
    assert reject.source == "stdin" and "Bad file descriptor" in reject.reason
