"""What docs/hub.md says of the package spacy-huggingface-hub. The package and the client of the Hub
are the real ones, and talk to a server of ours."""

import json
import os
import shlex
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import spacy

from .hub_server import running_hub
from .pipeline.util import TRAIN_DATA, ents_of, make_nlp, train

DOCS = Path(__file__).parents[1] / "docs" / "hub.md"
PERFORMANCE = {"ents_f": 0.5, "ents_p": 0.4, "ents_r": 0.6}

pytestmark = pytest.mark.slow


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


def test_a_wheel_has_what_the_hub_takes(wheel):
    with zipfile.ZipFile(wheel) as files:
        names, meta = files.namelist(), json.loads(files.read("xx_demo/meta.json"))
    assert wheel.name == "xx_demo-0.0.0-py3-none-any.whl"
    assert "xx_demo/xx_demo-0.0.0/config.cfg" in names
    assert meta["performance"].items() >= PERFORMANCE.items()
    assert any(name.startswith("spacy-windowner") for name in meta["requirements"])


def words_after(program):
    """The words of a command on the page."""
    [line] = [x for x in DOCS.read_text("utf8").splitlines() if x.startswith(f"{program} ")]
    return shlex.split(line)[1:]


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """The Python of an environment that is made as the page says."""
    packages = words_after("hub-env/bin/pip")[1:]
    path = tmp_path_factory.mktemp("environment")
    venv.create(path, with_pip=True)
    python = path / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = subprocess.run(
        [python, "-m", "pip", "install", *packages], capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        pytest.skip(f"spacy-huggingface-hub can't be installed: {done.stderr[-200:]}")
    return python


@pytest.fixture
def hub(python, wheel, tmp_path):
    """The server after the push, a function that runs commands of the environment, and what the
    push has printed."""
    with running_hub() as server:
        own = {
            "HF_ENDPOINT": server.url,
            "HF_TOKEN": "hf_secret",
            "HF_HOME": str(tmp_path / "home"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }

        def run(*args):
            done = subprocess.run(
                [python, *args], capture_output=True, text=True, env={**os.environ, **own}
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        *words, shown = words_after("hub-env/bin/python")
        assert shown.endswith("-py3-none-any.whl")
        yield server, run, run(*words, wheel, "--org", "me")


def test_push_and_load(hub, wheel):
    server, run, told = hub
    [created] = server.created
    assert (created["organization"], created["name"]) == ("me", "xx_demo")
    assert not created["private"] and server.tokens == {"Bearer hf_secret"}
    name = "xx_demo-any-py3-none-any.whl"
    assert f"pip install {server.url}/me/xx_demo/resolve/main/{name}" in told
    assert server.files[name] == wheel.read_bytes()
    card = server.files["README.md"].decode().split("---\n")[1]
    assert "- spacy\n" in card and "license: mit" in card and "NER F Score" in card
    load = "import huggingface_hub as hub; print(hub.snapshot_download('me/xx_demo'))"
    nlp = spacy.load(run("-c", load).strip())
    assert ents_of(nlp(TRAIN_DATA[0][0])) == [("Shaka Khan", "PERSON")]
    tags = card.partition("language:")[0]
    assert ("- token-classification\n" in tags) is (nlp.pipe_names == ["ner"])
