from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc

from ..progress import Stage, Tell, silent, told
from .decisions import Decider, Decision, choose_component
from .explanation import PADDING, ExplainedEntity, ExplainedToken, Explanation, Part, Removal
from .flip import Entity, best_others, find_removals
from .parts import input_parts, method_of
from .removal import without_entities
from .windows import OpenedModel, open_model


def explain(
    nlp: Language,
    doc_or_text: Doc | str,
    *,
    name: str | None = None,
    within: tuple[int, int] | None = None,
    on_progress: Tell = silent,
) -> Explanation:
    """Explain why a `window_ner` component finds the entities of a text: what each word around
    them, and each feature of a word, adds to their tags' scores over the runners-up; and which
    word it hangs on.

    nlp (Language): The pipeline.
    doc_or_text (Union[Doc, str]): A text, or a Doc, which stays as it is. The entities of a Doc are
        not looked at: explained are those that the component finds in it if it has none.
    name (Optional[str]): The component's name, if there are several.
    within (Optional[Tuple[int, int]]): A first token and the one after the last. Only entities
        between them are explained, for all of a long text take long. If None, all.
    on_progress (Tell): Called with how far it is.
    RETURNS (Explanation): The entities, with all that speaks for and against them.
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
    """Writes down why entities were found."""

    def __init__(self, ner: Any, opened: OpenedModel, decision: Decision, words: list[int]) -> None:
        self.opened = opened
        self.words = words
        self.decision = decision
        self.leaning = ner.leaning
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
        direction = self.leaning.direction(scores, tag, other)
        found = input_parts(self.opened.network, window.ravel(), direction)
        parts = self._parts(number, found.inputs.reshape(window.shape))
        margin = float(scores[tag] - scores[other])
        recall_bias = float(self.leaning.biases @ direction)
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
    """Add up the parts of several windows, those of a word and those of either padding."""
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
