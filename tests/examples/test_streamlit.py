import sys
from pathlib import Path

import pytest
import spacy

from ..pipeline.util import make_examples, make_nlp, train

pytest.importorskip("spacy_streamlit", reason="spacy-streamlit isn't installed")
from streamlit.testing.v1 import AppTest  # noqa: E402

EXAMPLE = Path(__file__).parents[2] / "examples" / "streamlit_app.py"
TEXT = "Who is Shaka Khan, and do I like London?"
# The whole app of spacy-streamlit. Its `color` makes it call what Streamlit no longer has.
VISUALIZE = """
import sys
import spacy_streamlit
spacy_streamlit.visualize([sys.argv[1]], sys.argv[2], visualizers=["ner"], color=None)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    nlp = make_nlp("ner")
    train(nlp)
    nlp.get_pipe("ner").calibrate(make_examples(nlp) * 30)
    path = tmp_path_factory.mktemp("model")
    nlp.to_disk(path)
    return path


def html_of(app):
    return " ".join(one.value for one in app.markdown)


def test_the_example(folder, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["streamlit_app.py", str(folder)])
    app = AppTest.from_file(str(EXAMPLE), default_timeout=60).run()
    assert not app.exception
    app.text_area[0].set_value(TEXT).run()
    assert not app.exception
    assert "Shaka Khan" in html_of(app) and "London" in html_of(app)
    doc = spacy.load(folder)(TEXT)
    table = app.dataframe[0].value
    assert table["entity"].tolist() == [ent.text for ent in doc.ents]
    assert table["probability"].tolist() == [ent._.ner_score for ent in doc.ents]
    app.text_area[0].set_value("who is it?").run()
    assert not app.exception and not app.dataframe
    assert "No entities" in app.info[0].value


def test_the_whole_app(folder, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py", str(folder), TEXT])
    app = AppTest.from_string(VISUALIZE, default_timeout=60).run()
    assert not app.exception
    assert "Shaka Khan" in html_of(app)
    assert app.multiselect[0].options == ["PERSON", "LOC"]
