"""The README, the links of all pages, and the pages that are made from the code."""

import importlib.util
import re
import sys
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import srsly

import spacy_windowner

from ..scripts import ROOT
from .blocks import PAGES

LINK = re.compile(r"\]\(([^)\s]+)\)")
HOOKS = ROOT / "docs" / "hooks"


def load_hook(name: str) -> ModuleType:
    """One of the scripts that mkdocs calls."""
    spec = importlib.util.spec_from_file_location(name, HOOKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hooks(monkeypatch):
    pytest.importorskip("griffe", reason="mkdocstrings is an extra: docs")
    monkeypatch.setattr(sys, "path", [str(HOOKS), *sys.path])
    return load_hook


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf8").splitlines()) < 200


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md"])
def test_links_lead_to_files(page):
    """Those from page to page and into the repository. `mkdocs build --strict` checks anchors."""
    text = re.sub(r"(?ms)^```.*?^```$", "", (ROOT / page).read_text("utf8"))
    for link in LINK.findall(text):
        target = link.partition("#")[0]
        if target and ":" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page}: {link}"


def test_every_page_is_in_the_navigation():
    config = (ROOT / "mkdocs.yml").read_text("utf8")
    nav = srsly.yaml_loads(config)["nav"]
    named = [
        path
        for section in nav
        for pages in section.values()
        for entry in pages
        for path in (entry.values() if isinstance(entry, dict) else [entry])
    ]
    assert sorted(f"docs/{path}" for path in named) == sorted(set(PAGES) - {"README.md"})


def test_python_reference_has_all_public_names():
    text = (ROOT / "docs/api.md").read_text("utf8")
    names = re.findall(r"(?m)^::: spacy_windowner\.(\w+)$", text)
    assert sorted(names) == sorted(spacy_windowner.__all__)


def test_extras_that_pages_name_exist():
    project = (ROOT / "pyproject.toml").read_text("utf8")
    section = project.partition("[project.optional-dependencies]\n")[2].partition("\n[")[0]
    extras = set(re.findall(r"(?m)^(\w+) = \[", section))
    for page in [*PAGES, "CONTRIBUTING.md"]:
        text = (ROOT / page).read_text("utf8")
        for found in re.findall(r'"(?:spacy-windowner|\.)\[([\w,]+)\]"', text):
            assert set(found.split(",")) <= extras, page


def test_settings_reference_describes_everything(hooks, caplog):
    page = hooks("reference").on_page_markdown("<!-- generated: settings -->")
    assert not caplog.records  # which the strict build takes for errors
    for point in distribution("spacy-windowner").entry_points:
        if point.group != "spacy_cli":
            assert f"### {point.name} {{" in page
    assert '| `scheme`<br><small>str</small> | `"biluo"` | The tags of each label' in page
    assert "| `model`<br>" in page and "| [`WindowClassifier.v1`](#spacy-windowner.w" in page
    assert "[components.window_ner.model.embed]" in page


def test_options_reference_has_all_commands(hooks, caplog):
    page = hooks("reference").on_page_markdown("<!-- generated: options -->")
    assert not caplog.records
    for command in ("annotate", "train-curve", "serve"):
        assert f"\n## {command}\n" in page
    assert "| `--n-process`, `-j` |" in page
    assert page.count("```") % 2 == 0


def test_docstrings_are_read(hooks):
    to_google = hooks("docstrings").to_google
    value = """Do it.

    Text that goes on,
        and is indented.

    name (Union[str, Path]): What it
        is called.
    RETURNS (Optional[int]): A number.
    RAISES (ValueError): If not.

    Source: a book.
    """
    assert to_google(value, "Args").splitlines() == [
        "Do it.",
        "",
        "Text that goes on,",
        "    and is indented.",
        "",
        "Source: a book.",
        "",
        "Args:",
        "    name: What it is called.",
        "",
        "Returns:",
        "    A number.",
        "",
        "Raises:",
        "    ValueError: If not.",
    ]


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("index.md", "docs/train.md#recipes", "train.md#recipes"),
        ("index.md", "docs/images/entities.png", "images/entities.png"),
        ("index.md", "assets/README.md", "REPO/blob/main/assets/README.md"),
        ("hub.md", "packages.md", "packages.md"),
        ("lecture.md", "../tests/test_lecture.py", "REPO/blob/main/tests/test_lecture.py"),
        ("lecture.md", "../examples", "REPO/tree/main/examples"),
        ("project.md", "../project.yml", "REPO/blob/main/project.yml"),
        ("project.md", "project.yml", "REPO/blob/main/project.yml"),
        ("hub.md", "https://spacy.io", "https://spacy.io"),
        ("hub.md", "no-such-page.md", "no-such-page.md"),
    ],
)
def test_links_of_the_site(page, link, expected, monkeypatch):
    config = SimpleNamespace(docs_dir=str(ROOT / "docs"), repo_url="REPO/")
    here = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    code = f"\n```\n[a]({link})\n```\n"
    if page == "index.md":
        # The text of the home page is that of the README.
        monkeypatch.setattr(Path, "read_text", lambda *_: f"[a]({link}){code}")
    written = load_hook("links").on_page_markdown(f"[a]({link}){code}", page=here, config=config)
    assert written == f"[a]({expected}){code}"
