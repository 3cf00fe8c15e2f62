"""Tag schemes: how the entities of a document are spelled with one tag a token.

Whatever depends on the scheme asks it here: the tags, their order, and what may follow what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy

from ..errors import check_setting

O = 0  # noqa: E741
MISSING = -1
"""The tag of a token whose annotation is unknown."""

# The values of spaCy's Token.ent_iob.
_ENT_IOB_I, _ENT_IOB_B = 1, 3


@dataclass(frozen=True)
class Scheme:
    """Column 0 of the scores is O. After it come the tags of each label, in the labels' order,
    one for each letter of `kinds`:

        B  the first token of an entity       L  the last one of several
        I  a token within                     U  the only one

    An entity begins with B or U, and goes on after B or I, to a tag of the same label that does
    not begin one. So much is the same in every scheme. They differ in the tags an entity may end
    on. O and the tags that begin an entity follow O and those. A document starts as if after O,
    and ends as if before O.

    name (str): The scheme's name.
    kinds (str): The letters of a label's tags. The first two are B and I.
    ends (str): The letters of those that an entity may end on.
    """

    name: str
    kinds: str
    ends: str

    def n_tags(self, n_labels: int) -> int:
        """The number of tags of n_labels labels."""
        return 1 + len(self.kinds) * n_labels

    def n_labels(self, n_tags: int) -> int:
        """The number of labels that have n_tags tags."""
        return (n_tags - 1) // len(self.kinds)

    def tag(self, label: Any, kind: str) -> Any:
        """The tag of a letter and a label's number, or an array of numbers."""
        return 1 + len(self.kinds) * label + self.kinds.index(kind)

    def columns_of(self, labels: Sequence[int]) -> list[int]:
        """The columns of all tags of labels, which are given by their numbers."""
        n_kinds = len(self.kinds)
        return [1 + n_kinds * label + kind for label in labels for kind in range(n_kinds)]

    def tag_names(self, labels: Sequence[str]) -> list[str]:
        """The names of all tags, e.g. ["O", "B-PER", "I-PER"] for ["PER"]."""
        return ["O"] + [f"{kind}-{label}" for label in labels for kind in self.kinds]

    def label_of_tag(self, tags: numpy.ndarray) -> numpy.ndarray:
        """The label number of each tag, -1 for O and MISSING."""
        return (tags + (len(self.kinds) - 1)) // len(self.kinds) - 1

    def begins(self, tags: numpy.ndarray) -> numpy.ndarray:
        """Whether each tag begins an entity. False for O."""
        return self._begins[(tags - 1) % len(self.kinds)] & (tags > O)

    def continues(self, tags: numpy.ndarray) -> numpy.ndarray:
        """Whether each tag continues an entity. False for O."""
        return (tags > O) & ~self._begins[(tags - 1) % len(self.kinds)]

    def goes_on(self, tags: numpy.ndarray) -> numpy.ndarray:
        """Whether an entity may go on after each tag. False for O."""
        return self._goes_on[(tags - 1) % len(self.kinds)] & (tags > O)

    def may_end(self, tags: numpy.ndarray) -> numpy.ndarray:
        """Whether an entity may end on each tag. False for O."""
        return self._may_end[(tags - 1) % len(self.kinds)] & (tags > O)

    @cached_property
    def ends_anywhere(self) -> bool:
        """Whether an entity may end on all its tokens, so that it may be cut off after any."""
        return set(self.ends) == set(self.kinds)

    @cached_property
    def beginning(self) -> list[slice]:
        """The columns of tags that begin an entity, as slices with one column for each label."""
        return self._columns("BU")

    @cached_property
    def continuing(self) -> list[slice]:
        """The columns of tags that continue an entity."""
        return self._columns("IL")

    @cached_property
    def go_on(self) -> list[slice]:
        """The columns of tags that an entity may go on after: those of B, and those of I."""
        return self._columns("BI")

    @cached_property
    def open(self) -> list[slice]:
        """The columns of tags that an entity can't end on."""
        return self._columns("".join(set(self.kinds) - set(self.ends)))

    @cached_property
    def at_edges(self) -> list[slice]:
        """The columns of tags that an entity begins with, or ends on whatever comes next."""
        return self._columns("BLU")

    def transitions(self, n_labels: int) -> numpy.ndarray:
        """Which tag may follow which: [a, b] tells whether b may follow a. Row O is what a
        document may start with, column O what it may end with. Shape (n_tags, n_tags)."""
        return _transitions(self, n_labels)

    def tags_of_span(self, length: int, label: int) -> list[int]:
        """The tags of an entity.

        length (int): Its number of tokens.
        label (int): Its label number.
        """
        kinds = ["B"] + ["I"] * (length - 1)
        if "L" in self.kinds:
            kinds[-1] = "L" if length > 1 else "U"
        return [self.tag(label, kind) for kind in kinds]

    def tags_from_iob(
        self, iob: numpy.ndarray, types: numpy.ndarray, label_hashes: Sequence[int]
    ) -> numpy.ndarray:
        """Tags from the attributes of tokens.

        iob (numpy.ndarray): ENT_IOB of each token. Shape (n_tokens,).
        types (numpy.ndarray): ENT_TYPE of each token. Shape (n_tokens,).
        label_hashes (Sequence[int]): The hash of each label, in the labels' order.
        RETURNS (numpy.ndarray): int32 tags; MISSING where ENT_IOB is 0. Tokens of an entity whose
            type is none of the labels are O: they are known to be nothing that has a label here.
        """
        labels = numpy.full(len(types), -1, dtype="int32")
        for number, label_hash in enumerate(label_hashes):
            labels[types == numpy.uint64(label_hash)] = number
        tags = numpy.where(iob == 0, MISSING, O).astype("int32")
        known = labels >= 0
        begins = known & (iob == _ENT_IOB_B)
        insides = known & (iob == _ENT_IOB_I)
        tags[begins] = self.tag(labels[begins], "B")
        tags[insides] = self.tag(labels[insides], "I")
        if not self.ends_anywhere:
            ends = numpy.ones(len(iob), dtype=bool)
            ends[:-1] = iob[1:] != _ENT_IOB_I
            tags[begins & ends] = self.tag(labels[begins & ends], "U")
            tags[insides & ends] = self.tag(labels[insides & ends], "L")
        return tags

    def biluo_rows(self, n_tags: int) -> numpy.ndarray:
        """For each tag of the scheme BILUO, the tag of this scheme whose score it gets, so that the
        sequences of both that spell the same entities have the same score."""
        return _biluo_rows(self, self.n_labels(n_tags))

    def spans_from_tags(
        self, tokens: numpy.ndarray, tags: numpy.ndarray
    ) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """The entities of valid tag sequences.

        tokens (numpy.ndarray): The tokens that are not O, by their ascending number. Shape (n,).
        tags (numpy.ndarray): Their tags. Shape (n,).
        RETURNS (Tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]): The first token of each
            entity, the one after its last, and its label number. Shapes (n_entities,).
        """
        begins = numpy.flatnonzero(self.begins(tags))
        # All tokens up to the next tag that begins an entity are of the same one.
        lasts = numpy.append(begins[1:], len(tokens)) - 1 if len(begins) else begins
        return tokens[begins], tokens[lasts] + 1, self.label_of_tag(tags[begins])

    @cached_property
    def _begins(self) -> numpy.ndarray:
        return numpy.array([kind in "BU" for kind in self.kinds])

    @cached_property
    def _goes_on(self) -> numpy.ndarray:
        return numpy.array([kind in "BI" for kind in self.kinds])

    @cached_property
    def _may_end(self) -> numpy.ndarray:
        return numpy.array([kind in self.ends for kind in self.kinds])

    def _columns(self, kinds: str) -> list[slice]:
        step = len(self.kinds)
        return [slice(1 + i, None, step) for i, kind in enumerate(self.kinds) if kind in kinds]


@lru_cache(maxsize=16)
def _transitions(scheme: Scheme, n_labels: int) -> numpy.ndarray:
    tags = numpy.arange(scheme.n_tags(n_labels))
    labels, is_outer = scheme.label_of_tag(tags), scheme.begins(tags) | (tags == O)
    continues = scheme.goes_on(tags)[:, None] & (labels[:, None] == labels)
    closes = scheme.may_end(tags) | (tags == O)
    allowed = numpy.where(is_outer, closes[:, None], continues)
    allowed.flags.writeable = False  # it is shared
    return allowed


@lru_cache(maxsize=16)
def _biluo_rows(scheme: Scheme, n_labels: int) -> numpy.ndarray:
    labels = numpy.arange(n_labels)[:, None]
    kinds = "BILU" if "L" in scheme.kinds else "BIIB"
    tags = numpy.hstack([scheme.tag(labels, kind) for kind in kinds])
    return numpy.append(O, tags.ravel())


BIO = Scheme("bio", kinds="BI", ends="BI")
BILUO = Scheme("biluo", kinds="BILU", ends="LU")
SCHEMES = {scheme.name: scheme for scheme in (BIO, BILUO)}


def get_scheme(name: str) -> Scheme:
    """The scheme of a name.

    name (str): The name.
    RETURNS (Scheme): The scheme.
    RAISES (ValueError): If there is none.
    """
    known = ", ".join(SCHEMES)
    check_setting(name in SCHEMES, "scheme", name, f"Choose one of {known}.")
    return SCHEMES[name]
