import pytest
from spacy.util import registry


@pytest.fixture(scope="session", autouse=True)
def commands():
    """The commands as spaCy finds them."""
    registry.cli.get_all()
