"""Untrained pipelines with any number of labels, in which a given share of words is in entities."""

from collections.abc import Callable
from statistics import fmean
from typing import Any

import numpy
from accuracy_rows import CONFIGS
from spacy.cli.init_config import init_config
from spacy.language import Language
from spacy.training import Example
from spacy.util import fix_random_seed, load_config, load_model_from_config
from speed_variants import NER, run_components
from thinc.api import Config

SHARE = 0.07
_STEPS = 14


def make_pipeline(kind: str, n_labels: int, texts: list[str]) -> tuple[Language, float]:
    """Make an untrained pipeline with random weights.

    kind (str): "ner", or another name for window_ner.
    n_labels (int): The number of labels.
    texts (List[str]): Texts to find the share on.
    RETURNS (Tuple[Language, float]): The pipeline, and the share of words in entities.
    """
    fix_random_seed(0)
    config: Config = load_config(CONFIGS / "default.cfg")
    if kind == NER:
        config = init_config(lang="en", pipeline=["ner"], optimize="efficiency")
    nlp = load_model_from_config(config, auto_fill=True)
    pipe: Any = nlp.get_pipe(nlp.pipe_names[-1])
    for i in range(n_labels):
        pipe.add_label(f"LABEL{i}")
    examples = [Example.from_dict(nlp.make_doc(text), {}) for text in texts[:10]]
    nlp.initialize(lambda: examples)
    if kind == NER:
        moves = [pipe.moves.get_class_name(i) for i in range(pipe.moves.n_moves)]
        layer, outside = pipe.model.get_ref("upper"), moves.index("O")
    else:
        layer, outside = pipe.model.get_ref("output_layer"), 0
    W = layer.get_param("W")
    layer.set_param("W", numpy.random.default_rng(0).normal(size=W.shape).astype("float32"))
    return nlp, _set_share(nlp, texts, _bias_setter(layer, outside))


def _bias_setter(layer: Any, column: int) -> Callable[[float], None]:
    """A function that sets the bias of one column, all others being 0."""

    def set_bias(value: float) -> None:
        b = numpy.zeros_like(layer.get_param("b"))
        b[column] = value
        layer.set_param("b", b)

    return set_bias


def _set_share(nlp: Language, texts: list[str], set_bias: Callable[[float], None]) -> float:
    """Find the bias by halving an interval."""
    low, high, share = -100.0, 100.0, 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        set_bias(middle)
        share = _share(nlp, texts)
        low, high = (middle, high) if share > SHARE else (low, middle)
    return share


def _share(nlp: Language, texts: list[str]) -> float:
    """The share of words in entities."""
    docs = [nlp.make_doc(text) for text in texts]
    run_components(nlp, docs)
    return fmean(token.ent_iob != 2 for doc in docs for token in doc)
