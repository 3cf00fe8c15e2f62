"""Small pipelines to explain, and the lecture's formula of their scores."""

import numpy
from spacy.language import Language

from spacy_windowner.tools.explain.parts import Windows, open_model

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


def directions_of(nlp: Language, entity) -> numpy.ndarray:
    """At each token where an explained entity and its rival have different tags: +1 for the tag, -1
    for the rival's. Shape (n, n_tags)."""
    ner = nlp.get_pipe("window_ner")
    names = ner.scheme.tag_names(ner.labels)
    rows = [
        [(name == each.tag) * 1.0 - (name == each.rival) for name in names]
        for each in entity.differences
    ]
    return numpy.array(rows)


def windows_of(nlp: Language, doc, entity) -> numpy.ndarray:
    """The features of the windows around the tokens where an explained entity and its rival have
    different tags. Shape (n, 2 * window + 1, width)."""
    tokens = numpy.array([each.token for each in entity.differences])
    return Windows.of(network_of(nlp), doc).around(tokens)


def scores_of(nlp: Language, doc, entity) -> float:
    """How much more the tags of an explained entity score than its rival's, without biases and
    transitions."""
    [scores] = nlp.get_pipe("window_ner").model.predict([doc])
    tokens = [each.token for each in entity.differences]
    return float((scores[tokens] * directions_of(nlp, entity)).sum())


def slopes_of(nlp: Language, doc, entity) -> dict:
    """What each word and each feature adds, as how fast the scores grow with it, by numbers:
    {(token, feature): value}. For networks that are linear around their inputs, in 64 bits. A token
    is -1 before the text, and the length of the text after it."""
    opened, eps, parts = network_of(nlp), 1e-7, {}
    windows = windows_of(nlp, doc, entity)
    for each, window, direction in zip(
        entity.differences, windows, directions_of(nlp, entity), strict=True
    ):
        before = opened.network.scores(window.reshape(1, -1))[0] @ direction
        for place in range(len(window)):
            token = min(max(each.token + place - opened.window, -1), len(doc))
            for name, columns in opened.features:
                moved = window.copy()
                moved[place, columns] *= 1 - eps
                slope = (before - opened.network.scores(moved.reshape(1, -1))[0] @ direction) / eps
                parts[token, name] = parts.get((token, name), 0.0) + slope
    return parts


def parts_of(doc, entity) -> dict:
    """The parts of an explained entity, in the form of `slopes_of`."""
    ends = {"<start>": -1, "<end>": len(doc)}
    return {
        (ends[part.text] if part.token is None else part.token, name): value
        for part in entity.parts
        for name, value in part.features.items()
    }


def added_up(entity) -> float:
    """The parts of an explained entity, without the remainder."""
    words = sum(part.contribution for part in entity.parts)
    return words + entity.constant + entity.bias + entity.transitions


def make_gradients(nlp: Language) -> None:
    """An update whose gradients wait for the optimizer."""
    nlp.update(make_examples(nlp), sgd=None)
