import pytest
from spacy.util import registry

from ..pipeline.util import make_nlp, train


@pytest.fixture(scope="session", autouse=True)
def commands():
    """The commands as spaCy finds them."""
    registry.cli.get_all()


@pytest.fixture(autouse=True)
def processes(light_processes):
    """Commands that are started in a process of their own."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A trained pipeline."""
    nlp = make_nlp()
    train(nlp)
    path = tmp_path_factory.mktemp("model")
    nlp.to_disk(path)
    return path
