"""Corpora and vectors of the benchmark of accuracy."""

import pytest
import spacy
from accuracy_data import Corpus, find_corpus, find_vectors, prepare, read_part
from spacy.tokens import Doc, DocBin

from .util import TEST, TRAIN, write_corpus


def read(path):
    return list(DocBin().from_disk(path).get_docs(spacy.blank("en").vocab))


def texts(docs):
    return [doc.text for doc in docs]


@pytest.mark.parametrize(
    "names",
    [
        ["train.spacy", "dev.spacy", "test.spacy"],
        ["btc.train", "btc.dev", "btc.test"],
        ["train.tsv", "devel.tsv", "test.tsv"],
    ],
)
def test_parts_are_found_by_name(tmp_path, names):
    for name in [*names, "README.md"]:
        (tmp_path / name).touch()
    corpus = find_corpus(tmp_path)
    assert corpus.name == tmp_path.name
    found = {part: path.name for part, path in corpus.files.items()}
    assert found == dict(zip(("train", "dev", "test"), names, strict=True))


def test_binary_files_rank_above_what_they_were_made_of(tmp_path):
    for name in ["a.train", "train.conll", "train.spacy", "test.spacy", "test.tsv"]:
        (tmp_path / name).touch()
    (tmp_path / "a.train").unlink()
    files = find_corpus(tmp_path).files
    assert {path.name for path in files.values()} == {"train.spacy", "test.spacy"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no train part"),
        (["train.conll"], "no test part"),
        (["a.train", "b.train", "test.conll"], "several files of the part train"),
        (["dev.spacy", "valid.spacy"], "several files of the part dev"),
    ],
)
def test_what_is_wrong_with_a_folder(tmp_path, names, message):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=message):
        find_corpus(tmp_path)


def test_token_first_and_tag_last(tmp_path):
    text = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"
    (tmp_path / "train.txt").write_text(text, encoding="utf8")
    [doc] = read_part(tmp_path / "train.txt", spacy.blank("de").vocab)
    assert texts([doc]) == ["EU rejects "]
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("EU", "ORG")]


def test_all_parts_are_written(tmp_path):
    about = prepare(find_corpus(write_corpus(tmp_path / "in")), "en", tmp_path / "out")
    assert about["notes"] == []
    assert about["labels"] == ["LOC", "PER"]
    assert about["parts"]["train"] == {"docs": 5, "tokens": 20, "entities": 8}
    assert texts(read(tmp_path / "out" / "test.spacy")) == [
        " ".join(line.split()[0] for line in sentence.splitlines()) + " " for sentence in TEST
    ]


def test_without_dev_a_tenth_is_held_out(tmp_path):
    train = [f"word{i} B-LOC\n" for i in range(40)]
    corpus = find_corpus(write_corpus(tmp_path / "in", train=train, dev=[], test=TRAIN[3:4]))
    notes = [prepare(corpus, "en", tmp_path / name)["notes"] for name in ("a", "b")]
    assert notes[0] == ["There is no dev part: 4 of 40 documents of train are held out."]
    a, b = ({part: texts(read(tmp_path / name / f"{part}.spacy")) for part in ("train", "dev")}
            for name in ("a", "b"))  # fmt: skip
    assert a == b
    assert len(a["dev"]) == 4 and len(a["train"]) == 36
    assert set(a["dev"] + a["train"]) == {f"word{i} " for i in range(40)}
    # They aren't the last ones: data is often in an order.
    assert a["dev"] != [f"word{i} " for i in range(36, 40)]


def test_a_single_sentence_is_dev_as_well(tmp_path):
    corpus = find_corpus(write_corpus(tmp_path / "in", train=TRAIN[:1], dev=[], test=TRAIN[:1]))
    [note] = prepare(corpus, "en", tmp_path / "out")["notes"]
    assert "a single document to train on" in note
    parts = [texts(read(tmp_path / "out" / f"{part}.spacy")) for part in ("train", "dev")]
    assert parts[0] == parts[1] == ["Paris Hilton is open "]


def test_labels_that_training_does_not_have(tmp_path):
    corpus = find_corpus(write_corpus(tmp_path / "in", test=["Acme B-ORG\n", "Rome B-LOC\n"]))
    about = prepare(corpus, "en", tmp_path / "out")
    [note] = about["notes"]
    assert note.startswith("Labels of the test part that training doesn't have")
    assert note.endswith(": ORG.")
    assert about["parts"]["test"]["entities"] == 2


def test_missing_annotation_is_told(tmp_path):
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=["Anna", "left", "Rome"], ents=["B-PER", "", ""])
    files = {part: tmp_path / f"{part}.spacy" for part in ("train", "dev", "test")}
    for path in files.values():
        DocBin(docs=[doc]).to_disk(path)
    [note] = prepare(Corpus("some", files), "en", tmp_path / "out")["notes"]
    assert note.startswith("2 tokens of the training part are not annotated.")


@pytest.mark.parametrize("header", ["", "2 3\n"])
@pytest.mark.parametrize("word", ["rome", "Rome"])
def test_vectors_of_a_text_file(tmp_path, header, word, capsys):
    path = tmp_path / "some.vectors.txt"
    path.write_text(f"{header}the 1 2 3\n{word} 4 5 6\n", encoding="utf8")
    folder = find_vectors(path, "en", tmp_path / "out")
    assert folder.name == "some.vectors"
    vocab = spacy.load(folder).vocab
    assert vocab.vectors.shape == (2, 3)
    assert list(vocab[word].vector) == [4, 5, 6]
    assert ("no word with a capital" in capsys.readouterr().out) == (word == "rome")
    # A folder is taken as it is.
    assert find_vectors(folder, "en", tmp_path / "other") == folder


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_a_part_without_words(tmp_path, part):
    folder = write_corpus(tmp_path / "tiny")
    DocBin(docs=[Doc(spacy.blank("en").vocab)]).to_disk(folder / f"{part}.spacy")
    with pytest.raises(ValueError, match=f"The {part} part of the corpus tiny has no words."):
        prepare(find_corpus(folder), "en", tmp_path / "out")


def test_vectors_of_an_empty_file(tmp_path):
    path = tmp_path / "none.txt"
    path.touch()
    with pytest.raises(ValueError, match="no word vectors in .*none.txt"):
        find_vectors(path, "en", tmp_path / "out")
