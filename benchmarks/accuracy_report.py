"""The tables of `accuracy.py`, in Markdown."""

from statistics import fmean, stdev
from typing import Any

from accuracy_rows import CRF, PEERS, VARIANTS, seconds_to_reach
from accuracy_score import KINDS
from tables import make_table, number, words

MARKERS = "accuracy-tables"
KEY = ["corpus", "row", "vectors", "seed"]
Row = dict[str, Any]
Results = dict[str, Any]

_ORDER = [CRF, *PEERS, *VARIANTS]
_NAMES = {CRF: "CRFsuite", **{name: f"spaCy `{name.replace(' ', '`, ')}" for name in PEERS}}


def spread(values: list[float | None]) -> str:
    """The mean of some numbers and, of several, their sample standard deviation."""
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    mean = f"{fmean(known):.1f}"
    return f"{mean} ± {stdev(known):.1f}" if len(known) > 1 else mean


def group(rows: list[Row]) -> list[list[Row]]:
    """The rows of one corpus, those that differ by their seed together, in order.

    rows (List[Dict]): The rows.
    RETURNS (List[List[Dict]]): The groups, those without vectors first.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        groups.setdefault((row["vectors"] or "", row["row"]), []).append(row)
    # A variant of an earlier run may be gone from the code.
    places = {name: i for i, name in enumerate(_ORDER)}
    keys = sorted(groups, key=lambda key: (key[0], places.get(key[1], len(places))))
    return [groups[key] for key in keys]


def title(name: str) -> str:
    """How tables call a row."""
    return _NAMES.get(name, f"`{name}`")


def _about(rows: list[Row]) -> list[str]:
    return [title(rows[0]["row"]), rows[0]["vectors"] or "none"]


def scores_table(groups: list[list[Row]]) -> str:
    """How well each row finds entities: mean and standard deviation over its seeds."""
    header = ["entities of the test part", "vectors", "seeds", "P", "R", "F1"]
    header += [f"{name} {kind}" for kind in KINDS for name in ("R", "F1")] + ["dev F1"]
    lines: list[list[Any]] = []
    for rows in groups:
        keys = [("all", each) for each in "prf"] + [(kind, each) for kind in KINDS for each in "rf"]
        cells = [spread([row["test"][kind][each] for row in rows]) for kind, each in keys]
        dev = spread([row["dev_f"] for row in rows])
        seeds = "1, not random" if rows[0]["row"] == CRF else str(len(rows))
        lines.append([*_about(rows), seeds, *cells, dev])
    return make_table(header, lines)


def reached(rows: list[Row], peers: list[Row]) -> str:
    """The CPU seconds it takes to reach the best dev score of a peer of the same seed.

    rows (List[Dict]): The rows of a group.
    peers (List[Dict]): The peer's rows.
    RETURNS (str): The mean and, if not all reach it, how many do.
    """
    best = {peer["seed"]: peer["dev_f"] for peer in peers}
    pairs = [(row["curve"], best[row["seed"]]) for row in rows if row["seed"] in best]
    # The scores of a curve are rounded to three digits.
    seconds = [seconds_to_reach(curve, round(f, 3)) for curve, f in pairs]
    found = [value for value in seconds if value is not None]
    if not found:
        return "never" if seconds else "-"
    share = "" if len(found) == len(seconds) else f" ({len(found)} of {len(seconds)})"
    return number(fmean(found)) + share


def costs_table(groups: list[list[Row]]) -> str:
    """What training and prediction take, and the size of the saved pipeline: means over seeds."""
    present = [name for name in PEERS if any(rows[0]["row"] == name for rows in groups)]
    header = ["CPU seconds of training", "vectors", "to its best dev F1"]
    header += [f"to that of {title(name)}" for name in present]
    header += ["whole", "tokens/s", "without tokenizer", "MB on disk"]
    lines: list[list[Any]] = []
    for rows in groups:
        peers = {
            name: [row for other in groups for row in other
                   if row["row"] == name and row["vectors"] == rows[0]["vectors"]]
            for name in present
        }  # fmt: skip
        rates = [
            words(fmean(row["tokens_per_second"][kind] for row in rows))
            for kind in ("pipeline", "component")
        ]
        line: list[Any] = [*_about(rows), fmean(row["seconds_to_best"] for row in rows)]
        line += [reached(rows, peers[name]) for name in present]
        line += [fmean(row["seconds"] for row in rows), *rates]
        lines.append([*line, fmean(row["bytes"] for row in rows) / 1e6])
    return make_table(header, lines)


def _describe(about: dict[str, Any], rows: list[Row]) -> str:
    """What a corpus consists of."""
    sizes = [
        f"{part} {size['docs']:,} documents, {size['tokens']:,} tokens, "
        f"{size['entities']:,} entities"
        for part, size in about["parts"].items()
    ]
    n_labels = len(about["labels"])
    sizes.append(f"{n_labels} label{'' if n_labels == 1 else 's'}")
    text = "; ".join(sizes) + "."
    if rows and rows[0]["test"]["all"]["true"]:
        test = rows[0]["test"]
        share = test["seen"]["true"] / test["all"]["true"]
        text += f" {share:.0%} of the entities of the test part are seen in training."
    return text[0].upper() + text[1:]


def machines(rows: list[Row]) -> str:
    """When and on what the rows were measured."""
    dates = sorted({row["date"] for row in rows})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    found = []
    for row in rows:
        machine = row["machine"]
        versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
        text = f"{machine['cpu']}, {machine['cores']} cores, one thread. {versions}."
        if text not in found:
            found.append(text)
    return "\n\n".join([f"{when}, {found[0]}", *found[1:]])


def report(results: Results) -> str:
    """All that was measured, in Markdown."""
    rows = [row for row in results["rows"] if "error" not in row]
    parts = [machines(rows)] if rows else []
    for name, about in results["corpora"].items():
        own = [row for row in rows if row["corpus"] == name]
        parts += [f"### {name}", _describe(about, own), *about["notes"]]
        if groups := group(own):
            parts += [scores_table(groups), costs_table(groups)]
        for row in results["rows"]:
            if row["corpus"] == name and "error" in row:
                about_row = ", ".join(_about([row]))
                parts.append(f"Failed: {about_row}, seed {row['seed']}: {row['error']}")
    return "\n\n".join(parts)
