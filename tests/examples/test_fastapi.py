import runpy
from pathlib import Path

import pytest
import spacy

from ..pipeline.util import make_examples, make_nlp, train

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "fastapi_app.py"
TEXTS = ["Who is Shaka Khan, and do I like London?", "who is it?"]


def test_the_docs_show_the_example():
    docs = (ROOT / "docs" / "integrations.md").read_text("utf8")
    shown = docs.partition("<!-- fastapi_app.py -->\n```python\n")[2].partition("```")[0]
    assert shown == EXAMPLE.read_text("utf8")


def test_the_image_has_what_the_example_needs():
    lines = (ROOT / "examples" / "Dockerfile").read_text("utf8").splitlines()
    assert "COPY fastapi_app.py ." in lines and "ENV MODEL=model-best OMP_NUM_THREADS=1" in lines
    assert any("fastapi_app:app" in line for line in lines if line.startswith("CMD"))


@pytest.fixture
def client(tmp_path, monkeypatch):
    pytest.importorskip("fastapi", reason="fastapi isn't installed")
    from starlette.testclient import TestClient

    nlp = make_nlp()
    train(nlp)
    nlp.get_pipe("window_ner").calibrate(make_examples(nlp) * 30)
    nlp.to_disk(tmp_path)
    monkeypatch.setenv("MODEL", str(tmp_path))
    return TestClient(runpy.run_path(str(EXAMPLE))["app"])


def test_the_example(client, tmp_path):
    answer = client.post("/entities", json={"texts": TEXTS})
    assert answer.status_code == 200
    found, none = answer.json()
    doc = spacy.load(tmp_path)(TEXTS[0])
    assert len(found) == len(doc.ents) > 0 and none == []
    for one, ent in zip(found, doc.ents, strict=True):
        assert one == {
            "start": ent.start_char,
            "end": ent.end_char,
            "label": ent.label_,
            "text": ent.text,
            "score": pytest.approx(ent._.ner_score),
        }
    assert client.post("/entities", json={"texts": []}).json() == []
    assert client.post("/entities", json={"text": "London"}).status_code == 422
