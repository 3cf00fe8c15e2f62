"""What `explain` returns: why `window_ner` found its entities, in plain numbers and strings."""

from dataclasses import asdict, dataclass
from typing import Any

PADDING = ("<start>", "<end>")
"""The text of the padding before the first and after the last word of a Doc."""


@dataclass(frozen=True)
class Part:
    """What one place of the window adds to a margin.

    token (Optional[int]): The token's number in the Doc, None for padding.
    text (str): Its text, "<start>" or "<end>" for padding.
    offset (Optional[int]): Its place in the window, 0 for the centre. None in the parts of an
        entity, where a word adds up what it does in several windows.
    contribution (float): What it adds to the margin. Below 0 it speaks against the tag.
    features (Dict[str, float]): The same, by the features of the word. They add up to it.
    """

    token: int | None
    text: str
    offset: int | None
    contribution: float
    features: dict[str, float]


@dataclass(frozen=True)
class ExplainedToken:
    """Why a token of an entity has its tag:

        margin = sum of the parts' contributions + bias + recall_bias + remainder

    token (int): The token's number in the Doc.
    text (str): Its text.
    tag (str): Its tag, e.g. "B-PER".
    runner_up (str): The best other tag.
    margin (float): The score of the tag minus that of the runner-up, as the component decides by
        them. Below 0 the tag was chosen only for what its neighbours are.
    parts (List[Part]): The places of the window, from left to right.
    bias (float): What no word adds: the constant term of the score.
    recall_bias (float): What the component's `recall_bias` adds: itself, if the runner-up is O; and
        the difference of what it adds to the scores of labels that were learned after others.
    remainder (float): What is left: rounding or, of integrated gradients, the error of the sum.
    steps (int): Steps of the integrated gradients, 0 if the parts are exact.
    """

    token: int
    text: str
    tag: str
    runner_up: str
    margin: float
    parts: list[Part]
    bias: float
    recall_bias: float
    remainder: float
    steps: int


@dataclass(frozen=True)
class Removal:
    """What becomes of an entity without a word of its context.

    token (int): The number of the removed token in the Doc.
    text (str): Its text.
    margin (float): The entity's margin without it: the scores of the same tags minus those of the
        best other ones.
    lowers_margin_by (float): The entity's margin minus this one.
    flips (bool): Whether exactly this entity, the same words with the same label, isn't found.
    found (List[Tuple[str, str]]): The entities, as text and label, that are found where it was.
    """

    token: int
    text: str
    margin: float
    lowers_margin_by: float
    flips: bool
    found: list[tuple[str, str]]


@dataclass(frozen=True)
class ExplainedEntity:
    """Why an entity was found. Its numbers are the sums of those of its tokens, as the score of a
    tag sequence is the sum of its tags' scores.

    text (str): The entity.
    label (str): Its label.
    start (int): Its first token.
    end (int): The token after its last one.
    margin (float): The scores of its tags minus those of the runners-up.
    parts (List[Part]): What each word in the windows adds to it, in the order of the text, with
        the padding at both ends.
    bias (float): What no word adds.
    recall_bias (float): What the component's `recall_bias` adds.
    remainder (float): What is left, see `ExplainedToken`.
    tokens (List[ExplainedToken]): Its tokens.
    flip (Optional[Removal]): The word nearest to the entity, of those in its tokens' windows but
        not in itself, without which exactly this entity isn't found any more. Of two equally
        near ones that which lowers the margin more. None if there is none.
    support (Optional[Removal]): The word, of the same, without which the margin is lowest. None if
        there is none that lowers it.
    """

    text: str
    label: str
    start: int
    end: int
    margin: float
    parts: list[Part]
    bias: float
    recall_bias: float
    remainder: float
    tokens: list[ExplainedToken]
    flip: Removal | None
    support: Removal | None


@dataclass(frozen=True)
class Explanation:
    """Why a `window_ner` component found the entities of a text.

    component (str): The component's name.
    method (str): "exact" if the parts are those of the local linear map that the network is, or
        "integrated gradients".
    window (int): Words on either side of a window's centre.
    words (List[str]): The text of each token.
    spaces (List[str]): The space after each token, "" or " ".
    entities (List[ExplainedEntity]): The entities, in their order.
    """

    component: str
    method: str
    window: int
    words: list[str]
    spaces: list[str]
    entities: list[ExplainedEntity]

    def to_dict(self) -> dict[str, Any]:
        """The same in dictionaries and lists, as for JSON."""
        return asdict(self)
