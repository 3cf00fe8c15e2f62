"""The tables of `confidence.py`, in Markdown."""

from typing import Any

from accuracy_report import machines
from accuracy_rows import BEAM
from confidence_rows import CROSS_ENTROPY, MARGIN, OURS, PROBABILITY, SCORE, SOFTMAX
from tables import make_table

MARKERS = "confidence-tables"
Row = dict[str, Any]

THRESHOLDS = [0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95]
LINES = {
    (OURS, PROBABILITY): "`window_ner`, probability",
    (OURS, MARGIN): "`window_ner`, sigmoid of the margin",
    (CROSS_ENTROPY, PROBABILITY): "`CrossEntropy.v1`, probability",
    (CROSS_ENTROPY, SOFTMAX): "`CrossEntropy.v1`, mean softmax",
    (BEAM, SCORE): "spaCy `beam_ner`, score",
}
"""Each row and kind of confidence, as the tables name it, in their order."""


def percent(share: float) -> str:
    """A share, in percent."""
    return f"{100 * share:.1f} %"


def confidence_table(rows: dict[str, Row]) -> str:
    """How good the confidences of one corpus are.

    rows (Dict[str, Dict]): The rows by their name.
    """
    header = [
        "confidence",
        "entities found",
        "right",
        "ECE",
        "AURC (ideal)",
        "most confident half right",
    ]
    lines = []
    for (name, kind), title in LINES.items():
        if name in rows:
            right, measures = rows[name]["right"], rows[name]["measures"][kind]
            share = percent(sum(right) / len(right))
            lines.append([title, f"{len(right):,}", share, f"{measures['ece']:.3f}",
                          f"{measures['aurc']:.3f} ({measures['aurc_ideal']:.3f})",
                          percent(measures["best_half"])])  # fmt: skip
    return make_table(header, lines)


def threshold_table(rows: list[Row]) -> str:
    """What each threshold keeps of the entities of `window_ner`, a column for each corpus.

    rows (List[Dict]): The rows of `window_ner`.
    """
    header = ["kept, and right of these, at `threshold`", *(row["corpus"] for row in rows)]
    lines = []
    for threshold in THRESHOLDS:
        cells = [f"{threshold:g}"]
        for row in rows:
            pairs = zip(row["confidences"][PROBABILITY], row["right"], strict=True)
            kept = [right for p, right in pairs if p >= threshold]
            share = f", {percent(sum(kept) / len(kept))}" if kept else ""
            cells.append(percent(len(kept) / len(row["right"])) + share)
        lines.append(cells)
    return make_table(header, lines)


def report(results: dict[str, Any]) -> str:
    """All that was measured, in Markdown."""
    rows = [row for row in results["rows"] if "error" not in row]
    # In the order of the corpora, for rows that were run again are the last.
    places = {corpus: i for i, corpus in enumerate(results["corpora"])}
    rows.sort(key=lambda row: places[row["corpus"]])
    parts = [machines(rows)] if rows else []
    for corpus in results["corpora"]:
        own = {row["row"]: row for row in rows if row["corpus"] == corpus}
        if own:
            parts += [f"### {corpus}", confidence_table(own)]
    if ours := [row for row in rows if row["row"] == OURS]:
        parts += ["### Thresholds", threshold_table(ours)]
    for row in results["rows"]:
        if "error" in row:
            parts.append(f"Failed: {row['corpus']}, {row['row']}: {row['error']}")
    return "\n\n".join(parts)
