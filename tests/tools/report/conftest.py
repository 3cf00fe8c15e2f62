import pytest

from spacy_windowner.tools.report.report import make_report

from .util import trained_nlp, write_docs


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Folders of a calibrated pipeline, and of one that isn't."""
    folder = tmp_path_factory.mktemp("models")
    trained_nlp().to_disk(folder / "first")
    trained_nlp(calibrated=False, steps=8, seed=1).to_disk(folder / "second")
    return [folder / "first", folder / "second"]


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A file of annotated documents."""
    return write_docs(tmp_path_factory.mktemp("data") / "test.spacy")


@pytest.fixture(scope="session")
def report(models, data):
    """A report on both pipelines, for tests that leave it as it is."""
    return make_report(models[0], data, compare_with=[models[1]], train=data)
