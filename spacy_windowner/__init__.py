"""Named entity recognition for spaCy by window classification."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pages.render_docs import render_docs
    from .pipeline.window_ner import WindowNER
    from .tools.annotate.annotate import annotate
    from .tools.annotate.records import Row, rows_of
    from .tools.calibrate import calibrate
    from .tools.convert.convert import convert
    from .tools.correct import correct
    from .tools.debug_data.debug_data import debug_data
    from .tools.explain.explain import explain
    from .tools.explain.render_html import explanation_to_html
    from .tools.explain.render_text import explanation_to_text
    from .tools.init.make_config import make_config
    from .tools.pretrain.pretrain import pretrain
    from .tools.report.cross_validate import cross_validate
    from .tools.report.render_html import report_to_html
    from .tools.report.render_markdown import report_to_markdown
    from .tools.report.report import make_report
    from .tools.suggest.suggest import suggest
    from .tools.train.train import train
    from .tools.train_curve.train_curve import train_curve

_HOMES = {
    "Row": "tools.annotate.records",
    "WindowNER": "pipeline.window_ner",
    "annotate": "tools.annotate.annotate",
    "calibrate": "tools.calibrate",
    "convert": "tools.convert.convert",
    "correct": "tools.correct",
    "cross_validate": "tools.report.cross_validate",
    "debug_data": "tools.debug_data.debug_data",
    "explain": "tools.explain.explain",
    "explanation_to_html": "tools.explain.render_html",
    "explanation_to_text": "tools.explain.render_text",
    "make_config": "tools.init.make_config",
    "make_report": "tools.report.report",
    "pretrain": "tools.pretrain.pretrain",
    "render_docs": "pages.render_docs",
    "report_to_html": "tools.report.render_html",
    "report_to_markdown": "tools.report.render_markdown",
    "rows_of": "tools.annotate.records",
    "suggest": "tools.suggest.suggest",
    "train": "tools.train.train",
    "train_curve": "tools.train_curve.train_curve",
}
"""The module of each public name, imported on first use. spaCy imports this package whenever it
makes a pipeline, and most pipelines need none of these modules."""

__all__ = [
    "Row",
    "WindowNER",
    "__version__",
    "annotate",
    "calibrate",
    "convert",
    "correct",
    "cross_validate",
    "debug_data",
    "explain",
    "explanation_to_html",
    "explanation_to_text",
    "make_config",
    "make_report",
    "pretrain",
    "render_docs",
    "report_to_html",
    "report_to_markdown",
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
    return sorted(__all__)
