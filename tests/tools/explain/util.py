"""Small pipelines to explain, and the lecture's formula of their scores."""

import numpy
from spacy.language import Language

from spacy_windowner.tools.explain.explain import open_model

from ...pipeline.util import make_examples, make_nlp, train
from ...util import FORMULAS

TEXT = "Who is Shaka Khan, and do I like London?"

# What is an entity hangs on the word before it.
CONTEXT_DATA = [
    ("We met Mr Paris yesterday.", {"entities": [(10, 15, "PERSON")]}),
    ("We went to Paris yesterday.", {"entities": [(11, 16, "LOC")]}),
    ("We like Paris yesterday.", {"entities": []}),
    ("They met Mr London.", {"entities": [(12, 18, "PERSON")]}),
    ("They went to London.", {"entities": [(13, 19, "LOC")]}),
    ("They like London.", {"entities": []}),
]


def trained_nlp(steps: int = 15, recall_bias: float = 1.0, **config) -> Language:
    """A pipeline that is trained a little, and finds something for its recall bias."""
    nlp = make_nlp(recall_bias=recall_bias, **config)
    train(nlp, steps=steps)
    return nlp


def network_of(nlp: Language):
    ner = nlp.get_pipe("window_ner")
    return open_model(ner.model, ner.name)


def reference_scores(nlp: Language, x: numpy.ndarray) -> numpy.ndarray:
    """s = U f(W x + b) + c in 64 bits, for the features of a window, by the formulas of the
    lecture. Shape (n_tags,)."""
    model = nlp.get_pipe("window_ner").model
    affine = model.get_ref("windowed_affine")
    n_places = 2 * affine.attrs["window"] + 1
    E = x.reshape(n_places, -1)
    W = affine.get_param("W").astype("float64")
    if len(W) == 1:
        s = W[0] @ E.mean(axis=0)
    else:
        s = sum(W[j] @ E[j] for j in range(n_places))
    s = s + affine.get_param("b")
    for layer in model.get_ref("head").layers if model.has_ref("head") else []:
        if layer.name == "prelu":
            s = numpy.where(s > 0, s, layer.get_param("slope") * s)
        elif layer.name in FORMULAS:
            s = FORMULAS[layer.name][0](s)
        elif layer.name == "linear":
            s = layer.get_param("W").astype("float64") @ s + layer.get_param("b")
    return s


def direction_of(nlp: Language, token) -> numpy.ndarray:
    """+1 for the tag of an explained token, -1 for its runner-up."""
    ner = nlp.get_pipe("window_ner")
    names = ner.scheme.tag_names(ner.labels)
    return numpy.array([(name == token.tag) * 1.0 - (name == token.runner_up) for name in names])


def added_up(of) -> float:
    """The parts of an explained token or entity, without the remainder."""
    return sum(part.contribution for part in of.parts) + of.bias + of.recall_bias


def make_gradients(nlp: Language) -> None:
    """An update whose gradients wait for the optimizer."""
    nlp.update(make_examples(nlp), sgd=None)
