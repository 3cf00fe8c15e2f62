import json
import math

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_windowner.tools.annotate import tagger as tagger_module
from spacy_windowner.tools.annotate.records import COLUMNS, Record, Row, rows_of
from spacy_windowner.tools.annotate.tagger import Tagger

from ...pipeline.util import SMALL, copy_of, make_examples, make_nlp, train
from .util import TEXTS, make_texts


def records(texts):
    return [Record(f"doc{i}", text, "a.txt", i) for i, text in enumerate(texts, 1)]


def rows(annotated):
    return [Row(**json.loads(line)) for line in annotated.data.decode("utf8").splitlines()]


def test_rows_are_the_entities(nlp):
    annotated = Tagger(nlp)(records(TEXTS))
    expected = [
        Row(f"doc{i}", ent.start_char, ent.end_char, ent.label_, ent.text, ent._.ner_score)
        for i, doc in enumerate(nlp.pipe(TEXTS), 1)
        for ent in doc.ents
    ]
    assert rows(annotated) == expected
    assert len(expected) == annotated.entities >= 5 and annotated.docs == 5
    assert all(0.0 < row.score < 1.0 for row in expected)
    assert annotated.words == sum(len(nlp.make_doc(text)) for text in TEXTS)
    for row in expected:
        text = TEXTS[int(row.doc_id[3:]) - 1]
        assert text[row.start : row.end] == row.text
    assert COLUMNS == ("doc_id", "start", "end", "label", "text", "score")


def test_without_a_calibration_there_are_no_scores():
    nlp = make_nlp()
    train(nlp)
    found = rows(Tagger(nlp)(records(TEXTS)))
    assert found and all(row.score is None for row in found)


def test_entities_of_others_have_no_scores(nlp):
    nlp = copy_of(nlp)
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "THING", "pattern": "Nothing"}])
    found = rows(Tagger(nlp)(records(TEXTS)))
    assert [(row.text, row.score) for row in found if row.label == "THING"] == [("Nothing", None)]
    assert rows(Tagger(nlp, component="window_ner")(records(TEXTS))) == [
        row for row in found if row.label != "THING"
    ]


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_component_that_finds_what_others_have_found(nlp, overwrite):
    nlp = copy_of(nlp)
    nlp.get_pipe("window_ner").cfg["overwrite"] = overwrite
    nlp.add_pipe("entity_ruler", first=True).add_patterns([{"label": "LOC", "pattern": "London"}])
    found = rows(Tagger(nlp)(records(TEXTS)))
    own = [row for row in found if overwrite or row.text != "London"]
    assert rows(Tagger(nlp, component="window_ner")(records(TEXTS))) == own
    assert ("London" in {row.text for row in own}) is overwrite


@pytest.fixture
def redacting(nlp):
    """The pipeline with the candidates of a promise in doc.ents, after a component of another
    kind."""
    nlp = copy_of(nlp)
    ner = nlp.get_pipe("window_ner")
    ner.cfg.update(spans_key="sc", candidates=True, redact=True)
    ner.calibrate(make_examples(nlp) * 30, recall=0.9)
    for reach in ner.cfg["promise"]["labels"].values():
        reach["behind"] = 20.0
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "THING", "pattern": "here"}])
    return nlp


def test_the_entities_of_a_component_that_redacts(nlp, redacting):
    found = rows(Tagger(redacting)(records(TEXTS)))
    own = [row for row in found if row.label != "THING"]
    assert own != found and own != rows(Tagger(nlp)(records(TEXTS)))
    assert Row("doc1", 0, 18, "PERSON", TEXTS[0], None) in own  # merged
    assert rows(Tagger(redacting, component="window_ner")(records(TEXTS))) == own


def test_documents_of_a_component_keep_their_spans(redacting):
    vocab = spacy.blank("en").vocab
    expected, own = (
        list(DocBin().from_bytes(Tagger(redacting, "spacy", name)(records(TEXTS)).data)
             .get_docs(vocab))
        for name in (None, "window_ner")
    )  # fmt: skip
    assert len(own) == len(expected) == len(TEXTS)
    for one, other in zip(own, expected, strict=True):
        assert set(one.spans) == {"sc", "sc_candidates"}
        assert one.spans.to_bytes() == other.spans.to_bytes()
        assert one.user_data == other.user_data
        assert one._.ner_doubt == other._.ner_doubt is not None


def test_rows_depend_on_the_text_alone(nlp, monkeypatch):
    texts = make_texts(300)
    expected = Tagger(copy_of(nlp))(records(texts)).data
    monkeypatch.setattr(tagger_module, "_BATCH_CHARS", 500)
    assert Tagger(copy_of(nlp))(records(texts)).data == expected
    monkeypatch.setattr(tagger_module, "_KEPT_STRINGS", 50)
    tagger = Tagger(copy_of(nlp))
    first, second = tagger(records(texts)[:7]), tagger(records(texts)[7:])
    assert first.data + second.data == expected


@pytest.mark.parametrize("format", ["jsonl", "spacy"])
def test_strings_of_memory_zones_go(nlp, monkeypatch, format):
    monkeypatch.setattr(tagger_module, "_KEPT_STRINGS", 0)
    nlp = copy_of(nlp)
    before = len(nlp.vocab.strings)
    annotated = Tagger(nlp, format)(records(make_texts(100)))
    assert annotated.entities > 50
    assert len(nlp.vocab.strings) == before


def test_a_text_that_is_too_long(nlp):
    nlp = copy_of(nlp)
    nlp.max_length = 22
    annotated = Tagger(nlp)(records(TEXTS))
    assert [reject.line for reject in annotated.rejects] == [2, 5]
    assert annotated.rejects[0].raw == TEXTS[1] and annotated.rejects[0].source == "a.txt"
    assert "more than 22 characters" in annotated.rejects[0].reason
    assert annotated.docs == 3
    assert {row.doc_id for row in rows(annotated)} == {"doc1", "doc3", "doc4"}


def test_documents(nlp):
    annotated = Tagger(nlp, "spacy")(records(TEXTS))
    docs = list(DocBin().from_bytes(annotated.data).get_docs(spacy.blank("en").vocab))
    assert [doc.user_data["doc_id"] for doc in docs] == [f"doc{i}" for i in range(1, 6)]
    expected = [rows_of(doc, "") for doc in nlp.pipe(TEXTS)]
    assert [rows_of(doc, "") for doc in docs] == expected


def test_nothing(nlp):
    for format in ("jsonl", "spacy"):
        annotated = Tagger(nlp, format)([])
        assert annotated[1:] == (0, 0, 0, [])
    assert Tagger(nlp)(records([""])).docs == 1


def test_scores_keep_their_digits(nlp):
    [doc] = nlp.pipe(TEXTS[:1])
    found = rows(Tagger(nlp)(records(TEXTS[:1])))
    assert math.isclose(found[0].score, doc.ents[0]._.ner_score, rel_tol=0.0)


def test_which_component(nlp):
    with pytest.raises(ValueError, match="WN050.*no component"):
        Tagger(spacy.blank("en"))
    with pytest.raises(ValueError, match="WN050.*named 'other'"):
        Tagger(nlp, component="other")


def test_several_components(nlp):
    two = copy_of(nlp)
    two.add_pipe("window_ner", name="second", config=SMALL)
    two.get_pipe("second").from_bytes(nlp.get_pipe("window_ner").to_bytes())
    found = rows(Tagger(nlp)(records(TEXTS)))
    assert rows(Tagger(two)(records(TEXTS))) == found
    # What runs after the component may merge tokens, of which groups in doc.spans hear nothing.
    two.add_pipe("merge_entities")
    assert rows(Tagger(copy_of(two), component="second")(records(TEXTS))) == []
    assert rows(Tagger(two, component="window_ner")(records(TEXTS))) == found
