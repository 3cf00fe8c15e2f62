"""Collects the errors of one or more models, with their context, and selects those to show."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spacy.tokens import Doc

from .matching import RIGHT, Compared, Entity, Pair

CONTEXT = 90  # characters on either side of an error
_MAX_TEXT = 240  # characters of an entity
_LONG_WORD = 25  # at the end of the context a word up to this length is left out, not cut
Key = tuple[int, tuple[int, int, str] | None, tuple[int, int, str] | None]


class Mark(NamedTuple):
    """An entity, with character offsets.

    start (int): The first character.
    end (int): The character after the last one.
    label (str): The label.
    text (str): The text.
    """

    start: int
    end: int
    label: str
    text: str


class Piece(NamedTuple):
    """A piece of an error's text.

    text (str): The piece.
    in_true (bool): Whether it is in the gold entity.
    in_found (bool): Whether it is in the predicted entity.
    """

    text: str
    in_true: bool
    in_found: bool


@dataclass(frozen=True)
class Mistake:
    """An error, and the models that make it.

    kind (str): One of `matching.ERRORS`.
    doc (int): The document's index in the data.
    true (Optional[Mark]): The gold entity, None if there is none.
    found (Optional[Mark]): The predicted entity, None if there is none.
    before (str): The text before the error.
    pieces (List[Piece]): The text of both entities.
    after (str): The text after the error.
    scores (Dict[int, Optional[float]]): The indices of the models that make the error, and the
        probability that each model gives to its prediction, or to the gold entity if it missed it.
    """

    kind: str
    doc: int
    true: Mark | None
    found: Mark | None
    before: str
    pieces: list[Piece]
    after: str
    scores: dict[int, float | None] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """RETURNS (str): The text of both entities."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def labels(self) -> list[str]:
        """RETURNS (List[str]): The labels involved, the gold label first."""
        both = (mark.label for mark in (self.true, self.found) if mark is not None)
        return list(dict.fromkeys(both))

    @property
    def score(self) -> float | None:
        """RETURNS (Optional[float]): The highest probability that a model gives."""
        return max((s for s in self.scores.values() if s is not None), default=None)

    def to_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """The error as dictionaries and lists, for JSON.

        names (Sequence[str]): The names of the models.
        RETURNS (Dict[str, Any]): The error.
        """
        return {
            "kind": self.kind,
            "doc": self.doc,
            "true": None if self.true is None else self.true._asdict(),
            "found": None if self.found is None else self.found._asdict(),
            "before": self.before,
            "text": self.text,
            "after": self.after,
            "models": {names[number]: score for number, score in self.scores.items()},
        }


def choose_mistakes(compared: Sequence[Iterable[Compared]], most: int) -> tuple[list[Mistake], int]:
    """Collect the errors of models, each once, with all the models that make it. If there are too
    many, take them in turns from each kind and label, those with the highest probability first.

    compared (Sequence[Iterable[Compared]]): The compared documents of each model.
    most (int): The maximum number of errors to show.
    RETURNS (Tuple[List[Mistake], int]): The errors to show, in the order of the documents, and the
        number of all errors.
    """
    docs: dict[int, Doc] = {}
    pairs: dict[Key, Pair] = {}
    scores: dict[Key, dict[int, float | None]] = defaultdict(dict)
    for number, of_model in enumerate(compared):
        for doc in of_model:
            docs.setdefault(doc.number, doc.doc)
            for pair in doc.pairs:
                if pair.kind != RIGHT:
                    key = (doc.number, _key(pair.true), _key(pair.found))
                    pairs.setdefault(key, pair)
                    about = pair.found or pair.true
                    scores[key][number] = None if about is None else about.score
    chosen = _take_turns(pairs, scores, most)
    mistakes = [_mistake(key[0], docs[key[0]], pairs[key], scores[key]) for key in chosen]
    return sorted(mistakes, key=_place), len(pairs)


def _key(entity: Entity | None) -> tuple[int, int, str] | None:
    return None if entity is None else (entity.start, entity.end, entity.label)


def _take_turns(
    pairs: dict[Key, Pair], scores: dict[Key, dict[int, float | None]], most: int
) -> list[Key]:
    if len(pairs) <= most:
        return list(pairs)
    groups: dict[tuple, list[Key]] = defaultdict(list)
    for key, pair in pairs.items():
        about = pair.true or pair.found
        groups[pair.kind, about and about.label].append(key)
    queues = [
        sorted(group, key=lambda key: -max((s or 0.0 for s in scores[key].values()), default=0.0))
        for group in groups.values()
    ]
    turns = ((turn, queue) for turn in range(max(map(len, queues))) for queue in queues)
    in_turn = (queue[turn] for turn, queue in turns if turn < len(queue))
    return [key for _, key in zip(range(most), in_turn, strict=False)]


def _mistake(number: int, doc: Doc, pair: Pair, scores: dict[int, float | None]) -> Mistake:
    true, found = (None if ent is None else _mark(doc, ent) for ent in pair)
    marks = [mark for mark in (true, found) if mark is not None]
    start, end = min(mark.start for mark in marks), max(mark.end for mark in marks)
    cuts = sorted({cut for mark in marks for cut in (mark.start, mark.end)})
    pieces = [
        Piece(_shorten(doc.text[a:b]), _within(true, a), _within(found, a))
        for a, b in zip(cuts, cuts[1:], strict=False)
    ]
    before, after = _cut(doc.text[:start][::-1])[::-1], _cut(doc.text[end:])
    return Mistake(pair.kind, number, true, found, before, pieces, after, scores)


def _mark(doc: Doc, entity: Entity) -> Mark:
    span = doc[entity.start : entity.end]
    return Mark(span.start_char, span.end_char, entity.label, _shorten(span.text))


def _shorten(text: str) -> str:
    half = _MAX_TEXT // 2
    return text if len(text) <= _MAX_TEXT else f"{text[:half]} … {text[-half:]}"


def _within(mark: Mark | None, char: int) -> bool:
    return mark is not None and mark.start <= char < mark.end


def _cut(text: str) -> str:
    """The beginning of a text, up to a space if there is one near the end. Not all languages have
    spaces."""
    if len(text) <= CONTEXT:
        return text
    words, _, rest = text[:CONTEXT].rpartition(" ")
    return (words if len(rest) <= _LONG_WORD else text[:CONTEXT]) + "…"


def _place(mistake: Mistake) -> tuple[int, int]:
    return mistake.doc, min(m.start for m in (mistake.true, mistake.found) if m is not None)
