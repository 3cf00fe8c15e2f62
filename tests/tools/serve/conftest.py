import pytest
from spacy.language import Language

from ...pipeline.util import make_examples
from ..explain.util import trained_nlp


@pytest.fixture(scope="session")
def served() -> Language:
    """A trained and calibrated pipeline, for tests that leave it as it is."""
    nlp = trained_nlp(steps=80, recall_bias=0.25)
    nlp.get_pipe("window_ner").calibrate(make_examples(nlp) * 30)
    return nlp
