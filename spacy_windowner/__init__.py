"""Named entity recognition for spaCy by window classification."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotating.annotate import annotate
    from annotating.rows import Row, rows_of
    from confidence.explain import explain
    from converting.convert import convert
    from curves.train_curve import train_curve
    from pages.render_docs import render_docs
    from pipeline.window_ner import WindowNER
    from pretraining.pretrain import pretrain
    from recipes.make_config import make_config
    from recipes.train import train
    from reporting.report import make_report
    from suggestion.suggest import suggest

_HOMES = {
    "Row": "tools.annotate.records",
    "WindowNER": "pipeline.window_ner",
    "annotate": "tools.annotate.annotate",
    "convert": "tools.convert.convert",
    "explain": "tools.explain.explain",
    "make_config": "tools.init.make_config",
    "make_report": "tools.report.report",
    "pretrain": "tools.pretrain.pretrain",
    "render_docs": "pages.render_docs",
    "rows_of": "tools.annotate.records",
    "suggest": "tools.suggest.suggest",
    "train": "tools.train",
    "train_curve": "tools.train_curve.train_curve",
}
"""The module of each public name. spaCy imports this package whenever a pipeline is made, and most
pipelines need none of them."""

__all__ = [
    "Row",
    "WindowNER",
    "__version__",
    "annotate",
    "convert",
    "explain",
    "make_config",
    "make_report",
    "pretrain",
    "render_docs",
    "rows_of",
    "suggest",
    "train",
    "train_curve",
]
__version__ = version("spacy-windowner")


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
