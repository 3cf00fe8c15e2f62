"""Explains the entities of a text: splits the margin of each tag into the contributions of the
words and features in its window.

The margin of a window x is `m(x) = <direction, s(x)>`, where `direction` is +1 for the tag and -1
for the runner-up. If the network is piecewise linear, then around x

    m(x) = <g, x> + m_0        g = dm/dx,  m_0 the constant of the local affine map

The parts are `g_i x_i` and the bias is m_0, exactly. Otherwise the parts are integrated gradients
from the zero embedding,

    part_i = x_i * integral of dm/dx_i (a x) over a from 0 to 1,  bias = m(0)

which also add up to m(x), up to the error of the numerical integration. Source: the identity
W x = sum_j W_j E(w[t+j]); Sundararajan et al. (2017), "Axiomatic Attribution for Deep Networks".
"""

from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy
from spacy.errors import Errors as SpacyErrors
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Model

from ...layers.windowed_affine import WordRows, window_rows
from ...models.features import feature_columns
from ...models.output import is_initialized
from ...pipeline.components import choose_component
from ...progress import Stage, Tell, silent, told
from ..errors import Errors
from .explanation import PADDING, ExplainedEntity, ExplainedToken, Explanation, Part, Removal
from .network import HasConstant, Network, as_doubles, read_window_classifier, with_added_labels
from .removals import Decider, Decision, Entity, best_others, find_removals, without_entities

TOLERANCE = 1e-3
"""The number of steps is increased until the error of the integral is at most this."""
_STEPS = (16, 32, 64, 128, 256, 512, 1024)
EXACT = "exact"
INTEGRATED = "integrated gradients"


class OpenedModel(NamedTuple):
    """The parts of a window classifier.

    word_rows (Model[List[Doc], WordRows]): The embedding layer.
    pad (numpy.ndarray): The embedding of padding. Shape (1, width).
    window (int): The number of words on either side of the centre.
    features (List[Tuple[str, slice]]): The columns of the embedding that come from each feature.
    network (Network): The network that scores a window.
    """

    word_rows: Model
    pad: numpy.ndarray
    window: int
    features: list[tuple[str, slice]]
    network: Network

    def windows(self, doc: Doc, tokens: list[int]) -> numpy.ndarray:
        """The embeddings of the windows around some tokens.

        doc (Doc): The document. Must have at least one token.
        tokens (List[int]): The indices of the tokens.
        RETURNS (numpy.ndarray): Shape (n_tokens, 2 * window + 1, width).
        """
        embedded: WordRows = self.word_rows.predict([doc])
        rows = numpy.vstack([as_doubles(embedded.rows), self.pad])
        places = window_rows(
            embedded.ids, embedded.lengths, self.window, len(rows) - 1, embedded.is_word
        )
        return rows[places[tokens]]


class InputParts(NamedTuple):
    """What the inputs of a window add to a margin.

    inputs (numpy.ndarray): The contribution of each input. Shape (n_features,).
    bias (float): The constant term.
    steps (int): The number of integration steps, 0 if the parts are exact.
    """

    inputs: numpy.ndarray
    bias: float
    steps: int


def explain(
    nlp: Language,
    doc_or_text: Doc | str,
    *,
    name: str | None = None,
    within: tuple[int, int] | None = None,
    on_progress: Tell = silent,
) -> Explanation:
    """Explain why a `window_ner` component finds the entities of a text: how much each word in the
    window, and each feature of a word, adds to the margin of a tag over the runner-up, and which
    context word the entity depends on.

    nlp (Language): The pipeline.
    doc_or_text (Union[Doc, str]): A text or a Doc. The Doc isn't changed, and its entities are
        ignored: the function explains those that the component finds itself.
    name (Optional[str]): The component's name. Needed if there are several.
    within (Optional[Tuple[int, int]]): The first token of a range and the token after the last.
        Only entities in this range are explained, which saves time with long texts. None for all.
    on_progress (Tell): Called with the progress.
    RETURNS (Explanation): The entities, and what counts for and against each of them.
    RAISES (ValueError): If there is no such component, or its model can't be explained.
    """
    name = choose_component(nlp, name)
    decider = Decider(nlp, name)
    ner = decider.component
    if isinstance(doc_or_text, Doc):
        doc = without_entities(doc_or_text)
    else:
        doc = nlp.make_doc(doc_or_text)
    opened = open_model(ner.model, name)
    [decision] = decider.decide([doc.copy()])
    words = [token.i for token in doc if not token.is_space]
    entities = []
    for start, end, label in decision.entities:
        if within is None or (within[0] <= start and end <= within[1]):
            first, stop = bisect_left(words, start), bisect_left(words, end)
            entities.append(Entity(
                start, end, label, words[first:stop],
                tags=ner.scheme.tags_of_span(stop - first, ner.labels.index(label)),
                left=words[max(first - opened.window, 0) : first][::-1],
                right=words[stop : stop + opened.window],
            ))  # fmt: skip
    on_progress(Stage("Removing words"))
    removals = find_removals(decider, doc, entities, decision)
    writer = _Writer(ner, opened, decision, words)
    pairs = list(zip(entities, removals, strict=True))
    return Explanation(
        component=name,
        method=method_of(opened.network),
        window=opened.window,
        words=[token.text for token in doc],
        spaces=[token.whitespace_ for token in doc],
        entities=[
            writer.entity(*both) for both in told(pairs, "Entities", len(pairs), on_progress)
        ],
    )


class _Writer:
    """Builds the `ExplainedEntity` of each entity."""

    def __init__(self, ner: Any, opened: OpenedModel, decision: Decision, words: list[int]) -> None:
        self.opened = opened
        self.words = words
        self.decision = decision
        self.biases = ner.biases
        self.tag_names = ner.scheme.tag_names(ner.labels)

    def entity(self, entity: Entity, removals: list[Removal]) -> ExplainedEntity:
        span = self.decision.doc[entity.start : entity.end]
        numbers = entity.words
        scores = self.decision.scores[numbers]
        windows = self.opened.windows(self.decision.doc, numbers)
        others = best_others(scores, entity.tags).tolist()
        rows = zip(numbers, scores, windows, entity.tags, others, strict=True)
        tokens = [self._token(*row) for row in rows]
        lowering = [removal for removal in removals if removal.lowers_margin_by > 0.0]
        return ExplainedEntity(
            text=span.text,
            label=entity.label,
            start=entity.start,
            end=entity.end,
            margin=sum(token.margin for token in tokens),
            parts=_sum_by_word(part for token in tokens for part in token.parts),
            bias=sum(token.bias for token in tokens),
            recall_bias=sum(token.recall_bias for token in tokens),
            remainder=sum(token.remainder for token in tokens),
            tokens=tokens,
            flip=next((removal for removal in removals if removal.flips), None),
            support=max(lowering, key=lambda removal: removal.lowers_margin_by, default=None),
        )

    def _token(
        self, number: int, scores: numpy.ndarray, window: numpy.ndarray, tag: int, other: int
    ) -> ExplainedToken:
        direction = self.biases.direction(scores, tag, other)
        found = input_parts(self.opened.network, window.ravel(), direction)
        parts = self._parts(number, found.inputs.reshape(window.shape))
        margin = float(scores[tag] - scores[other])
        recall_bias = float(self.biases.by_tag @ direction)
        added_up = sum(part.contribution for part in parts) + found.bias + recall_bias
        return ExplainedToken(
            token=number,
            text=self.decision.doc[number].text,
            tag=self.tag_names[tag],
            runner_up=self.tag_names[other],
            margin=margin,
            parts=parts,
            bias=found.bias,
            recall_bias=recall_bias,
            remainder=margin - added_up,
            steps=found.steps,
        )

    def _parts(self, token: int, inputs: numpy.ndarray) -> list[Part]:
        doc, parts = self.decision.doc, []
        centre = self.words.index(token)
        for place, numbers in enumerate(inputs):
            offset = place - self.opened.window
            number = centre + offset
            features: dict[str, float] = {}
            for name, columns in self.opened.features:
                features[name] = features.get(name, 0.0) + float(numbers[columns].sum())
            word = self.words[number] if 0 <= number < len(self.words) else None
            parts.append(Part(
                token=word,
                text=PADDING[int(number >= 0)] if word is None else doc[word].text,
                offset=offset,
                contribution=sum(features.values()),
                features=features,
            ))  # fmt: skip
        return parts


def _sum_by_word(parts: Iterable[Part]) -> list[Part]:
    """Add up the parts of several windows, for each word and for the padding at either end."""
    sums: dict[tuple[int | None, str], Part] = {}
    for part in parts:
        key = part.token, part.text
        before = sums.get(key, Part(*key, None, 0.0, dict.fromkeys(part.features, 0.0)))
        features = {name: before.features[name] + part.features[name] for name in part.features}
        sums[key] = Part(*key, None, before.contribution + part.contribution, features)
    first, last = PADDING

    def place(part: Part) -> float:
        return {first: -1.0, last: float("inf")}[part.text] if part.token is None else part.token

    return sorted(sums.values(), key=place)


def open_model(model: Model, name: str) -> OpenedModel:
    """Split a window classifier into its parts.

    model (Model): The initialized model of a component.
    name (str): The component's name, for errors.
    RETURNS (OpenedModel): The parts. Changing them doesn't change the model's parameters.
    RAISES (ValueError): If the model isn't a window classifier or isn't initialized.
    """
    refs = [ref for ref in ("windowed_affine", "with_windows") if model.has_ref(ref)]
    if not refs:
        raise ValueError(Errors.WN051.format(name=name, model=model.name))
    if not is_initialized(model):
        raise ValueError(SpacyErrors.E109.format(name=name))
    layer = model.get_ref(refs[0])
    pad = as_doubles(layer.get_param("pad"))
    return OpenedModel(
        word_rows=model.get_ref("word_rows"),
        pad=pad,
        window=layer.attrs["window"],
        features=feature_columns(model.get_ref("embed"), pad.shape[1]),
        network=_read_network(model, refs[0], name),
    )


def _read_network(model: Model, ref: str, name: str) -> Network:
    if ref == "windowed_affine":
        return with_added_labels(read_window_classifier(model), model)
    from .torch_network import read_torch_classifier

    return with_added_labels(read_torch_classifier(model, name), model)


def method_of(network: Network) -> str:
    """The method for a network: "exact" or "integrated gradients"."""
    return EXACT if network.is_piecewise_linear else INTEGRATED


def input_parts(network: Network, x: numpy.ndarray, direction: numpy.ndarray) -> InputParts:
    """Split a margin into the contributions of the inputs.

    network (Network): The network.
    x (numpy.ndarray): The features of a window. Shape (n_features,).
    direction (numpy.ndarray): The weight of each tag's score. Shape (n_tags,).
    RETURNS (InputParts): The contributions.
    """
    if network.is_piecewise_linear and isinstance(network, HasConstant):
        gradient = network.gradient(x[None], direction)[0]
        return InputParts(gradient * x, float(network.constant(x) @ direction), 0)
    return _integrate(network, x, direction)


def _integrate(network: Network, x: numpy.ndarray, direction: numpy.ndarray) -> InputParts:
    at_zero, at_x = (network.scores(numpy.stack([numpy.zeros_like(x), x])) @ direction).tolist()
    for steps in _STEPS:
        places, weights = _quadrature(steps)
        gradients = network.gradient(places[:, None] * x, direction)
        inputs = x * (weights @ gradients)
        if abs(at_x - at_zero - inputs.sum()) <= TOLERANCE:
            break
    return InputParts(inputs, at_zero, steps)


@lru_cache(maxsize=len(_STEPS))
def _quadrature(steps: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The nodes and weights of Gauss-Legendre quadrature between 0 and 1."""
    places, weights = numpy.polynomial.legendre.leggauss(steps)
    return (places + 1.0) / 2.0, weights / 2.0
