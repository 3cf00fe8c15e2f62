"""The commands as spaCy finds them, and the benchmarks, which are scripts."""

import sys

import pytest
from spacy.util import registry

from ..scripts import ROOT

sys.path.append(str(ROOT / "benchmarks"))


@pytest.fixture(scope="session", autouse=True)
def commands():
    registry.cli.get_all()
