"""The distributions: what is in them, and that they run with a compiler and without one."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import srsly

from .scripts import ROOT

pytestmark = pytest.mark.slow

GENERATED = (".cpp", ".so", ".pyd")
SOURCES = {
    path.relative_to(ROOT).as_posix()
    for suffix in ("py", "pyx", "h", "jinja", "css", "js", "cfg")
    for path in (ROOT / "spacy_windowner").rglob(f"*.{suffix}")
}
EXTENSIONS = sorted(path.removesuffix(".pyx") for path in SOURCES if path.endswith(".pyx"))

# Tells where the package is, whether it runs compiled, and what it warns of.
SCRIPT = """
import json, warnings
import spacy
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for _ in range(2):
        nlp = spacy.blank("en")
        nlp.add_pipe("window_ner").add_label("PER")
        nlp.initialize()
        nlp("Paris Hilton flew to Paris.")
import spacy_windowner
from spacy_windowner.decoding import lattice
from spacy_windowner.pipeline import doc_io
from spacy_windowner.scoring import scorer
modules = [module.core.__name__ for module in (lattice, doc_io, scorer)]
print(json.dumps({
    "file": spacy_windowner.__file__, "modules": modules, "told": [str(t.message) for t in told],
}))
"""


@pytest.fixture
def checkout(tmp_path):
    """A copy of all that distributions are made of, without what a build made of it."""
    folder = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", *(f"*{suffix}" for suffix in GENERATED))
    shutil.copytree(ROOT / "spacy_windowner", folder / "spacy_windowner", ignore=ignored)
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def build(checkout: Path, *args: str, **env: str) -> list[Path]:
    """Build distributions in an environment of their own."""
    output = checkout.parent / "dist"
    command = [sys.executable, "-m", "build", "--outdir", output, *args, checkout]
    subprocess.run(command, check=True, env={**os.environ, **env})
    return sorted(output.iterdir())


def run_wheel(wheel: Path) -> dict:
    """Run the package of a wheel, with the dependencies that are installed here."""
    target = wheel.parent / "target"
    with zipfile.ZipFile(wheel) as file:
        file.extractall(target)
    env = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        check=True,
        env=env,
        cwd=wheel.parent,
    )
    found = srsly.json_loads(done.stdout)
    assert Path(found["file"]).is_relative_to(target)
    return found


def test_wheel_of_the_source_distribution(checkout):
    wheel, sdist = sorted(build(checkout), key=lambda path: path.suffix != ".whl")
    with tarfile.open(sdist) as tar:
        packed = {name.partition("/")[2] for name in tar.getnames()}
    assert packed >= SOURCES | {"setup.py", "pyproject.toml"}
    assert not [name for name in packed if name.endswith(GENERATED)]
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert set(names) >= SOURCES
    compiled = sorted(name.partition(".")[0] for name in names if name.endswith(GENERATED))
    assert compiled == EXTENSIONS
    found = run_wheel(wheel)
    assert not [module for module in found["modules"] if "plain" in module]
    assert found["told"] == []


def test_wheel_without_a_compiler(checkout):
    [wheel] = build(checkout, "--wheel", CC="no-compiler", CXX="no-compiler")
    with zipfile.ZipFile(wheel) as file:
        assert not [name for name in file.namelist() if name.endswith(GENERATED)]
    found = run_wheel(wheel)
    assert all("plain" in module for module in found["modules"])
    assert len(found["told"]) == 1 and "WW002" in found["told"][0]


def test_a_build_serves_the_checkout(checkout):
    """Commands that run in a checkout import the package from there."""
    build(checkout, "--wheel")
    for path in EXTENSIONS:
        assert {".so", ".pyd"} & {built.suffix for built in checkout.glob(f"{path}.*")}
