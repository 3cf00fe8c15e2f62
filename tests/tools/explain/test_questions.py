"""What can be asked: why this entity, and why not another label, other bounds, nothing, or a span
that wasn't found."""

import pytest
from spacy.tokens import Doc, Span

from spacy_windowner import explain, explanation_to_text
from spacy_windowner.tools.explain.explain import name_rival
from spacy_windowner.tools.explain.explanation import Choice

from ...pipeline.util import TRAIN_DATA, copy_of, make_examples, make_nlp, train
from .util import TEXT, added_up, trained_nlp

LONDON = (33, 39)


@pytest.fixture(scope="module")
def calibrated():
    nlp = trained_nlp(steps=60, recall_bias=0.25, spans_key="sc", candidates=True)
    nlp.get_pipe("window_ner").calibrate(make_examples(nlp, [*TRAIN_DATA] * 20))
    return nlp


def ask(nlp, versus, text=TEXT):
    """The answer to a question about a single span."""
    [entity] = explain(nlp, text, versus=versus).entities
    assert entity.margin >= 0.0
    assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
    return entity


def test_each_entity_is_compared_with_another_decision(explained):
    person, place = explain(explained, TEXT).entities
    for entity in (person, place):
        assert entity.found and entity.margin >= 0.0 and entity.threshold is None
        assert [(each.text, each.label) for each in entity.chosen] == [(entity.text, entity.label)]
        assert entity.rival != entity.chosen
        assert (entity.start, entity.end) == (entity.chosen[0].start, entity.chosen[0].end)
        assert TEXT[entity.start : entity.end] == entity.text
    assert (place.start, place.end) == LONDON


def test_the_default_rival_is_the_closest_of_all(explained):
    for entity in explain(explained, TEXT).entities:
        others = ["none", *({"PERSON", "LOC"} - {entity.label})]
        found = [explain(explained, TEXT, versus=other).entities for other in others]
        same = [each for of_one in found for each in of_one if each.start == entity.start]
        assert len(same) == 2
        assert entity.margin <= min(each.margin for each in same) + 1e-9
        assert {each.rival_name for each in same} == {
            "nothing here",
            f"{others[1]} instead of {entity.label}",
        }


def test_a_label_leaves_out_the_entities_that_have_it(explained):
    [entity] = explain(explained, TEXT, versus="LOC").entities
    assert (entity.text, entity.rival_name) == ("Shaka Khan", "LOC instead of PERSON")
    [entity] = explain(explained, TEXT, versus="PERSON", within=LONDON).entities
    assert entity.text == "London"
    with pytest.raises(ValueError, match="WN245.*the label LOC.*another label .PERSON"):
        explain(explained, TEXT, versus="LOC", within=LONDON)
    assert explain(explained, "who is it?", versus="LOC").entities == []


def test_spans_that_are_not_found(explained):
    entity = ask(explained, (0, 3, "LOC"))
    assert (entity.text, entity.label, entity.found) == ("Who", "LOC", False)
    assert entity.rival_name == "“Who” as LOC instead of nothing"
    assert (entity.chosen, len(entity.rival)) == ([], 1)
    assert ask(explained, "0:3:LOC") == entity
    # Without a label, the one that comes closest.
    others = [entity, ask(explained, "0:3:PERSON")]
    assert ask(explained, "0:3") == min(others, key=lambda each: each.margin)
    assert ask(explained, [0, 3]) == ask(explained, (0, 3))


def test_other_bounds(explained):
    entity = ask(explained, (13, 17, "PERSON"))
    assert (entity.text, entity.found) == ("Khan", False)
    assert [each.text for each in entity.chosen] == ["Shaka Khan"]
    assert "“Khan”" in entity.rival_name and "instead of “Shaka Khan”" in entity.rival_name
    longer = ask(explained, (0, 17, "PERSON"))
    assert longer.rival_name == "“Who is Shaka Khan” instead of “Shaka Khan”"


def test_other_labels_of_the_same_span(explained):
    entity = ask(explained, LONDON)
    assert (entity.label, entity.found) == ("PERSON", False)
    assert entity.rival_name == "PERSON instead of LOC"
    [same] = explain(explained, TEXT, versus="PERSON").entities
    assert same.margin == pytest.approx(entity.margin)
    assert same.parts == entity.parts
    assert "not found" in explanation_to_text(explain(explained, TEXT, versus=LONDON))


def test_why_not_is_answered_by_what_would_make_it_found(contextual):
    """Without the word before it, something else is found."""
    doc = Doc(contextual.vocab, words=["We", "met", "Mr", "Paris", "yesterday", "."])
    [entity] = explain(contextual, doc).entities
    assert (entity.label, entity.flip.text) == ("PERSON", "Mr")
    asked = (entity.start, entity.end, "LOC")
    [missing] = explain(contextual, doc, versus=asked).entities
    for removal in filter(None, [missing.flip]):
        assert removal.flips and ("Paris", "LOC") in removal.found
    assert missing.support is None or missing.support.lowers_margin_by > 0.0


def test_labels_that_look_like_something_else():
    nlp = make_nlp(model={"hidden_width": 8})
    examples = [("I like London", {"entities": [(7, 13, "none")]})]
    examples += [("I see Ann", {"entities": [(6, 9, "0:3")]})]
    train(nlp, examples, steps=80)
    nlp.get_pipe("window_ner").cfg["recall_bias"] = 5.0
    found = explain(nlp, "I like London", versus="0:3")
    assert found.entities and all(each.rival[0].label == "0:3" for each in found.entities)
    found = explain(nlp, "I see Ann", versus="none").entities
    assert all(each.rival[0].label == "none" for each in found)
    assert explain(nlp, "I see Ann", versus="6:9:none").entities


def test_probabilities(calibrated):
    scores = {(ent.start_char, ent.label_): ent._.ner_score for ent in calibrated(TEXT).ents}
    entities = explain(calibrated, TEXT).entities
    assert len(entities) == len(scores) == 2
    for entity in entities:
        assert entity.probability == pytest.approx(scores[entity.start, entity.label])
        assert entity.chosen[0].probability == entity.probability
    doc = calibrated(TEXT)
    assert len(doc.spans["sc_candidates"])
    for span in doc.spans["sc_candidates"]:
        if (span.start_char, span.label_) in scores:
            continue
        entity = ask(calibrated, (span.start_char, span.end_char, span.label_))
        assert entity.probability == pytest.approx(span._.ner_score)
    assert ask(calibrated, "0:3").probability is not None


def test_without_a_calibration_there_are_no_probabilities(explained):
    entities = [*explain(explained, TEXT).entities, ask(explained, "0:3")]
    for entity in entities:
        choices = [*entity.chosen, *entity.rival]
        assert {entity.probability, *(choice.probability for choice in choices)} == {None}
    assert "probability" not in explanation_to_text(explain(explained, TEXT))


def test_below_the_threshold(calibrated):
    nlp = copy_of(calibrated)
    nlp.get_pipe("window_ner").cfg["thresholds"] = {"LOC": 1.0}
    assert [entity.label for entity in explain(nlp, TEXT).entities] == ["PERSON"]
    [before] = explain(calibrated, TEXT, within=LONDON).entities
    for versus in (LONDON, (*LONDON, "LOC")):
        entity = ask(nlp, versus)
        assert (entity.found, entity.threshold) == (False, 1.0)
        assert entity.probability == pytest.approx(before.probability)
        assert (entity.margin, entity.rival) == (pytest.approx(before.margin), before.rival)
        text = explanation_to_text(explain(nlp, TEXT, versus=versus))
        assert "below the threshold of 1.00" in text


# Bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "versus, message",
    [
        ("CITY", "WN240.*'CITY'.*PERSON, LOC.*`none`.*START:END"),
        ("", "WN240"),
        ("-1:3", "WN240"),
        ("3", "WN240"),
        (5, "WN240"),
        ((1, 2, 3), "WN240"),
        ((1, 2, "LOC", 4), "WN240"),
        ((1.0, 2.0), "WN240"),
        ("0:3:CITY", "WN246.*'CITY'.*PERSON, LOC"),
        ((0, 3, "CITY"), "WN246"),
        ("3:3", "WN241.*3:3.*no words.*40 characters.*0:3"),
        ("5:2", "WN241"),
        ("3:4", "WN241"),
        ("0:41", "WN241"),
        ((-3, 2), "WN241"),
        ("0:2", "WN242.*0:2, 'Wh'.*0:3, 'Who'"),
        ("9:14", "WN242.*7:17, 'Shaka Khan'"),
        ("33:39:LOC", "WN244.*'London' is already found as LOC.*PERSON"),
    ],
)
def test_what_can_not_be_compared(explained, versus, message):
    with pytest.raises(ValueError, match=message):
        explain(explained, TEXT, versus=versus)


def test_with_a_single_label_there_is_no_other():
    nlp = make_nlp()
    train(nlp, [("I like London", {"entities": [(7, 13, "LOC")]})], steps=20)
    with pytest.raises(ValueError, match=r"WN244.*another label \(there is no other\)"):
        explain(nlp, "I like London", versus="7:13")


def test_spans_that_can_not_be_entities(explained):
    with pytest.raises(ValueError, match="WN243.*0:8.*a line.*0:3 'Ann', 4:8 'Khan'"):
        explain(explained, "Ann\nKhan", versus=(0, 8))
    assert ask(explained, (0, 3), "Ann\nKhan").text == "Ann"
    doc = Doc(explained.vocab, words=["I", "see", "Ann"], sent_starts=[True, False, True])
    with pytest.raises(ValueError, match="WN243.*a sentence.*2:5 'see', 6:9 'Ann'"):
        explain(explained, doc, versus=(2, 9))
    nlp = copy_of(explained)
    ruler = nlp.add_pipe("entity_ruler", before="window_ner")
    ruler.add_patterns([{"label": "NAME", "pattern": "Shaka"}])
    with pytest.raises(ValueError, match="WN243.*another component.*0:6 'Who is', 13:17 'Khan'"):
        explain(nlp, TEXT, versus=(0, 17))
    with pytest.raises(ValueError, match=r"WN243.*Possible within it: nothing\."):
        explain(nlp, TEXT, versus=(7, 12))
    assert ask(nlp, (13, 17)).text == "Khan"


def test_empty_texts_have_no_spans(explained):
    for text in ("", " \n "):
        with pytest.raises(ValueError, match="WN241"):
            explain(explained, text, versus=(0, 1))
        assert explain(explained, text, versus="none").entities == []
        with pytest.raises(ValueError, match="WN240"):
            explain(explained, text, versus="CITY")


def test_whitespace_at_the_edges_does_not_matter(explained):
    assert ask(explained, (32, 39)) == ask(explained, LONDON)


def test_a_word_that_another_component_takes_after_a_removal(explained):
    """The margin isn't a number then."""
    nlp = copy_of(explained)
    ruler = nlp.add_pipe("entity_ruler", before="window_ner")
    pattern = [{"LOWER": "i"}, {"LOWER": "london"}]
    ruler.add_patterns([{"label": "NAME", "pattern": pattern}])
    [entity] = explain(nlp, "do I like London?").entities
    assert (entity.text, entity.flip.text) == ("London", "like")
    assert entity.flip.margin is None and entity.flip.lowers_margin_by is None
    assert entity.flip.found == []


# Names ------------------------------------------------------------------------------------------


def choice(text, label, start=0):
    return Choice(text, label, start, start + len(text), None)


@pytest.mark.parametrize(
    "chosen, rival, name",
    [
        ([choice("Chelsea", "LOC")], [], "nothing here"),
        ([choice("Chelsea", "LOC")], [choice("Chelsea", "ORG")], "ORG instead of LOC"),
        (
            [choice("England", "LOC", 8)],
            [choice("Bank of England", "LOC")],
            "“Bank of England” instead of “England”",
        ),
        (
            [choice("England", "LOC", 8)],
            [choice("Bank of England", "ORG")],
            "“Bank of England” as ORG instead of “England” as LOC",
        ),
        ([choice("A", "X"), choice("B", "X", 2)], [], "nothing instead of “A” and “B”"),
        (
            [choice("A B", "X")],
            [choice("A", "X"), choice("B", "X", 2)],
            "“A” and “B” instead of “A B”",
        ),
        ([], [choice("A", "X")], "“A” as X instead of nothing"),
        (
            [choice("a" * 99, "X")],
            [choice("b" * 50, "X")],
            f"“{'b' * 50}” instead of “{'a' * 49}…”",
        ),
    ],
)
def test_rivals_are_named(chosen, rival, name):
    assert name_rival(chosen, rival) == name


def test_blocked_tokens_are_ignored_like_entities(explained):
    doc = explained.make_doc(TEXT)
    doc.set_ents([], blocked=[Span(doc, 3, 4)])
    assert explain(explained, doc) == explain(explained, TEXT)
