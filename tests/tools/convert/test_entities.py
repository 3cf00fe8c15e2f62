"""Entities of raw text: those that can be learned, and what becomes of the others."""

import pytest

from .util import docs_of, ents, run, skipped, tags, write_jsonl

PARIS = "Paris Hilton  came."
MISALIGNED = "entities don't begin and end at word boundaries"
OVERLAPPING = "entities that overlap longer ones are left out"
OUTSIDE = "entities that are outside their texts"
BLANK = "entities that are only whitespace are left out"
OTHER_TEXT = "entities have a different text at their offsets"


def convert_one(tmp_path, text, *spans, **settings):
    """Spans are start, end and, if they are given, label and text."""
    keys = ("start", "end", "label", "text")
    items = [dict(zip(keys, (*span, *("X",)[len(span) - 2 :]), strict=False)) for span in spans]
    done, [doc] = run(
        write_jsonl(tmp_path / "in.jsonl", [{"text": text, "spans": items}]), **settings
    )
    return doc, {what.partition(",")[0].partition(";")[0]: n for what, n in skipped(done).items()}


@pytest.mark.parametrize("span", [(0, 12), (0, 13), (0, 14), (0, 12)])
def test_white_space_at_the_edges_is_left_out(tmp_path, span):
    doc, left_out = convert_one(tmp_path, PARIS, span)
    assert ents(doc) == [("Paris Hilton", "X")] and not left_out
    assert tags(doc) == ["B", "I", "O", "O", "O"]


def test_zero_width_characters_at_the_edges_are_left_out(tmp_path):
    text = "In \u200b Paris \ufeff now."
    start, end = text.index("\u200b"), text.index("\ufeff") + 1
    doc, left_out = convert_one(tmp_path, text, (start, end))
    assert ents(doc) == [("Paris", "X")] and not left_out


def test_what_does_not_align_is_unknown(tmp_path):
    doc, left_out = convert_one(tmp_path, PARIS, (2, 9), (14, 18))
    assert ents(doc) == [("came", "X")]
    assert tags(doc) == ["", "", "O", "B", "O"]
    assert left_out == {MISALIGNED: 1}


def test_the_longest_of_those_that_overlap_is_kept(tmp_path):
    spans = [(0, 5), (6, 12), (0, 12), (12, 19, "Y"), (5, 12, "Z"), (0, 12)]
    doc, left_out = convert_one(tmp_path, PARIS, *spans)
    assert ents(doc) == [("Paris Hilton", "X"), ("came.", "Y")]
    assert left_out == {OVERLAPPING: 3} and "" not in tags(doc)
    doc, left_out = convert_one(tmp_path, PARIS, (0, 18), (14, 19, "Y"))
    assert ents(doc) == [("Paris Hilton  came", "X")]
    assert left_out == {OVERLAPPING: 1} and tags(doc)[-1] == ""  # the rest of what overlaps


def test_nested_entities(tmp_path):
    doc, left_out = convert_one(tmp_path, PARIS, (0, 5, "LOC"), (0, 12, "PER"))
    assert ents(doc) == [("Paris Hilton", "PER")] and tags(doc)[2:] == ["O", "O", "O"]
    assert left_out == {OVERLAPPING: 1}


@pytest.mark.parametrize("span", [(5, 5), (12, 0), (-5, 5), (14, 20), (30, 40), (10**18, 10**19)])
def test_offsets_outside(tmp_path, span):
    doc, left_out = convert_one(tmp_path, PARIS, span)
    assert ents(doc) == [] and left_out == {OUTSIDE: 1}
    covered = {(-5, 5): [0], (14, 20): [3, 4]}.get(span, [])
    assert [i for i, tag in enumerate(tags(doc)) if not tag] == covered


def test_white_space_is_no_entity(tmp_path):
    doc, left_out = convert_one(tmp_path, PARIS, (12, 14))
    assert ents(doc) == [] and left_out == {BLANK: 1} and "" not in tags(doc)


SMILE = "\U0001f600 Zoë met Anna. Anna left."


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        ("UTF-16 units", lambda text: len(text.encode("utf-16-le")) // 2),
        ("UTF-8 bytes", lambda text: len(text.encode("utf8"))),
    ],
)
def test_units_of_other_programs(tmp_path, unit, size):
    start, end = (size(SMILE[: SMILE.index("Anna") + n]) for n in (0, 4))
    spans = [{"start": start, "end": end, "label": "PER", "text": "Anna"}]
    done, docs = run(write_jsonl(tmp_path / "in.jsonl", [{"text": SMILE, "spans": spans}] * 2))
    assert [ents(doc) for doc in docs] == [[("Anna", "PER")]] * 2
    assert docs[0].ents[0].start_char == SMILE.index("Anna")
    [note] = done.notes
    assert note.startswith(f"Offsets in {unit} were converted, first in ")
    assert note.endswith("in.jsonl, line 1")
    del spans[0]["text"]  # without it nothing is guessed
    done, _ = run(write_jsonl(tmp_path / "in.jsonl", [{"text": SMILE, "spans": spans}]))
    assert not done.notes


def test_the_whole_file_tells_the_unit(tmp_path):
    """By itself the first document could be read either way."""
    first = {"start": 14, "end": 15, "label": "X", "text": "0"}
    second = {"start": 5, "end": 9, "label": "PER", "text": "Anna"}
    rows = [
        {"text": "0 0 0 0 0 \u4e2d 0 0", "spans": [first]},
        {"text": "\U0001f600 Anna", "spans": [second]},
    ]
    docs = docs_of(write_jsonl(tmp_path / "in.jsonl", rows))
    assert [doc.ents[0].start_char for doc in docs] == [12, 2]


def test_another_text_at_the_offsets(tmp_path):
    doc, left_out = convert_one(tmp_path, SMILE, (2, 5, "PER", "Zoë"), (7, 11, "PER", "Anna"))
    assert ents(doc) == [("Zoë", "PER")]
    assert left_out == {OTHER_TEXT: 1}
    # Neither what is at the offsets nor what is named can be learned as no entity.
    unknown = [token.text for token in doc if not token.ent_iob_]
    assert unknown == ["met", "Anna", "Anna"] or unknown == ["met", "Anna", "Anna", "."]


def test_line_breaks_may_be_spaces(tmp_path):
    doc, left_out = convert_one(tmp_path, "Anna\nLee left.", (0, 8, "PER", "Anna Lee"))
    assert ents(doc) == [("Anna\nLee", "PER")] and not left_out


@pytest.mark.parametrize("label", ["", " ", "a b", "PER ", "a\nb", "a\0"])
def test_labels_that_would_make_trouble(tmp_path, label):
    with pytest.raises(ValueError, match=r"WN186.*in.jsonl, line 1: the label.*--rename"):
        convert_one(tmp_path, PARIS, (0, 5, label))
    doc, _ = convert_one(tmp_path, PARIS, (0, 5, label), rename={label: "PER"})
    assert ents(doc) == [("Paris", "PER")]


def test_texts_that_are_too_long(tmp_path):
    rows = [{"text": "a " * 500_001, "spans": []}, {"text": "b", "spans": []}]
    done, docs = run(write_jsonl(tmp_path / "in.jsonl", rows))
    assert [doc.text for doc in docs] == ["b"]
    assert done.skips[0].n == 1 and "1,000,002 characters" in done.skips[0].first


def test_languages(tmp_path):
    path = write_jsonl(tmp_path / "in.jsonl", [{"text": "can't", "spans": [[0, 2, "X"]]}])
    assert ents(docs_of(path)[0]) == [("ca", "X")]
    assert tags(docs_of(path, lang="xx")[0]) == [""]
    with pytest.raises(ValueError, match="WN194.*'qq'"):
        docs_of(path, lang="qq")
