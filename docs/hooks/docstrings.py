"""Docstrings in spaCy's style, as data for pages and in Google's style for mkdocstrings:

name (type): What it is,
    in as many lines as it takes.
RETURNS (type): What comes back.
"""

import inspect
import re
from importlib import import_module
from typing import Any, NamedTuple

from griffe import Class, Extension, Module, Object

_FIELD = re.compile(r"(\*{0,2}\w+) \((.+?)\): (.*)")
_SECTIONS = {"RETURNS": "Returns", "YIELDS": "Yields", "RAISES": "Raises"}


class Field(NamedTuple):
    """A line of a docstring, with those that continue it.

    name (str): The argument, or RETURNS, YIELDS or RAISES.
    type (str): Its type.
    text (str): What it says.
    """

    name: str
    type: str
    text: str


class Docstring(NamedTuple):
    """A docstring, taken apart.

    text (str): Everything that is no field.
    arguments (list[Field]): The arguments of a function, or the fields of a class.
    others (list[Field]): What it returns, yields and raises.
    """

    text: str
    arguments: list[Field]
    others: list[Field]


def read_docstring(value: str) -> Docstring:
    """Take a docstring apart.

    value (str): The docstring.
    RETURNS (Docstring): Its parts.
    """
    text, fields, continues = [], [], False
    for line in inspect.cleandoc(value).splitlines():
        found = _FIELD.fullmatch(line)
        if found:
            fields.append(Field(found[1], found[2], found[3]))
        elif continues and line.startswith(" "):
            last = fields.pop()
            fields.append(last._replace(text=f"{last.text} {line.strip()}"))
        else:
            text.append(line)
        continues = bool(found) or (continues and line.startswith(" "))
    return Docstring(
        re.sub(r"\n{3,}", "\n\n", "\n".join(text)).strip(),
        [field for field in fields if field.name not in _SECTIONS],
        [field for field in fields if field.name in _SECTIONS],
    )


def to_google(value: str, arguments: str) -> str:
    """Write a docstring in Google's style. Types are those of the signature.

    value (str): The docstring, in spaCy's style.
    arguments (str): The title of the arguments, "Args" or "Attributes".
    RETURNS (str): The docstring, in Google's style.
    """
    parts = read_docstring(value)
    sections: dict[str, list[str]] = {}
    for field in parts.arguments:
        sections.setdefault(arguments, []).append(f"{field.name}: {field.text}")
    for field in parts.others:
        text = f"{field.type}: {field.text}" if field.name == "RAISES" else field.text
        sections.setdefault(_SECTIONS[field.name], []).append(text)
    written = [
        f"{title}:\n" + "\n".join(f"    {line}" for line in lines)
        for title, lines in sections.items()
    ]
    return "\n\n".join([parts.text, *written]).strip()


class SpacyDocstrings(Extension):
    """Lets mkdocstrings read the docstrings of the package, and shows the values of defaults that
    have a name."""

    def on_object(self, *, obj: Object, **settings: Any) -> None:
        if obj.docstring is not None:
            title = "Attributes" if isinstance(obj, Class) else "Args"
            obj.docstring.value = to_google(obj.docstring.value, title)

    def on_package(self, *, pkg: Module, **settings: Any) -> None:
        package = import_module(pkg.path)
        for name in package.__all__:
            if pkg[name].is_function:
                parameters = inspect.signature(getattr(package, name)).parameters.values()
                for parameter in parameters:
                    if isinstance(parameter.default, int | float | str | tuple):
                        pkg[name].parameters[parameter.name].default = repr(parameter.default)
