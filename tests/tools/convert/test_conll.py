import pytest

from .util import docs_of, ents, run, skipped, tags, write


def words(doc):
    return [token.text for token in doc]


def test_tokens_keep_their_white_space(tmp_path):
    text = "A\u00a0B\tB-PER\nC\tI-PER\n\tO\n\nD O\nke s\tO\n"
    done, docs = run(write(tmp_path / "in.conll", text))
    [count] = done.skips
    assert count.n == 1 and "line 3: '\\tO'" in count.first
    assert [words(doc) for doc in docs] == [["A\u00a0B", "C"], ["D", "ke s"]]
    assert ents(docs[0]) == [("A\u00a0B C", "PER")]
    assert all(doc.has_unknown_spaces for doc in docs)


def test_conll_2003(tmp_path):
    """Four columns, and I- at the start of an entity, unless the one before ends there."""
    text = """-DOCSTART- -X- -X- O

EU NNP I-NP I-ORG
and CC I-NP O
Anna NNP I-NP I-PER
Bob NNP I-NP B-PER

-DOCSTART- -X- O O

Rome NNP I-NP I-LOC
"""
    recognized = []
    path = write(tmp_path / "in.txt", text)
    docs = docs_of(path, on_recognized=lambda *args: recognized.append(args))
    assert recognized == [(str(path), "CoNLL, 4 columns, tags in IOB1")]
    assert ents(docs[0]) == [("EU", "ORG"), ("Anna", "PER"), ("Bob", "PER")]
    assert [words(doc) for doc in docs] == [["EU", "and", "Anna", "Bob"], ["Rome"]]


TWO_DOCUMENTS = "-DOCSTART-\tO\n\na\tO\n\nb\tB-X\n\n-DOCSTART-\tO\n\nc\tO\nd\tO\n"


@pytest.mark.parametrize(
    "text", [TWO_DOCUMENTS, TWO_DOCUMENTS.replace("-DOCSTART-\tO", "# newdoc id = 3")]
)
def test_documents_are_put_together(tmp_path, text):
    path = write(tmp_path / "in.conll", text)
    assert [words(doc) for doc in docs_of(path)] == [["a"], ["b"], ["c", "d"]]
    first, second = docs_of(path, documents=True)
    assert words(first) == ["a", "b"] and words(second) == ["c", "d"]
    assert [token.is_sent_start for token in first] == [True, True]
    assert ents(first) == [("b", "X")]


def test_documents_without_bounds_stay_sentences(tmp_path):
    path = write(tmp_path / "in.conll", "a O\n\nb B-X\n")
    done, docs = run(path, documents=True)
    assert len(docs) == 2
    assert done.notes == ["Document boundaries aren't known: each sentence is a document"]


def test_label_studio(tmp_path):
    text = "-DOCSTART- -X- O\na -X- _ O\nb -X- _ B-X\n\nc -X- _ O\n\n"
    recognized = []
    path = write(tmp_path / "in.conll", text)
    docs = docs_of(path, documents=True, on_recognized=lambda *args: recognized.append(args[1]))
    assert recognized == ["Label Studio's CoNLL, 4 columns, tags in IOB2"]
    assert [words(doc) for doc in docs] == [["a", "b"], ["c"]]  # a block is a document


def test_comments_and_words_that_look_like_them(tmp_path):
    text = "# text = a O\n#\tO\n#tag\tB-X\n# no tag\n#1 said:\n\n# id = 3\nb\tO\n"
    docs = docs_of(write(tmp_path / "in.conll", text))
    assert [words(doc) for doc in docs] == [["#", "#tag"], ["b"]]


def test_other_columns(tmp_path):
    text = "1\tAnna\tB-PER\t-\tx\n2\tcame\tO\t-\tx\n3\t.\tO\t-\tx\n\n1\tb\tO\t-\tx\n"
    path = write(tmp_path / "in.conll", text)
    with pytest.raises(ValueError, match=r"WN182.*'x' is not a tag.*--tag-column 3"):
        docs_of(path)
    with pytest.raises(ValueError, match=r"WN190.*--word-column 2"):
        docs_of(path, tag_column=3)
    for columns in [(2, 3), (-4, -3)]:
        docs = docs_of(path, word_column=columns[0], tag_column=columns[1])
        assert ents(docs[0]) == [("Anna", "PER")]
    for column in (6, -6):
        with pytest.raises(ValueError, match=r"WN180.*have 5 columns"):
            docs_of(path, word_column=column)
    for columns in ({"word_column": 3, "tag_column": 3}, {"word_column": -1}):
        with pytest.raises(ValueError, match=r"WN252.*column [35] can't have both"):
            docs_of(path, **columns)


def test_a_column_of_hyphens(tmp_path):
    path = write(tmp_path / "in.conll", "Anna B-PER -\nleft O -\n")
    with pytest.raises(ValueError, match=r"WN182.*line 1: '-' is not a tag.*--tag-column 2"):
        docs_of(path)
    assert ents(docs_of(path, tag_column=2)[0]) == [("Anna", "PER")]
    [doc] = docs_of(write(tmp_path / "in.conll", "Anna -\nleft -\n"))
    assert tags(doc) == ["", ""]


def test_blank_lines_may_have_tabs(tmp_path):
    docs = docs_of(write(tmp_path / "in.conll", "a\tO\n\t\nb\tB-X\t\n \t \n  \nc\tO"))
    assert [words(doc) for doc in docs] == [["a"], ["b"], ["c"]]


def test_words_that_are_not_annotated(tmp_path):
    [doc] = docs_of(write(tmp_path / "in.conll", "Anna B-PER\nor O\nBob -\n"))
    assert tags(doc) == ["B", "O", ""]


def test_words_of_white_space_are_at_no_edge(tmp_path):
    text = "\u3000\tB-X\na\tI-X\n\u00a0\tI-X\nb\tI-X\n\u200b\tI-X\n\u00a0\tB-X\n"
    [doc] = docs_of(write(tmp_path / "in.conll", text))
    assert tags(doc) == ["O", "B", "I", "I", "O", "O"]


@pytest.mark.parametrize(
    ("scheme", "own", "wanted"),
    [
        ("IOB1", "I-X O I-X I-X B-X I-Y", "B O B I B B"),
        ("IOB2", "B-X O B-X I-X B-X B-Y", "B O B I B B"),
        ("BILUO", "U-X O B-X L-X U-X U-Y", "B O B I B B"),
        ("BIOES", "S-X O B-X E-X S-X S-Y", "B O B I B B"),
        ("BIOES", "B-X I-X E-X", "B I I"),
        ("BILUO", "B-X I-X L-X B-X L-X", "B I I B I"),
        ("IOB2", "O O O", "O O O"),
    ],
)
def test_schemes(tmp_path, scheme, own, wanted):
    text = "".join(f"w {tag}\n" for tag in own.split())
    recognized = []
    path = write(tmp_path / "in.conll", f"{text}\n{text}")
    docs = docs_of(path, on_recognized=lambda *args: recognized.append(args[1]))
    assert recognized == [f"CoNLL, 2 columns, tags in {scheme}"]
    assert [tags(doc) for doc in docs] == [wanted.split()] * 2


@pytest.mark.parametrize(
    ("own", "line", "message"),
    [
        ("O B-", 2, "'B-' is not a tag"),
        ("O PER", 2, "'PER' is not a tag"),
        ("O O b-PER", 3, "'b-PER' is not a tag"),
        ("B-PER I-LOC", 2, "I-LOC continues no entity"),
        ("B-PER O I-PER", 3, "I-PER continues no entity"),
        ("U-X B-X", 2, "B-X doesn't end an entity"),
        ("U-X B-X O", 3, "B-X doesn't end an entity"),
        ("U-X O L-X", 3, "L-X continues no entity"),
        ("S-X O I-X", 3, "I-X continues no entity"),
        ("S-X O L-X", 1, "S-X isn't of the scheme BILUO"),
        ("B-X - I-X", 3, "I-X continues no entity"),
    ],
)
def test_wrong_tags(tmp_path, own, line, message):
    text = "".join(f"w {tag}\n" for tag in own.split())
    path = write(tmp_path / "in.conll", text)
    with pytest.raises(ValueError, match=f"in.conll, line {line}: .*{message}"):
        docs_of(path)
    assert not (tmp_path / "out.spacy").exists()


def test_a_scheme_that_is_asked_for(tmp_path):
    path = write(tmp_path / "in.conll", "a B-X\nb O\nc I-X\n")
    [doc] = docs_of(path, scheme="iob1")
    assert tags(doc) == ["B", "O", "B"]
    with pytest.raises(ValueError, match=r"line 3: I-X continues no entity. In IOB2"):
        docs_of(path, scheme="iob2")
    with pytest.raises(ValueError, match=r"line 2: B-X doesn't end an entity"):
        docs_of(path, scheme="biluo")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Paris\n", "WN181.*'Paris'"),
        ("", "WN188.*The file is empty"),
        ("\n \n\t\n", "WN188.*The file is empty"),
        ("a O\nb c O\n", "WN183.*line 2: expected 2 columns, as in other lines, found 3"),
        ("a\tx\tO\nb\tO\n", "WN183.*line 2: expected 3 columns"),
        ("a O\nb O\nword\n", "WN183.*line 3"),
        ('a O\nb O\n{"text": "c"}\n', "WN18[23].*line 3"),
        ("a b c d e f g h i j k O\n", "WN183.*2 to 10 columns"),
        ("a\tB-X Y\nb\tO\n", "WN186.*line 1: the label 'X Y' has whitespace.*'X Y=X_Y'"),
        ("# c\n", "WN181"),
    ],
)
def test_what_is_no_conll(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        docs_of(write(tmp_path / "in.conll", text))
    assert not (tmp_path / "out.spacy").exists()


def test_labels_can_be_renamed(tmp_path):
    path = write(tmp_path / "in.conll", "a\tB-X Y\nb\tI-X Y\nc\tB-Z\n")
    [doc] = docs_of(path, rename={"X Y": "XY", "Z": "A"})
    assert ents(doc) == [("a b", "XY"), ("c", "A")]


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("B C", "has whitespace in it.*B_C"),
        ("", "is empty.*OTHER"),
        ("B\0", "has unprintable characters.*e.g. B\\."),
        ("\ud83d", "has unprintable characters.*e.g. OTHER"),
    ],
)
def test_new_names_that_can_not_be_labels(tmp_path, new, problem):
    path = write(tmp_path / "in.conll", "a\tB-X\n")
    for old in ("X", "Y"):  # also if no entity has the label
        with pytest.raises(ValueError, match=f"WN001.*rename = '{old}=.*new name {problem}"):
            docs_of(path, rename={old: new})


def test_empty_tags(tmp_path):
    path = write(tmp_path / "in.csv", "word,tag\na,O\n\nb,B-X\nc,\n")
    with pytest.raises(ValueError, match="WN182.*line 5: '' is not a tag"):
        docs_of(path)
    with pytest.raises(ValueError, match="WN182.*line 1: '' is not a tag"):
        docs_of(write(tmp_path / "in.iob", "a|B-X b|\n"), format="iob")


def test_words_with_tags_in_a_line(tmp_path):
    path = write(tmp_path / "in.iob", "Anna|NNP|B-PER left|VB|O |||SYM|O\n\nRome|NNP|I-LOC\n")
    with pytest.raises(ValueError, match=r"WN184.*line 3: I-LOC"):
        docs_of(path)
    docs = docs_of(path, scheme="iob1")
    assert [words(doc) for doc in docs] == [["Anna", "left", "||"], ["Rome"]]
    [doc] = docs_of(write(tmp_path / "nbsp.iob", "New\u00a0York|B-LOC\tis|O  big|O\r\n"))
    assert words(doc) == ["New\u00a0York", "is", "big"]
    with pytest.raises(ValueError, match=r"WN183.*line 2: expected words with tags"):
        docs_of(write(tmp_path / "bad.iob", "a|O b|O\nc d|O\n"))
    with pytest.raises(ValueError, match=r"WN183.*line 1"):
        docs_of(write(tmp_path / "bad.txt", "a b\n"), format="iob")


def test_skips_are_counted_by_kind(tmp_path):
    done, _ = run(write(tmp_path / "in.conll", "a B-X\n O\nb O\n\n\u200b O\n"))
    assert skipped(done) == {
        "lines with a tag but no word are left out": 1,
        "documents without words are left out": 1,
    }
