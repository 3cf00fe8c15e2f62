"""What docs/hub.md says of the package spacy-huggingface-hub. The hub itself isn't asked."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import spacy

from .pipeline.util import TRAIN_DATA, ents_of, make_nlp, train

PERFORMANCE = {"ents_f": 0.5, "ents_p": 0.4, "ents_r": 0.6}


@pytest.fixture(scope="module", params=["ner", "window_ner"])
def wheel(request, tmp_path_factory):
    """A wheel of a small pipeline, with a component of this name."""
    path = tmp_path_factory.mktemp("hub")
    nlp = make_nlp(request.param)
    train(nlp)
    nlp.meta["performance"] = PERFORMANCE
    nlp.meta["license"] = "MIT"
    nlp.to_disk(path / "model")
    subprocess.run(
        [sys.executable, "-m", "spacy", "package", path / "model", path, "--build", "wheel",
         "--name", "demo"],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    [found] = path.glob("*/dist/*.whl")
    return found


def names_of(wheel):
    with zipfile.ZipFile(wheel) as files:
        return files.namelist(), files.read("xx_demo/meta.json")


@pytest.mark.slow
def test_a_wheel_has_what_the_hub_takes(wheel):
    names, meta = names_of(wheel)
    assert wheel.name == "xx_demo-0.0.0-py3-none-any.whl"
    assert "xx_demo/xx_demo-0.0.0/config.cfg" in names
    meta = json.loads(meta)
    assert meta["performance"].items() >= PERFORMANCE.items()
    assert any(name.startswith("spacy-windowner") for name in meta["requirements"])


@pytest.fixture(scope="session")
def hub():
    """The package. It is looked for before a wheel is made, which takes long."""
    return pytest.importorskip(
        "spacy_huggingface_hub.push", reason="spacy-huggingface-hub isn't installed"
    )


@pytest.fixture
def pushed(hub, wheel, tmp_path, monkeypatch):
    """What the package would upload, and what it is told of."""
    asked = {}

    class Api:
        def create_repo(self, **settings):
            asked.update(settings)

    def upload_folder(*, folder_path, **settings):
        asked.update(settings)
        Path(folder_path).rename(tmp_path / "repository")
        (Path(folder_path)).mkdir()
        return "https://huggingface.co/me/xx_demo/tree/main/"

    monkeypatch.setattr(hub, "HfApi", Api)
    monkeypatch.setattr(hub, "upload_folder", upload_folder)
    return hub.push(wheel, "me", silent=True), asked, tmp_path / "repository"


def test_what_would_be_pushed(pushed, wheel):
    result, asked, repository = pushed
    assert asked["repo_id"] == "me/xx_demo" and asked["private"] is False
    assert result["whl_url"].endswith("/resolve/main/xx_demo-any-py3-none-any.whl")
    assert (repository / "xx_demo-any-py3-none-any.whl").read_bytes() == wheel.read_bytes()
    card = (repository / "README.md").read_text("utf8").split("---\n")[1]
    assert "- spacy\n" in card and "license: mit" in card and "NER F Score" in card
    names = spacy.load(repository).pipe_names
    assert ("- token-classification\n" in card.partition("language:")[0]) is (names == ["ner"])


def test_the_repository_is_a_pipeline(pushed):
    """What `snapshot_download` brings."""
    nlp = spacy.load(pushed[2])
    expected = [("Shaka Khan", "PERSON")]
    assert ents_of(nlp(TRAIN_DATA[0][0])) == expected
