from collections.abc import Mapping

from ..errors import Errors
from .fields import is_unicode


class Labels:
    """Gives labels their names, and rejects those that would make trouble.

    rename (Mapping[str, str]): Labels that get another name.
    """

    def __init__(self, rename: Mapping[str, str]) -> None:
        self.rename = rename
        self._known: dict[str, str] = {}

    def name(self, label: str, where: str) -> str:
        """The name of a label.

        label (str): The label, as it is in the file.
        where (str): Its place, for messages.
        RETURNS (str): Its name.
        RAISES (ValueError): If it is empty or has white space in it.
        """
        known = self._known.get(label)
        if known is None:
            known = self.rename.get(label, label)
            problem = "is empty" if not known else "has white space in it"
            if known.split() != [known] or not is_unicode(known) or not known.isprintable():
                problem = problem if known.split() != [known] else "has unprintable characters"
                fix = "_".join(known.split()) or "OTHER"
                shown = Errors.WN186.format(where=where, label=label, why=problem, fix=fix)
                raise ValueError(shown.encode("utf8", "backslashreplace").decode("utf8"))
            self._known[label] = known
        return known
