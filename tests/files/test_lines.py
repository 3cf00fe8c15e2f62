import gzip

import pytest

from spacy_windowner.files.lines import DAMAGE, open_lines

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
