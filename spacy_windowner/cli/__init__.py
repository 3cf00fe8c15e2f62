"""The commands `python -m spacy windowner ...`. spaCy imports this module, an entry point of the
group `spacy_cli`, whenever one of spaCy's commands runs."""

from spacy.cli import app

from ._util import windowner_cli
from .annotate import annotate_cli
from .calibrate import calibrate_cli
from .convert import convert_cli
from .debug_data import debug_data_cli
from .explain import explain_cli
from .init import init_cli
from .pretrain import pretrain_cli
from .report import report_cli
from .serve import serve_cli
from .suggest import suggest_cli
from .train import train_cli
from .train_curve import train_curve_cli

__all__ = [
    "annotate_cli",
    "calibrate_cli",
    "convert_cli",
    "debug_data_cli",
    "explain_cli",
    "init_cli",
    "pretrain_cli",
    "report_cli",
    "serve_cli",
    "suggest_cli",
    "train_cli",
    "train_curve_cli",
    "windowner_cli",
]

app.add_typer(windowner_cli)
