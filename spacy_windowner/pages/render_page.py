"""The rendering of HTML pages, and what they show of the entities of a Doc."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from spacy.tokens import Doc

from ..pipeline.ner_score import get_ner_score

_SHARED = Path(__file__).parent
_N_COLORS = 8  # in entities.css
_VISIBLE_SPACES = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥"})


def render_page(template: Path, filters: Mapping[str, Callable[..., Any]], **view: Any) -> str:
    """Fill in the template of a page. It may include the files in its own folder and in this one.

    template (Path): The jinja2 template.
    filters (Mapping[str, Callable]): The template's own filters, by name.
    view (Any): The values that it shows.
    RETURNS (str): HTML. All values are escaped.
    """
    environment = _environment(template.parent, tuple(filters.items()))
    return environment.get_template(template.name).render(view)


@lru_cache(maxsize=16)
def _environment(folder: Path, filters: tuple[tuple[str, Callable[..., Any]], ...]) -> Environment:
    """The environment of the templates in a folder. It keeps them compiled: that takes longer than
    to explain an entity."""
    environment = Environment(
        loader=FileSystemLoader([folder, _SHARED]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment


def pieces_of(doc: Doc) -> list[dict[str, Any]]:
    """Split the text of a Doc into pieces. Pages can't use offsets, because JavaScript counts
    characters differently from Python.

    doc (Doc): The document.
    RETURNS (List[Dict[str, Any]]): The pieces, `{"text": ...}`. Entities also have the offsets of
        their first token and of the token after their last, `start` and `end`, their `label`, and
        their `score`, None if unknown.
    """
    pieces: list[dict[str, Any]] = []
    text, end = doc.text, 0
    for ent in doc.ents:
        pieces += [{"text": text[end : ent.start_char]}] * (ent.start_char > end)
        piece = {"text": ent.text, "label": ent.label_, "score": get_ner_score(ent)}
        pieces.append({**piece, "start": ent.start, "end": ent.end})
        end = ent.end_char
    return pieces + [{"text": text[end:]}] * (len(text) > end)


def colors_of(labels: Iterable[str]) -> dict[str, int]:
    """Give each label a color. With many labels, colors repeat.

    labels (Iterable[str]): The labels.
    RETURNS (Dict[str, int]): The labels' color numbers in `entities.css`, in the same order.
    """
    return {label: i % _N_COLORS for i, label in enumerate(dict.fromkeys(labels))}


def visible(text: str) -> str:
    """Make a token's text visible, and harmless in a terminal: whitespace and unprintable
    characters are escaped."""
    if text.isspace():
        text = text.translate(_VISIBLE_SPACES)
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )
