"""spaCy imports the package at every `spacy.blank()`, so our modules must not import anything
heavy. And a folder imports only from those below it, without circles."""

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import spacy_windowner

# Commands and pages may also import these, because spaCy has already imported them.
COMMANDS = {"typer", "wasabi", "jinja2", "tqdm"}
ALLOWED = {"spacy", "thinc", "srsly", "numpy", "spacy_windowner", *sys.stdlib_module_names}

# These are imported only after a check that their extra is installed.
NEED_EXTRAS = [f"spacy_windowner.tools.serve.{name}" for name in ("app", "middleware", "server")]

# Records which top-level packages our modules import.
SCRIPT = """
import builtins, importlib, json, pkgutil, sys

sys.modules["torch"] = None  # to import it takes long, and none of these modules may need it
recorded = {}
original = builtins.__import__

def record(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "")
    if level == 0 and importer.partition(".")[0] == "spacy_windowner":
        recorded.setdefault(importer, []).append(name.partition(".")[0])
    return original(name, globals, locals, fromlist, level)

builtins.__import__ = record
import spacy_windowner
names = [module.name for module in pkgutil.walk_packages(
    spacy_windowner.__path__, "spacy_windowner.")]
for name in names:
    with_extras = any(extra in name for extra in ("torch", "parquet", "ray"))
    if not with_extras and name not in NEED_EXTRAS:
        importlib.import_module(name)
json.dump({"names": names, "recorded": recorded}, sys.stdout)
"""


@pytest.fixture(scope="module")
def imports() -> dict:
    script = f"NEED_EXTRAS = {NEED_EXTRAS}\n{SCRIPT}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def is_command(module: str) -> bool:
    rooms = ("cli", "pages", "training")
    return module.startswith(tuple(f"spacy_windowner.{room}" for room in rooms)) or (
        ".render_" in module
    )


def test_our_modules_import_nothing_heavy(imports):
    assert "spacy_windowner.pipeline.window_ner" in imports["names"]
    factory = imports["recorded"]["spacy_windowner.pipeline.window_ner"]
    assert {"spacy", "thinc"} <= set(factory)
    others = {
        module: sorted(set(packages) - ALLOWED - (COMMANDS if is_command(module) else set()))
        for module, packages in imports["recorded"].items()
    }
    assert {module: packages for module, packages in others.items() if packages} == {}


def test_the_package_itself_imports_only_the_standard_library(imports):
    packages = set(imports["recorded"]["spacy_windowner"])
    assert packages <= set(sys.stdlib_module_names)


# From the lowest to the highest. CONTRIBUTING.md has the same table.
FOLDERS = (
    "decoding layers models losses optimizers scoring confidence pipeline pages training tools cli"
).split()
PACKAGE = Path(spacy_windowner.__file__).parent


def imported_modules(path: Path) -> set[str]:
    """The modules of the package that a file imports, also inside functions."""
    own = path.relative_to(PACKAGE).with_suffix("").parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*own[: len(own) - node.level], *(node.module or "").split(".")]
            name = ".".join(part for part in base if part)
            for alias in node.names:
                inner = PACKAGE.joinpath(*name.split("."), f"{alias.name}.py")
                found.add(f"{name}.{alias.name}".strip(".") if inner.exists() else name)
    return found - {""}


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): imported_modules(path)
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }


def test_a_folder_imports_only_from_those_below_it(graph):
    def rank(module: str) -> int:
        folder = module.partition(".")[0]
        return FOLDERS.index(folder) if folder in FOLDERS else -1

    assert {rank(module) for module in graph} == {-1, *range(len(FOLDERS))}
    upward = {
        (module, other) for module in graph for other in graph[module] if rank(other) > rank(module)
    }
    assert upward == set()


def test_no_module_imports_itself_by_way_of_others(graph):
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


def test_the_folders_are_in_contributing():
    text = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in row.split("|")[1].replace("`", "").split(",")]
    assert [name.strip() for name in named] == FOLDERS
