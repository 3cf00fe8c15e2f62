import pytest
from spacy.language import Language

from .util import copy_of, make_nlp, train


@pytest.fixture(scope="session")
def trained_once() -> Language:
    """A pipeline that knows the entities of TRAIN_DATA, for tests that leave it as it is."""
    nlp = make_nlp()
    train(nlp)
    return nlp


@pytest.fixture
def trained(trained_once: Language) -> Language:
    """The same pipeline, a copy of the test's own."""
    return copy_of(trained_once)
