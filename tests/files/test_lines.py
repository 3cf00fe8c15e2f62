import gzip
import io
import tracemalloc

import pytest

from spacy_windowner.files import DAMAGE, open_lines, read_lines

DATA = b"first\r\nsecond\nwithout an end"


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_lines_are_those_of_the_file(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(DATA) if name.endswith(".gz") else DATA)
    with open_lines(path) as (raw, lines):
        assert list(lines) == [b"first\r\n", b"second\n", b"without an end"]
        assert raw.tell() == path.stat().st_size


def test_damage_is_told(tmp_path):
    path = tmp_path / "a.txt.gz"
    for data in (gzip.compress(DATA)[:-12], DATA):
        path.write_bytes(data)
        with pytest.raises(DAMAGE), open_lines(path) as (_, lines):
            list(lines)


@pytest.mark.parametrize("max_line", [1, 2, 5, 6, 7, 100])
def test_longer_lines_are_cut(max_line):
    lines = [b"\n", b"a\n", b"first\r\n", b"second\n", b"third\n", b"\n", b"without"]
    found = list(read_lines(io.BytesIO(b"".join(lines)), max_line))
    assert [size for _, size in found] == list(map(len, lines))
    for (line, _), whole in zip(found, lines, strict=True):
        assert line == (whole if len(whole.rstrip(b"\n")) <= max_line else whole[: max_line + 1])


def test_a_byte_order_mark_is_no_text():
    lines = [b"\xef\xbb\xbfabc\n", b"\xef\xbb\xbfabc\n"]
    assert list(read_lines(io.BytesIO(b"".join(lines)), 6)) == [(b"abc\n", 4), (lines[1], 7)]


def test_a_long_line_is_never_in_memory(tmp_path):
    """A small file can contain a line of any length."""
    path = tmp_path / "a.txt.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(40):
            file.write(b"x" * 10**6)
        file.write(b"\nnext\n")
    assert path.stat().st_size < 50_000
    tracemalloc.start()
    try:
        with open_lines(path) as (_, lines):
            (line, size), following = read_lines(lines, 10**6)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(line), size) == (10**6 + 1, 40 * 10**6 + 1) and following == (b"next\n", 5)
    assert peak < 5 * 10**6
