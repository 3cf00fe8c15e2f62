import pytest
import spacy

from ...pipeline.util import make_examples, make_nlp, train


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A saved pipeline, trained and calibrated."""
    nlp = make_nlp()
    train(nlp)
    nlp.get_pipe("window_ner").calibrate(make_examples(nlp) * 30)
    path = tmp_path_factory.mktemp("annotating") / "model"
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="session")
def nlp(model):
    return spacy.load(model)
