import threading

import pytest
import spacy

from spacy_windowner.tools.serve.app import Tagger

from ...pipeline.util import make_nlp, train

TEXT = "Who is Shaka Khan, and do I like London?"


def entities_of(found):
    return [(piece["text"], piece["label"]) for piece in found["pieces"] if "label" in piece]


def test_finds_what_the_pipeline_finds(served):
    found = Tagger(served).find(TEXT)
    doc = served(TEXT)
    assert entities_of(found) == [(ent.text, ent.label_) for ent in doc.ents]
    assert len(doc.ents) == 2 == found["entities"]
    assert "".join(piece["text"] for piece in found["pieces"]) == TEXT
    scores = [piece["score"] for piece in found["pieces"] if "label" in piece]
    assert scores == [ent._.ner_score for ent in doc.ents]
    assert all(0.0 < score < 1.0 for score in scores)
    assert found["words"] == len(doc)


@pytest.mark.parametrize(
    "text", ["", " \n ", "who is it?", "😀 London 😀", TEXT, "London\n\nLondon"]
)
def test_the_pieces_are_the_text(served, text):
    found = Tagger(served).find(text)
    assert "".join(piece["text"] for piece in found["pieces"]) == text
    assert all(piece["text"] for piece in found["pieces"])


def test_halves_of_characters(served):
    found = Tagger(served).find("London \ud83d and")
    assert "".join(piece["text"] for piece in found["pieces"]) == "London \ufffd and"


def test_explains(served):
    tagger = Tagger(served)
    for piece in tagger.find(TEXT)["pieces"]:
        if "label" in piece:
            html = tagger.explain(TEXT, piece["start"], piece["end"], piece["label"], "")
            assert f"{piece['text']} <span" in html and html.startswith("<section")
    with pytest.raises(ValueError, match="WN133"):
        tagger.explain(TEXT, 0, 1, "LOC", "")
    with pytest.raises(ValueError, match="WN133"):
        tagger.explain("London", 2, 4, "PERSON", "")


def test_compares_with_what_is_asked(served):
    tagger = Tagger(served)
    assert "The rival, LOC instead of PERSON" in tagger.explain(TEXT, 2, 4, "PERSON", "LOC")
    assert "The rival, nothing here, is" in tagger.explain(TEXT, 2, 4, "PERSON", "none")
    with pytest.raises(ValueError, match="WN245"):
        tagger.explain(TEXT, 2, 4, "PERSON", "PERSON")
    with pytest.raises(ValueError, match="WN240"):
        tagger.explain(TEXT, 2, 4, "PERSON", "CITY")


def test_explains_what_is_not_found(served):
    tagger = Tagger(served)
    html = tagger.explain_missing(TEXT, 1, 2)  # a part of “Who”
    assert html.startswith("<section") and "Who <span" in html and "not found" in html
    assert "instead of nothing" in html
    for start, end in [(3, 3), (3, 4), (4, 2), (-1, 3), (0, 10**30)]:
        with pytest.raises(ValueError, match="WN241"):
            tagger.explain_missing(TEXT, start, end)


def test_other_components(served):
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match="WN050"):
        Tagger(nlp)
    nlp = make_nlp("ner").from_bytes(_named("ner").to_bytes())
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "WEEKDAY", "pattern": "Monday"}])
    tagger = Tagger(nlp, "ner")
    [piece] = [piece for piece in tagger.find("on Monday")["pieces"] if "label" in piece]
    assert piece["score"] is None
    with pytest.raises(ValueError, match=r"WN133.*WEEKDAY"):
        tagger.explain("on Monday", piece["start"], piece["end"], "WEEKDAY", "")


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
    scores = [piece["score"] for piece in tagger.find(TEXT)["pieces"] if "label" in piece]
    assert scores and None not in scores


def test_uncalibrated():
    tagger = Tagger(_named("window_ner"))
    assert not tagger.is_calibrated
    assert {piece["score"] for piece in tagger.find(TEXT)["pieces"] if "label" in piece} == {None}


def test_too_long(served):
    tagger = Tagger(served, max_chars=5)
    assert tagger.find("x" * 5)
    with pytest.raises(ValueError, match="WN132.*6 characters, but only 5 are"):
        tagger.find("x" * 6)
    with pytest.raises(ValueError, match="WN132"):
        tagger.explain("x" * 6, 0, 1, "LOC", "")
    with pytest.raises(ValueError, match="WN132"):
        tagger.explain_missing("x" * 6, 0, 1)


def test_texts_longer_than_spacy_allows():
    nlp = _named("window_ner")
    nlp.max_length = 20
    text = "who is " * 10 + "it?"
    assert Tagger(nlp, max_chars=100).find(text)["words"] == 22


def test_many_threads(served):
    tagger = Tagger(served)
    texts = [f"Who is Shaka Khan {i}, and do I like London?" for i in range(20)]
    expected = [tagger.find(text) for text in texts]
    found: dict = {}

    def work(i):
        result = tagger.find(texts[i])
        tagger.explain(texts[i], 2, 4, "PERSON", "")
        found[i] = result

    threads = [threading.Thread(target=work, args=[i]) for i in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(texts))] == expected
