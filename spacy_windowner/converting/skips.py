"""Counts what is left out."""

from typing import NamedTuple

from ..errors import Warnings
from .kinds import Kind


class Count(NamedTuple):
    """How often something was left out.

    kind (Kind): Why.
    n (int): How often.
    first (str): The first of them, with its file and line.
    """

    kind: Kind
    n: int
    first: str

    def __str__(self) -> str:
        return Warnings.WW180.format(
            n=self.n, what=self.kind.what, first=self.first, fix=self.kind.fix
        ).rstrip()


class Skips:
    """Counts what is left out, and keeps the first of each kind."""

    def __init__(self) -> None:
        self._counts: dict[Kind, Count] = {}

    def add(self, kind: Kind, where: str, what: str) -> None:
        """Count something.

        kind (Kind): Why it is left out.
        where (str): Its file and line.
        what (str): What it is.
        """
        shown = f"{where}: {what}".encode("utf8", "backslashreplace").decode("utf8")
        count = self._counts.get(kind) or Count(kind, 0, shown)
        self._counts[kind] = count._replace(n=count.n + 1)

    def counts(self) -> list[Count]:
        """RETURNS (List[Count]): What was left out, in the order of the first ones."""
        return list(self._counts.values())
