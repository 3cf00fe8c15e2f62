import pytest
import spacy

from .util import make_docs


@pytest.fixture(scope="module")
def vocab():
    return spacy.blank("en").vocab


@pytest.fixture
def docs(vocab):
    return make_docs(vocab)
