import json

import pytest

from spacy_windowner.tools.suggest.suggest import Output

ROWS = [{"text": "Größe 0.1", "score": 0.1}, {"text": "two"}]


def test_it_writes_json_lines_and_makes_the_folder(tmp_path):
    path = tmp_path / "a" / "b" / "out.jsonl"
    Output(path, []).write(ROWS)
    text = path.read_text(encoding="utf8")
    assert [json.loads(line) for line in text.splitlines()] == ROWS
    assert "Größe" in text and '"score": 0.1}' in text
    assert [file.name for file in path.parent.iterdir()] == ["out.jsonl"]


def test_nothing_is_there_before_it_is_written(tmp_path):
    Output(tmp_path / "out.jsonl", [])
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_if_writing_fails(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("before")

    def rows():
        yield ROWS[0]
        raise OSError("disk full")

    with pytest.raises(ValueError, match=r"WN082.*out\.jsonl: disk full"):
        Output(path, []).write(rows())
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["out.jsonl"]


def test_files_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.jsonl").mkdir()
    for path, why in [
        (tmp_path / "out.json", "doesn't end in .jsonl"),
        (tmp_path / "folder.jsonl", "it is a folder"),
        (tmp_path / "file" / "out.jsonl", "file"),
    ]:
        with pytest.raises(ValueError, match=f"WN082.*{why}"):
            Output(path, [])
    raw = tmp_path / "raw.jsonl"
    raw.write_text("")
    with pytest.raises(ValueError, match="WN082.*documents are read from it"):
        Output(tmp_path / "folder.jsonl" / ".." / "raw.jsonl", [tmp_path / "other.txt", raw])
