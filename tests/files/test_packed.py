import gc

import numpy
import pytest

from spacy_windowner.files import read_packed, unpack, write_packed

DATA = {"number": 1, "text": "ü", "list": [1.5, None], "array": numpy.arange(6.0).reshape(2, 3)}


@pytest.fixture
def path(tmp_path):
    write_packed(tmp_path / "file.bin", "kind.v1", DATA)
    return tmp_path / "file.bin"


def test_round_trip(path):
    found = read_packed(path, "kind.v1")
    numpy.testing.assert_array_equal(found.pop("array"), DATA["array"])
    assert found == {name: value for name, value in DATA.items() if name != "array"}


def test_another_kind(path):
    with pytest.raises(ValueError, match="^it doesn't begin with 'kind.v2'"):
        read_packed(path, "kind.v2")


def test_no_file(tmp_path):
    with pytest.raises(ValueError, match="^there is no such file$"):
        read_packed(tmp_path / "file.bin", "kind.v1")
    with pytest.raises(ValueError, match="^it is a folder$"):
        read_packed(tmp_path, "kind.v1")


def test_every_cut_and_every_flipped_bit_is_noticed(path):
    data = path.read_bytes()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        for content in (data[:place], damaged):
            path.write_bytes(content)
            with pytest.raises(ValueError, match="^it (doesn't begin|is damaged)"):
                read_packed(path, "kind.v1")
    path.write_bytes(data + b"\0")
    with pytest.raises(ValueError, match="checksum"):
        read_packed(path, "kind.v1")


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x91\x01", b"\x93" * 10_000, b"\xdb\xff\xff"])
def test_what_is_no_dictionary(data):
    with pytest.raises(ValueError):
        unpack(data)
    assert gc.isenabled()  # srsly would leave it off


def test_arrays_of_objects_are_no_way_to_run_code(tmp_path):
    data = {b"nd": True, b"type": "|O", b"kind": b"O", b"shape": [1], b"data": b"\x80\x04N."}
    with pytest.raises(ValueError):
        write_packed(tmp_path / "file.bin", "kind.v1", {"array": data})
        read_packed(tmp_path / "file.bin", "kind.v1")
