"""Explanations of all entities of two corpora, and the time that they take. It is the processor's,
because other programs may run beside the tests."""

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed, minibatch
from thinc.api import Adam

from spacy_windowner import convert, explain

from ...scripts import ROOT
from .util import added_up

# Where the public corpora may be: see the assets in project.yml.
DATA = ROOT.parent / "shared" / "data"
CORPORA = {"btc": ("btc.train", "btc.test"), "bc5cdr": ("train.tsv", "test.tsv")}
N_TRAINED = 2000
EPOCHS = 2

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all((DATA / name).exists() for name in CORPORA),
        reason="the public corpora are not at ../shared/data",
    ),
]


@pytest.fixture(scope="module", params=list(CORPORA))
def trained(request, tmp_path_factory) -> tuple[Language, list[Doc]]:
    """A pipeline with the default settings, trained for a short time, and the test part."""
    folder = tmp_path_factory.mktemp(request.param)
    nlp = spacy.blank("en")
    parts = []
    for name in CORPORA[request.param]:
        path = folder / f"{name}.spacy"
        convert([DATA / request.param / name], path)
        parts.append(list(DocBin().from_disk(path).get_docs(nlp.vocab)))
    training, test = parts
    fix_random_seed(0)
    examples = [
        Example(Doc(nlp.vocab, words=[token.text for token in doc]), doc)
        for doc in training[:N_TRAINED]
    ]
    nlp.add_pipe("window_ner", config={"recall_bias": 1.0})  # to find much
    nlp.initialize(lambda: examples)
    sgd = Adam(0.001)
    for _ in range(EPOCHS):
        for batch in minibatch(examples, 32):
            nlp.update(batch, sgd=sgd, drop=0.2)
    return nlp, test


def test_every_entity_is_compared_with_another_decision(trained):
    nlp, docs = trained
    n_entities = 0
    for doc in docs:
        for entity in explain(nlp, doc).entities:
            n_entities += 1
            assert entity.found and entity.margin >= 0.0
            assert entity.rival != entity.chosen and entity.chosen
            assert entity.margin == pytest.approx(added_up(entity), abs=1e-4)
    assert n_entities > 300


def test_an_overlong_entity_is_explained(trained):
    """In which all tags differ from the rival's. `benchmarks/explain.py` times it."""
    nlp, _ = trained
    label = nlp.get_pipe("window_ner").labels[0]
    text = " ".join(["and"] * 1900)
    [entity] = explain(nlp, text, versus=(0, len(text), label)).entities
    assert len(entity.differences) == 1900
    assert entity.margin == pytest.approx(added_up(entity), rel=1e-5)
