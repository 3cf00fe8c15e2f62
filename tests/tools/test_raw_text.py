import gzip
import json

import pytest
import spacy

from spacy_windowner.tools.raw_text import RawText

from .pretrain.util import TEXTS, write_text


@pytest.fixture(scope="module")
def nlp():
    return spacy.blank("en")


@pytest.fixture
def read(nlp):
    def make_doc(text):
        return nlp.tokenizer(text) if isinstance(text, str) else spacy.tokens.Doc(nlp.vocab, text)

    return lambda path: RawText(path, make_doc)


def texts_of(batches):
    return [doc.text for batch in batches for doc in batch.docs]


def jsonl(path, entries):
    path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf8")
    return path


def compress(path):
    zipped = path.with_name(f"{path.name}.gz")
    zipped.write_bytes(gzip.compress(path.read_bytes()))
    return zipped


def test_text(read, tmp_path):
    path = write_text(tmp_path)
    batches = list(read(path).batches(20))
    assert texts_of(batches) == TEXTS
    assert len(batches) > 5
    for batch in batches:
        assert batch.n_words == sum(len(doc) for doc in batch.docs)
        assert batch.n_words >= 20 or batch is batches[-1]
    shares = [batch.share for batch in batches]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert texts_of(read(compress(path)).batches(20)) == TEXTS


def test_json_lines(read, tmp_path):
    entries = [{"text": "I'm here"}, {"tokens": ["I'm", "here"], "id": 3}, {"text": ""}]
    path = jsonl(tmp_path / "raw.jsonl", [*entries, {"tokens": []}])
    for source in (path, compress(path)):
        [batch] = read(source).batches(100)
        assert [[t.text for t in doc] for doc in batch.docs] == [["I", "'m", "here"],
                                                                 ["I'm", "here"]]  # fmt: skip


def test_only_the_last_ending_tells_the_format(read, tmp_path):
    path = write_text(tmp_path, name="raw.jsonl.txt")
    assert texts_of(read(path).batches(1000)) == TEXTS
    assert texts_of(read(compress(path)).batches(1000)) == TEXTS


def test_blank_lines_line_ends_and_the_byte_order_mark(read, tmp_path):
    path = tmp_path / "raw.txt"
    path.write_bytes(b"\xef\xbb\xbfOne.\r\n\n  \t\nTwo \xc3\xa9.\n\nThree, unended")
    text = read(path)
    assert texts_of(text.batches(100)) == ["One.", "Two é.", "Three, unended"]
    assert (text.line, text.skipped, text.first_skipped) == (6, 0, "")


def test_unreadable_lines_are_skipped_and_counted(read, tmp_path):
    path = tmp_path / "raw.txt"
    path.write_bytes(b"One.\n\xff\xfe\nTwo.\nThr\xe9e.\n")
    text = read(path)
    assert texts_of(text.batches(100)) == ["One.", "Two."]
    assert (text.line, text.skipped) == (4, 2)
    assert text.first_skipped.startswith("line 2 is not UTF-8")


@pytest.mark.parametrize(
    "line",
    [
        "{", "", "null", "[1]", '"text"', "3", '{"text": 3}', "{}", '{"tokens": "a b"}',
        '{"tokens": ["a", 1]}', '{"tokens": ["a", ""]}', r'{"text": "\ud800"}',
        r'{"tokens": ["\ud800"]}',
    ],
)  # fmt: skip
def test_unreadable_json(read, tmp_path, line):
    path = tmp_path / "raw.jsonl"
    path.write_text(f'{line}\n{{"text": "One."}}\n', encoding="utf8")
    text = read(path)
    assert texts_of(text.batches(100)) == ["One."]
    assert text.skipped == (line != "")
    assert text.first_skipped.startswith("line 1" if line else "")


@pytest.mark.parametrize("name", ["raw.txt", "raw.txt.gz"])
def test_it_is_read_from_the_beginning_each_time(read, tmp_path, name):
    path = tmp_path / "raw.txt"
    path.write_bytes(b"\xff\n" + write_text(tmp_path, TEXTS, "texts.txt").read_bytes())
    text = read(compress(path) if name.endswith(".gz") else path)
    next(text.batches(20))  # and no further
    for _ in range(2):
        assert texts_of(text.batches(20)) == TEXTS
        assert (text.line, text.skipped, text.share) == (len(TEXTS) + 1, 1, 1.0)


def test_a_long_line_is_cut(read, tmp_path):
    words = [f"w{i}" for i in range(45)]
    path = write_text(tmp_path, ["One.", " ".join(words), "Two."])
    batches = list(read(path).batches(10))
    assert [token.text for batch in batches for doc in batch.docs for token in doc] == [
        "One", ".", *words, "Two", "."
    ]  # fmt: skip
    assert max(batch.n_words for batch in batches) < 20


@pytest.mark.parametrize("name", ["missing.txt", "raw.spacy", "raw", "raw.zip", "txt.gz"])
def test_files_that_cannot_be_read(read, tmp_path, name):
    if name != "missing.txt":
        (tmp_path / name).write_text("One.")
    with pytest.raises(ValueError, match=r"WN040.*no such file|WN040.*\.jsonl\.gz"):
        read(tmp_path / name)


@pytest.mark.parametrize("damage", [lambda data: data[:60], lambda data: b"PK" + data[2:]])
def test_damaged_compressed_data(read, tmp_path, damage):
    path = compress(write_text(tmp_path))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="WN040.*compressed data is damaged"):
        list(read(path).batches(5))


def test_tokens_of_annotation_tools(read, tmp_path):
    tokens = [{"text": "I", "start": 0, "end": 1, "id": 0}]
    entries = [{"text": "I'm here", "tokens": tokens}, {"tokens": tokens}]
    text = read(jsonl(tmp_path / "raw.jsonl", entries))
    assert texts_of(text.batches(100)) == ["I'm here"]
    assert text.skipped == 1


def test_documents_with_their_lines(read, tmp_path):
    text = read(write_text(tmp_path, ["One.", "", "Two three."]))
    assert [(doc.text, text.line) for doc, _ in text.docs()] == [
        ("One.", 1),
        ("Two three.", 3),
    ]
