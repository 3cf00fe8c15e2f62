import logging
import runpy
from pathlib import Path

import pytest
import spacy

from ..pipeline.util import make_examples, make_nlp, train

pytest.importorskip("presidio_analyzer", reason="presidio-analyzer isn't installed")
from presidio_analyzer import AnalyzerEngine  # noqa: E402
from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: E402

EXAMPLE = Path(__file__).parents[2] / "examples" / "presidio.py"
TEXT = "Who is Shaka Khan, and do I like London? is it 4111 1111 1111 1111?"
NAMES = {"PERSON": "PERSON", "LOC": "LOCATION"}
ASKED = ["PERSON", "LOCATION", "CREDIT_CARD"]  # others ask the network for lists of domains


@pytest.fixture(scope="module")
def example():
    return runpy.run_path(str(EXAMPLE))


@pytest.fixture(scope="module", params=["window_ner", "ner"])
def folder(request, tmp_path_factory):
    nlp = make_nlp(request.param)
    train(nlp)
    nlp.get_pipe(request.param).calibrate(make_examples(nlp) * 30)
    path = tmp_path_factory.mktemp("model")
    nlp.to_disk(path)
    return path


def analyze(analyzer, **settings):
    found = analyzer.analyze(TEXT, language="en", entities=ASKED, **settings)
    return {(TEXT[one.start : one.end], one.entity_type): one.score for one in found}


def test_presidio_has_our_probabilities(example, folder):
    found = analyze(example["make_analyzer"](str(folder), NAMES))
    doc = spacy.load(folder)(TEXT)
    assert {"Shaka Khan", "London"} <= {ent.text for ent in doc.ents}
    for ent in doc.ents:
        assert found.pop((ent.text, NAMES[ent.label_])) == ent._.ner_score
    assert list(found) == [("4111 1111 1111 1111", "CREDIT_CARD")]


def test_thresholds_act(example, folder):
    analyzer = example["make_analyzer"](str(folder), NAMES)
    scores = {name: score for name, score in analyze(analyzer).items() if name[1] != "CREDIT_CARD"}
    between = sum(scores.values()) / len(scores)
    kept = {name for name, score in scores.items() if score >= between}
    assert 0 < len(kept) < len(scores)
    assert set(analyze(analyzer, score_threshold=between)) == kept | {
        ("4111 1111 1111 1111", "CREDIT_CARD")
    }


def test_labels_can_be_ignored(example, folder, caplog):
    analyzer = example["make_analyzer"](str(folder), {"LOC": "LOCATION"}, ["PERSON"])
    with caplog.at_level(logging.WARNING, "presidio-analyzer"):
        assert ("London", "LOCATION") in analyze(analyzer)
    assert not [one for one in caplog.records if "not mapped" in one.message]


def test_context_words_count(example, folder):
    analyzer = example["make_analyzer"](str(folder), NAMES)
    score = {
        text: analyzer.analyze(text, language="en", entities=["PHONE_NUMBER"])[0].score
        for text in ("It is 212-555-5555.", "Phone 212-555-5555.")
    }
    assert score["Phone 212-555-5555."] > score["It is 212-555-5555."]


def test_without_calibration_there_is_one_score(example, tmp_path):
    nlp = make_nlp()
    train(nlp)
    nlp.to_disk(tmp_path)
    found = analyze(example["make_analyzer"](str(tmp_path), NAMES))
    assert found["Shaka Khan", "PERSON"] == found["London", "LOCATION"] == 0.85


def test_presidios_own_engine_has_one_score(folder):
    """What docs/integrations.md says of a configuration without code."""
    configuration = {
        "nlp_engine_name": "spacy",
        "models": [{"lang_code": "en", "model_name": str(folder)}],
        "ner_model_configuration": {
            "model_to_presidio_entity_mapping": NAMES, "default_score": 0.6,
        },
    }  # fmt: skip
    engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    found = analyze(analyzer)
    assert found["Shaka Khan", "PERSON"] == found["London", "LOCATION"] == 0.6
    phones = [
        analyzer.analyze(text, language="en", entities=["PHONE_NUMBER"])[0].score
        for text in ("It is 212-555-5555.", "Phone 212-555-5555.")
    ]
    assert phones[0] == phones[1]  # there are no lemmas
