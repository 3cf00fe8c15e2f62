import threading

import pytest
import spacy

from spacy_windowner.tools.serve.tagger import Tagger

from ...pipeline.util import make_nlp, train

TEXT = "Who is Shaka Khan, and do I like London?"


def pairs(found):
    return [(entity["text"], entity["label"]) for entity in found["entities"]]


def test_finds_what_the_pipeline_finds(served):
    found = Tagger(served).find(TEXT)
    doc = served(TEXT)
    assert pairs(found) == [(ent.text, ent.label_) for ent in doc.ents]
    assert len(doc.ents) == 2
    for entity, ent in zip(found["entities"], doc.ents, strict=True):
        assert (entity["start"], entity["end"]) == (ent.start_char, ent.end_char)
        assert TEXT[entity["start"] : entity["end"]] == entity["text"]
        assert entity["score"] == ent._.ner_score and 0.0 < entity["score"] < 1.0
    assert [TEXT[start:end] for start, end in found["words"]] == [token.text for token in doc]


@pytest.mark.parametrize("text", ["", " \n ", "😀  I like London", "😀\n\nI like London"])
def test_offsets_count_characters_and_space_is_no_word(served, text):
    found = Tagger(served).find(text)
    assert [text[start:end] for start, end in found["words"]] == text.split()
    assert pairs(found) == [("London", "LOC")] * text.count("London")
    for entity in found["entities"]:
        assert text[entity["start"] : entity["end"]] == "London"


def test_halves_of_characters(served):
    found = Tagger(served).find("\ud83d I like London")
    assert pairs(found) == [("London", "LOC")] and found["words"][0] == [0, 1]


def test_explains(served):
    tagger = Tagger(served)
    for entity in tagger.find(TEXT)["entities"]:
        place = entity["start"], entity["end"], entity["label"]
        answer = tagger.explain(TEXT, *place, "")
        assert f"{entity['text']} <span" in answer["html"]
        assert answer["html"].startswith("<section")
        explained = answer["explanation"]
        assert (explained["start"], explained["end"], explained["label"]) == place
        assert explained["found"] and explained["margin"] >= 0.0
    for start, end, label in [(0, 3, "LOC"), (7, 17, "LOC"), (7, 12, "PERSON"), (-1, 10**30, "")]:
        with pytest.raises(ValueError, match="WN133"):
            tagger.explain(TEXT, start, end, label, "")


def test_compares_with_what_is_asked(served):
    tagger = Tagger(served)
    assert (
        "The rival, LOC instead of PERSON" in tagger.explain(TEXT, 7, 17, "PERSON", "LOC")["html"]
    )
    assert "The rival, nothing here, is" in tagger.explain(TEXT, 7, 17, "PERSON", "none")["html"]
    with pytest.raises(ValueError, match="WN245"):
        tagger.explain(TEXT, 7, 17, "PERSON", "PERSON")
    with pytest.raises(ValueError, match="WN240"):
        tagger.explain(TEXT, 7, 17, "PERSON", "CITY")


def test_explains_what_is_not_found(served):
    tagger = Tagger(served)
    answer = tagger.explain_missing(TEXT, 1, 2, "")  # a part of “Who”
    assert "Who <span" in answer["html"] and "not found" in answer["html"]
    assert "instead of nothing" in answer["html"] and not answer["explanation"]["found"]
    label = answer["explanation"]["label"]
    [other] = {"PERSON", "LOC"} - {label}
    assert tagger.explain_missing(TEXT, 0, 3, label) == answer
    farther = tagger.explain_missing(TEXT, 0, 3, other)["explanation"]
    assert farther["label"] == other and farther["margin"] >= answer["explanation"]["margin"]
    # A rival that crosses an entity replaces it.
    crossing = tagger.explain_missing(TEXT, 4, 12, "PERSON")["explanation"]
    assert crossing["text"] == "is Shaka" and not crossing["found"]
    assert [each["text"] for each in crossing["chosen"]] == ["Shaka Khan"]
    for start, end in [(3, 3), (3, 4), (4, 2), (-1, 3), (0, 10**30)]:
        with pytest.raises(ValueError, match="WN241"):
            tagger.explain_missing(TEXT, start, end, "")
    with pytest.raises(ValueError, match=r"WN246.*'CITY'.*PERSON, LOC"):
        tagger.explain_missing(TEXT, 0, 3, "CITY")
    with pytest.raises(ValueError, match="WN244.*already found"):
        tagger.explain_missing(TEXT, 7, 17, "PERSON")


def test_other_components(served):
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match="WN050"):
        Tagger(nlp)
    nlp = make_nlp("ner").from_bytes(_named("ner").to_bytes())
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "WEEKDAY", "pattern": "Monday"}])
    tagger = Tagger(nlp, "ner")
    [entity] = tagger.find("on Monday")["entities"]
    assert entity["score"] is None and entity["label"] == "WEEKDAY"
    with pytest.raises(ValueError, match=r"WN133.*WEEKDAY"):
        tagger.explain("on Monday", 3, 9, "WEEKDAY", "")


def _named(name):
    nlp = make_nlp(name)
    train(nlp)
    return nlp


def test_probabilities_without_a_group_of_spans(served):
    nlp = make_nlp(spans_key=None)
    train(nlp)
    nlp.get_pipe("window_ner").cfg["calibration"] = served.get_pipe("window_ner").cfg["calibration"]
    tagger = Tagger(nlp)
    assert tagger.is_calibrated
    scores = [entity["score"] for entity in tagger.find(TEXT)["entities"]]
    assert scores and None not in scores


def test_uncalibrated():
    tagger = Tagger(_named("window_ner"))
    assert not tagger.is_calibrated
    assert {entity["score"] for entity in tagger.find(TEXT)["entities"]} == {None}


def test_too_long(served):
    tagger = Tagger(served, max_chars=5)
    assert tagger.find("x" * 5)
    with pytest.raises(ValueError, match="WN132.*6 characters, but only 5 are"):
        tagger.find("x" * 6)
    with pytest.raises(ValueError, match="WN132"):
        tagger.explain("x" * 6, 0, 1, "LOC", "")
    with pytest.raises(ValueError, match="WN132"):
        tagger.explain_missing("x" * 6, 0, 1, "")


def test_texts_longer_than_spacy_allows():
    nlp = _named("window_ner")
    nlp.max_length = 20
    text = "who is " * 10 + "it?"
    assert Tagger(nlp, max_chars=100).find(text)["words"][-1] == [72, 73]


def test_many_threads(served):
    tagger = Tagger(served)
    texts = [f"Who is Shaka Khan {i}, and do I like London?" for i in range(20)]
    expected = [tagger.find(text) for text in texts]
    found: dict = {}

    def work(i):
        result = tagger.find(texts[i])
        tagger.explain(texts[i], 7, 17, "PERSON", "")
        found[i] = result

    threads = [threading.Thread(target=work, args=[i]) for i in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(texts))] == expected
