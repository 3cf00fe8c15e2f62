"""Formats the numbers and sentences that all forms of a report share."""

from .intervals import Interval
from .matching import BOTH, BOUNDARY, MISSED, SPURIOUS, TYPE
from .results import Report
from .trust import Kept

KIND_NOTES = {
    BOUNDARY: "wrong boundaries, correct type",
    TYPE: "correct boundaries, wrong type",
    BOTH: "wrong boundaries and wrong type",
    MISSED: "not found",
    SPURIOUS: "predicted where there is no entity",
}
VIEW_NOTES = {
    "strict": "boundaries and type must be correct",
    "exact": "boundaries must be correct, whatever the type",
    "partial": "boundaries must be correct; any other overlap counts half",
    "type": "the type must be correct, and the entities must overlap",
}
NO_PROBABILITIES = (
    "This pipeline gives no probabilities. A window_ner has them after "
    "python -m spacy windowner calibrate."
)


def describe_promise(kept: Kept) -> str:
    """Two sentences about a promised recall."""
    text = (
        f"Candidates were to contain {100 * kept.promised:.4g} % of the entities. They contain "
        f"{percent(kept.found)} %, and there are {kept.offered:.2f} for each entity. "
    )
    if kept.holds:
        return f"{text}The promise holds on this data."
    return (
        f"{text}The promise doesn't hold on this data, more clearly than by chance. It may be of "
        "another kind than the data of the calibration. Calibrate on documents like these."
    )


def percent(share: float | None) -> str:
    """A share in percent, without the percent sign, or "-" for None."""
    return "-" if share is None else f"{100 * share:.1f}"


def thousands(number: float) -> str:
    """A number, rounded, with commas between thousands."""
    return f"{number:,.0f}"


def speed(words_per_second: float) -> str:
    """Words per second, rounded to thousands if there are at least a thousand."""
    if words_per_second < 1000:
        return f"{words_per_second:,.0f}"
    return f"{round(words_per_second, -3):,.0f}"


def interval(pair: Interval | None) -> str:
    """An interval of shares in percent, or an empty text for None."""
    return "" if pair is None else f"{100 * pair.low:.1f} to {100 * pair.high:.1f}"


def difference(share: float | None, first: float | None) -> str:
    """The difference to the share of the first model, in percentage points."""
    if share is None or first is None:
        return "-"
    return f"{100 * (share - first):+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0")


def describe_data(report: Report) -> str:
    """One or two sentences about the evaluation data."""
    data = report.data
    entities, documents = thousands(data.entities), thousands(data.documents)
    text = f"Evaluated on {entities} entities in {documents} documents."
    if report.folds:
        text = f"Cross-validated on {entities} entities in {documents} documents."
    if data.not_annotated:
        text += f" Left out because they have no annotation: {thousands(data.not_annotated)}."
    return text


def describe_folds(report: Report) -> str:
    """Sentences about how a cross-validation was done, empty without one."""
    if not report.folds:
        return ""
    n, sizes = len(report.folds), [fold.train_documents for fold in report.folds]
    size = " to ".join(dict.fromkeys(thousands(each(sizes)) for each in (min, max)))
    return (
        f"{n} pipelines were trained, each on {size} documents, and predicted others. A pipeline "
        "that is trained on all of them is probably a little better."
    )


def describe_speed(report: Report) -> str:
    """A sentence about the speed of the pipelines, empty if it wasn't measured."""
    speeds = [
        f"{model.name} {speed(model.words_per_second)}"
        for model in report.models
        if model.words_per_second is not None
    ]
    if not speeds:
        return ""
    several = len(report.models) > 1
    names = ", ".join(speeds) if several else speeds[0].rpartition(" ")[2]
    return f"Words per second, from text to entities, in one process on this machine: {names}."


def describe_mistakes(report: Report, shown: int) -> str:
    """A sentence about how many errors are shown.

    report (Report): The report.
    shown (int): The number of errors that are shown.
    RETURNS (str): The sentence.
    """
    total = report.n_mistakes
    if not total:
        return "There are no errors."
    if shown == total:
        return f"All {thousands(total)} errors." if total > 1 else "The only error."
    return f"{thousands(shown)} of {thousands(total)} errors, of all kinds and labels."
