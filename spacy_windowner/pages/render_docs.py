"""An HTML page that shows the entities of documents."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from .render_page import colors_of, pieces_of, render_page, visible

_PAGE = Path(__file__).parent / "docs.html.jinja"
_NOT_HTML = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_ANY_LANGUAGE = "xx"


def render_docs(docs: Iterable[Doc], title: str = "Entities", *, labels: Iterable[str] = ()) -> str:
    """Render the entities of documents, with their probabilities, as an HTML page that needs no
    other file and no network. It is light or dark like the reader's system, and fits a phone.

    docs (Iterable[Doc]): The documents, e.g. from `nlp.pipe`. Their `doc.ents` are marked in the
        color of their label, whatever component found them. Entities with a `span._.ner_score` have
        a stronger shade the more probable they are.
    title (str): The page's title.
    labels (Iterable[str]): The labels in the order of their colors. Other labels follow, sorted.
        With the component's labels, colors are the same as on the page of `serve`.
    RETURNS (str): HTML. Everything in it that comes from the documents is escaped.
    """
    shown = [_doc_view(doc) for doc in docs]
    entities = [piece for doc in shown for piece in doc["pieces"] if "label" in piece]
    found = {piece["label"] for piece in entities}
    colors = colors_of([*map(_legal, labels), *sorted(found)])
    return render_page(
        _PAGE,
        {},
        title=_legal(title),
        docs=shown,
        colors={label: color for label, color in colors.items() if label in found},
        n_entities=len(entities),
        rated=any(piece["score"] is not None for piece in entities),
    )


def _doc_view(doc: Doc) -> dict[str, Any]:
    # An empty `lang` means an unknown language. Without `lang` it would be the page's language.
    lang = "" if doc.lang_ == _ANY_LANGUAGE else doc.lang_
    pieces = pieces_of(doc)
    for piece in pieces:
        piece.update({key: _legal(piece[key]) for key in ("text", "label") if key in piece})
    return {"lang": lang, "pieces": pieces}


def _legal(text: str) -> str:
    """Escape the characters of a text that HTML can't contain."""
    return _NOT_HTML.sub(lambda found: visible(found[0]), text)
