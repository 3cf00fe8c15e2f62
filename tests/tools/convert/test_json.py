import json

import pytest
import spacy
from spacy.tokens import Span
from spacy.util import compile_infix_regex

from spacy_windowner.tools.suggest.suggest import make_task

from .util import docs_of, ents, run, skipped, tags, write, write_jsonl

PARIS = "Paris Hilton  came."


def spans(*items):
    return [{"start": start, "end": end, "label": label} for start, end, label in items]


@pytest.mark.parametrize("key", ["spans", "entities", "label", "labels"])
@pytest.mark.parametrize("as_list", [True, False])
def test_entities_have_several_names(tmp_path, key, as_list):
    items = [[0, 12, "PER"]] if as_list else spans((0, 12, "PER"))
    [doc] = docs_of(write_jsonl(tmp_path / "in.jsonl", [{"text": PARIS, key: items}]))
    assert doc.text == PARIS and ents(doc) == [("Paris Hilton", "PER")]


def test_an_empty_array(tmp_path):
    for text in ("[]", " [\n]\n"):
        with pytest.raises(ValueError, match="WN188.*The file is empty"):
            docs_of(write(tmp_path / "in.json", text))


def test_doccano_with_relations(tmp_path):
    items = [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 12}]
    row = {"id": 3, "text": PARIS, "entities": items, "relations": [], "Comments": []}
    assert ents(docs_of(write_jsonl(tmp_path / "in.jsonl", [row]))[0]) == [("Paris Hilton", "PER")]


def test_spacy_2(tmp_path):
    rows = [[PARIS, {"entities": [[0, 12, "PER"]]}], ["No.", {"entities": []}]]
    for path in [
        write_jsonl(tmp_path / "in.jsonl", rows),
        write(tmp_path / "in.json", json.dumps(rows)),
    ]:
        docs = docs_of(path)
        assert [ents(doc) for doc in docs] == [[("Paris Hilton", "PER")], []]


def test_an_empty_list_does_not_hide_another_one(tmp_path):
    rows = [
        {"text": PARIS, "spans": None, "label": [[0, 12, "PER"]]},
        {"text": PARIS, "spans": [], "entities": [[0, 12, "PER"]]},
        {"text": PARIS, "spans": None},
    ]
    docs = docs_of(write_jsonl(tmp_path / "in.jsonl", rows))
    assert [len(doc.ents) for doc in docs] == [1, 1, 0]
    assert tags(docs[2]) == ["O"] * 5


def test_prodigy(tmp_path):
    per = spans((0, 12, "PER"))
    rows = [
        {"text": PARIS, "spans": per, "answer": "accept"},
        {"text": "No.", "answer": "accept"},
        {"text": "a", "spans": per, "answer": "reject"},
        {"text": "b", "spans": per, "answer": "ignore"},
        {"text": PARIS, "spans": per, "answer": "accept", "_is_binary": True},
        {"text": "c"},
    ]
    done, docs = run(write_jsonl(tmp_path / "in.jsonl", rows))
    assert [doc.text for doc in docs] == [PARIS, "No.", PARIS]
    assert tags(docs[1]) == ["O", "O"]
    assert tags(docs[2]) == ["B", "I", "", "", ""]  # all else wasn't asked for
    rejected, missing = done.skips
    assert rejected.n == 2 and rejected.first.endswith("in.jsonl, line 3: reject: 'a'")
    assert not rejected.kind.fix
    assert missing.n == 1 and "line 6: 'c'" in missing.first


def test_tokens_beside_a_text(tmp_path):
    tokens = [{"text": word, "start": 0, "end": 5, "id": 0} for word in ("Paris", "Hilton")]
    rows = [
        {"text": PARIS, "tokens": tokens, "labels": [[0, 12, "PER"]]},
        {"text": PARIS, "tokens": ["Paris"], "labels": [[0, 12, "PER"]]},
        {"text": PARIS, "tokens": ["Rome"], "labels": ["B-LOC"], "answer": None},
    ]
    docs = docs_of(write_jsonl(tmp_path / "in.jsonl", rows))
    assert [ents(doc) for doc in docs] == [[("Paris Hilton", "PER")]] * 2 + [[("Rome", "LOC")]]


def test_entities_beside_tags_are_told(tmp_path):
    row = {"tokens": ["Anna", "left"], "tags": ["B-PER", "O"], "text": "Anna left"}
    items = spans((0, 4, "PER"), (5, 9, "X"))
    rows = [{**row, "spans": items}, {**row, "entities": items}, {**row, "spans": []}]
    rows.append({**row, "label": ["news"]})
    done, docs = run(write_jsonl(tmp_path / "in.jsonl", rows))
    assert [ents(doc) for doc in docs] == [[("Anna", "PER")]] * 4
    [count] = done.skips
    assert count.n == 2 and "tags as well as entities" in count.kind.what
    assert count.first.endswith("line 1: 'Anna left'")


def test_tokens_of_suggest_are_kept(tmp_path):
    nlp = spacy.blank("en")
    infixes = compile_infix_regex([*nlp.Defaults.infixes, "_"])
    nlp.tokenizer.infix_finditer = infixes.finditer
    doc = nlp("Contact Anna_Smith\n about  London_Bridge today . ")
    doc.ents = [Span(doc, 1, 2, "PER"), Span(doc, 7, 8, "LOC")]
    task = make_task(doc, [], 0.5, 1)
    binary = {**task, "spans": task["spans"][:1], "answer": "accept", "_is_binary": True}
    done, docs = run(write_jsonl(tmp_path / "in.jsonl", [task, binary]))
    assert not done.skips
    for own in docs:
        assert own.text == doc.text
        assert [token.text_with_ws for token in own] == [token.text_with_ws for token in doc]
    assert ents(docs[0]) == [("Anna", "PER"), ("London", "LOC")]
    assert tags(docs[1]) == ["", "B", *[""] * (len(doc) - 2)]


@pytest.mark.parametrize(
    ("text", "offsets", "wanted"),
    [
        ("ab c", [(0, 1), (1, 2), (3, 4)], ["a", "b ", "c"]),
        ("a b", [(0, 3)], ["a b"]),
        (" a", [(1, 2)], [" ", "a"]),
        ("  a", [(0, 2), (2, 3)], ["  ", "a"]),
        ("a  b \n", [(0, 1), (3, 4)], ["a ", " ", "b ", "\n"]),
        ("a\tb ", [(0, 1), (1, 2), (2.0, 3.0)], ["a", "\t", "b "]),
    ],
)
def test_the_text_tells_where_spaces_are(tmp_path, text, offsets, wanted):
    tokens = [{"start": start, "end": end} for start, end in offsets]
    row = {"text": text, "tokens": tokens, "spans": []}
    done, [doc] = run(write_jsonl(tmp_path / "in.jsonl", [row]))
    assert [token.text_with_ws for token in doc] == wanted and not done.skips


@pytest.mark.parametrize(
    "tokens",
    [
        [{"start": 0, "end": 2}],
        [{"start": 0, "end": 2}, {"start": 1, "end": 5}],
        [{"start": 0, "end": 2}, {"start": 3, "end": 5}],
        [{"start": 0, "end": 6}],
        [{"start": 0, "end": 0}, {"start": 0, "end": 5}],
        [{"start": 0, "end": 5, "text": "can"}],
        [{"start": 0}],
        [{"start": 0, "end": 5}, "t"],
    ],
)
def test_tokens_that_do_not_fit_the_text(tmp_path, tokens):
    row = {"text": "can't", "tokens": tokens, "spans": spans((0, 2, "X"))}
    done, [doc] = run(write_jsonl(tmp_path / "in.jsonl", [row]))
    assert ents(doc) == [("ca", "X")]
    [count] = done.skips
    assert count.n == 1 and "have tokens that don't fit their text" in count.kind.what
    assert count.first.endswith("""line 1: "can't\"""")


def test_lines_that_are_left_out(tmp_path):
    good = json.dumps({"text": PARIS, "spans": []})
    lines = [
        good,
        "nothing",
        '"a"',
        "[1]",
        '{"text": 3, "spans": []}',
        '{"text": "", "spans": []}',
        '{"text": " \\n", "spans": []}',
        '{"text": "half \\ud83d", "spans": []}',
        '{"text": "abc", "spans": [{"start": 0, "end": 3, "label": "\\ud83d"}]}',
        '{"text": "abc", "spans": [{"start": 0, "end": 3}]}',
        '{"text": "abc", "spans": [{"start": "0", "end": 3, "label": "X"}]}',
        '{"text": "abc", "spans": {"0": 3}}',
        "[" * 10_000,
        good,
    ]
    done, docs = run(write(tmp_path / "in.jsonl", "\n".join(lines)))
    assert len(docs) == 2
    assert (
        [(count.n, count.first.partition(": ")[0][-8:]) for count in done.skips]
        == [
            (2, ", line 2"),  # no JSON
            (3, ", line 3"),  # no document
            (2, ", line 6"),  # no word
            (2, ", line 8"),  # no character
            (2, "line 10"[-8:].rjust(8)),  # no entity
            (1, " line 12"),  # no annotation
        ]
    )


def test_a_damaged_first_line(tmp_path):
    text = '{"text": "a", "sp\n' + '{"text": "b", "spans": []}\n' * 2
    done, docs = run(write(tmp_path / "in.jsonl", text))
    assert len(docs) == 2 and done.skips[0].first.endswith("""line 1: '{"text": "a", "sp'""")


def test_tokens_with_names_of_tags(tmp_path):
    rows = [{"tokens": ["Anna", "left", ""], "ner_tags": [1, 0, 0]}]
    path = write_jsonl(tmp_path / "in.jsonl", rows)
    with pytest.raises(ValueError, match=r"WN189.*line 1: 1 stands for a tag.*--tag-names"):
        docs_of(path)
    done, docs = run(path, tag_names=["O", "B-PER"])
    assert ents(docs[0]) == [("Anna", "PER")] and done.skips[0].n == 1
    feature = {"feature": {"names": ["O", "B-LOC"], "_type": "ClassLabel"}}
    write(tmp_path / "dataset_info.json", json.dumps({"features": {"ner_tags": feature}}))
    assert ents(docs_of(path)[0]) == [("Anna", "LOC")]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"tokens": ["a"], "ner_tags": []}, "1 words, but 0 tags"),
        ({"tokens": [1], "ner_tags": ["O"]}, "a word that isn't a string"),
        ({"tokens": ["\ud83d"], "ner_tags": ["O"]}, "ud83d"),
        ({"tokens": ["a"]}, 'no "text", but'),
        ({"tokens": [], "ner_tags": []}, "''"),
    ],
)
def test_tokens_that_are_left_out(tmp_path, row, what):
    good = {"tokens": ["Anna", "or"], "ner_tags": ["B-PER", None]}
    done, docs = run(write_jsonl(tmp_path / "in.jsonl", [row, good]))
    assert [tags(doc) for doc in docs] == [["B", ""]]
    assert done.skips[0].n == 1 and what in done.skips[0].first
    assert "in.jsonl, line 1" in done.skips[0].first


def test_wrong_tags_of_tokens(tmp_path):
    rows = [{"tokens": ["a"], "ner_tags": ["O"]}, {"tokens": ["a"], "ner_tags": ["PER"]}]
    with pytest.raises(ValueError, match=r"WN182.*line 2: 'PER' is not a tag"):
        docs_of(write_jsonl(tmp_path / "in.jsonl", rows))


def test_arrays(tmp_path):
    """Longer than what is read at a time."""
    rows = [{"text": f"{'a' * 500}\n{i}.", "spans": spans((0, 500, "X"))} for i in range(300)]
    for indent in (None, 1):
        path = write(tmp_path / "in.json", json.dumps(rows, indent=indent))
        docs = docs_of(path)
        assert [doc.text for doc in docs] == [row["text"] for row in rows]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "WN181"),
        ('[{"text": "a", "spans": []}', "WN192.*line 1.*the end"),
        ('[{"text": "a", "spans": []},\n{"text": "b", ', "WN192.*line 2"),
        ('[{"text": "a", "spans": []}\n,]', "WN192.*line 2"),
        ('[{"text": "a", "spans": []}] x', "WN192.*there is more text after the array"),
        ('[{"text": "a", "spans": []} {}]', "WN192.*one of ,]"),
        ('{\n"text": "a"\n}', "WN181"),
        ('{"text": "a"}\n', r"WN188.*line 1: 'a'"),
        ("3\n4\n", "WN181"),
    ],
)
def test_what_is_no_json(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        docs_of(write(tmp_path / "in.json", text))
    assert not (tmp_path / "out.spacy").exists()


def task(text, *items, **settings):
    result = [
        {"type": "labels", "value": {"start": s, "end": e, "text": text[s:e], "labels": labels}}
        for s, e, labels in items
    ]
    return {"id": 1, "data": {"text": text}, "annotations": [{"result": result, **settings}]}


def test_label_studio(tmp_path):
    first = task(PARIS, (0, 12, ["PER", "ORG"]))
    first["annotations"][0]["result"].append({"type": "choices", "value": {"choices": ["a"]}})
    second = task("Two.", (0, 3, ["X"]))
    second["annotations"].append({"result": [], "ground_truth": True})
    other = {**task("Other."), "data": {"body": "Other.", "n": 3}}
    cancelled = task("Left.", was_cancelled=True)
    unlabeled = {**task("Left."), "annotations": []}
    rows = [first, second, other, cancelled, unlabeled, {**other, "data": {}}]
    recognized = []
    done, docs = run(
        write(tmp_path / "in.json", json.dumps(rows, indent=1)),
        on_recognized=lambda *args: recognized.append(args[1]),
    )
    assert recognized == ["Label Studio's JSON"]
    assert [doc.text for doc in docs] == [PARIS, "Two.", "Other."]
    assert [ents(doc) for doc in docs] == [[("Paris Hilton", "PER")], [], []]
    assert sorted(skipped(done).values()) == [1, 1, 1, 2]


def test_label_studio_min(tmp_path):
    items = [{"start": 0, "end": 12, "text": "Paris Hilton", "labels": ["PER"]}]
    rows = [{"id": 1, "text": PARIS, "label": items, "annotator": 1}]
    docs = docs_of(write(tmp_path / "in.json", json.dumps(rows)))
    assert ents(docs[0]) == [("Paris Hilton", "PER")]
