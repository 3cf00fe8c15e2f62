"""Files: encodings, folders, brat's pairs, Parquet, spaCy's own, and what is written."""

import gzip
import json
import sys

import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span, SpanGroup

from spacy_windowner.tools.convert.convert import convert

from .util import NLP, docs_of, ents, read_docs, run, skipped, tags, write, write_jsonl

LINE = json.dumps({"text": "Zoë left.", "spans": [[0, 3, "PER"]]}, ensure_ascii=False)
CONLL = "Zoë\tB-PER\nleft\tO\n"


@pytest.mark.parametrize("encoding", ["utf8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", [LINE, f"[{LINE}]", CONLL])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_with_a_mark(tmp_path, encoding, text, end):
    path = write(
        tmp_path / "in.txt", (text * 2).replace("\n", end) if text == CONLL else text, encoding
    )
    assert ents(docs_of(path)[0])[0] == ("Zoë", "PER")


@pytest.mark.parametrize("encoding", ["utf8", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [f"{CONLL}\n{CONLL}", f"{LINE}\n{LINE}", "Zoë|B-PER left|O\n" * 2,
     'text,spans\n"Zoë\nleft","[[0, 3, ""PER""]]"\nZoë,"[[0, 3, ""PER""]]"\n'],
)  # fmt: skip
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_lines_may_end_in_cr(tmp_path, encoding, text, end):
    text = text.replace("\n", "\r").removesuffix("\r") + (end or "\r")
    docs = docs_of(write(tmp_path / "in.txt", text, encoding))
    assert [ents(doc) for doc in docs] == [[("Zoë", "PER")]] * 2


def test_cr_in_a_file_with_lf_ends_no_line(tmp_path):
    [doc] = docs_of(write(tmp_path / "in.conll", "Zoë\tB-PER\n\r\tO\nleft\tO"))
    assert [token.text for token in doc] == ["Zoë", "\r", "left"]
    path = write(tmp_path / "in.conll", "Zoë\tB-PER\rleft\tx\r")
    with pytest.raises(ValueError, match="WN182.*line 2: 'x' is not a tag"):
        docs_of(path)


@pytest.mark.parametrize("text", [f"{LINE}\n", f"[{LINE}]", CONLL])
def test_latin_1(tmp_path, text):
    path = write(tmp_path / "in.txt", text, "latin-1")
    with pytest.raises(ValueError, match=r"WN185.*in.txt, line 1.*--encoding latin-1"):
        docs_of(path)
    assert ents(docs_of(path, encoding="latin-1")[0]) == [("Zoë", "PER")]


def test_other_encodings(tmp_path):
    path = write(tmp_path / "in.txt", CONLL, "utf-16-le")
    with pytest.raises(ValueError, match="WN185.*line 1.*--encoding utf-16-le"):
        docs_of(path)
    assert ents(docs_of(path, encoding="utf-16-le")[0]) == [("Zoë", "PER")]
    for name in ("x-x", "undefined"):
        with pytest.raises(ValueError, match=f"WN001.*'encoding|encoding = '{name}'"):
            docs_of(path, encoding=name)


@pytest.mark.parametrize("text", [LINE, f"[{LINE}]", CONLL])
@pytest.mark.parametrize("real, fix", [("utf-8", "utf-8"), ("utf-16-le", "utf-16-le")])
def test_a_missing_byte_order_mark(tmp_path, text, real, fix):
    path = write(tmp_path / "in.txt", text, real)
    with pytest.raises(ValueError, match=f"WN185.*line 1: .*not utf-16 .*BOM.*--encoding {fix}`"):
        docs_of(path, encoding="utf-16")


def test_the_line_that_is_no_utf8(tmp_path):
    (tmp_path / "in.conll").write_bytes(b"a\tO\n" * 999 + b"Zo\xeb\tO\n")
    with pytest.raises(ValueError, match="WN185.*line 1000: this is not UTF-8.*0xeb at byte 2"):
        docs_of(tmp_path / "in.conll")


def test_compressed_files(tmp_path):
    data = gzip.compress(CONLL.encode())
    (tmp_path / "in.conll.gz").write_bytes(data)
    convert([tmp_path / "in.conll.gz"], tmp_path / "out")
    assert ents(read_docs(tmp_path / "out/in.spacy")[0]) == [("Zoë", "PER")]
    (tmp_path / "in.conll.gz").write_bytes(data[:-9])
    with pytest.raises(ValueError, match="WN1[89].*in.conll.gz"):
        convert([tmp_path / "in.conll.gz"], tmp_path / "out")


def write_pair(folder, name, text, *lines):
    write(folder / f"{name}.txt", text)
    write(folder / f"{name}.ann", "".join(f"{line}\n" for line in lines))


def test_brat(tmp_path):
    write_pair(
        *(tmp_path / "in", "a", "Anna Lee and Bob\nleft New\nYork."),
        "T1\tPER 0 8\tAnna Lee",
        "T2\tPER 0 4;13 16\tAnna Bob",
        "T3\tLOC 22 25;26 30\tNew York",
        "T4\tPER 13 16\tEve",
        "R1\tRel Arg1:T1 Arg2:T2",
        "#1\tAnnotatorNotes T1\ta note",
    )
    write_pair(tmp_path / "in", "b", "Nobody.")
    write_pair(tmp_path / "in", "c", "Wrong.", "T1\tPER 0 x\tWrong")
    write(tmp_path / "in/d.txt", "Not annotated.")
    write(tmp_path / "in/annotation.conf", "[entities]")
    done, docs = run(tmp_path / "in")
    assert [ents(doc) for doc in docs] == [[("Anna Lee", "PER"), ("New\nYork", "LOC")], []]
    assert [token.text for token in docs[0] if not token.ent_iob_] == ["Bob"]
    firsts = [(count.n, count.first.partition(": ")[0]) for count in done.skips]
    assert firsts == [
        (1, f"{tmp_path}/in/a.ann, line 2"),
        (1, f"{tmp_path}/in/a.ann, line 4"),
        (1, f"{tmp_path}/in/c.ann, line 1"),
        (1, f"{tmp_path}/in/d.txt"),
    ]
    assert done.notes == ["Skipped files in folders because of their suffix (1)"]
    for end in ("txt", "ann"):
        assert len(docs_of(tmp_path / f"in/a.{end}")) == 1
    (tmp_path / "in/a.txt").unlink()
    with pytest.raises(ValueError, match="WN180.*there is no .*a.txt"):
        docs_of(tmp_path / "in/a.ann", format="brat")


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="PyArrow is an extra: parquet")
    from pyarrow.parquet import write_table

    path = tmp_path / "in.parquet"
    rows = [{"text": "Anna left.", "spans": [{"start": 0, "end": 4, "label": "PER"}]}]
    write_table(pyarrow.Table.from_pylist(rows), path)
    assert ents(docs_of(path)[0]) == [("Anna", "PER")]
    write_table(pyarrow.Table.from_pylist([{"tokens": ["Anna"], "ner_tags": [1]}]), path)
    with pytest.raises(ValueError, match="WN189.*row 1"):
        docs_of(path)
    assert ents(docs_of(path, tag_names=["O", "B-X"])[0]) == [("Anna", "X")]
    write_table(pyarrow.Table.from_pylist([{"body": "Anna"}]), path)
    with pytest.raises(ValueError, match="WN180.*no column text or tokens, but body"):
        docs_of(path)
    path.write_bytes(b"PAR1 and nothing")
    with pytest.raises(ValueError, match="WN180"):
        docs_of(path)


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    (tmp_path / "in.x").write_bytes(b"PAR1")
    with pytest.raises(ImportError, match="WN118"):
        docs_of(tmp_path / "in.x")


def test_spacy(tmp_path):
    doc = Doc(NLP.vocab, words=["Anna", "left", "Rome"], ents=["B-PER", "", "B-LOC"])
    doc.set_ents([Span(doc, 0, 1, "PER", kb_id="Q1")], default="unmodified")
    doc.user_data["annotated_labels"] = ["PER"]
    doc.spans["wrong"] = SpanGroup(doc, attrs={"a": 1}, spans=[Span(doc, 1, 2, "PER")])
    doc.spans["own"] = [Span(doc, 1, 3, "X"), Span(doc, 1, 3)]
    doc[1].tag_ = "VB"
    others = [Doc(NLP.vocab, words=["no"]), Doc(NLP.vocab)]
    DocBin(docs=[doc, *others], store_user_data=True).to_disk(tmp_path / "in.spacy")
    done, [found] = run(tmp_path / "in.spacy", rename={"PER": "PERSON", "ORG": "O", "A": "B"})
    assert ents(found) == [("Anna", "PERSON"), ("Rome", "LOC")]
    assert found.ents[0].kb_id_ == "Q1" and found[1].tag_ == "VB" and tags(found)[1] == ""
    assert found.user_data["annotated_labels"] == ("PERSON",)
    assert [(span.text, span.label_) for span in found.spans["wrong"]] == [("left", "PERSON")]
    assert found.spans["wrong"].attrs == {"a": 1} and len(found.spans["own"]) == 2
    assert done.notes == ["There are no labels 'ORG', 'A' to rename"]
    assert [count.n for count in done.skips] == [1, 1]
    assert done.parts[0].n_missing == 1
    data = (tmp_path / "in.spacy").read_bytes()
    for damaged in (data[:50], b"\x78\x9cnothing", b"a"):
        (tmp_path / "in.spacy").write_bytes(damaged)
        with pytest.raises(ValueError, match="WN192"):
            docs_of(tmp_path / "in.spacy")


def test_a_file_for_each_input_or_for_all(tmp_path):
    paths = [write(tmp_path / f"{name}", CONLL) for name in ("a.conll", "b.train", "c.d.tsv")]
    done = convert(paths, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.spacy", "b.train.spacy", "c.d.spacy"
    ]  # fmt: skip
    assert [part.n_docs for part in done.parts] == [1, 1, 1]
    done = convert(paths, tmp_path / "all.spacy")
    assert len(read_docs(tmp_path / "all.spacy")) == 3 == done.parts[0].n_docs
    done = convert([tmp_path / "out"], tmp_path / "more.spacy")
    assert len(read_docs(tmp_path / "more.spacy")) == 3
    write(tmp_path / "out/sub/x.jsonl", LINE)
    write_pair(tmp_path / "out/brat", "1", "a", "T1\tX 0 1\ta")
    write_pair(tmp_path / "out/brat", "2", "b")
    convert([tmp_path / "out"], tmp_path / "new")
    found = {
        path.relative_to(tmp_path / "new").as_posix()
        for path in (tmp_path / "new").rglob("*.spacy")
    }
    assert found == {"a.spacy", "b.train.spacy", "c.d.spacy", "sub/x.spacy", "brat.spacy"}


def test_what_can_not_be_written(tmp_path):
    path = write(tmp_path / "a.conll", CONLL)
    other = write(tmp_path / "sub/a.conll", CONLL)
    DocBin(docs=docs_of(path)).to_disk(tmp_path / "a.spacy")
    for sources, output, why in [
        ([path, other], tmp_path / "out", "would both be there"),
        ([tmp_path / "a.spacy"], tmp_path, "it is read"),
        ([tmp_path / "a.spacy"], tmp_path / "a.spacy", "it is read"),
        ([path], path / "out", "WN187"),
        ([path], path / "out.spacy", "WN187"),
    ]:
        with pytest.raises(ValueError, match=f"WN187.*{why}|{why}"):
            convert(sources, output)
    with pytest.raises(ValueError, match="WN187.*a split has several files"):
        convert([path], tmp_path / "out.spacy", split="1/1")


def test_what_can_not_be_read(tmp_path):
    (tmp_path / "empty").mkdir()
    write(tmp_path / "none/a.pdf", "x")
    for name in ("missing.conll", "empty", "none"):
        with pytest.raises(ValueError, match="WN180"):
            convert([tmp_path / name], tmp_path / "out.spacy")
    with pytest.raises(ValueError, match="WN180"):
        convert(["/dev/null"], tmp_path / "out.spacy")
    good, bad = write(tmp_path / "a.conll", CONLL), write(tmp_path / "b.conll", "a B-X\nb PER\n")
    with pytest.raises(ValueError, match="WN182.*b.conll, line 2"):
        convert([good, bad], tmp_path / "out")
    assert not (tmp_path / "out/a.spacy").exists()


@pytest.mark.parametrize(
    "settings",
    [{"format": "xml"}, {"scheme": "io"}, {"word_column": 0}, {"tag_column": 0},
     {"tag_names": ["PER"]}, {"split": "80"}, {"split": "0/10"}, {"split": "a/b"}],
    ids=str,
)  # fmt: skip
def test_settings(tmp_path, settings):
    with pytest.raises(ValueError, match="WN001"):
        convert([write(tmp_path / "a.conll", CONLL)], tmp_path / "out", **settings)


def test_the_format_can_be_named(tmp_path):
    path = write_jsonl(tmp_path / "in.txt", [{"text": "a", "spans": []}])
    with pytest.raises(ValueError, match="WN18"):
        docs_of(path, format="conll")
    with pytest.raises(ValueError, match="WN188.*Lines that aren't JSON"):
        docs_of(write(tmp_path / "in.conll", "a O\n"), format="jsonl")


def test_progress(tmp_path):
    rows = [{"text": f"Text {i}.", "spans": []} for i in range(20)]
    paths = [write_jsonl(tmp_path / f"{name}.jsonl", rows) for name in "ab"]
    seen = []
    convert(paths, tmp_path / "out", on_progress=seen.append)
    size = 2 * sum(path.stat().st_size for path in paths)
    assert {stage.total for stage in seen} == {size}
    done = [stage.done for stage in seen]
    assert done == sorted(done) and done[-1] == size and seen[-1].text == "40 documents"


def test_the_vocabulary_of_a_part_is_its_own(tmp_path):
    paths = [write(tmp_path / f"{name}.conll", f"{name}{name} B-X\n") for name in "ab"]
    convert(paths, tmp_path / "out")
    assert "bb" not in DocBin().from_disk(tmp_path / "out/a.spacy").strings
    assert spacy.blank("en").vocab.strings["bb"] and not skipped(convert(paths, tmp_path / "out"))


def test_options_that_change_nothing_are_told(tmp_path):
    texts = write_jsonl(tmp_path / "texts.jsonl", [json.loads(LINE)])
    asked = {"word_column": 1, "scheme": "bioes", "tag_names": ["O", "B-PER"], "documents": True}
    columns, scheme, joined, names = run(texts, **asked)[0].notes
    assert "columns" in columns and "bioes" in scheme and "names of tags" in names
    assert joined == "Each text is a document already, so none were joined"
    DocBin(docs=docs_of(texts)).to_disk(tmp_path / "in.spacy")
    assert run(tmp_path / "in.spacy", documents=True)[0].notes == [joined]
    tagged = {"tokens": ["Zoë", "left"], "tags": [1, 0]}
    words = write_jsonl(tmp_path / "words.jsonl", [tagged])
    done, [doc] = run(words, scheme="bioes", tag_names=["O", "S-PER"])
    assert not done.notes and ents(doc) == [("Zoë", "PER")]
    write_jsonl(words, [{"tokens": ["Zoë", "left"], "tags": ["B-PER", None]}])
    assert run(words, tag_names=["O", "B-PER"])[0].notes == [names]
    conll = write(tmp_path / "in.conll", CONLL)
    done, [doc] = run(conll, word_column=1, tag_column=2)
    assert not done.notes and ents(doc) == [("Zoë", "PER")]
    with pytest.raises(ValueError, match=r"WN001.*seed.*split"):
        run(texts, seed=0)
