"""The types that `explain` returns: plain numbers and strings that say why entities were found."""

from dataclasses import asdict, dataclass
from typing import Any

EXACT, INTEGRATED = "exact", "integrated gradients"
"""The methods, see `Explanation`."""
PADDING = ("<start>", "<end>")
"""The texts that stand for the padding before the first and after the last word of a Doc."""


@dataclass(frozen=True)
class Part:
    """What one word, or the padding at one end of the text, adds to a margin.

    token (Optional[int]): The token's index in the Doc, None for padding.
    text (str): The token's text, "<start>" or "<end>" for padding.
    contribution (float): What the word adds to the margin. Negative values speak for the rival.
    features (Dict[str, float]): The contribution of each feature of the word. They sum to
        `contribution`.
    """

    token: int | None
    text: str
    contribution: float
    features: dict[str, float]


@dataclass(frozen=True)
class Choice:
    """A labelled span that one of two tag sequences has as an entity, and the other hasn't.

    text (str): Its text.
    label (str): Its label.
    start (int): The offset of its first character.
    end (int): The offset after its last character.
    probability (Optional[float]): Its calibrated probability, None without a calibration.
    """

    text: str
    label: str
    start: int
    end: int
    probability: float | None


@dataclass(frozen=True)
class Difference:
    """A token to which two tag sequences give different tags.

    token (int): The token's index in the Doc.
    text (str): The token's text.
    tag (str): Its tag in the best sequence, e.g. "B-PER".
    rival (str): Its tag in the rival.
    margin (float): The score of the tag minus the score of the rival's, with all biases. It may be
        below 0: what counts is the sum over all tokens.
    """

    token: int
    text: str
    tag: str
    rival: str
    margin: float


@dataclass(frozen=True)
class Removal:
    """What happens to an entity if a word of its context is removed.

    token (int): The index of the removed token in the Doc.
    text (str): The text of the removed token.
    margin (Optional[float]): The margin without the token, below 0 if the rival is better then.
        None if the entity isn't possible then, because another component takes its place.
    lowers_margin_by (Optional[float]): How much lower the margin is without the token.
    flips (bool): Whether this changes if the entity is found, i.e. the same words with the same
        label.
    found (List[Tuple[str, str]]): The text and label of the entities that are found there then.
    """

    token: int
    text: str
    margin: float | None
    lowers_margin_by: float | None
    flips: bool
    found: list[tuple[str, str]]


@dataclass(frozen=True)
class ExplainedEntity:
    """Why an entity was found, or why not. Two sequences of tags are compared: the best one of the
    text, y, which was chosen, and a rival z. For an entity that was found the rival is the best
    sequence without it, unless another one was asked for; for an entity that wasn't found, the best
    sequence with it. The margin is how much better y is. It splits into

        s(y) - s(z) = sum of the parts' contributions + constant + bias + document
                      + transitions + remainder

    text (str): The entity's text.
    label (str): The entity's label.
    start (int): The offset of its first character.
    end (int): The offset after its last character.
    first_token (int): The index of its first token.
    last_token (int): The index of its last token.
    found (bool): Whether it was found.
    probability (Optional[float]): Its calibrated probability, None without a calibration.
    threshold (Optional[float]): The threshold, if it wasn't found because its probability is lower.
    chosen (List[Choice]): The entities of the best sequence that the rival doesn't have.
    rival (List[Choice]): The entities of the rival that the best sequence doesn't have.
    rival_name (str): What the rival is, e.g. "nothing here" or "ORG instead of PER".
    margin (float): The score of the best sequence minus the score of the rival. At least 0.
    parts (List[Part]): What each word adds, in the order of the text, with the padding at both
        ends.
    constant (float): The constant terms of the scores, which no word adds.
    bias (float): What the biases of the component add: its `recall_bias` and, if labels were added
        to a trained component, their biases and what they yield to other labels.
    document (float): What the other occurrences of its words in the document add, see
        `document_weight`. 0 without any.
    transitions (float): What the learned transitions add, 0 without any.
    remainder (float): The rest: rounding, or the error of the sum in integrated gradients.
    steps (int): The largest number of steps of the integrated gradients, 0 if the parts are exact.
    differences (List[Difference]): The tokens to which the two sequences give different tags.
    flip (Optional[Removal]): The nearest context word whose removal changes whether the entity is
        found. Context words are those in the windows of the entity's tokens, outside the entity. If
        two are equally near, the one that lowers the margin more. None if there is no such word.
    support (Optional[Removal]): The context word whose removal lowers the margin most. None if no
        removal lowers it.
    """

    text: str
    label: str
    start: int
    end: int
    first_token: int
    last_token: int
    found: bool
    probability: float | None
    threshold: float | None
    chosen: list[Choice]
    rival: list[Choice]
    rival_name: str
    margin: float
    parts: list[Part]
    constant: float
    bias: float
    document: float
    transitions: float
    remainder: float
    steps: int
    differences: list[Difference]
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
