"""Tag schemes: how the entities of a document are encoded with one tag per token. Everything that
depends on the scheme is here: the tags, their order, and which may follow which."""

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
    """A tag scheme. Column 0 of the scores is O. Then come the tags of each label, in the order of
    the labels, one for each letter of `kinds`:

        B  the first token of an entity       L  the last one of several
        I  a token within                     U  the only one

    A scheme without L and U uses I and B instead. Decoding always uses all four (see `spread`),
    because then a tag alone tells what may follow it. An entity begins with B or U and ends with L
    or U. After B or I comes I or L of the same label, after all others O, B or U. The start and the
    end of a document count as O.

    name (str): The scheme's name.
    kinds (str): The letters of a label's tags.
    """

    name: str
    kinds: str

    @cached_property
    def offsets(self) -> tuple[int, int, int, int]:
        """The positions of B, I, L and U, or of what stands for them, among the tags of a label."""
        stands_for = {"L": "I", "U": "B"}
        letters = [kind if kind in self.kinds else stands_for[kind] for kind in "BILU"]
        b, i, l, u = (self.kinds.index(letter) for letter in letters)  # noqa: E741
        return b, i, l, u

    def n_tags(self, n_labels: int) -> int:
        """The number of tags of n_labels labels."""
        return 1 + len(self.kinds) * n_labels

    def n_labels(self, n_tags: int) -> int:
        """The number of labels that have n_tags tags."""
        return (n_tags - 1) // len(self.kinds)

    def tag(self, label: Any, kind: str) -> Any:
        """The tag of a letter, B, I, L or U, and a label number, or an array of label numbers."""
        return 1 + len(self.kinds) * label + self.offsets["BILU".index(kind)]

    def columns_of(self, labels: Sequence[int]) -> list[int]:
        """The columns of all tags of some labels, which are given by number."""
        n_kinds = len(self.kinds)
        return [1 + n_kinds * label + kind for label in labels for kind in range(n_kinds)]

    def tag_names(self, labels: Sequence[str]) -> list[str]:
        """The names of all tags, e.g. ["O", "B-PER", "I-PER"] for ["PER"]."""
        return ["O"] + [f"{kind}-{label}" for label in labels for kind in self.kinds]

    def label_of_tag(self, tags: numpy.ndarray) -> numpy.ndarray:
        """The label number of each tag, -1 for O and MISSING."""
        return (tags + (len(self.kinds) - 1)) // len(self.kinds) - 1

    def tags_of_span(self, length: int, label: int) -> list[int]:
        """The tags of an entity.

        length (int): Its number of tokens.
        label (int): Its label number.
        """
        kinds = "U" if length == 1 else "B" + "I" * (length - 2) + "L"
        return [self.tag(label, kind) for kind in kinds]

    def tags_from_iob(
        self, iob: numpy.ndarray, types: numpy.ndarray, label_hashes: Sequence[int]
    ) -> numpy.ndarray:
        """Convert token attributes to tags.

        iob (numpy.ndarray): ENT_IOB of each token. Shape (n_tokens,).
        types (numpy.ndarray): ENT_TYPE of each token. Shape (n_tokens,).
        label_hashes (Sequence[int]): The hash of each label, in the labels' order.
        RETURNS (numpy.ndarray): int32 tags; MISSING where ENT_IOB is 0. Tokens of entities with
            other labels are O, because they are known to have none of these labels.
        """
        labels = numpy.full(len(types), -1, dtype="int32")
        for number, label_hash in enumerate(label_hashes):
            labels[types == numpy.uint64(label_hash)] = number
        tags = numpy.where(iob == 0, MISSING, O).astype("int32")
        begins = (labels >= 0) & (iob == _ENT_IOB_B)
        continues = (labels >= 0) & (iob == _ENT_IOB_I)
        ends = numpy.ones(len(iob), dtype=bool)
        ends[:-1] = iob[1:] != _ENT_IOB_I
        for kind, chosen in (
            ("B", begins & ~ends), ("I", continues & ~ends), ("L", continues & ends),
            ("U", begins & ends),
        ):  # fmt: skip
            tags[chosen] = self.tag(labels[chosen], kind)
        return tags

    def spans_from_tags(self, tags: numpy.ndarray) -> list[tuple[int, int, int]]:
        """The entities of a valid sequence of tags: (start, end, label number).

        tags (numpy.ndarray): int32. Shape (n_tokens,).
        """
        labels = self.label_of_tag(tags)
        kinds = (tags - 1) % len(self.kinds)
        begins = (labels >= 0) & numpy.isin(kinds, [self.offsets[0], self.offsets[3]])
        starts = numpy.flatnonzero(begins)
        # An entity ends before the next token that doesn't continue it.
        breaks = numpy.append(numpy.flatnonzero(begins | (labels < 0)), len(tags))
        ends = breaks[numpy.searchsorted(breaks, starts, side="right")]
        return list(zip(starts.tolist(), ends.tolist(), labels[starts].tolist(), strict=True))

    def spread(self, n_tags: int) -> numpy.ndarray:
        """The tags of this scheme that stand for O, B of every label, every I, L and U.

        n_tags (int): The number of tags of this scheme.
        RETURNS (numpy.ndarray): int64 tags. Shape (1 + 4 * n_labels,).
        """
        return _spread(self, n_tags)


BIO = Scheme("bio", kinds="BI")
BILUO = Scheme("biluo", kinds="BILU")
SCHEMES = {scheme.name: scheme for scheme in (BIO, BILUO)}


def get_scheme(name: str) -> Scheme:
    """Get a scheme by its name.

    name (str): The name.
    RETURNS (Scheme): The scheme.
    RAISES (ValueError): If the name is unknown.
    """
    if name not in SCHEMES:
        check_setting(False, "scheme", name, f"Choose one of {', '.join(SCHEMES)}.")
    return SCHEMES[name]


@lru_cache(maxsize=16)
def _spread(scheme: Scheme, n_tags: int) -> numpy.ndarray:
    labels = numpy.arange(scheme.n_labels(n_tags))
    tags = numpy.concatenate([[O], *(scheme.tag(labels, kind) for kind in "BILU")])
    tags.flags.writeable = False  # the cache shares it
    return tags
