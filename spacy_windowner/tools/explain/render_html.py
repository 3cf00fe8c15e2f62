"""Writes an explanation as a page of HTML."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ...pages.render_page import render_page, visible
from .explanation import ExplainedEntity, ExplainedToken, Explanation, Part
from .render_text import NONE_FOUND, SHOWN, describe_context, describe_method, signed

_PAGE = Path(__file__).parent / "explain.html.jinja"
_ENTITY = Path(__file__).parent / "entity.html.jinja"
_CONTEXT = 20  # tokens shown on either side of an entity
_TOKENS = 20  # tokens of an entity that get a table: more would slow down browsers


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
    several = len(entity.tokens) > 1
    tables = [_table_view(entity, "The whole entity", "the sum of its tokens")] if several else []
    tables += [
        _table_view(token, visible(token.text), f"{token.tag} over {token.runner_up}")
        for token in entity.tokens[:_TOKENS]
    ]
    return {
        "entity": entity,
        "flips": entity.flip is not None,
        "sentence": describe_context(entity),
        "context": _context_view(entity, explanation),
        "tables": tables,
        "more": max(len(entity.tokens) - _TOKENS, 0),
    }


def _context_view(entity: ExplainedEntity, explanation: Explanation) -> list[dict[str, Any]]:
    """The words around an entity, shaded by their contribution to its margin."""
    n = len(explanation.words)
    start, end = max(entity.start - _CONTEXT, 0), min(entity.end + _CONTEXT, n)
    parts = {part.token: part.contribution for part in entity.parts if part.token is not None}
    largest = _largest(parts.values())
    flip = None if entity.flip is None else entity.flip.token
    view = [
        {
            "text": visible(explanation.words[i]),
            "space": bool(explanation.spaces[i]) and i + 1 < end,
            "value": parts.get(i),
            "shade": _shade(parts.get(i, 0.0), largest),
            "begins": i == entity.start,
            "inside": entity.start <= i < entity.end,
            "ends": i == entity.end - 1,
            # The frame around the entity has no gaps.
            "joins": bool(explanation.spaces[i]) and entity.start <= i < entity.end - 1,
            "flips": i == flip,
        }
        for i in range(start, end)
    ]
    gap = {"text": "…", "space": True, "value": None}
    return [gap] * (start > 0) + view + [gap] * (end < n)


def _table_view(of: ExplainedEntity | ExplainedToken, title: str, tags: str) -> dict[str, Any]:
    names = list(of.parts[0].features)
    largest = _largest(part.contribution for part in of.parts)
    largest_feature = _largest(value for part in of.parts for value in part.features.values())
    sums = [sum(part.features[name] for part in of.parts) for name in names]
    rest = [("bias", of.bias)]
    others = [("recall bias", of.recall_bias), ("remainder", of.remainder)]
    rest += [(name, value) for name, value in others if abs(value) >= SHOWN]
    return {
        "title": title,
        "tags": tags,
        "margin": of.margin,
        "names": names,
        "rows": [_row_view(part, largest, largest_feature) for part in of.parts],
        "sums": _bars(sums, _largest(sums)),
        "total": sum(part.contribution for part in of.parts),
        "rest": rest,
    }


def _row_view(part: Part, largest: float, largest_feature: float) -> dict[str, Any]:
    return {
        "part": part,
        "place": "" if part.offset is None else f"{part.offset:+d}".replace("+0", "0"),
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
    return signed(value).replace("-", "\N{MINUS SIGN}")


_FILTERS: dict[str, Callable[..., str]] = {"number": _with_minus, "visible": visible}
