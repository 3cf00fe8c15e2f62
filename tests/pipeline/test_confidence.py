"""Probabilities on the Doc. The scores are fixed."""

import warnings

import numpy
import pytest
import spacy
from spacy.cli.find_threshold import find_threshold
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_windowner.confidence.calibration import Calibration, Curve, Curves
from spacy_windowner.decoding.spans import sigmoid
from spacy_windowner.pipeline import tuning
from spacy_windowner.training.callbacks import calibrate

from .util import make_nlp, scoring_ner, train

#           O    B-A   I-A   B-B   I-B
SCORES = {
    "sure": [0.0, 5.0, 0.0, 1.0, 0.0],
    "maybe": [0.0, 0.5, -9.0, -9.0, -9.0],
    "other": [0.0, -9.0, -9.0, 2.0, 1.0],
    "nearly": [0.0, -1.0, -9.0, -2.0, -9.0],
    "no": [0.0, -9.0, -9.0, -9.0, -9.0],
}
# The probability of A at margin m is that of log odds m, of B half of m.
CALIBRATION = Calibration(
    Curves(Curve(1.0, 0.0, 100), {"B": Curve(0.5, 0.0, 60)}),
    Curves(Curve(2.0, -1.0, 100), {}),
)


def make(calibrated=True, spans_key="window_ner", **settings):
    ner = scoring_ner(SCORES, ["A", "B"], spans_key=spans_key, **settings)
    if calibrated:
        ner.cfg["calibration"] = CALIBRATION.to_json()
    return ner


def make_doc(ner, words: str) -> Doc:
    return Doc(ner.vocab, words=words.split())


def p(log_odds: float) -> float:
    return float(sigmoid(numpy.array(log_odds)))


def found(group) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label_) for span in group]


def test_scores_on_the_doc():
    ner = make()
    doc = ner(make_doc(ner, "sure no maybe no other no"))
    group = doc.spans["window_ner"]
    assert found(group) == found(doc.ents) == [(0, 1, "A"), (2, 3, "A"), (4, 5, "B")]
    # The rival of "sure" is B, of the others O.
    assert group.attrs["scores"] == pytest.approx([p(4.0), p(0.5), p(1.0)])
    assert group.attrs["calibrated"] is True
    assert [ent._.ner_score for ent in doc.ents] == group.attrs["scores"]
    for other in (Span(doc, 0, 1, "B"), doc[0:2], Span(doc, 0, 1, "NEW"), doc[1:2]):
        assert other._.ner_score is None


def test_scores_survive_saving():
    ner = make()
    doc = ner(make_doc(ner, "sure no other"))
    [binned] = DocBin(docs=[doc], store_user_data=True).get_docs(spacy.blank("xx").vocab)
    for copy in (binned, Doc(doc.vocab).from_bytes(doc.to_bytes()), doc.copy()):
        assert [ent._.ner_score for ent in copy.ents] == [ent._.ner_score for ent in doc.ents]
        assert copy.spans["window_ner"].attrs == doc.spans["window_ner"].attrs


def test_calibration_taken_away():
    """As `initialize` does, or calibrating on data without entities."""
    ner = make()
    assert ner(make_doc(ner, "sure")).spans["window_ner"].attrs["calibrated"] is True
    ner.cfg["calibration"] = None
    assert ner(make_doc(ner, "sure")).spans["window_ner"].attrs["calibrated"] is False


def test_documents_without_entities_have_an_empty_group():
    ner = make()
    for words in ("", "no no"):
        doc = ner(make_doc(ner, words))
        assert not len(doc.spans["window_ner"])
        assert doc.spans["window_ner"].attrs == {"scores": [], "calibrated": True}


def test_without_calibration_a_margin_is_no_score():
    ner = make(calibrated=False)
    doc = ner(make_doc(ner, "sure no maybe"))
    attrs = doc.spans["window_ner"].attrs
    assert attrs["calibrated"] is False and attrs["scores"] == [None, None]
    assert attrs["margins"] == pytest.approx([4.0, 0.5])
    assert [ent._.ner_score for ent in doc.ents] == [None, None]


def test_another_key_or_none():
    ner = make(spans_key="sc")
    assert list(ner(make_doc(ner, "sure")).spans) == ["sc"]
    ner = make(spans_key=None)
    doc = ner(make_doc(ner, "sure"))
    assert len(doc.ents) == 1 and not doc.spans
    assert doc.ents[0]._.ner_score == pytest.approx(p(4.0))


def test_the_margin_is_that_of_the_decision():
    """With `recall_bias` O is lower."""
    ner = make(recall_bias=2.0)
    doc = ner(make_doc(ner, "maybe nearly"))
    assert doc.spans["window_ner"].attrs["scores"] == pytest.approx([p(2.5), p(1.0)])


@pytest.mark.parametrize(
    ("settings", "entities"),
    [
        ({"threshold": 0.65}, ["sure", "other"]),
        ({"threshold": 0.75}, ["sure"]),
        ({"threshold": 1.0}, []),
        ({"threshold": 0.7, "thresholds": {"B": 0.5}}, ["sure", "other"]),
        ({"thresholds": {"A": 0.7}, "spans_key": None}, ["sure", "other"]),
    ],
)
def test_thresholds(settings, entities):
    ner = make(**settings)
    doc = ner(make_doc(ner, "sure no maybe no other"))
    assert [ent.text for ent in doc.ents] == entities
    if ner.cfg["spans_key"]:
        assert found(doc.spans["window_ner"]) == found(doc.ents)


def test_a_threshold_without_calibration_drops_nothing_and_says_so():
    ner = make(calibrated=False, threshold=0.9)
    with pytest.warns(UserWarning, match="WW061"):
        assert len(ner(make_doc(ner, "sure maybe")).ents) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(ner(make_doc(ner, "maybe")).ents) == 1  # once


def test_candidates():
    ner = make(candidates=True, threshold=0.65)
    doc = ner(make_doc(ner, "nearly no sure no maybe"))
    assert found(doc.ents) == found(doc.spans["window_ner"]) == [(2, 3, "A")]
    group = doc.spans["window_ner_candidates"]
    scores = dict(zip(found(group), group.attrs["scores"], strict=True))
    expected = {
        (0, 1, "A"): p(2 * -1.0 - 1.0),  # O is 1 ahead
        (0, 1, "B"): p(2 * -2.0 - 1.0),
        (2, 3, "A"): doc.ents[0]._.ner_score,  # the entity
        (2, 3, "B"): p(2 * -4.0 - 1.0),  # A is 4 ahead
        (4, 5, "A"): p(0.5),  # an entity, but below the threshold
    }
    assert scores == pytest.approx(expected)
    assert Span(doc, 0, 1, "A")._.ner_score == scores[0, 1, "A"]
    assert doc._.ner_doubt == pytest.approx(sum(scores.values()) + 1 - 2 * scores[2, 3, "A"])
    empty = ner(make_doc(ner, ""))
    assert list(empty.spans["window_ner_candidates"]) == []
    ner.cfg["candidates"] = False
    assert set(ner(doc).spans) == {"window_ner"}


def test_existing_entities_have_no_score():
    ner = make()
    doc = make_doc(ner, "sure no maybe")
    doc.set_ents([Span(doc, 0, 1, label="PRESET")], default="missing")
    doc = ner(doc)
    assert found(doc.ents) == [(0, 1, "PRESET"), (2, 3, "A")]
    assert found(doc.spans["window_ner"]) == [(2, 3, "A")]
    assert doc.ents[0]._.ner_score is None


def test_scores_do_not_depend_on_the_batch():
    ner = make(candidates=True)
    rng = numpy.random.default_rng(0)
    texts = [" ".join(rng.choice(list(SCORES), size=n)) for n in rng.integers(0, 30, size=60)]
    docs = list(ner.pipe([make_doc(ner, text) for text in texts], batch_size=17))
    for doc, text in zip(docs, texts, strict=True):
        alone = ner(make_doc(ner, text))
        for key, group in alone.spans.items():
            assert found(doc.spans[key]) == found(group)
            assert doc.spans[key].attrs == group.attrs


def make_examples(ner, *annotated):
    """Each a text and the places of its entities, of label A."""
    examples = []
    for words, places in annotated:
        doc = make_doc(ner, words)
        doc.set_ents([Span(doc, i, i + 1, label="A") for i in places])
        examples.append(Example(make_doc(ner, words), doc))
    return examples


def test_calibration_is_the_share_of_right_ones():
    """Of a word that is always of the same margin, as many are right as in the examples."""
    ner = make(calibrated=False)
    texts = [("maybe no", [0])] * 30 + [("maybe no", [])] * 70 + [("sure no", [0])] * 90
    texts += [("sure no", [])] * 10 + [("nearly no", [0])] * 20 + [("nearly no", [])] * 80
    examples = make_examples(ner, *texts)
    before = [example.predicted.to_bytes() for example in examples]
    calibration = ner.calibrate(examples)
    assert [example.predicted.to_bytes() for example in examples] == before
    assert calibration == ner.calibration
    assert calibration.entities.pooled.fitted_on == 200
    assert list(calibration.entities.labels) == ["A"]
    ner.cfg["candidates"] = True
    doc = ner(make_doc(ner, "maybe no sure no nearly no no"))
    assert doc.spans["window_ner"].attrs["scores"] == pytest.approx([0.3, 0.9], abs=0.02)
    nearly = Span(doc, 4, 5, "A")
    assert nearly._.ner_score == pytest.approx(0.2, abs=0.02)


def test_a_sample_of_many_candidates_has_the_same_calibration(monkeypatch):
    ner = make(calibrated=False)
    texts = [("sure nearly", [0, 1])] * 1000 + [("sure nearly", [0])] * 3000
    of_all = ner.calibrate(make_examples(ner, *texts))
    monkeypatch.setattr(tuning, "_MANY", 2000)
    sampled = ner.calibrate(make_examples(ner, *texts))
    assert sampled.entities == of_all.entities
    whole, part = of_all.near_misses.labels["A"], sampled.near_misses.labels["A"]
    assert whole.fitted_on == 4000 and 400 < part.fitted_on < 600
    for curve in whole, part:
        assert p(curve.bias - curve.slope) == pytest.approx(0.25, abs=0.05)


def test_missing_annotation_is_not_judged():
    ner = make(calibrated=False)
    [example] = make_examples(ner, ("sure no maybe", [0]))
    missing = [Span(example.y, 2, 3)]
    example.y.set_ents(list(example.y.ents), missing=missing, default="outside")
    assert ner.calibrate([example]).entities.pooled.fitted_on == 1


@pytest.mark.parametrize("text", ["no no", "nearly no"])
def test_nothing_to_calibrate_on(text):
    ner = make()
    assert ner.calibrate(make_examples(ner, (text, [0]))) is None
    assert ner.cfg["calibration"] is None
    assert ner.calibrate(make_examples(ner, ("sure", []))) is None
    assert ner.calibrate([]) is None


def test_the_callback_warns_once(tmp_path):
    nlp = make_nlp()
    train(nlp)
    path = tmp_path / "dev.spacy"
    DocBin(docs=[Doc(nlp.vocab, words=["no"])]).to_disk(path)
    callback = calibrate(path)
    with pytest.warns(UserWarning, match="WW060.* 0 entities"):
        assert callback(nlp) is nlp
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        callback(nlp)
    doc = nlp("I like London and Berlin.")
    assert len(doc.ents) == 2
    DocBin(docs=[doc] * 25).to_disk(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrate(path)(nlp)
    assert nlp.get_pipe("window_ner").calibration.entities.pooled.fitted_on == 50


@pytest.fixture
def calibrated(tmp_path):
    nlp = make_nlp(spans_key="window_ner")
    train(nlp)
    nlp.get_pipe("window_ner").cfg["calibration"] = CALIBRATION.to_json()
    nlp.to_disk(tmp_path / "model")
    return nlp, tmp_path / "model"


def test_the_calibration_is_saved(calibrated):
    nlp, path = calibrated
    loaded = spacy.load(path)
    assert loaded.get_pipe("window_ner").calibration == CALIBRATION
    text = "I like London and Berlin."
    scores = [doc.spans["window_ner"].attrs["scores"] for doc in (nlp(text), loaded(text))]
    assert scores[0] == scores[1] and len(scores[0]) == 2


def test_a_damaged_calibration_is_an_error_at_load(calibrated):
    _, path = calibrated
    cfg = path / "window_ner" / "cfg"
    cfg.write_text(cfg.read_text().replace('"slope":0.5', '"slope":-0.5'))
    with pytest.raises(ValueError, match="WN061"):
        spacy.load(path)


def test_initialization_forgets_the_calibration(calibrated):
    nlp, _ = calibrated
    train(nlp, steps=0)
    assert nlp.get_pipe("window_ner").calibration is None


def test_find_threshold(calibrated, tmp_path):
    nlp, path = calibrated
    DocBin(docs=[nlp("I like London and Berlin."), nlp("Who is Shaka Khan?")]).to_disk(
        tmp_path / "dev.spacy"
    )
    best, score, scores = find_threshold(
        path, tmp_path / "dev.spacy", pipe_name="window_ner", threshold_key="threshold",
        scores_key="ents_f", n_trials=3, silent=True,
    )  # fmt: skip
    assert list(scores) == [0.0, 0.5, 1.0] and list(scores.values()) == [1.0, 1.0, 0.0]
    assert best in (0.0, 0.5) and score == 1.0


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"threshold": 1.1}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"thresholds": {"A": -0.1}}, "A"),
        ({"spans_key": None, "candidates": True}, "candidates"),
    ],
)
def test_bad_settings(settings, name):
    with pytest.raises(ValueError, match=f"WN001.*{name}"):
        make(**settings)


def test_thresholds_of_unknown_labels():
    with pytest.raises(ValueError, match="WN011.*thresholds.*'X'"):
        train(make_nlp(thresholds={"X": 0.5}), steps=0)
