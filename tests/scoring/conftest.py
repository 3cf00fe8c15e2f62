from collections.abc import Iterator

import pytest
import spacy

from spacy_windowner.scoring import plain, scorer
from spacy_windowner.scoring import word_table as words

from ..models.util import make_docs
from ..util import compiled_module
from .util import MORE_SENTENCES


@pytest.fixture(scope="module", params=["compiled", "plain"])
def core(request) -> Iterator:
    """The arithmetic of scoring, compiled or plain, that a module's tests run with."""
    module = plain if request.param == "plain" else compiled_module("scoring.core")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "core", module)
        patch.setattr(scorer, "core", module)
        yield module


@pytest.fixture(scope="module")
def vocab():
    return spacy.blank("xx").vocab


@pytest.fixture
def docs(vocab):
    return make_docs(vocab, MORE_SENTENCES)
