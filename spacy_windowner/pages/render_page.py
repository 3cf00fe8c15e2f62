"""What pages show of the entities of a Doc."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from spacy.tokens import Doc

from ..pipeline.ner_score import get_ner_score

_SHARED = Path(__file__).parent


def render_page(template: Path, filters: Mapping[str, Callable[..., Any]], **view: Any) -> str:
    """Fill in the template of a page. It may include the files beside it, and those of this
    folder.

    template (Path): The template, for jinja2.
    filters (Mapping[str, Callable]): Filters of its own, by their names.
    view (Any): What it shows.
    RETURNS (str): HTML. All that the view brings is escaped.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, _SHARED]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters)
    return environment.get_template(template.name).render(view)


_N_COLORS = 8  # in entities.css


def colors_of(labels: Iterable[str]) -> dict[str, int]:
    """Give each label a color. Colors return if there are many labels.

    labels (Iterable[str]): The labels.
    RETURNS (Dict[str, int]): The numbers of their colors in `entities.css`, in the same order.
    """
    return {label: i % _N_COLORS for i, label in enumerate(dict.fromkeys(labels))}


def pieces_of(doc: Doc) -> list[dict[str, Any]]:
    """The text of a Doc in pieces. A page counts characters in another way than Python, so that it
    gets no offsets.

    doc (Doc): The document.
    RETURNS (List[Dict[str, Any]]): The pieces, `{"text": ...}`, of which entities have the numbers
        of their first token and the one after their last, `start` and `end`, their `label` and
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


_WHITE = str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥"})


def visible(text: str) -> str:
    """A token's text with nothing in it that can't be seen, or that moves a terminal's cursor."""
    if text.isspace():
        text = text.translate(_WHITE)
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )
