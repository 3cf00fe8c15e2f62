import pytest

from .util import docs_of, ents, run, to_csv, write


def words(doc):
    return [token.text for token in doc]


def recognized_as(path, **settings):
    lines = []
    docs = docs_of(path, on_recognized=lambda *args: lines.append(args[1]), **settings)
    return lines, docs


def test_sentences_with_a_number(tmp_path):
    """As in the corpus that many tutorials use."""
    rows = [
        ["Sentence #", "Word", "POS", "Tag"],
        ["Sentence: 1", "Anna", "NNP", "B-PER"],
        ["", '"', "``", "O"],
        ["", "a,b", "NN", "B-LOC"],
        ["Sentence: 2", "Rome", "NNP", "B-LOC"],
    ]
    lines, docs = recognized_as(write(tmp_path / "in.csv", to_csv(rows), "latin-1"))
    assert lines == ["CSV, one token per row, tags in IOB2"]
    assert [words(doc) for doc in docs] == [["Anna", '"', "a,b"], ["Rome"]]
    assert ents(docs[0]) == [("Anna", "PER"), ("a,b", "LOC")]


def test_sentences_and_documents(tmp_path):
    text = "doc_id\tsent_id\ttoken\tner\n" + "".join(
        f"{doc}\t{sent}\t{word}\tO\n" for doc, sent, word in ["11a", "11b", "12c", "23d", "24e"]
    )
    path = write(tmp_path / "in.tsv", text)
    lines, docs = recognized_as(path)
    assert lines == ["TSV, one token per row, tags in IOB2"]
    assert [words(doc) for doc in docs] == [["a", "b"], ["c"], ["d"], ["e"]]
    assert [words(doc) for doc in docs_of(path, documents=True)] == [["a", "b", "c"], ["d", "e"]]


def test_quotation_marks_in_tabs(tmp_path):
    text = 'word\ttag\n"\tO\n""""\tO\n"a""b"\tO\n``\tO\na"b\tB-X\n\n"c\tO\n'
    docs = docs_of(write(tmp_path / "in.tsv", text))
    assert [words(doc) for doc in docs] == [['"', '"', 'a"b', "``", 'a"b'], ['"c']]


def test_tokens_without_a_header(tmp_path):
    path = write(tmp_path / "in.csv", "Anna,NNP,B-PER\nleft,VB,O\n\nRome,NNP,B-LOC\n")
    lines, docs = recognized_as(path)
    assert lines == ["CSV, one token per row, tags in IOB2"]
    assert [ents(doc) for doc in docs] == [[("Anna", "PER")], [("Rome", "LOC")]]
    path = write(tmp_path / "in.csv", "Anna,B-PER,x\nleft,O,y\n")
    assert ents(docs_of(path, format="csv", tag_column=2)[0]) == [("Anna", "PER")]


def test_other_names_of_columns(tmp_path):
    path = write(tmp_path / "in.csv", "n,w,t,x\n1,Anna,B-PER,a\n2,left,O,b\n")
    with pytest.raises(ValueError, match="WN181"):
        docs_of(path)
    for settings in ({"word_column": 2, "tag_column": 3}, {"word_column": -3, "tag_column": -2}):
        [doc] = docs_of(path, **settings)
        assert words(doc) == ["Anna", "left"] and ents(doc) == [("Anna", "PER")]
    path = write(tmp_path / "in.tsv", "id\ttoken\ttag\n1\tAnna\tB-PER\n2\tleft\tO\n")
    assert words(docs_of(path)[0]) == ["Anna", "left"]
    for column in (4, -4):
        with pytest.raises(ValueError, match=f"WN180.*3 columns, and `word_column` is {column}"):
            docs_of(path, word_column=column)
    with pytest.raises(ValueError, match="WN252.*column 3 can't have both"):
        docs_of(path, word_column=3)


def test_documents(tmp_path):
    rows = [
        ["id", "text", "entities"],
        [1, "Anna left,\nyes.", '[{"start": 0, "end": 4, "label": "PER"}]'],
        [2, "In Rome.", "[(3, 7, 'LOC')]"],
        [3, "Rome.", "{'entities': [(0, 4, 'LOC')]}"],
        [4, "Nobody.", "[]"],
        [5, "Nobody knows.", ""],
        [6, "Wrong.", "[(0, 4"],
        [7],
    ]
    lines = []
    path = write(tmp_path / "in.csv", to_csv(rows))
    done, docs = run(path, on_recognized=lambda *args: lines.append(args[1]))
    assert lines == ["CSV, one document per row"]
    assert [doc.text for doc in docs] == ["Anna left,\nyes.", "In Rome.", "Rome.", "Nobody."]
    assert [ents(doc) for doc in docs] == [
        [("Anna", "PER")], [("Rome", "LOC")], [("Rome", "LOC")], []
    ]  # fmt: skip
    assert [(count.n, count.first.partition(": ")[0][-6:]) for count in done.skips] == [
        (1, "line 7"),
        (2, "line 8"),
    ]


def test_entities(tmp_path):
    rows = [
        ["text", "start", "end", "label", "entity"],
        ["Anna left Rome.", 0, 4, "PER", "Anna"],
        ["Anna left Rome.", "10.0", "14.0", "LOC", "Rome"],
        ["Nobody.", "", "", "", ""],
        ["Bob.", 1, 4, "PER", "Bob"],
        ["Eve.", "a", 4, "PER", "Eve"],
    ]
    lines = []
    path = write(tmp_path / "in.csv", to_csv(rows, ";"))
    done, docs = run(path, on_recognized=lambda *args: lines.append(args[1]))
    assert lines == ["CSV, one entity per row"]
    assert [ents(doc) for doc in docs] == [[("Anna", "PER"), ("Rome", "LOC")], [], []]
    assert [(count.n, count.first.partition(": ")[0][-6:]) for count in done.skips] == [
        (1, "line 5"),
        (1, "line 6"),
    ]


def test_rows_of_a_text_must_stand_together(tmp_path):
    rows = [["text", "start", "end", "label"], ["a b", 0, 1, "X"], ["c", 0, 1, "X"]]
    path = write(tmp_path / "in.csv", to_csv([*rows, ["a b", 2, 3, "X"]]))
    with pytest.raises(ValueError, match=r"WN191.*line 4.*'a b'"):
        docs_of(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("word,tag\nAnna,B-PER\nleft\n", "WN183.*line 3: expected 2 cells, found 1"),
        ("word,tag\nAnna,PER\n", "WN182.*line 2: 'PER' is not a tag"),
        ('text,start,end,label\n"Anna,0,4,PER\n', "WN192.*line 2.*unexpected end of data"),
        ('text,start,end,label\n"Anna"x,0,4,PER\n', "WN192.*line 2"),
        ("a,b\nc,d\n", "WN181"),
        ("word,tag\n", "WN188"),
    ],
)
def test_wrong_tables(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        docs_of(write(tmp_path / "in.csv", text))


def test_tables_that_are_asked_for(tmp_path):
    with pytest.raises(ValueError, match="WN183.*names the columns"):
        docs_of(write(tmp_path / "in.csv", "a,b\nc,d\n"), format="csv")
