from collections.abc import Callable
from typing import Literal

from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Config, Model
from thinc.types import Floats2d

from .window_ner import WindowNER

default_config = """
[window_ner]
overwrite = false
scheme = "biluo"
incorrect_spans_key = null
entity_weight = 1.5
recall_bias = 0.0
spans_key = null
threshold = 0.0
candidates = false
label_weights = {}
thresholds = {}
frozen_labels = []
label_hidden_width = 256
table_size = 25000

[window_ner.loss]
@losses = "spacy-windowner.MaxMargin.v1"
corrupt_windows = 5
pairwise_weight = 0.1
pool_size = 100
sequence_weight = 1.0
transitions = false

[window_ner.scorer]
@scorers = "spacy.ner_scorer.v1"

[window_ner.model]
@architectures = "spacy-windowner.WindowClassifier.v1"
window = 3
hidden_width = 128
hidden_depth = 1
activation = "relu"
pooling = "concat"
dropout = 0.5
nO = null

[window_ner.model.embed]
@architectures = "spacy-windowner.WordEmbed.v1"
word_dropout = 0.1
vectors = null

[window_ner.model.embed.features]
@architectures = "spacy-windowner.LexicalEmbed.v1"
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]
rows = [4500, 300, 2500, 2500]
width = 64

[window_ner.model.embed.ngrams]
@architectures = "spacy-windowner.CharNgramEmbed.v1"
width = 32
rows = 20000
lengths = [3, 5]
attr = "LOWER"
"""
DEFAULT_CONFIG = Config().from_str(default_config)["window_ner"]


@Language.factory(
    "window_ner",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "span._.ner_score"],
    default_config=DEFAULT_CONFIG,
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_window_ner(
    nlp: Language,
    name: str,
    model: Model[list[Doc], list[Floats2d]],
    loss: Callable,
    overwrite: bool,
    scheme: Literal["bio", "biluo"],
    incorrect_spans_key: str | None,
    entity_weight: float,
    recall_bias: float,
    spans_key: str | None,
    threshold: float,
    thresholds: dict[str, float],
    candidates: bool,
    label_weights: dict[str, float],
    frozen_labels: list[str] | Literal["*"],
    label_hidden_width: int,
    table_size: int,
    scorer: Callable | None,
) -> "WindowNER":
    """Create a named entity recognizer that classifies windows of words.

    model (Model[List[Doc], List[Floats2d]]): Scores the tags of each token, one row a token and
        one column a tag.
    loss (TagLoss): The training objective, registered in `losses`.
    overwrite (bool): Whether to replace entities the Doc has already. If not, they and blocked
        tokens stay, and new entities are found around them.
    scheme (str): The tags of each label: "bio", B- and I-, or "biluo", B-, I-, L- and U-.
    incorrect_spans_key (Optional[str]): A key of `reference.spans` in training data that holds
        spans known not to be entities of their label.
    entity_weight (float): What the loss of all tokens in entities is multiplied by, or in the
        sequence term of the loss the odds of their wrong tags. Above 1 the model finds more
        entities, and more wrong ones among them.
    recall_bias (float): How much the score of O is lowered in predictions. Above 0 more entities
        are found, below 0 fewer. Training sets it by `spacy-windowner.calibrate.v1`.
    spans_key (Optional[str]): A key in `doc.spans` where the entities that were found are kept,
        too, with their probabilities in `attrs["scores"]`. None for no such group, and then
        `span._.ner_score` is where the probabilities are. spaCy doesn't adapt groups when tokens
        are merged or split after the component.
    threshold (float): Entities that are less probable than this are dropped, if the component is
        calibrated.
    thresholds (Dict[str, float]): The thresholds of labels that have one of their own.
    candidates (bool): Whether to keep the spans that nearly were entities, too, in `doc.spans`
        under `spans_key` with "_candidates" after it.
    label_weights (Dict[str, float]): What the loss of a label's tokens is multiplied by, too.
    frozen_labels (Union[List[str], str]): Labels that stay as they are, to the last bit of their
        scores, while labels that are added to the trained component learn. "*" is for all that it
        has when the next one is added.
    label_hidden_width (int): Hidden units of its own for a label that is added while others are
        frozen.
    table_size (int): The most words whose products are kept for predictions, 0 for none, if the
        model is a window classifier with a context-free embedding.
    scorer (Optional[Callable]): The scoring method.
    """
    return WindowNER(
        nlp.vocab,
        model,
        name,
        loss=loss,
        overwrite=overwrite,
        scheme=scheme,
        incorrect_spans_key=incorrect_spans_key,
        entity_weight=entity_weight,
        recall_bias=recall_bias,
        spans_key=spans_key,
        threshold=threshold,
        thresholds=thresholds,
        candidates=candidates,
        label_weights=label_weights,
        frozen_labels=frozen_labels,
        label_hidden_width=label_hidden_width,
        table_size=table_size,
        scorer=scorer,
    )
