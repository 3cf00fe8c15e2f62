import pytest
from spacy.language import Language

from ...pipeline.util import make_nlp, train
from .util import CONTEXT_DATA, trained_nlp


@pytest.fixture(scope="session")
def explained() -> Language:
    """A trained pipeline, for tests that leave it as it is."""
    return trained_nlp(steps=60, recall_bias=0.25)


@pytest.fixture(scope="session")
def contextual() -> Language:
    """A pipeline whose entities hang on a word before them."""
    nlp = make_nlp()
    train(nlp, CONTEXT_DATA, steps=80)
    return nlp
