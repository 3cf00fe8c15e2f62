"""How scores become entities next to what a document holds already. The scores are fixed."""

import pytest
from spacy.tokens import Doc, Span

from .util import scoring_ner

LABELS = ["A", "B"]
#          O    B-A  I-A  B-B  I-B
SCORES = {
    "a": [0.0, 2.0, 1.0, 0.0, 0.0],
    "i": [0.0, 0.0, 2.0, 0.0, 0.0],
    "b": [0.0, 0.0, 0.0, 2.0, 0.0],
    "j": [0.0, 0.0, 0.0, 0.0, 2.0],
    " ": [0.0, 3.0, 3.0, 0.0, 0.0],
    "\n": [0.0, 3.0, 3.0, 0.0, 0.0],
}
#          O    B-A  I-A  L-A  U-A  B-B  I-B  L-B  U-B
BILUO_SCORES = {
    word: [row[0], row[1], row[2], row[2], row[1], row[3], row[4], row[4], row[3]]
    for word, row in SCORES.items()
}
"""The same: B or U is what B is in BIO, and I or L what I is. So all the same is found."""


schemes = pytest.mark.parametrize("scheme", ["bio", "biluo"])


def make(overwrite: bool = False, scheme: str = "bio", **settings):
    scores = SCORES if scheme == "bio" else BILUO_SCORES
    return scoring_ner(scores, LABELS, overwrite=overwrite, scheme=scheme, **settings)


def make_doc(ner, words: str) -> Doc:
    """A document of words of one character."""
    return Doc(ner.vocab, words=list(words))


def found(doc: Doc) -> list[tuple[int, int, str]]:
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


@pytest.mark.parametrize(
    "words, expected",
    [
        ("xaix", [(1, 3, "A")]),
        ("aiib", [(0, 3, "A"), (3, 4, "B")]),
        ("aa", [(0, 1, "A"), (1, 2, "A")]),
        ("bjbj", [(0, 2, "B"), (2, 4, "B")]),
        ("x", []),
        ("a", [(0, 1, "A")]),
        ("", []),
    ],
)
@schemes
def test_entities(scheme, words, expected):
    ner = make(scheme=scheme)
    assert found(ner(make_doc(ner, words))) == expected


@schemes
def test_a_better_end_pays_for_a_bad_beginning(scheme):
    # x i: O then I-A is not valid; B-A I-A scores -1 + 2 and is best.
    ner = make(scheme=scheme)
    assert found(ner(make_doc(ner, "xi"))) == [(0, 2, "A")]


def test_unknown_scheme():
    with pytest.raises(ValueError, match=r"WN001.*scheme = 'iob'.*bio, biluo"):
        scoring_ner(SCORES, LABELS, scheme="iob")


def test_biluo_leaves_no_entity_open():
    """B alone scores best everywhere, and I next to it."""
    scores = {"b": [0.0, 3.0, 2.0, 0.5, 0.4], "x": [9.0, 0.0, 0.0, 0.0, 0.0]}
    ner = scoring_ner(scores, ["A"], scheme="biluo")
    assert found(ner(make_doc(ner, "b"))) == [(0, 1, "A")]
    assert found(ner(make_doc(ner, "xbx"))) == [(1, 2, "A")]
    assert found(ner(make_doc(ner, "bbbb"))) == [(0, 4, "A")]
    doc = make_doc(ner, "bbb")
    doc[1].is_sent_start = True
    assert found(ner(doc)) == [(0, 1, "A"), (1, 3, "A")]


@schemes
@pytest.mark.parametrize("space", [" ", "\n"])
def test_whitespace_is_never_at_the_edges(scheme, space):
    ner = make(scheme=scheme)
    for words in (space, space * 3, f"{space}a", f"a{space}", f"{space}a{space}{space}"):
        doc = ner(make_doc(ner, words))
        assert all(not ent[0].is_space and not ent[-1].is_space for ent in doc.ents)
        assert [ent.text.strip() for ent in doc.ents] == ["a"] * words.count("a")


@schemes
def test_whitespace_within(scheme):
    ner = make(scheme=scheme)
    assert found(ner(make_doc(ner, "a i"))) == [(0, 3, "A")]


@schemes
def test_known_sentence_starts(scheme):
    ner = make(scheme=scheme)
    doc = make_doc(ner, "aii")
    doc[1].is_sent_start = False
    assert found(ner(doc)) == [(0, 3, "A")]
    doc = make_doc(ner, "aii")
    doc[2].is_sent_start = True
    ents = found(ner(doc))
    assert ents[0] == (0, 2, "A")
    assert all(not start < 2 < end for start, end, _ in ents)


def preset(ner) -> Doc:
    """The token 0 is blocked, 2 an entity with identifiers, 4 known to be O, others unknown."""
    doc = make_doc(ner, "aaibaj")
    span = Span(doc, 2, 3, label="PRESET", kb_id="Q42", span_id="id-1")
    doc.set_ents([span], blocked=[doc[0:1]], outside=[doc[4:5]], default="missing")
    assert [token.ent_iob_ for token in doc] == ["B", "", "B", "", "O", ""]
    return doc


@schemes
def test_preset_annotation_stays(scheme):
    ner = make(scheme=scheme)
    doc = ner(preset(ner))
    # As spaCy's ner has it, O is no promise.
    expected = [(1, 2, "A"), (2, 3, "PRESET"), (3, 4, "B"), (4, 5, "A")]
    assert found(doc) == expected
    assert (doc.ents[1].kb_id_, doc.ents[1].id_) == ("Q42", "id-1")
    assert doc.ents[0].kb_id_ == doc.ents[0].id_ == ""
    assert doc.to_array("ENT_IOB").tolist() == [3, 3, 3, 3, 3, 2]
    assert [token.ent_type_ for token in doc] == ["", "A", "PRESET", "B", "A", ""]
    # Once more: all of it is preset now, the blocked token too.
    assert found(ner(doc)) == expected
    assert doc.to_array("ENT_IOB").tolist() == [3, 3, 3, 3, 3, 2]


@schemes
def test_preset_annotation_is_overwritten(scheme):
    ner = make(overwrite=True, scheme=scheme)
    doc = ner(preset(ner))
    assert found(doc) == [(0, 1, "A"), (1, 3, "A"), (3, 4, "B"), (4, 5, "A")]
    assert {ent.kb_id_ for ent in doc.ents} == {ent.id_ for ent in doc.ents} == {""}
    assert doc.to_array("ENT_IOB").tolist() == [3, 3, 1, 3, 3, 2]


@schemes
def test_a_preset_entity_of_several_tokens_is_not_cut(scheme):
    ner = make(scheme=scheme)
    doc = make_doc(ner, "aaiia")
    doc.set_ents([Span(doc, 1, 3, label="PRESET")], default="missing")
    assert found(ner(doc)) == [(0, 1, "A"), (1, 3, "PRESET"), (4, 5, "A")]


def test_predict_changes_nothing():
    ner = make()
    doc = preset(ner)
    before = doc.to_bytes()
    [spans] = ner.predict([doc]).entities.by_doc(1)
    assert [row[:3] for row in spans] == [(1, 2, 0), (3, 4, 1), (4, 5, 0)]
    assert doc.to_bytes() == before


def test_predict_nothing():
    ner = make(spans_key=None)
    for docs in ([], [make_doc(ner, "")]):
        entities, candidates, *_ = ner.predict(docs)
        assert entities.by_doc(len(docs)) == [()] * len(docs) and candidates is None
    found = ner.predict(make_doc(ner, words) for words in ("", "a", ""))
    assert list(map(list, found.entities.by_doc(3))) == [[], [(0, 1, 0, 0.0)], []]
    ner.set_annotations([], ner.predict([]))
    wants_candidates = make(candidates=True, spans_key="sc")
    found = wants_candidates.predict([])
    assert len(found.entities.docs) == len(found.candidates.docs) == 0
    wants_candidates.set_annotations([], found)
