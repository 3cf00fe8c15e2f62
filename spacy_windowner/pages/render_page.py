from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

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
