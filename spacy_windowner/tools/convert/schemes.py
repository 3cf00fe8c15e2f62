"""Recognizes the tagging scheme of a file, and converts tags to IOB2."""

from collections.abc import Iterator, Sequence

from ..errors import Errors
from .records import AUTO, at_line

NAMES = {"iob1": "IOB1", "iob2": "IOB2", "biluo": "BILUO", "bioes": "BIOES"}
SCHEMES = tuple(NAMES)
"""The tagging schemes."""
MISSING = "-"
"""The tag of a word that isn't annotated."""
OUTSIDE = "O"
_END = ""  # stands before the first tag and after the last one
_ENTERING = "BUS"
_GOING_ON = "ILE"
_PREFIXES = {"iob1": "BI", "iob2": "BI", "biluo": "BILU", "bioes": "BIES"}
_MAX_TAGS = 10_000


class Evidence:
    """Collects which tags follow each other in a file, to recognize their scheme.

    name (str): The name of the file, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pairs: dict[tuple[str, str], int] = {}  # with the line of the first occurrence
        self._tags: set[str] = set()

    def add(self, tags: Sequence[str], lines: Sequence[int], line: int) -> None:
        """Add the tags of a sentence.

        tags (Sequence[str]): The tags.
        lines (Sequence[int]): The line of each tag, empty if it is the line of the sentence.
        line (int): The line of the sentence.
        RAISES (ValueError): If one of them isn't a tag.
        """
        for number, pair in enumerate(_pairs(tags)):
            is_empty = number < len(tags) and not pair[1]
            if pair not in self._pairs or is_empty:
                at = lines[min(number, len(lines) - 1)] if lines else line
                if number < len(tags):
                    self._check(pair[1], at)
                self._pairs[pair] = at

    def scheme(self, asked: str = AUTO) -> str:
        """Find the scheme of the tags.

        asked (str): One of `SCHEMES`, or "auto". With "iob1", any entity may begin with B-.
        RETURNS (str): One of `SCHEMES`.
        RAISES (ValueError): If a tag doesn't fit the scheme.
        """
        if asked != AUTO:
            self._require(asked)
            return asked
        prefixes = {tag[0] for tag in self._tags if len(tag) > 1}
        if prefixes & {*"UL"}:
            scheme = "biluo"
        elif prefixes & {*"SE"}:
            scheme = "bioes"
        elif self._wrong("iob2") and not self._is_strict_iob1():
            scheme = "iob2"
        else:
            return "iob1" if self._wrong("iob2") else "iob2"
        self._require(scheme)
        return scheme

    def _check(self, tag: str, line: int) -> None:
        if tag in self._tags:
            return
        if not is_tag(tag):
            fix = (
                "Name the column of the tags, e.g. `--tag-column 2` (`tag_column`), or correct it."
            )
            text = Errors.WN182.format(where=at_line(self._name, line), tag=tag, fix=fix)
            raise ValueError(text)
        self._tags.add(tag)
        if len(self._tags) > _MAX_TAGS:
            reason = f"it has more than {_MAX_TAGS:,} different tags"
            raise ValueError(Errors.WN192.format(where=at_line(self._name, line), reason=reason))

    def _require(self, scheme: str) -> None:
        for tag in sorted(self._tags, key=self._first):
            if len(tag) > 1 and tag[0] not in _PREFIXES[scheme]:
                why = f"isn't of the scheme {NAMES[scheme]}"
                raise self._error(self._first(tag), tag, why)
        if wrong := self._wrong(scheme):
            (before, tag), line = wrong
            name = NAMES[scheme]
            if tag[:1] and tag[0] in _GOING_ON and not _is_in(before, tag[2:]):
                why = f"continues no entity. In {name} every entity starts with a B- tag"
            else:
                why = f"doesn't end an entity, which in {name} has a last tag of its own"
                tag = before
            raise self._error(line, tag, why)

    def _wrong(self, scheme: str) -> tuple[tuple[str, str], int] | None:
        """The first pair of tags that isn't valid in the scheme, and its line."""
        wrong = [item for item in self._pairs.items() if not _follows(*item[0], scheme)]
        return min(wrong, key=lambda item: item[1], default=None)

    def _is_strict_iob1(self) -> bool:
        return all(
            tag[:2] != "B-" or (len(before) > 1 and before[2:] == tag[2:])
            for before, tag in self._pairs
        )

    def _first(self, tag: str) -> int:
        return min(line for pair, line in self._pairs.items() if pair[1] == tag)

    def _error(self, line: int, tag: str, why: str) -> ValueError:
        return ValueError(Errors.WN184.format(where=at_line(self._name, line), tag=tag, why=why))


def is_tag(tag: str) -> bool:
    """Whether a string can be a tag in any scheme."""
    return tag in (OUTSIDE, MISSING) or (
        len(tag) > 2 and tag[1] == "-" and tag[0] in _ENTERING + _GOING_ON
    )


def to_iob2(tags: Sequence[str]) -> list[str]:
    """Convert tags to IOB2, where each entity begins with B-, as spaCy expects.

    tags (Sequence[str]): The tags of a sentence, in any scheme.
    RETURNS (List[str]): The tags in IOB2. "" means not annotated.
    """
    done: list[str] = []
    for before, tag in _pairs(tags):
        if tag == MISSING:
            done.append("")
        elif tag == OUTSIDE:
            done.append(tag)
        elif tag:
            goes_on = tag[0] in _GOING_ON and _is_in(before, tag[2:])
            done.append(f"{'I' if goes_on else 'B'}-{tag[2:]}")
    return done


def _pairs(tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    return zip([_END, *tags], [*tags, _END], strict=True)


def _is_in(before: str, label: str) -> bool:
    """Whether an entity with this label can continue after a tag."""
    return len(before) > 1 and before[0] in "BI" and before[2:] == label


def _follows(before: str, tag: str, scheme: str) -> bool:
    """Whether one tag can follow another in a scheme."""
    if scheme == "iob1":
        return True
    goes_on = len(tag) > 1 and tag[0] in _GOING_ON
    if scheme == "iob2":
        return not goes_on or _is_in(before, tag[2:])
    is_open = len(before) > 1 and before[0] in "BI"
    return _is_in(before, tag[2:]) if goes_on else not is_open
