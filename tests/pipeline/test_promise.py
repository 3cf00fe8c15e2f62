"""The recall promise, redaction and doubt. The scores are fixed."""

import numpy
import pytest
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_windowner.decoding.spans import NO_SPANS, Spans
from spacy_windowner.pipeline.prediction import merge_overlapping
from spacy_windowner.training.callbacks import calibrate

from .util import make_nlp, scoring_ner, train

#           O    B-A   I-A   B-B   I-B
SCORES = {
    "sure": [0.0, 5.0, 0.0, -9.0, -9.0],
    "maybe": [0.0, 0.5, -9.0, -9.0, -9.0],
    "both": [0.0, 1.0, 2.0, 2.0, -9.0],
    "far": [0.0, -7.0, -99.0, -8.0, -99.0],
    "no": [0.0, -99.0, -99.0, -99.0, -99.0],
}


def make(**settings):
    settings = {"spans_key": "sc", "candidates": True, **settings}
    return scoring_ner(SCORES, ["A", "B"], **settings)


def make_doc(ner, text: str) -> Doc:
    words = text.split()
    return Doc(ner.vocab, words=words, spaces=[True] * len(words))


def make_examples(ner, **counts: int) -> list[Example]:
    """Documents of one word, which is an entity of label A."""
    examples = []
    for word, count in counts.items():
        for _ in range(count):
            doc = make_doc(ner, word)
            doc.set_ents([Span(doc, 0, 1, "A")])
            examples.append(Example(make_doc(ner, word), doc))
    return examples


def found(group) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label_) for span in group]


def test_the_reach_follows_from_the_promise():
    ner = make()
    examples = make_examples(ner, sure=90, far=10)
    ner.calibrate(examples, recall=0.95)
    assert ner.promise.recall == 0.95 and ner.promise.offered == 1.0
    reach = ner.promise.labels["A"]
    assert (reach.behind, reach.fitted_on, reach.shared) == (7.0, 100, False)
    doc = ner(make_doc(ner, "far no sure"))
    assert found(doc.spans["sc_candidates"]) == [(0, 1, "A"), (2, 3, "A")]
    assert found(doc.ents) == found(doc.spans["sc"]) == [(2, 3, "A")]
    ner.calibrate(examples, recall=0.85)
    assert ner.promise.labels["A"].behind == 0.0
    assert found(ner(make_doc(ner, "far")).spans["sc_candidates"]) == []
    with pytest.warns(UserWarning, match="WW189"):
        ner.calibrate(examples)
    assert ner.promise is None


def test_expensive_promises_are_told():
    ner = make()
    examples = make_examples(ner, far=20) + [
        Example(make_doc(ner, "far " * 40), make_doc(ner, "far " * 40)) for _ in range(20)
    ]
    for example in examples[20:]:
        example.reference.set_ents([])
    with pytest.warns(UserWarning, match="WW190.*41.0 candidates"):
        ner.calibrate(examples, recall=0.95)


@pytest.mark.parametrize("recall", [1.0, 0.0, 0, 1, True, "0.9", float("nan")])
def test_no_such_promise(recall):
    ner = make()
    with pytest.raises(ValueError, match="WN001.*recall"):
        ner.calibrate(make_examples(ner, sure=50), recall=recall)
    with pytest.raises(ValueError, match="WN001.*recall"):
        calibrate(None, recall=recall)


def test_a_promise_needs_candidates():
    ner = make(candidates=False)
    with pytest.raises(ValueError, match="WN271"):
        ner.calibrate(make_examples(ner, sure=50), recall=0.9)
    ner.cfg["redact"] = True
    assert ner.calibrate(make_examples(ner, sure=50), recall=0.9) is not None


def test_too_little_data():
    ner = make()
    for n, what in ((0, "are 0 entities in 0"), (18, "needs about 19 entities.* 0.947 or less")):
        with pytest.raises(ValueError, match=f"WN272.*{what}"):
            ner.calibrate(make_examples(ner, sure=n), recall=0.95)
    empty = [Example(make_doc(ner, "no"), make_doc(ner, "no")) for _ in range(30)]
    with pytest.raises(ValueError, match="WN272.*are 0 entities in 30"):
        ner.calibrate(empty, recall=0.95)
    assert ner.promise is None
    ner.calibrate(make_examples(ner, sure=19), recall=0.95)


def test_entities_that_do_not_fit_the_tokens_count_as_missed():
    ner = make()
    examples = make_examples(ner, sure=30)
    for _ in range(30):
        doc = Doc(ner.vocab, words=["su", "re"], spaces=[False, True])
        doc.set_ents([Span(doc, 0, 1, "A")])
        examples.append(Example(make_doc(ner, "sure"), doc))
    with pytest.raises(ValueError, match="WN273.*30 of 60"):
        ner.calibrate(examples, recall=0.95)


def test_it_is_saved():
    nlp = make_nlp()
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    ner.cfg.update(candidates=True, spans_key="sc")
    examples = [
        Example(nlp.make_doc(text), Example.from_dict(nlp.make_doc(text), gold).reference)
        for text, gold in [("I like London.", {"entities": [(7, 13, "LOC")]})] * 40
    ]
    ner.calibrate(examples, recall=0.9)
    again = make_nlp().from_bytes(nlp.to_bytes()).get_pipe("window_ner")
    assert again.promise == ner.promise and again.promise.recall == 0.9
    ner.cfg["promise"]["recall"] = 1.0
    with pytest.raises(ValueError, match="WN270"):
        make_nlp().from_bytes(nlp.to_bytes())


# Redaction ------------------------------------------------------------------------


def test_redaction_covers_all_candidates():
    ner = make(redact=True, threshold=0.99)
    ner.calibrate(make_examples(ner, sure=90, far=10), recall=0.95)
    doc = ner(make_doc(ner, "far no sure both no"))
    assert found(doc.ents) == [(0, 1, "A"), (2, 4, "A")]
    words = {
        word for start, end, _ in found(doc.spans["sc_candidates"]) for word in (start, end - 1)
    }
    assert words == {0, 2, 3}
    assert doc.ents[0]._.ner_score is not None
    ner.cfg.update(candidates=False, spans_key=None)
    assert found(ner(make_doc(ner, "far no sure both no")).ents) == found(doc.ents)


def test_redaction_without_a_promise_is_told():
    ner = make(redact=True)
    with pytest.warns(UserWarning, match="WW188"):
        assert found(ner(make_doc(ner, "far no sure")).ents) == [(2, 3, "A")]


def test_redaction_keeps_other_entities():
    ner = make(redact=True)
    ner.calibrate(make_examples(ner, sure=90, far=10), recall=0.95)
    doc = make_doc(ner, "far sure far")
    doc.set_ents([Span(doc, 1, 2, "OTHER")], default="missing")
    assert found(ner(doc).ents) == [(0, 1, "A"), (1, 2, "OTHER"), (2, 3, "A")]


def test_merged_spans():
    rows = [(0, 0, 2, 0, 0.1), (0, 1, 3, 1, 0.9), (0, 2, 3, 0, 0.5), (0, 3, 4, 0, 0.2)]
    rows += [(1, 0, 5, 1, 0.5), (1, 1, 2, 0, 0.4)]
    *columns, ratings = (numpy.array(column) for column in zip(*rows, strict=True))
    merged = merge_overlapping(Spans(*columns, ratings))
    assert list(zip(*(column.tolist() for column in merged), strict=True)) == [
        (0, 0, 3, 1, 0.9), (0, 3, 4, 0, 0.2), (1, 0, 5, 1, 0.5)
    ]  # fmt: skip
    assert merge_overlapping(NO_SPANS) is NO_SPANS


# Doubt ----------------------------------------------------------------------------


def test_doubt_is_the_number_of_errors():
    """In documents like those that the component was calibrated on."""
    ner = make()
    examples = make_examples(ner, maybe=60, sure=80, far=5)
    for word, count in {"maybe": 40, "sure": 20}.items():
        for _ in range(count):
            doc = make_doc(ner, word)
            doc.set_ents([])
            examples.append(Example(make_doc(ner, word), doc))
    ner.calibrate(examples)
    docs = [ner(make_doc(ner, example.text)) for example in examples]
    assert sum(doc._.ner_doubt for doc in docs) == pytest.approx(40 + 20 + 5, abs=2)
    maybe, sure = ner(make_doc(ner, "maybe")), ner(make_doc(ner, "sure"))
    assert maybe._.ner_doubt == pytest.approx(0.4, abs=0.06)
    assert sure._.ner_doubt == pytest.approx(0.2, abs=0.06)
    assert maybe.copy()._.ner_doubt == maybe._.ner_doubt


def test_unknown_doubt():
    ner = make()
    assert make_doc(ner, "sure")._.ner_doubt is None
    assert ner(make_doc(ner, "sure"))._.ner_doubt is None  # not calibrated
    examples = make_examples(ner, sure=50)
    ner.calibrate(examples)
    doc = ner(make_doc(ner, "sure"))
    assert doc._.ner_doubt is not None
    near = Span(doc, 0, 1, "A")
    assert near._.ner_score is not None
    make(candidates=False, overwrite=True, spans_key=None)(doc)
    assert doc._.ner_doubt is None and near._.ner_score is None
    ner.cfg.update(candidates=False)
    assert ner(make_doc(ner, "sure"))._.ner_doubt is None
