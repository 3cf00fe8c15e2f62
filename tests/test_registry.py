"""Every registered name is also an entry point, so configs find it without an import."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.util import registry

import spacy_windowner

PACKAGE = Path(spacy_windowner.__file__).parent
PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


def installed() -> dict[tuple[str, str], str]:
    """The object of each (group, name) of the installed distribution."""
    entry_points = distribution("spacy-windowner").entry_points
    return {(ep.group, ep.name): ep.value for ep in entry_points}


def listed() -> dict[tuple[str, str], str]:
    """The object of each (group, name) of pyproject.toml."""
    tomllib = pytest.importorskip("tomllib", reason="tomllib is new in Python 3.11")
    groups = tomllib.loads(PYPROJECT.read_text(encoding="utf8"))["project"]["entry-points"]
    return {(group, name): groups[group][name] for group in groups for name in groups[group]}


def registered() -> Iterator[tuple[tuple[str, str], str]]:
    """The (group, name) and the object of each registered function in the source."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            for call in node.decorator_list:
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                    continue
                owner, kind = ast.unparse(call.func.value), call.func.attr
                name = getattr(call.args[0], "value", None) if call.args else None
                if owner.endswith("registry"):
                    group = "_".join(getattr(registry, kind).namespace)
                    yield (group, name), f"{module}:{node.name}"
                elif (owner, kind) == ("Language", "factory"):
                    yield ("spacy_factories", name), f"{module}:{node.name}"


NAMES = sorted(installed())


def test_every_registered_name_is_listed():
    found = dict(registered())
    assert ("spacy_factories", "window_ner") in found
    assert ("spacy_architectures", "spacy-windowner.WindowClassifier.v1") in found
    assert ("thinc_losses", "spacy-windowner.MaxMargin.v1") in found
    entries = listed()
    assert {key: entries.get(key) for key in found} == found


def test_the_installed_entry_points_are_those_listed():
    assert installed() == listed()


@pytest.mark.parametrize("group, name", NAMES)
def test_names_resolve(group, name):
    module, _, attribute = installed()[group, name].partition(":")
    expected = getattr(import_module(module), attribute)
    found = getattr(registry, group.partition("_")[2]).get(name)
    assert found is expected
    if group == "spacy_factories":
        assert Language.get_factory_meta(name).factory == name


def test_our_names_carry_the_packages_name_and_a_version():
    for group, name in NAMES:
        if group not in ("spacy_factories", "spacy_cli"):
            assert name.startswith("spacy-windowner.")
            assert name.rpartition(".v")[2].isdigit()
