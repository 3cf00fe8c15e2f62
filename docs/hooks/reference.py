"""Fills the pages of the reference, from what the package registers and from its commands."""

import inspect
import logging
import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint, distribution
from typing import Any

import typer.main
from docstrings import read_docstring
from spacy.language import Language
from srsly import json_dumps
from thinc.api import Config

_log = logging.getLogger("mkdocs.hooks.reference")
_FACTORIES, _COMMANDS = "spacy_factories", "spacy_cli"
_GIVEN = ("nlp", "name")
"""Arguments of a factory that are no settings."""


def on_page_markdown(markdown: str, **settings: Any) -> str:
    """Called by mkdocs with each page."""
    for marker, write in (("settings", _settings), ("options", _options)):
        if f"<!-- generated: {marker} -->" in markdown:
            text = "\n".join(write())
            markdown = markdown.replace(f"<!-- generated: {marker} -->", text)
    return markdown


def _settings() -> Iterator[str]:
    points = [
        point for point in distribution("spacy-windowner").entry_points if point.group != _COMMANDS
    ]
    # The component first, and then by what a config calls them.
    groups = dict.fromkeys([_FACTORIES, *sorted(point.group for point in points)])
    for group in groups:
        kind = group.partition("_")[2]
        yield f"\n## {kind.capitalize()}\n"
        if group != _FACTORIES:
            yield f'Named by `@{kind} = "..."` in a block of the config.\n'
        for point in sorted(points, key=lambda point: point.name):
            if point.group == group:
                yield from _registered(point)


def _registered(point: EntryPoint) -> Iterator[str]:
    function = point.load()
    parts = read_docstring(function.__doc__)
    described = {field.name: field for field in parts.arguments}
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if point.group != _FACTORIES or name not in _GIVEN
    }
    config = {}
    if point.group == _FACTORIES:
        config = Language.get_factory_meta(point.name).default_config
        defaults |= config
    yield f"### {point.name} {{ #{_anchor(point.name)} }}\n"
    yield parts.text.replace("[", r"\[") if "    " not in parts.text else parts.text
    if defaults:
        yield "\n| setting | default | meaning |\n|---|---|---|"
    for name, default in defaults.items():
        if name not in described:
            _log.warning("%s: the setting %s isn't described", point.name, name)
            continue
        _, kind, text = described[name]
        name = f"`{name}`<br><small>{_cell(kind)}</small>"
        yield f"| {name} | {_default(default)} | {_cell(text)} |"
    yield ""
    if config:
        text = Config({"components": {point.name: config}}).to_str()
        text = text.removeprefix("[components]").strip()
        yield "The default in full:\n"
        yield f"```ini\n{text}\n```\n"


def _anchor(name: str) -> str:
    return re.sub(r"[^\w.-]", "", name).lower()


def _default(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    if isinstance(value, dict):
        for key, name in value.items():
            if key.startswith("@"):
                short = name.removeprefix("spacy-windowner.")
                return f"`{name}`" if short == name else f"[`{short}`](#{_anchor(name)})"
    return _code(json_dumps(value))


def _code(text: str) -> str:
    return f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _options() -> Iterator[str]:
    [point] = [p for p in distribution("spacy-windowner").entry_points if p.group == _COMMANDS]
    group: Any = typer.main.get_command(point.load())
    for name, command in sorted(group.commands.items()):
        places = [_names(each)[0] for each in command.params if each.param_type_name == "argument"]
        yield f"\n## {name}\n"
        yield from _help(command.help or "")
        yield f"\n`python -m spacy windowner {name} {' '.join(places)}`\n"
        yield "| argument | default | meaning |\n|---|---|---|"
        for option in command.params:
            if not option.help:
                _log.warning("%s: the option %s isn't described", name, option.name)
            names = ", ".join(map(_code, _names(option)))
            yield f"| {names} | {_value(option.default)} | {_cell(option.help or '')} |"


def _names(option: Any) -> list[str]:
    if option.param_type_name == "option":
        return [*option.opts, *option.secondary_opts]
    return [(option.metavar or option.name).upper()]


def _value(value: Any) -> str:
    return "" if value in (None, False) else _code("on" if value is True else str(value))


def _help(text: str) -> Iterator[str]:
    """The description of a command. Its indented lines are commands to type."""
    in_code = False
    for line in text.splitlines():
        is_code = line.startswith(" ")
        if in_code and line and not is_code:
            yield "```\n"
        if is_code and not in_code:
            yield "```bash"
        in_code = is_code or (in_code and not line)
        if line.strip() not in ("EXAMPLE:", "EXAMPLES:", "\b"):
            yield line.removeprefix("  ")
    if in_code:
        yield "```"
