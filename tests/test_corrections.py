"""The example that teaches a pipeline corrections."""

import re

import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from thinc.api import Adam

from spacy_windowner import correct
from spacy_windowner.tools.correct import entities, found_in
from spacy_windowner.tools.examples import without_entities

from .pipeline.util import ENTITIES, TRAIN_DATA, ents_of, make_nlp, train
from .scripts import ROOT, run_script

RAW = [text for text, _ in TRAIN_DATA]


def trained():
    nlp = make_nlp()
    train(nlp)
    return nlp


def corrected_docs(nlp, ents=("O", "O", "B-LOC", "O")):
    return [Doc(nlp.vocab, words=["We", "joined", "Acme", "?"], ents=list(ents))]


def test_corrections_stick_and_the_rest_stays():
    nlp = trained()
    docs = corrected_docs(nlp)
    assert entities(nlp(without_entities(docs[0]))) != entities(docs[0])
    assert correct(nlp, docs, [nlp.make_doc(text) for text in RAW], learn_rate=0.005) == []
    assert entities(nlp(without_entities(docs[0]))) == {(10, 14, "LOC")}
    assert [ents_of(nlp(text)) for text in RAW] == ENTITIES
    assert ents_of(docs[0]) == [("Acme", "LOC")]


def test_tokens_that_are_merged_later():
    nlp = trained()
    nlp.add_pipe("merge_entities")
    words, ents = ["Who", "is", "Acme", "Khan", "?"], ["O", "O", "B-LOC", "I-LOC", "O"]
    docs = [Doc(nlp.vocab, words=words, ents=ents)]
    assert correct(nlp, docs, [], learn_rate=0.005) == []


def test_what_does_not_stick_is_returned():
    nlp = trained()
    contradiction = [*corrected_docs(nlp), *corrected_docs(nlp, ["O"] * 4)]
    assert len(correct(nlp, contradiction, [], max_steps=5)) in (1, 2)


def weights(pipe):
    return pipe.to_bytes(exclude=["vocab"])


def add_tagger(nlp):
    """Add a trained component that learns, and rehearses, as well."""
    tagger = nlp.add_pipe("tagger")
    words = [token.text for token in nlp.make_doc(RAW[0])]
    docs = [Doc(nlp.vocab, words=words, tags=["T"] * len(words))]
    docs.append(Doc(nlp.vocab, words=["No"], tags=["F"]))
    with nlp.select_pipes(enable="tagger"):
        tagger.initialize(lambda: [Example(doc.copy(), doc) for doc in docs], nlp=nlp)
        nlp.update([Example(doc.copy(), doc) for doc in docs], sgd=Adam(0.01))
    return tagger


def corrected_with_tags(nlp):
    words = ["We", "joined", "Acme", "?"]
    return [Doc(nlp.vocab, words=words, ents=["O", "O", "B-LOC", "O"], tags=["F"] * 4)]


def test_other_components_stay_as_they_are():
    nlp = trained()
    tagger = add_tagger(nlp)
    before = weights(tagger)
    docs, raw = corrected_with_tags(nlp), [nlp.make_doc(text) for text in RAW]
    assert correct(nlp, docs, raw, learn_rate=0.005) == []
    assert weights(tagger) == before
    assert nlp.pipe_names == ["window_ner", "tagger"]


def test_the_recipe_of_the_docs_as_it_is_printed():
    text = (ROOT / "docs" / "corrections.md").read_text(encoding="utf8")
    [recipe] = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    nlp = trained()
    tagger = add_tagger(nlp)
    before = weights(tagger), weights(nlp.get_pipe("window_ner"))
    docs, raw = corrected_with_tags(nlp), [nlp.make_doc(text) for text in RAW]
    names = {
        "nlp": nlp,
        "corrected_examples": [Example(without_entities(doc), doc) for doc in docs],
        "sample_of_100_raw_examples": [Example(doc.copy(), doc) for doc in raw],
    }
    calls = []
    ner = nlp.get_pipe("window_ner")
    rehearse = ner.rehearse
    ner.rehearse = lambda *args, **kwargs: calls.append(rehearse(*args, **kwargs))
    exec(recipe, names)
    assert len(calls) == 40 * 3
    assert weights(tagger) == before[0] and weights(ner) != before[1]


def test_a_shared_tok2vec(tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    embed = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    nlp.add_pipe("window_ner", config={"model": {"embed": embed}})
    train(nlp)
    nlp.to_disk(tmp_path / "model")
    nlp = spacy.load(tmp_path / "model")
    shared = weights(nlp.get_pipe("tok2vec"))
    docs = corrected_docs(nlp)
    assert correct(nlp, docs, [nlp.make_doc(text) for text in RAW]) == []
    assert weights(nlp.get_pipe("tok2vec")) == shared
    nlp.to_disk(tmp_path / "corrected")
    loaded = spacy.load(tmp_path / "corrected")
    assert loaded.pipe_names == ["tok2vec", "window_ner"]
    assert found_in(loaded, docs[0]) == {(10, 14, "LOC")}
    assert [ents_of(loaded(text)) for text in RAW] == ENTITIES


def test_the_whole_pipeline_must_find_it():
    nlp = trained()
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "X", "pattern": "Acme"}])
    docs = corrected_docs(nlp)
    assert correct(nlp, docs, [], learn_rate=0.005, max_steps=10) == docs
    with nlp.select_pipes(disable="entity_ruler"):  # window_ner alone does
        assert found_in(nlp, docs[0]) == entities(docs[0])


def test_labels_that_cannot_learn():
    nlp = trained()
    ner = nlp.get_pipe("window_ner")
    before = weights(ner)
    unknown = corrected_docs(nlp, ["O", "O", "B-ORG", "O"])
    with pytest.raises(ValueError, match=r"label ORG, which 'window_ner' doesn't.*PERSON, LOC"):
        correct(nlp, unknown, [])
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "ORG", "pattern": "Acme"}])
    assert correct(nlp, unknown, []) == []  # found by another component
    nlp.remove_pipe("entity_ruler")
    assert weights(ner) == before
    ner.add_labels(["ORG"])
    with pytest.raises(
        ValueError, match=r'label LOC, which is frozen.*cfg\["frozen_labels"\] = \['
    ):
        correct(nlp, corrected_docs(nlp), [])
    right = [Doc(nlp.vocab, words=["I", "like", "London"], ents=["O", "O", "B-LOC"])]
    assert correct(nlp, [*unknown, *right], [], learn_rate=0.02) == []
    wrong = [Doc(nlp.vocab, words=["I", "like", "London"], ents=["O", "O", "O"])]
    with pytest.raises(ValueError, match="label LOC, which is frozen"):
        correct(nlp, wrong, [])
    ner.cfg["frozen_labels"] = []
    docs = [Doc(nlp.vocab, words=["We", "like", "Paris"], ents=["O", "O", "B-LOC"])]
    assert correct(nlp, docs, [], learn_rate=0.005) == []


@pytest.mark.parametrize("rate", [0.0, 0.005])
def test_the_command(tmp_path, rate):
    nlp = trained()
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=corrected_docs(nlp)).to_disk(tmp_path / "corrected.spacy")
    (tmp_path / "raw.txt").write_text("\n".join(RAW), encoding="utf8")
    paths = [tmp_path / name for name in ("model", "corrected.spacy", "raw.txt", "output")]
    options = ["--learn-rate", rate]
    code, output = run_script("corrections", *paths, *options)
    n_stick = int(rate > 0.0)
    assert code == 0 and f"{n_stick} of 1 corrections stick" in output
    assert ("Doesn't stick" in output) == (not n_stick)
    found = entities(spacy.load(tmp_path / "output")(corrected_docs(nlp, [""] * 4)[0]))
    assert ((10, 14, "LOC") in found) == bool(n_stick)


def test_the_command_says_what_cannot_be_learned(tmp_path):
    nlp = trained()
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=corrected_docs(nlp, ["O", "O", "B-ORG", "O"])).to_disk(tmp_path / "docs.spacy")
    (tmp_path / "raw.txt").write_text("\n".join(RAW), encoding="utf8")
    paths = [tmp_path / name for name in ("model", "docs.spacy", "raw.txt", "output")]
    code, output = run_script("corrections", *paths)
    assert code == 1 and "label ORG" in output and not (tmp_path / "output").exists()
