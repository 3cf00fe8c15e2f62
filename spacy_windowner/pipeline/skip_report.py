import warnings
from collections import Counter
from collections.abc import Iterable, Sequence

from spacy.tokens import Span

from ..errors import Warnings

_MAX_SHOWN = 3
_MAX_TEXT = 80


class SkipReport:
    """Counts annotated entities that can't be used, or not as they are, to report them all at
    once."""

    def __init__(self) -> None:
        self.total = 0
        self.reasons: Counter[str] = Counter()
        self.shown: list[str] = []
        self.n_trimmed = 0
        self.shown_trimmed: list[str] = []

    def add(
        self,
        index: int,
        n_ents: int,
        skipped: Iterable[tuple[Span, str]],
        trimmed: Sequence[Span] = (),
    ) -> None:
        """Count the entities of a document.

        index (int): The document's number.
        n_ents (int): The number of its entities.
        skipped (Iterable[Tuple[Span, str]]): Those that can't be used, and why.
        trimmed (Sequence[Span]): Those that are used without what is at their edges.
        """
        self.total += n_ents
        for ent, reason in skipped:
            self.reasons[reason] += 1
            if len(self.shown) < _MAX_SHOWN:
                self.shown.append(_show(index, ent))
        self.n_trimmed += len(trimmed)
        room = _MAX_SHOWN - len(self.shown_trimmed)
        self.shown_trimmed += [_show(index, ent) for ent in trimmed[:room]]

    def warn(self, name: str, source: str) -> bool:
        """Give one warning if entities were skipped, and one if some were trimmed.

        name (str): The component's name.
        source (str): What the documents are counted in.
        RETURNS (bool): Whether there was something to report.
        """
        if self.n_trimmed:
            warnings.warn(Warnings.WW163.format(
                count=self.n_trimmed, total=self.total, source=source, name=name,
                shown="; ".join(self.shown_trimmed),
            ), stacklevel=2)  # fmt: skip
        if self.reasons:
            kinds = ", ".join(f"{count} {reason}" for reason, count in self.reasons.items())
            count = sum(self.reasons.values())
            warnings.warn(Warnings.WW001.format(
                count=count, total=self.total, source=source, name=name, kinds=kinds,
                shown="; ".join(self.shown),
            ), stacklevel=2)  # fmt: skip
        return bool(self.reasons) or self.n_trimmed > 0


def _show(index: int, ent: Span) -> str:
    text = ent.doc.text
    text = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
    return f"{ent.text!r} ({ent.label_}) in document {index}, {text!r}"
