"""Small pipelines and training data that the tests of the component share."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed, load_model_from_config
from spacy.vocab import Vocab
from thinc.api import Config, Model

from spacy_windowner.losses.cross_entropy import CrossEntropy
from spacy_windowner.pipeline.window_ner import WindowNER

TRAIN_DATA = [
    ("Who is Shaka Khan?", {"entities": [(7, 17, "PERSON")]}),
    ("I like London and Berlin.", {"entities": [(7, 13, "LOC"), (18, 24, "LOC")]}),
]
ENTITIES = [[("Shaka Khan", "PERSON")], [("London", "LOC"), ("Berlin", "LOC")]]
"""What a pipeline trained on TRAIN_DATA finds in it."""

SMALL = {
    "scheme": "bio",
    "model": {
        "dropout": None,
        "window": 2,
        "hidden_width": 32,
        "embed": {
            "features": {"width": 16, "rows": [200, 100, 100, 100], "attr_dropout": 0.0},
            "ngrams": {"width": 16, "rows": 200},
        },
    },
}
"""The default model with little of everything, and nothing random after initialization."""

LOSSES = [f"spacy-windowner.{name}.v1" for name in ("MaxMargin", "CrossEntropy")]


def merge(*configs: dict[str, Any]) -> dict[str, Any]:
    """One config of several, the later ones first in rank."""
    merged = Config()
    for config in configs:
        merged = merged.merge(config)
    return dict(merged)


def make_nlp(name: str = "window_ner", lang: str = "xx", **config: Any) -> Language:
    """A blank pipeline with a small, uninitialized component. One for English takes five times as
    long to make as one without a language."""
    nlp = spacy.blank(lang)
    nlp.add_pipe("window_ner", name=name, config=merge(SMALL, config))
    return nlp


def make_examples(nlp: Language, data: Iterable[tuple[str, dict]] = TRAIN_DATA) -> list[Example]:
    """Examples of texts and annotations."""
    return [Example.from_dict(nlp.make_doc(text), annotation) for text, annotation in data]


def train(nlp: Language, data=TRAIN_DATA, steps: int = 80, seed: int = 0) -> dict[str, float]:
    """Initialize a pipeline and train it. Returns the last losses."""
    fix_random_seed(seed)
    examples = make_examples(nlp, data)
    optimizer = nlp.initialize(lambda: examples)
    losses: dict[str, float] = {}
    for _ in range(steps):
        losses = {}
        nlp.update(examples, sgd=optimizer, losses=losses)
    return losses


def copy_of(nlp: Language) -> Language:
    """A pipeline of the same config, loaded with the same data."""
    return load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())


def ents_of(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def reference(vocab: Vocab, words: list[str], *ents: tuple[int, int, str], **settings) -> Doc:
    """A Doc with entities."""
    doc = Doc(vocab, words=words)
    doc.set_ents([Span(doc, *ent) for ent in ents], **settings)
    return doc


def word_scores(scores: dict[str, list[float]]) -> Model[list[Doc], list[numpy.ndarray]]:
    """A model that scores each token by a table of words, and other tokens as O."""
    return Model("word_scores", _forward, attrs={"scores": scores}, dims={"nO": None},
                 params={"b": None})  # fmt: skip


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list, Callable]:
    nO = model.get_dim("nO")
    other = [1.0] + [0.0] * (nO - 1)
    table = model.attrs["scores"]
    rows = [[table.get(token.text, other) for token in doc] for doc in docs]
    return [numpy.array(doc, dtype="float32").reshape(-1, nO) for doc in rows], lambda dY: []


def scoring_ner(scores: dict[str, list[float]], labels: Iterable[str], **settings) -> WindowNER:
    """A component whose scores are those of a table."""
    ner = WindowNER(
        spacy.blank("xx").vocab,
        word_scores(scores),
        loss=CrossEntropy(),
        **{"scheme": "bio", **settings},
    )
    for label in labels:
        ner.add_label(label)
    ner.model.set_dim("nO", ner.scheme.n_tags(len(ner.labels)))
    return ner
