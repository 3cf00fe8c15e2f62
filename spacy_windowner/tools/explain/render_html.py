"""Writes an explanation as a page of HTML."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ...pages.render_page import render_page, visible
from .explanation import ExplainedEntity, Explanation, Part
from .render_text import (
    NONE_FOUND,
    describe_context,
    describe_method,
    describe_rival,
    describe_status,
    place_of,
    rank,
    rest_of,
    signed,
)

_PAGE = Path(__file__).parent / "explain.html.jinja"
_ENTITY = Path(__file__).parent / "entity.html.jinja"
_CONTEXT = 20  # tokens shown on either side of an entity
_MINUS = "\N{MINUS SIGN}"
_ROWS = 100  # words in the long table: thousands would slow down browsers
_DIFFERENCES = 20  # tokens whose tags are shown


def explanation_to_html(explanation: Explanation) -> str:
    """Write an explanation as a self-contained page of HTML.

    explanation (Explanation): The explanation.
    RETURNS (str): The HTML. Everything that comes from the text is escaped.
    """
    return render_page(
        _PAGE,
        _FILTERS,
        explanation=explanation,
        method=describe_method(explanation),
        none_found=NONE_FOUND,
        entities=[_entity_view(entity, explanation) for entity in explanation.entities],
    )


def entity_to_html(entity: ExplainedEntity, explanation: Explanation) -> str:
    """Write the explanation of one entity as a fragment of HTML, for a page with the styles
    `page.css` and `explain.css`.

    entity (ExplainedEntity): The entity.
    explanation (Explanation): The explanation that the entity is from.
    RETURNS (str): The HTML. Everything that comes from the text is escaped.
    """
    return render_page(_ENTITY, _FILTERS, view=_entity_view(entity, explanation))


def _entity_view(entity: ExplainedEntity, explanation: Explanation) -> dict[str, Any]:
    ranked = rank(entity.parts)
    names = list(entity.parts[0].features) if entity.parts else []
    kept = rank(entity.parts, _ROWS)
    # In the order of the text.
    parts = [part for part in entity.parts if part in kept.first]
    parts += [] if kept.rest is None else [kept.rest]
    sums = [sum(part.features[name] for part in entity.parts) for name in names]
    largest = _largest(part.contribution for part in [*ranked.first, *parts])
    largest_feature = _largest(value for part in parts for value in part.features.values())
    most = ranked.first + ([] if ranked.rest is None else [ranked.rest])
    return {
        "entity": entity,
        "status": describe_status(entity),
        "rival": describe_rival(entity),
        "flips": entity.flip is not None,
        "sentence": describe_context(entity),
        "context": _context_view(entity, explanation),
        "most": [_row_view(part, entity, largest, largest_feature) for part in most],
        "rows": [_row_view(part, entity, largest, largest_feature) for part in parts],
        "names": names,
        "sums": _bars(sums, _largest(sums)),
        "total": sum(part.contribution for part in entity.parts),
        "n_words": len(entity.parts),
        "rest": rest_of(entity),
        "differences": entity.differences[:_DIFFERENCES],
        "n_differences": len(entity.differences),
        "has_rest": ranked.rest is not None,
    }


def _context_view(entity: ExplainedEntity, explanation: Explanation) -> list[dict[str, Any]]:
    """The words around an entity, shaded by their contribution to its margin. The middle of a very
    long entity is left out."""
    n = len(explanation.words)
    first, last = entity.first_token, entity.last_token
    start, end = max(first - _CONTEXT, 0), min(last + 1 + _CONTEXT, n)
    shown = [*range(start, end)]
    if last - first > 4 * _CONTEXT:
        shown = [*range(start, first + _CONTEXT), *range(last + 1 - _CONTEXT, end)]
    parts = {part.token: part.contribution for part in entity.parts if part.token is not None}
    largest = _largest(parts.values())
    flip = None if entity.flip is None else entity.flip.token
    gap: dict[str, Any] = {"text": "…", "space": True, "value": None}
    view = [gap] * (start > 0)
    for i, following in zip(shown, [*shown[1:], end], strict=True):
        view.append({
            "text": visible(explanation.words[i]),
            "space": bool(explanation.spaces[i]) and i + 1 < end,
            "value": parts.get(i),
            "shade": _shade(parts.get(i, 0.0), largest),
            "begins": i == first,
            "inside": first <= i <= last,
            "ends": i == last,
            # The frame around the entity has no gaps.
            "joins": bool(explanation.spaces[i]) and first <= i < last,
            "flips": i == flip,
        })  # fmt: skip
        view += [gap] * (following > i + 1)
    return view + [gap] * (end < n)


def _row_view(
    part: Part, entity: ExplainedEntity, largest: float, largest_feature: float
) -> dict[str, Any]:
    is_inside = part.token is not None and entity.first_token <= part.token <= entity.last_token
    return {
        "part": part,
        "place": place_of(part, entity).replace("-", _MINUS),
        "is_inside": is_inside,
        "bar": _bars([part.contribution], largest)[0],
        "cells": [
            {"value": value, "shade": _shade(value, largest_feature)}
            for value in part.features.values()
        ],
    }


def _bars(values: Sequence[float], largest: float) -> list[dict[str, Any]]:
    """Bars that start in the middle of a cell: the sign, and the length in percent of half the
    cell."""
    return [
        {"value": value, "sign": _sign(value), "length": round(100.0 * abs(value) / largest, 1)}
        for value in values
    ]


def _shade(value: float, largest: float) -> dict[str, Any]:
    return {"sign": _sign(value), "strength": round(0.6 * abs(value) / largest, 3)}


def _sign(value: float) -> str:
    return "for" if value >= 0.0 else "against"


def _largest(values: Iterable[float]) -> float:
    return max(map(abs, values), default=0.0) or 1.0


def _with_minus(value: float) -> str:
    return signed(value).replace("-", _MINUS)


_FILTERS: dict[str, Callable[..., str]] = {"number": _with_minus, "visible": visible}
