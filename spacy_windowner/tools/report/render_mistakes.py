"""The errors in a report's page of HTML."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ...pages.render_page import visible
from .matching import ERRORS
from .mistakes import Mark, Mistake

_RUNNING = re.compile(r"(\r\n|[\n\r])|(\s)|([\u200c\u200d])|([^\s\u200c\u200d]+)")
_MOST_BYTES = 2_200_000  # maximum size of all errors together
_MARKUP = 350  # bytes of markup of an error
_MARKUP_OF_MODEL = 150  # bytes of markup for each model that makes it
_NO_LABEL = "-"


def running(text: str) -> str:
    """A piece of running text on one line. Zero-width joiners of letters and emoji stay, because
    they change how these look."""
    pieces = (
        " ⏎ " if line else " " if space else joiner or visible(other)
        for line, space, joiner, other in _RUNNING.findall(text)
    )
    return "".join(pieces)


def that_fit(mistakes: Sequence[Mistake]) -> Sequence[Mistake]:
    """As many errors as a page can hold and still open quickly, spread over the whole data."""
    sizes = [_size(mistake) for mistake in mistakes]
    fitting = len(mistakes)
    while True:
        chosen = [i * len(mistakes) // fitting for i in range(fitting)] if fitting else []
        total = sum(sizes[i] for i in chosen)
        if total <= _MOST_BYTES:
            return [mistakes[i] for i in chosen]
        fitting = min(fitting - 1, fitting * _MOST_BYTES // total)


def _size(mistake: Mistake) -> int:
    """The maximum size of an error in the page, in bytes."""
    texts = (mistake.before, mistake.text, mistake.after, *mistake.labels)
    text = sum(len(escape(running(text)).encode("utf8")) for text in texts)
    return _MARKUP + _MARKUP_OF_MODEL * len(mistake.scores) + text


def _label(mark: Mark | None) -> str | None:
    return None if mark is None else mark.label


def pair_of(true: str | None, found: str | None, numbers: Mapping[str, int]) -> str:
    """The labels of an error for the page's script, which gets no text of the data.

    true (Optional[str]): The gold label, None if there is no gold entity.
    found (Optional[str]): The predicted label, None if there is no prediction.
    numbers (Mapping[str, int]): The number of each label.
    RETURNS (str): The two numbers, "-" for none.
    """
    both = (
        _NO_LABEL if label is None else numbers.get(label, _NO_LABEL) for label in (true, found)
    )
    return " ".join(map(str, both))


def mistakes_view(mistakes: Sequence[Mistake]) -> dict[str, Any]:
    """The errors, and the values that they can be filtered by. Labels have numbers."""
    labels = sorted({label for mistake in mistakes for label in mistake.labels})
    number = {label: i for i, label in enumerate(labels)}
    kinds = Counter(mistake.kind for mistake in mistakes)
    rows = [
        {
            "mistake": mistake,
            "kind": ERRORS.index(mistake.kind),
            "pair": pair_of(_label(mistake.true), _label(mistake.found), number),
            "models": " ".join(map(str, mistake.scores)),
            "score": "" if mistake.score is None else f"{mistake.score:.4f}",
        }
        for mistake in mistakes
    ]
    chips = [(i, kind, kinds[kind]) for i, kind in enumerate(ERRORS) if kinds[kind]]
    return {
        "mistakes": rows,
        "numbers": number,
        "pairs": {row["pair"] for row in rows},
        "chips": chips,
        "error_labels": labels,
        "rated": any(row["score"] for row in rows),
    }
