"""The project and its configs."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import spacy
import srsly
from spacy.cli import app
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from thinc.compat import has_torch
from typer.testing import CliRunner

from spacy_windowner.tools.convert.convert import convert

from .scripts import ROOT

# Where the public corpora may be: see the assets in project.yml.
DATA = ROOT.parent / "shared" / "data"
needs_torch = pytest.mark.skipif(not has_torch, reason="PyTorch is an extra: torch")
CONFIGS = [
    pytest.param(path.stem, marks=[needs_torch] if path.stem == "torch" else [])
    for path in sorted((ROOT / "configs").glob("*.cfg"))
    if path.stem != "grow"  # it needs a trained pipeline, see tests/pipeline/test_growth.py
]
PROJECT = srsly.read_yaml(ROOT / "project.yml")

needs_data = pytest.mark.skipif(
    not DATA.exists(), reason="the public corpora are not at ../shared/data"
)


def run(*args: object, cwd: Path = ROOT) -> None:
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, args)), cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """The embedded corpus in spaCy's format."""
    folder = tmp_path_factory.mktemp("corpus")
    convert([ROOT / f"assets/{split}.jsonl" for split in ("train", "dev", "test")], folder)
    return folder


def train_config(name: str, corpus: Path, output: Path | None, **training):
    config = load_config(
        ROOT / "configs" / f"{name}.cfg",
        overrides={
            "paths.train": str(corpus / "train.spacy"),
            "paths.dev": str(corpus / "dev.spacy"),
            **{f"training.{key}": value for key, value in training.items()},
        },
    )
    nlp = init_nlp(config)
    train(nlp, output, use_gpu=-1)
    return nlp


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_train(name, corpus):
    nlp = train_config(name, corpus, None, max_steps=4, eval_frequency=2)
    assert nlp.get_pipe("window_ner").labels
    assert nlp("Paris Hilton flew to Paris.").has_annotation("ENT_IOB")


def test_default_config_is_that_of_the_factory():
    """configs/default.cfg spells out the factory's defaults."""
    config = load_config(ROOT / "configs" / "default.cfg")
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner")
    assert config["components"]["window_ner"] == nlp.config["components"]["window_ner"]


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_are_complete(name, corpus):
    """`spacy debug` fills in nothing, as `spacy train` does."""
    path = ROOT / "configs" / f"{name}.cfg"
    paths = [f"--paths.{split}={corpus / split}.spacy" for split in ("train", "dev")]
    result = CliRunner().invoke(app, ["debug", "config", str(path), *paths])
    assert result.exit_code == 0, result.output


def test_every_dependency_is_tracked_downloaded_or_made():
    made = {asset["dest"] for asset in PROJECT["assets"]}
    commands = {command["name"]: command for command in PROJECT["commands"]}
    for workflow in PROJECT["workflows"].values():
        for name in workflow:
            for dep in commands[name]["deps"]:
                dep = re.sub(r"\$\{vars\.(\w+)\}", lambda found: PROJECT["vars"][found[1]], dep)
                folder_of = [path for path in made if path.startswith(f"{dep}/")]
                assert dep in made or folder_of or (ROOT / dep).is_file(), f"{name}: {dep}"
            made.update(commands[name]["outputs"])
    assert all(command["help"].endswith(".") for command in commands.values())


def test_documentation_is_that_of_the_project():
    """docs/project.md is what `spacy project document` makes of project.yml."""
    text = (ROOT / "docs/project.md").read_text("utf8")
    for command in PROJECT["commands"]:
        assert f"| `{command['name']}` | {command['help']} |" in text
    for name, steps in PROJECT["workflows"].items():
        assert f"| `{name}` | " + " &rarr; ".join(f"`{step}`" for step in steps) + " |" in text


@needs_data
def test_checksums_are_those_of_the_corpora():
    for asset in PROJECT["assets"]:
        path = DATA / Path(asset["dest"]).relative_to("assets")
        assert hashlib.md5(path.read_bytes()).hexdigest() == asset["checksum"]


@pytest.mark.slow
@needs_data
def test_a_file_put_in_place_is_taken(tmp_path):
    """No asset is downloaded if files with the right checksums are there."""
    shutil.copy(ROOT / "project.yml", tmp_path)
    for asset in PROJECT["assets"]:
        dest = tmp_path / asset["dest"]
        dest.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DATA / Path(asset["dest"]).relative_to("assets"), dest)
    run(sys.executable, "-m", "spacy", "project", "assets", cwd=tmp_path)


def test_readme_names_the_commands_that_ci_runs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("main-command", "test-command"):
        found = re.findall(f"<!-- {name} -->\n```bash\n(.+)\n```\n<!-- /{name} -->", readme)
        assert len(found) == 1 and found[0].startswith("pip install")


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize(
    ("name", "files", "f"),
    [
        ("btc", ["btc.train", "btc.dev"], 0.66),
        ("bc5cdr", ["train.tsv", "dev.tsv"], 0.77),
        ("wnut17", ["train.conll", "dev.conll"], 0.25),
    ],
)
def test_real_corpora(tmp_path, name, files, f):
    """The default config learns each corpus to a dev score that is far from chance."""
    for file, split in zip(files, ["train", "dev"], strict=True):
        convert([DATA / name / file], tmp_path / f"{split}.spacy")
    (tmp_path / "model").mkdir()
    train_config("default", tmp_path, tmp_path / "model", max_steps=1000)
    meta = srsly.read_json(tmp_path / "model/model-best/meta.json")
    assert meta["performance"]["ents_f"] > f


@pytest.mark.slow
def test_package_installs_and_tags(tmp_path, corpus):
    """A wheel made by `spacy package` works in a fresh environment."""
    (tmp_path / "model").mkdir()
    train_config("default", corpus, tmp_path / "model", max_steps=300, eval_frequency=100)
    run(
        *[sys.executable, "-m", "spacy", "package", tmp_path / "model/model-best", tmp_path],
        *["--name", "window_ner", "--version", "0.1.0", "--build", "wheel"],
    )
    [wheel] = tmp_path.glob("*/dist/*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    run(python, "-m", "pip", "install", ROOT)
    run(python, "-m", "pip", "install", wheel)
    code = (
        "import spacy; nlp = spacy.load('en_window_ner'); "
        "assert nlp('Angela Merkel spoke in Paris and London.').ents"
    )
    run(python, "-c", code, cwd=tmp_path)
