"""The public names. Everything else is private by convention."""

import subprocess
import sys

import pytest

import spacy_windowner


def test_what_is_public():
    assert spacy_windowner.__all__ == [
        "Row",
        "WindowNER",
        "__version__",
        "annotate",
        "calibrate",
        "convert",
        "correct",
        "cross_validate",
        "debug_data",
        "explain",
        "explanation_to_html",
        "explanation_to_text",
        "make_config",
        "make_report",
        "pretrain",
        "render_docs",
        "report_to_html",
        "report_to_markdown",
        "rows_of",
        "suggest",
        "train",
        "train_curve",
    ]
    assert {*spacy_windowner._HOMES, "__version__"} == {*spacy_windowner.__all__}
    assert {*spacy_windowner.__all__} <= {*dir(spacy_windowner)}


@pytest.mark.parametrize("name", spacy_windowner.__all__)
def test_public_names_are_there_and_documented(name):
    found = getattr(spacy_windowner, name)
    if name != "__version__":
        assert callable(found) and found.__name__ == name
        assert found.__doc__ and found.__doc__.strip()


def test_others_are_not():
    with pytest.raises(AttributeError, match="has no attribute 'no_such_thing'"):
        _ = spacy_windowner.no_such_thing


@pytest.mark.usefixtures("light_processes")
def test_nothing_is_imported_before_it_is_asked_for():
    script = (
        "import sys, spacy_windowner\n"
        "assert not any(name.startswith('spacy_windowner.') for name in sys.modules)\n"
        "from spacy_windowner import rows_of\n"
        "assert 'spacy_windowner.tools.pretrain' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
