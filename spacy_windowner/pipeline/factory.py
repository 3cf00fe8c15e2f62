"""Registers the component factory `window_ner` with its default config."""

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
document_weight = 0.0
spans_key = null
threshold = 0.0
candidates = false
redact = false
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
boundary_dropout = 0.5
nO = null

[window_ner.model.embed]
@architectures = "spacy-windowner.WordEmbed.v1"
vectors = null
lexicon = null
clusters = null

[window_ner.model.embed.features]
@architectures = "spacy-windowner.LexicalEmbed.v1"
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]
rows = [4500, 300, 2500, 2500]
width = 64
attr_dropout = 0.1

[window_ner.model.embed.ngrams]
@architectures = "spacy-windowner.CharNgramEmbed.v1"
width = 32
rows = 20000
lengths = [2, 5]
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
    document_weight: float,
    spans_key: str | None,
    threshold: float,
    thresholds: dict[str, float],
    candidates: bool,
    redact: bool,
    label_weights: dict[str, float],
    frozen_labels: list[str] | Literal["*"],
    label_hidden_width: int,
    table_size: int,
    scorer: Callable | None,
) -> WindowNER:
    """Create a named entity recognizer that classifies windows of words.

    model (Model[List[Doc], List[Floats2d]]): Scores the tags of each token, as one row per token
        and one column per tag. The default architecture embeds words without their context, which
        makes predictions fast.
    loss (TagLoss): The training objective, from the registry `losses`. The default mainly compares
        whole tag sequences.
    overwrite (bool): Whether to replace entities that a Doc already has. If false, its entities and
        blocked tokens are kept, and new entities are found around them.
    scheme (str): The tags of each label: "biluo" for B- (begin), I- (inside), L- (last) and U- (the
        only word), or "bio" for B- and I-. The default "biluo" was better on most corpora. "bio"
        can be better if the texts are of another kind than the training data.
    incorrect_spans_key (Optional[str]): A key in the `spans` of the reference documents in training
        data. The spans there are known not to be entities with their label. null for none.
    entity_weight (float): A factor of at least 0 on the loss of tokens in entities. In the sequence
        term of the loss, it is a factor on the odds of the wrong tags of these tokens. With a
        higher value, the model finds more entities, and more of them are wrong.
    recall_bias (float): How much to lower the score of O in predictions. With a value above 0, more
        entities are found, with a value below 0, fewer. The callback `spacy-windowner.calibrate.v1`
        sets it in training to the value with the best F1 on the dev set.
    document_weight (float): How much the other occurrences of a word in its document count. A label
        gains at a word that has it elsewhere in the document, and loses at one that doesn't. The
        callback `spacy-windowner.calibrate.v1` sets it in training to the value with the best F1 on
        the dev set, if that has whole documents. 0 means that each sentence is judged by itself.
    spans_key (Optional[str]): A key in `doc.spans` under which to store the found entities as well,
        with their probabilities in `attrs["scores"]`. null, the default, stores no group: spaCy
        doesn't adapt span groups when tokens are merged or split later. The probabilities are in
        `span._.ner_score` in any case.
    threshold (float): The lowest probability, from 0 to 1, of entities to keep. It has no effect if
        the component isn't calibrated. The default 0 keeps all entities.
    thresholds (Dict[str, float]): Thresholds for single labels, e.g. `{"ORG": 0.6}`, which are
        used instead of `threshold`.
    candidates (bool): Whether to store all candidates, the entities and the near misses, in
        `doc.spans` under `spans_key` followed by "_candidates", and the expected number of errors
        in `doc._.ner_doubt`. Requires `spans_key`. How far near misses reach follows from the
        recall that was promised in the calibration, if any.
    redact (bool): Whether `doc.ents` gets all candidates instead of the entities. Those that
        overlap are merged into one entity, with the label of the most probable one. It has no
        effect until a recall was promised in the calibration.
    label_weights (Dict[str, float]): Factors of at least 0 on the loss of single labels, e.g.
        `{"ORG": 2.0}`. They multiply `entity_weight`, and are 1 for labels that aren't listed.
    frozen_labels (Union[List[str], str]): Labels that training must not change. Their scores stay
        the same to the last bit, while labels that are added to the trained component learn. "*"
        means all labels that exist when another one is added. [] for none, which is necessary to
        train from scratch.
    label_hidden_width (int): The number of hidden units, from 0 to 65,536, that a label gets for
        itself if it is added while others are frozen. With fewer than the default, new labels
        found fewer entities in tests, with twice as many no more, and with 0 next to none.
    table_size (int): The maximum number of words in the table that speeds up predictions. For each
        word, it holds the products of the word's embedding and the first layer. 0 means no table.
        Only a window classifier with a context-free embedding, like the default, uses a table. A
        few times the number of frequent words in your texts is enough. With the default model, a
        word takes 3.6 kB, and 25,000 words take 90 MB. The size isn't saved with the component:
        choose it when you load a pipeline.
    scorer (Optional[Callable]): The scoring method for evaluation, from the registry `scorers`.
        null for no scores.
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
        document_weight=document_weight,
        spans_key=spans_key,
        threshold=threshold,
        thresholds=thresholds,
        candidates=candidates,
        redact=redact,
        label_weights=label_weights,
        frozen_labels=frozen_labels,
        label_hidden_width=label_hidden_width,
        table_size=table_size,
        scorer=scorer,
    )
