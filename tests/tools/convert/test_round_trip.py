"""Random documents are written in each format, and come back with the same entities."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin

from spacy_windowner.tools.convert.convert import convert

from .util import NLP, encode_tags, read_docs, tags, to_csv, write, write_jsonl

FEW = settings(max_examples=20)
LABELS = ["PER", "LOC", "B-LOC", "creative-work"]
WORDS = st.text("aZé#|,;\"'-{[0\u4e2d\U0001f600", min_size=1, max_size=5)
SENTENCES = [".", "O", "-", "#", "B-PER", "-X-", "1", '"', "null", "NaN"]


@st.composite
def sentences(draw):
    """Words, and spans of them that don't overlap."""
    words = draw(st.lists(st.one_of(WORDS, st.sampled_from(SENTENCES)), min_size=1, max_size=8))
    spans, at = [], 0
    while at < len(words):
        start = draw(st.integers(at, len(words)))
        if start == len(words):
            break
        end = draw(st.integers(start + 1, len(words)))
        spans.append((start, end, draw(st.sampled_from(LABELS))))
        at = end
    return words, spans


def corpora():
    """Of which the first sentence has an entity: a scheme can't be told from O alone."""
    first = st.just((["Anna", "Lee", "left", "Rome"], [(0, 2, "PER"), (3, 4, "LOC")]))
    return st.tuples(first, st.lists(sentences(), max_size=5)).map(lambda two: [two[0], *two[1]])


def found(path):
    return [
        ([token.text for token in doc], [(e.start, e.end, e.label_) for e in doc.ents])
        for doc in read_docs(path)
    ]


def folder_of(tmp_path_factory):
    return tmp_path_factory.mktemp("convert")


def check_tokens(folder, name, text, corpus, **options):
    convert([write(folder / name, text)], folder / "out.spacy", **options)
    assert found(folder / "out.spacy") == [(words, spans) for words, spans in corpus]


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "biluo", "bioes"])
@pytest.mark.parametrize("separator", ["\t", " "])
@FEW
@given(corpus=corpora())
def test_conll(tmp_path_factory, scheme, separator, corpus):
    folder = folder_of(tmp_path_factory)
    text = "# a comment\n-DOCSTART- X O\n\n"
    for words, spans in corpus:
        pairs = zip(words, encode_tags(spans, len(words), scheme), strict=True)
        lines = (separator.join([word, "X", tag]) for word, tag in pairs)
        text += "\n".join(lines) + "\n\n"
    check_tokens(folder, "in.conll", text, corpus)


@FEW
@given(corpus=corpora())
def test_inline(tmp_path_factory, corpus):
    folder = folder_of(tmp_path_factory)
    lines = []
    for words, spans in corpus:
        pairs = zip(words, encode_tags(spans, len(words), "iob2"), strict=True)
        lines.append(" ".join(f"{word}|{tag}" for word, tag in pairs))
    check_tokens(folder, "in.iob", "\n".join(lines), corpus)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@FEW
@given(corpus=corpora())
def test_table_of_tokens(tmp_path_factory, delimiter, corpus):
    folder = folder_of(tmp_path_factory)
    rows = [["Sentence #", "Word", "POS", "Tag"]]
    for number, (words, spans) in enumerate(corpus):
        for i, (word, tag) in enumerate(
            zip(words, encode_tags(spans, len(words), "iob2"), strict=True)
        ):
            rows.append(["" if i else f"Sentence: {number}", word, "X", tag])
    text = to_csv(rows, delimiter)
    if delimiter == "\t" and re.search('""', text.replace('""""', "")):
        return  # words with quotation marks inside look the same with quotes and without
    check_tokens(folder, "in.csv", text, corpus)


@FEW
@given(corpus=corpora(), as_numbers=st.booleans())
def test_json_of_tokens(tmp_path_factory, corpus, as_numbers):
    folder = folder_of(tmp_path_factory)
    names = ["O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI")]
    rows = []
    for words, spans in corpus:
        own: list = encode_tags(spans, len(words), "iob2")
        own = [names.index(tag) for tag in own] if as_numbers else own
        rows.append({"tokens": words, "ner_tags": own})
    options = {"tag_names": names} if as_numbers else {}
    check_tokens(folder, "in.jsonl", "\n".join(map(json.dumps, rows)), corpus, **options)


@FEW
@given(corpus=corpora())
def test_spacy(tmp_path_factory, corpus):
    folder = folder_of(tmp_path_factory)
    docs = [
        Doc(NLP.vocab, words=words, ents=encode_tags(spans, len(words), "iob2"))
        for words, spans in corpus
    ]
    DocBin(docs=docs).to_disk(folder / "in.spacy")
    convert([folder / "in.spacy"], folder / "out.spacy")
    assert found(folder / "out.spacy") == [(words, spans) for words, spans in corpus]


def text_of(words, spans):
    """A text of words, and the characters of spans."""
    text, places = "", []
    for word in words:
        places.append((len(text), len(text) + len(word)))
        text += f"{word} "
    return text.strip(), [(places[s][0], places[e - 1][1], label) for s, e, label in spans]


def usable(text, spans):
    """Whether the tokenizer parts words as the entities do."""
    doc = NLP.make_doc(text)
    return all(doc.char_span(start, end) for start, end, _ in spans)


def write_text(folder, kind, docs):
    if kind == "prodigy":
        rows = [
            {
                "text": text,
                "spans": [{"start": s, "end": e, "label": x} for s, e, x in spans],
                "answer": "accept",
            }
            for text, spans in docs
        ]
        return write_jsonl(folder / "in.jsonl", rows)
    if kind == "doccano":
        return write_jsonl(
            folder / "in.jsonl", [{"text": text, "label": spans} for text, spans in docs]
        )
    if kind == "array":
        rows = [{"text": text, "entities": spans} for text, spans in docs]
        return write(folder / "in.json", json.dumps(rows, indent=2))
    if kind.startswith("label-studio"):
        size = len if kind.endswith("characters") else lambda t: len(t.encode("utf-16-le")) // 2
        tasks = [{"data": {"text": text}, "annotations": [{"result": [
            {"value": {"start": size(text[:s]), "end": size(text[:e]), "text": text[s:e],
                       "labels": [x]}, "type": "labels"}
            for s, e, x in spans
        ]}]} for text, spans in docs]  # fmt: skip
        return write(folder / "in.json", json.dumps(tasks))
    if kind == "bytes":
        size = lambda t: len(t.encode("utf8"))  # noqa: E731
        rows = [
            {"text": text, "spans": [
                {"start": size(text[:s]), "end": size(text[:e]), "text": text[s:e], "label": x}
                for s, e, x in spans
            ]}
            for text, spans in docs
        ]  # fmt: skip
        return write_jsonl(folder / "in.jsonl", rows)
    if kind == "csv of documents":
        rows = [["text", "labels"], *([text, json.dumps(spans)] for text, spans in docs)]
        return write(folder / "in.csv", to_csv(rows))
    if kind == "csv of entities":
        rows = [["id", "text", "start", "end", "label"]]
        for i, (text, spans) in enumerate(docs):
            rows += [[i, text, *span] for span in spans] or [[i, text, "", "", ""]]
        return write(folder / "in.csv", to_csv(rows))
    for i, (text, spans) in enumerate(docs):
        lines = [f"T{n}\t{x} {s} {e}\t{text[s:e]}\n" for n, (s, e, x) in enumerate(spans, 1)]
        write(folder / f"in/{i:02}.txt", text)
        write(folder / f"in/{i:02}.ann", "".join(lines))
    return folder / "in"


TELLING = ("\U0001f600\u4e2d Anna.", [(3, 7, "PER")])
TEXT_KINDS = [
    *["prodigy", "doccano", "array", "label-studio characters", "label-studio units", "bytes"],
    *["csv of documents", "csv of entities", "brat"],
]


@pytest.mark.parametrize("kind", TEXT_KINDS)
@FEW
@given(corpus=corpora())
def test_text(tmp_path_factory, kind, corpus):
    docs = [text_of(words, spans) for words, spans in corpus]
    docs = [(text, spans) for text, spans in docs if usable(text, spans)]
    docs.append(TELLING)  # in "0 0 \u4e2d 0 0" characters and bytes can be mistaken
    folder = folder_of(tmp_path_factory)
    done = convert([write_text(folder, kind, docs)], folder / "out.spacy")
    assert not done.skips
    docs_found = read_docs(folder / "out.spacy")
    assert [doc.text for doc in docs_found] == [text for text, _ in docs]
    assert [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs_found] == [
        spans for _, spans in docs
    ]
    assert all("" not in tags(doc) for doc in docs_found)


@FEW
@given(corpus=corpora())
def test_parquet(tmp_path_factory, corpus):
    pyarrow = pytest.importorskip("pyarrow", reason="PyArrow is an extra: parquet")
    from pyarrow.parquet import write_table

    folder = folder_of(tmp_path_factory)
    names = ["O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI")]
    rows = [
        {
            "tokens": words,
            "ner_tags": [names.index(t) for t in encode_tags(spans, len(words), "iob2")],
        }
        for words, spans in corpus
    ]
    feature = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}
    info = {"info": {"features": {"ner_tags": feature}}}
    table = pyarrow.Table.from_pylist(rows).replace_schema_metadata(
        {"huggingface": json.dumps(info)}
    )
    write_table(table, folder / "in.parquet")
    convert([folder / "in.parquet"], folder / "out.spacy")
    assert found(folder / "out.spacy") == [(words, spans) for words, spans in corpus]
