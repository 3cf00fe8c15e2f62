"""The types that `explain` returns: plain numbers and strings that say why entities were found."""

from dataclasses import asdict, dataclass
from typing import Any

PADDING = ("<start>", "<end>")
"""The texts that stand for the padding before the first and after the last word of a Doc."""


@dataclass(frozen=True)
class Part:
    """What one position of the window adds to a margin.

    token (Optional[int]): The token's index in the Doc, None for padding.
    text (str): The token's text, "<start>" or "<end>" for padding.
    offset (Optional[int]): The position in the window, 0 for the centre. None in the parts of an
        entity, which sum over several windows.
    contribution (float): What the position adds to the margin. Negative values count against the
        tag.
    features (Dict[str, float]): The contribution of each feature of the word. They sum to
        `contribution`.
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

    token (int): The token's index in the Doc.
    text (str): The token's text.
    tag (str): The token's tag, e.g. "B-PER".
    runner_up (str): The best other tag.
    margin (float): The score of the tag minus the score of the runner-up, with all biases of the
        component. If it is negative, the tag was chosen only because of the neighbouring tags.
    parts (List[Part]): The positions of the window, from left to right.
    bias (float): The constant term of the score, which no word contributes.
    recall_bias (float): What the component's biases add: its `recall_bias` if the runner-up is O,
        and the difference of the label biases if labels were added to a trained component.
    remainder (float): The rest: rounding, or the error of the sum in integrated gradients.
    steps (int): The number of steps of the integrated gradients, 0 if the parts are exact.
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
    """What happens to an entity if a word of its context is removed.

    token (int): The index of the removed token in the Doc.
    text (str): The text of the removed token.
    margin (float): The entity's margin without the token: the scores of the same tags minus the
        scores of the best other tags.
    lowers_margin_by (float): How much lower the margin is without the token.
    flips (bool): Whether the same words with the same label are no longer found.
    found (List[Tuple[str, str]]): The text and label of the entities that are found instead.
    """

    token: int
    text: str
    margin: float
    lowers_margin_by: float
    flips: bool
    found: list[tuple[str, str]]


@dataclass(frozen=True)
class ExplainedEntity:
    """Why an entity was found. Its numbers are sums over its tokens, because the score of a tag
    sequence is the sum of the scores of its tags.

    text (str): The entity's text.
    label (str): The entity's label.
    start (int): The first token.
    end (int): The token after the last one.
    margin (float): The scores of the tags minus the scores of the runners-up.
    parts (List[Part]): What each word in the windows adds, in the order of the text, with the
        padding at both ends.
    bias (float): The constant terms, which no word contributes.
    recall_bias (float): What the component's biases add.
    remainder (float): The rest, see `ExplainedToken`.
    tokens (List[ExplainedToken]): The entity's tokens.
    flip (Optional[Removal]): The nearest context word whose removal makes this entity disappear.
        Context words are those in the windows of the entity's tokens, outside the entity. If two
        are equally near, the one that lowers the margin more. None if there is no such word.
    support (Optional[Removal]): The context word whose removal lowers the margin most. None if no
        removal lowers it.
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
    method (str): "exact" if the network is piecewise linear and the parts come from its local
        linear map, otherwise "integrated gradients".
    window (int): The number of words on either side of a window's centre.
    words (List[str]): The text of each token.
    spaces (List[str]): The space after each token, "" or " ".
    entities (List[ExplainedEntity]): The entities, in the order of the text.
    """

    component: str
    method: str
    window: int
    words: list[str]
    spaces: list[str]
    entities: list[ExplainedEntity]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The explanation as dictionaries and lists, for JSON."""
        return asdict(self)
