"""What can be explained, and that nothing is changed by it."""

import json
import subprocess
import sys

import numpy
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.util import fix_random_seed
from thinc.api import Adam

import spacy_windowner
from spacy_windowner import explain

from ...pipeline.util import TRAIN_DATA, copy_of, make_examples, make_nlp, scoring_ner, train
from .util import TEXT, added_up, make_gradients, trained_nlp

LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 16, "upstream": "*"}
TOK2VEC = {
    "model": {
        "@architectures": "spacy.HashEmbedCNN.v2", "pretrained_vectors": None, "width": 16,
        "depth": 1, "embed_size": 100, "window_size": 1, "maxout_pieces": 2,
        "subword_features": True,
    }
}  # fmt: skip


def ents_in(explanation):
    return [(entity.text, entity.label) for entity in explanation.entities]


def make_contextual(**embed):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config=TOK2VEC)
    config = {"model": {"hidden_width": 16, "embed": embed or LISTENER}, "recall_bias": 1.0}
    nlp.add_pipe("window_ner", config=config)
    train(nlp, steps=30)
    return nlp


def test_a_text_and_its_doc_have_the_same_explanation(explained):
    found = explain(explained, TEXT)
    assert ents_in(found) == [("Shaka Khan", "PERSON"), ("London", "LOC")]
    assert found.component == "window_ner"
    assert found.window == 2
    doc = explained.make_doc(TEXT)
    assert found.words == [token.text for token in doc]
    assert "".join(map("".join, zip(found.words, found.spaces, strict=True))) == TEXT
    assert explain(explained, doc) == found
    assert explain(explained, explained(TEXT)) == found


def test_nothing_is_changed(explained):
    doc = explained(TEXT)
    doc.set_ents([Span(doc, 0, 1, "OTHER")])
    doc.spans["mine"] = [doc[0:2]]
    before, of_pipeline = doc.to_bytes(), explained.to_bytes()
    found = explain(explained, doc)
    assert len(found.entities) == 2
    assert doc.to_bytes() == before
    assert explained.to_bytes() == of_pipeline


def test_the_explanation_does_not_depend_on_other_texts(explained):
    alone = explain(explained, TEXT)
    list(explained.pipe(["I like London and Berlin."] * 3))
    assert explain(copy_of(explained), TEXT) == alone
    assert explain(explained, TEXT) == alone


@pytest.mark.parametrize("text", ["", " \n ", "who is it?"])
def test_texts_without_entities(explained, text):
    assert explain(explained, text).entities == []
    assert explain(explained, explained.make_doc(text)).entities == []


def test_only_a_part_is_explained(explained):
    found = explain(explained, TEXT)
    first, second = found.entities
    for entity in (first, second):
        part = explain(explained, TEXT, within=(entity.start, entity.end))
        assert part.entities == [entity] and part.words == found.words
    assert explain(explained, TEXT, within=(first.start, second.end)).entities == [first, second]
    for within in [(first.start + 1, second.end), (0, 0), (5, 2), (-1, 10**30)]:
        inside = [ent for ent in (first, second) if within[0] <= ent.start and ent.end <= within[1]]
        assert explain(explained, TEXT, within=within).entities == inside


def test_entities_of_earlier_components_are_not_explained(explained):
    nlp = copy_of(explained)
    ruler = nlp.add_pipe("entity_ruler", before="window_ner")
    ruler.add_patterns([{"label": "CITY", "pattern": "London"}])
    found = explain(nlp, TEXT)
    assert ents_in(found) == [("Shaka Khan", "PERSON")]
    assert ents_in(explain(nlp, nlp(TEXT))) == ents_in(found)
    nlp.get_pipe("window_ner").cfg["overwrite"] = True
    assert ents_in(explain(nlp, TEXT)) == ents_in(explain(explained, TEXT))


def test_later_components_are_not_run(explained):
    nlp = copy_of(explained)
    nlp.add_pipe("entity_ruler", config={"overwrite_ents": True}).add_patterns(
        [{"label": "CITY", "pattern": "London"}]
    )
    assert explain(nlp, TEXT) == explain(explained, TEXT)


def test_the_component_is_named(explained):
    nlp = copy_of(explained)
    nlp.add_pipe("window_ner", name="other", source=None, config={"recall_bias": 0.0})
    with pytest.raises(ValueError, match="WN050.*one `window_ner`.*window_ner, other"):
        explain(nlp, TEXT)
    assert explain(nlp, TEXT, component="window_ner") == explain(explained, TEXT)
    with pytest.raises(ValueError, match="WN050.*named 'third'"):
        explain(nlp, TEXT, component="third")
    with pytest.raises(ValueError, match="WN050.*Found: sentencizer"):
        nlp = spacy.blank("en")
        nlp.add_pipe("sentencizer")
        explain(nlp, TEXT)
    with pytest.raises(ValueError, match="WN050.*Found: no component"):
        explain(spacy.blank("en"), TEXT)


def test_a_contextual_model():
    nlp = make_contextual()
    found = explain(nlp, TEXT)
    assert found.method == "exact"
    assert ents_in(found) == [(ent.text, ent.label_) for ent in nlp(TEXT).ents] != []
    for entity in found.entities:
        assert list(entity.parts[0].features) == ["tok2vec"]
        assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
    # The tok2vec component runs again, whether or not it ran before.
    assert explain(nlp, nlp.make_doc(TEXT)) == explain(nlp, nlp(TEXT)) == found
    # Without a word, the rows of all others are others.
    for entity in found.entities:
        removal = entity.flip or entity.support
        words = [word for i, word in enumerate(found.words) if i != removal.token]
        left = explain(nlp, Doc(nlp.vocab, words=words))
        kept = [it for it in left.entities if (it.text, it.label) == (entity.text, entity.label)]
        assert removal.flips == (not kept)
        if kept:
            assert removal.margin == pytest.approx(kept[0].margin, abs=1e-4)


def test_a_model_that_is_no_window_classifier_is_refused():
    nlp = make_nlp()
    train(nlp, steps=1)
    ner = nlp.get_pipe("window_ner")
    with pytest.raises(ValueError, match="WN051.*'window_ner'.*word_scores"):
        other = scoring_ner({"London": [0.0, 1.0, 0.0]}, ["LOC"])
        ner.model, ner.cfg = other.model, other.cfg
        explain(nlp, "London")


def test_an_untrained_component_is_refused_as_by_spacy():
    nlp = make_nlp()
    with pytest.raises(ValueError, match="E109|E143"):
        explain(nlp, TEXT)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_training_goes_on_as_if_nothing_was_explained(activation):
    weights = []
    for explains in (False, True):
        nlp = make_nlp(model={"activation": activation}, recall_bias=1.0)
        fix_random_seed(0)
        examples = make_examples(nlp, TRAIN_DATA)
        nlp.initialize(lambda examples=examples: examples)
        ner, sgd = nlp.get_pipe("window_ner"), Adam(0.01)
        for _ in range(3):
            nlp.update(examples, sgd=sgd, drop=0.3)
        make_gradients(nlp)  # some are waiting
        docs = [example.predicted for example in examples]
        scores, backprop = ner.model.begin_update(docs)  # and some not yet made
        if explains:
            assert explain(nlp, TEXT).entities
        backprop([numpy.sign(doc_scores) for doc_scores in scores])
        nlp.update(examples, sgd=sgd, drop=0.3)
        weights.append(ner.model.to_bytes())
    assert weights[0] == weights[1]


def test_decisions_are_those_of_averaged_weights():
    nlp = trained_nlp()
    ner = nlp.get_pipe("window_ner")
    affine = ner.model.get_ref("windowed_affine")
    params = {(affine.id, "b"): affine.get_param("b") + 1.0}
    before = explain(nlp, TEXT)
    with nlp.use_params(params):
        during = explain(nlp, TEXT)
        assert [e.margin for e in during.entities] != [e.margin for e in before.entities]
        for entity in during.entities:
            assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
    assert explain(nlp, TEXT) == before


def test_it_is_json(explained):
    found = explain(explained, TEXT)
    data = json.loads(json.dumps(found.to_dict()))
    assert data["entities"][0]["differences"][0]["tag"] == found.entities[0].differences[0].tag
    assert data["words"] == found.words


def test_importing_the_package_imports_no_explanation():
    code = (
        "import sys, spacy_windowner as it\n"
        "assert not any(name.startswith('spacy_windowner.') for name in sys.modules)\n"
        "assert 'spacy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert spacy_windowner.explain.__module__ == "spacy_windowner.tools.explain.explain"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        spacy_windowner.nothing  # noqa: B018


def test_whitespace_is_no_word_of_a_window(explained):
    """The explanation is that of the text without it. Only the tokens have other numbers."""
    spaced = TEXT.replace(" ", " \t ")
    plain, found = explain(explained, TEXT), explain(explained, spaced)
    assert found.words != plain.words
    assert len(found.entities) == len(plain.entities) == 2
    for one, other in zip(plain.entities, found.entities, strict=True):
        assert one.margin == pytest.approx(other.margin, abs=1e-5)
        assert [part.text for part in one.parts] == [part.text for part in other.parts]
        for part, same in zip(one.parts, other.parts, strict=True):
            assert part.contribution == pytest.approx(same.contribution, abs=1e-5)
            assert same.token is None or found.words[same.token] == part.text
        assert one.rival_name == other.rival_name
        tags = [
            [(each.text, each.tag, each.rival) for each in of.differences] for of in (one, other)
        ]
        assert tags[0] == tags[1]
        for flip, same in ((one.flip, other.flip), (one.support, other.support)):
            assert (flip and flip.text) == (same and same.text)


def test_an_overlong_entity():
    """In which nearly all tags differ from the rival's. `benchmarks/explain.py` times it."""
    text = " ".join(["and"] * 1900)
    [entity] = explain(trained_nlp(), text, versus=(0, len(text), "LOC")).entities
    assert entity.last_token == 1899 and not entity.found
    assert len(entity.differences) >= 1899
    assert entity.margin == pytest.approx(added_up(entity), rel=1e-5)
