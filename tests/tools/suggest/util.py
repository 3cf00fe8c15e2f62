"""Texts that a pipeline trained on a few sentences knows, and others."""

from pathlib import Path

from ...pipeline.util import TRAIN_DATA

KNOWN = [text for text, _ in TRAIN_DATA]
NEW = [
    "Yesterday Anna Smith went from Oslo to Rome",
    "Has Peter seen the Eiffel Tower?",
    "Microsoft Corporation buys another company of California",
    "We waited for hours near Lake Geneva !",
]


def write_lines(path: Path, lines) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf8")
    return path
