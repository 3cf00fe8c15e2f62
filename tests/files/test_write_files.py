"""Either all files are written, or none."""

import pytest

from spacy_windowner import files
from spacy_windowner.files import write_files


def test_writes(tmp_path):
    paths = write_files(tmp_path / "a" / "b", {"x.md": "é\n", "y.html": ""})
    assert [path.read_text(encoding="utf8") for path in paths] == ["é\n", ""]
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == ["x.md", "y.html"]


def test_a_full_disk_changes_nothing(tmp_path, monkeypatch):
    write_files(tmp_path, {"x.md": "old", "y.md": "old"})
    calls = []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(ValueError, match=r"\[WN094\].*No space left"):
        write_files(tmp_path, {"x.md": "new", "y.md": "new", "z.md": "new"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "x.md": "old",
        "y.md": "old",
    }


def test_places_that_are_taken(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"\[WN094\]"):
        write_files(tmp_path / "file", {"x.md": ""})
    (tmp_path / "x.md").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        write_files(tmp_path, {"w.md": "", "x.md": ""})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "x.md"]
