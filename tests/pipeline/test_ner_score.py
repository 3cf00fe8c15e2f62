"""`span._.ner_score` through whatever else happens to a Doc. The scores are fixed."""

import pickle
import subprocess
import sys
from copy import deepcopy
from itertools import combinations

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.vocab import Vocab

from spacy_windowner.confidence.calibration import Calibration, Curve, Curves

from .util import make_nlp, scoring_ner, train

#           O    B-A   I-A   B-B   I-B
SCORES = {
    "anna": [0.0, 3.0, -9.0, -9.0, -9.0],
    "smith": [0.0, -9.0, 2.0, -9.0, -9.0],
    "leeds": [0.0, -9.0, -9.0, 1.0, 0.0],
    "maybe": [0.0, -0.5, -9.0, -2.0, -9.0],
    "in": [0.0, -9.0, -9.0, -9.0, -9.0],
}
OTHER_SCORES = {**SCORES, "leeds": [0.0, 2.0, 0.0, -9.0, -9.0], "anna": SCORES["in"]}
CALIBRATION = Calibration(Curves(Curve(1.0, 0.0, 9), {}), Curves(Curve(1.0, 0.0, 9), {})).to_json()
TEXT = "in anna smith in leeds maybe"


def make(scores=SCORES, calibrated=True, **settings):
    ner = scoring_ner(scores, ["A", "B"], **settings)
    ner.cfg["calibration"] = CALIBRATION if calibrated else None
    return ner


def make_doc(ner, text: str = TEXT) -> Doc:
    words = text.split()
    # Without `spaces` a DocBin takes all words to be followed by one.
    return Doc(ner.vocab, words=words, spaces=[True] * len(words))


def scores_of(doc: Doc) -> dict[tuple[str, str], float | None]:
    return {(ent.text, ent.label_): ent._.ner_score for ent in doc.ents}


def found() -> Doc:
    ner = make()
    return ner(make_doc(ner))


FOUND = scores_of(found())


def test_what_is_found():
    assert set(FOUND) == {("anna smith", "A"), ("leeds", "B")}
    assert all(0.5 < score < 1.0 for score in FOUND.values())


def merge_entities(doc: Doc) -> Doc:
    with doc.retokenize() as retokenizer:
        for ent in doc.ents:
            retokenizer.merge(ent)
    return doc


def merge_others(doc: Doc) -> Doc:
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[:2], attrs={"ENT_TYPE": 0, "ENT_IOB": 2})
    return doc


def split_a_token(doc: Doc) -> Doc:
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[0], ["i", "n"], heads=[doc[0], doc[0]])
    return doc


def through_bin(doc: Doc) -> Doc:
    [saved] = DocBin(docs=[doc], store_user_data=True).get_docs(spacy.blank("xx").vocab)
    return saved


def through_json(doc: Doc) -> Doc:
    return Doc(doc.vocab).from_json(doc.to_json(underscore=["ner_score"]))


def through_from_docs(doc: Doc) -> Doc:
    return Doc.from_docs([Doc(doc.vocab, words=["before", "it"]), doc])


WAYS = {
    "copy": Doc.copy,
    "bytes": lambda doc: Doc(doc.vocab).from_bytes(doc.to_bytes()),
    "bin": through_bin,
    "json": through_json,
    "pickle": lambda doc: pickle.loads(pickle.dumps(doc)),
    "from_docs": through_from_docs,
    "as_doc": lambda doc: doc[:].as_doc(copy_user_data=True),
    "the same": lambda doc: doc,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", [merge_entities, split_a_token, None])
def test_scores_survive(change, way):
    doc = found() if change is None else change(found())
    assert scores_of(WAYS[way](doc)) == FOUND


# `from_json` has no attributes of spans that are none any more.
@pytest.mark.parametrize("way", sorted({*WAYS} - {"json"}))
def test_entities_of_other_characters_have_no_score(way):
    """As merged tokens of an entity and others have."""
    scores = scores_of(WAYS[way](merge_others(found())))
    assert scores == {("smith", "A"): None, ("leeds", "B"): FOUND["leeds", "B"]}


def test_a_part_of_a_doc():
    doc = found()
    part = doc[2:].as_doc(copy_user_data=True)
    assert scores_of(part)["leeds", "B"] == FOUND["leeds", "B"]
    assert scores_of(doc) == FOUND


def test_what_others_share_stays():
    """`as_doc` shares values with the Doc that it is made from."""
    ner = make()
    doc = ner(make_doc(ner))
    other = doc[:].as_doc(copy_user_data=True)
    other.set_ents([], default="missing")
    assert scores_of(make(OTHER_SCORES)(other))["leeds", "A"] is not None
    assert scores_of(doc) == FOUND
    assert Span(doc, 4, 5, "A")._.ner_score is None


def test_candidates_whose_tokens_were_merged():
    """spaCy doesn't adapt their group, and can't make spans of the last ones any more."""
    ner = make(spans_key="sc", candidates=True)
    doc = ner(make_doc(ner))
    near = {
        (span.start_char, span.end_char, span.label_): span._.ner_score
        for span in doc.spans["sc_candidates"]
    }
    merge_entities(doc)
    assert scores_of(doc) == FOUND
    for start, end in combinations(range(len(doc) + 1), 2):
        for label in "AB":
            span = Span(doc, start, end, label)
            known = near.get((span.start_char, span.end_char, label))
            assert span._.ner_score in (known, None)


def test_several_processes_after_merging(tmp_path):
    nlp = make_nlp()
    train(nlp)
    nlp.get_pipe("window_ner").cfg["calibration"] = CALIBRATION
    nlp.add_pipe("merge_entities")
    texts = ["Who is Shaka Khan?", "I like London and Berlin."] * 3
    here = [scores_of(doc) for doc in nlp.pipe(texts)]
    there = [scores_of(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=2)]
    assert there == here
    assert all(scores and None not in scores.values() for scores in here)
    assert "Shaka Khan" in [token.text for token in nlp(texts[0])]


# Several passes ------------------------------------------------------------------


def test_a_second_pass_changes_nothing():
    ner = make(candidates=True, spans_key="sc")
    doc = ner(make_doc(ner))
    near = Span(doc, 5, 6, "A")._.ner_score
    assert near is not None
    for again in (ner, make(calibrated=False), make(OTHER_SCORES), make(SCORES, spans_key="x")):
        doc = again(doc)
        assert scores_of(doc) == FOUND
    assert Span(doc, 5, 6, "A")._.ner_score == near


def test_overwriting_forgets():
    ner = make()
    doc = make(OTHER_SCORES, overwrite=True)(ner(make_doc(ner)))
    scores = scores_of(doc)
    assert set(scores) == {("leeds", "A")} and scores["leeds", "A"] > FOUND["leeds", "B"]
    for start, end, label in ((1, 3, "A"), (4, 5, "B")):
        assert Span(doc, start, end, label)._.ner_score is None
    doc = make(calibrated=False, overwrite=True)(doc)
    assert scores_of(doc) == dict.fromkeys(FOUND)


def test_what_was_removed_and_is_found_without_probability():
    ner = make()
    doc = ner(make_doc(ner))
    doc.set_ents([], default="missing")
    assert scores_of(make(calibrated=False)(doc)) == dict.fromkeys(FOUND)


def test_a_second_component_adds_its_own():
    ner = make({**SCORES, "leeds": SCORES["in"]})
    doc = ner(make_doc(ner))
    doc = make({**SCORES, "maybe": [0.0, -9.0, -9.0, 4.0, -9.0]})(doc)
    scores = scores_of(doc)
    assert scores["anna smith", "A"] == FOUND["anna smith", "A"]
    # Tokens that were O are free.
    assert scores["leeds", "B"] == FOUND["leeds", "B"] and scores["maybe", "B"] > 0.9


@pytest.mark.parametrize("is_first", [True, False])
def test_with_a_ruler(is_first):
    nlp = spacy.blank("xx")
    ruler = nlp.add_pipe("entity_ruler", config={"overwrite_ents": True})
    ruler.add_patterns([{"label": "A", "pattern": "leeds"}, {"label": "B", "pattern": "anna"}])
    ner = make()
    doc = make_doc(ner)
    for pipe in (ruler, ner) if is_first else (ner, ruler):
        doc = pipe(doc)
    scores = scores_of(doc)
    assert scores["leeds", "A"] is None and scores["anna", "B"] is None
    assert Span(doc, 1, 3, "A")._.ner_score == (None if is_first else FOUND["anna smith", "A"])


def test_a_ruler_that_finds_the_same():
    """It is the probability of these characters and this label."""
    ner = make()
    doc = ner(make_doc(ner))
    doc.set_ents([Span(doc, 4, 5, "B")])
    assert scores_of(doc) == {("leeds", "B"): FOUND["leeds", "B"]}


# The group -----------------------------------------------------------------------


def test_the_group_may_change():
    ner = make(spans_key="sc")
    doc = ner(make_doc(ner))
    doc.spans["sc"].append(Span(doc, 0, 1, "A"))
    assert [span._.ner_score for span in doc.spans["sc"]] == [*FOUND.values(), None]
    doc.spans["sc"] = SpanGroup(doc, spans=[span for span in doc.spans["sc"] if span.label_ == "B"])
    assert [span._.ner_score for span in doc.spans["sc"]] == [FOUND["leeds", "B"]]
    assert scores_of(doc) == FOUND
    del doc.spans["sc"]
    assert scores_of(doc) == FOUND


def test_no_group_unless_wanted():
    ner = make()
    assert not ner(make_doc(ner)).spans


def test_it_can_be_set():
    doc = found()
    ent = doc.ents[0]
    ent._.ner_score = 1
    assert scores_of(doc) == {**FOUND, ("anna smith", "A"): 1.0}
    Span(doc, 1, 3, "B")._.ner_score = 0.25
    assert (ent._.ner_score, Span(doc, 1, 3, "B")._.ner_score) == (1.0, 0.25)
    ent._.ner_score = None
    assert (ent._.ner_score, Span(doc, 1, 3, "B")._.ner_score) == (None, 0.25)
    doc.ents[1]._.ner_score = None
    assert scores_of(doc) == dict.fromkeys(FOUND)


def test_many_entities():
    """A lookup that went through all of them would take hours."""
    ner = make()
    doc = ner(make_doc(ner, " ".join(["leeds"] * 40_000)))
    assert len(doc.ents) == 40_000
    assert {ent._.ner_score for ent in doc.ents} == {FOUND["leeds", "B"]}


def test_other_user_data_stays():
    ner = make(overwrite=True)
    doc = make_doc(ner)
    doc.user_data = {"id": 3, ("a", 1): 2, (): 4, 5: 6}
    doc = ner(ner(doc))
    assert doc.user_data.items() >= {"id": 3, ("a", 1): 2, (): 4, 5: 6}.items()
    assert scores_of(doc) == FOUND


COMPONENTS = {
    "ner": make(),
    "with groups": make(spans_key="sc", candidates=True),
    "other": make(OTHER_SCORES),
    "overwriting": make(OTHER_SCORES, overwrite=True, spans_key="sc"),
    "uncalibrated": make(calibrated=False),
    "strict": make(threshold=0.8),
}


def merge_and_drop_groups(doc: Doc) -> Doc:
    """As a user must who has groups: spaCy doesn't adapt them when tokens are merged."""
    for key in list(doc.spans):
        del doc.spans[key]
    return merge_entities(doc)


STEPS = {
    **COMPONENTS,
    "merge": merge_and_drop_groups,
    **{way: WAYS[way] for way in ("copy", "bytes")},
}


@pytest.mark.slow
@settings(max_examples=2000)
@given(
    steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=2, max_size=5),
    words=st.lists(st.sampled_from(sorted(SCORES)), max_size=8),
)
def test_sequences_of_components(steps, words):
    """Nothing raises, entities are kept unless overwritten, and those that are kept keep their
    score."""
    doc = Doc(COMPONENTS["ner"].vocab, words=words)
    for step in steps:
        before = scores_of(doc)
        spans = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
        doc = STEPS[step](doc)
        after = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
        if step != "overwriting":
            assert spans <= after
            for key, score in before.items():
                assert scores_of(doc)[key] == score
        for ent in doc.ents:
            assert ent._.ner_score is None or 0.0 < ent._.ner_score < 1.0
    doc.to_bytes()
    doc.to_json(underscore=["ner_score"] if any(map(_is_score, doc.user_data)) else [])


def _is_score(key) -> bool:
    return key[:2] == ("._.", "ner_score")


def test_predictions_before_a_calibration_have_no_probabilities():
    ner = make(calibrated=False, spans_key="sc")
    doc = make_doc(ner)
    found = ner.predict([doc])
    assert len(found.entities.docs) and not found.calibrated
    ner.cfg["calibration"] = CALIBRATION
    ner.set_annotations([doc], found)
    assert [ent._.ner_score for ent in doc.ents] == [None] * len(doc.ents)
    assert doc.spans["sc"].attrs["calibrated"] is False
    assert ner.predict([doc]).calibrated


def test_a_curve_that_is_changed_in_place_counts():
    ner = make()
    ner.cfg["calibration"] = deepcopy(CALIBRATION)
    before = [ent._.ner_score for ent in ner(make_doc(ner)).ents]
    ner.cfg["calibration"]["entities"]["pooled"]["bias"] -= 3.0
    after = [ent._.ner_score for ent in ner(make_doc(ner)).ents]
    assert all(new < old for new, old in zip(after, before, strict=True))


def test_settings_that_are_changed_later_are_checked():
    ner = make()
    ner.cfg["threshold"] = 7
    with pytest.raises(ValueError, match="WN001.*threshold = 7"):
        ner(make_doc(ner))


def test_nothing_is_left_where_no_probability_is_known():
    doc = Doc(Vocab(), words=["Anna", "came"])
    span = Span(doc, 0, 1, "PER")
    span._.ner_score = 0.5
    span._.ner_score = None
    assert doc.user_data == {}


def test_another_extension_of_that_name_is_reported(light_processes):
    script = (
        "import warnings; from spacy.tokens import Span\n"
        "Span.set_extension('ner_score', default=None)\n"
        "warnings.simplefilter('error')\n"
        "try:\n    import spacy_windowner.pipeline.ner_score\n"
        "except UserWarning as warning:\n    print(warning)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "[WW164]" in done.stdout
