import pytest

from spacy_windowner.tools.convert.convert import convert
from spacy_windowner.tools.convert.output import assign, key_of

from .util import read_docs, write, write_jsonl

PARTS = ("train", "dev", "test")


def texts(folder, parts=PARTS):
    return {name: [doc.text for doc in read_docs(folder / f"{name}.spacy")] for name in parts}


def letters(number):
    """Text without digits."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def test_shares_and_seeds(tmp_path):
    rows = [{"text": f"Text {letters(i)}.", "spans": [[0, 4, "X"]]} for i in range(100)]
    path = write_jsonl(tmp_path / "in.jsonl", rows)
    done = convert([path], tmp_path / "a", split="80/10/10")
    assert [part.n_docs for part in done.parts] == [80, 10, 10]
    first = texts(tmp_path / "a")
    assert sorted(sum(first.values(), [])) == sorted(row["text"] for row in rows)
    convert([path], tmp_path / "b", split="80/10/10")
    assert texts(tmp_path / "b") == first
    convert([path], tmp_path / "c", split="80/10/10", seed=1)
    assert texts(tmp_path / "c") != first
    done = convert([path], tmp_path / "d", split="3/1")
    assert [part.n_docs for part in done.parts] == [75, 25]
    assert not (tmp_path / "d/test.spacy").exists()


def test_near_duplicates_are_on_one_side(tmp_path):
    rows = [
        {"text": text.format(letters(i)), "spans": []}
        for i in range(30)
        for text in ("Item {} is 3.", "item {}  IS 9.", "Item\n{} is 0.")
    ]
    convert([write_jsonl(tmp_path / "in.jsonl", rows)], tmp_path / "out", split="60/20/20")
    sides = [{key_of(text) for text in found} for found in texts(tmp_path / "out").values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 30


def test_documents_are_on_one_side(tmp_path):
    text = ""
    for doc in range(12):
        words = "".join(f"w{letters(doc)}x{letters(i)} O\n\n" for i in range(4))
        text += f"-DOCSTART- O\n\n{words}"
    path = write(tmp_path / "in.conll", text)
    done = convert([path], tmp_path / "out", split="50/25/25")
    assert [part.n_docs for part in done.parts] == [24, 12, 12]
    apart = [
        {text.partition("x")[0] for text in found} for found in texts(tmp_path / "out").values()
    ]
    assert sum(map(len, apart)) == 12
    done = convert([path], tmp_path / "whole", split="50/25/25", documents=True)
    assert [part.n_docs for part in done.parts] == [6, 3, 3]
    whole = [
        {text.partition("x")[0] for text in found} for found in texts(tmp_path / "whole").values()
    ]
    assert whole == apart


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_documents(tmp_path, n):
    rows = [{"text": letters(i % n), "spans": []} for i in range(5)]
    path = write_jsonl(tmp_path / "in.jsonl", rows)
    with pytest.raises(ValueError, match=f"WN193.*5 documents into 3 parts.*only {n} documents "):
        convert([path], tmp_path / "out", split="80/10/10")
    assert not list((tmp_path / "out").glob("*"))


def test_no_part_is_empty():
    for n in range(3, 30):
        parts = assign(range(n), [98, 1, 1], seed=n)
        assert set(parts) == {0, 1, 2} and parts.count(0) == n - 2


def test_large_groups_go_where_there_is_room():
    keys = [0] * 50 + list(range(1, 51))
    parts = assign(keys, [80, 10, 10], seed=3)
    assert len(set(parts[:50])) == 1
    assert [parts.count(part) for part in range(3)] == [80, 10, 10]


def test_keys():
    assert key_of("In 1999, Anna") == key_of("in 2024 , anna\n")
    assert key_of("Anna") != key_of("Bob")
