"""Explains the entities of a text: compares the best tag sequence with a rival, and splits the
difference of their scores into what each word and each feature adds.

Where the two sequences y and z have different tags, the difference of the tags' scores is split
into the contributions of the words in the window (`parts.py`):

    s(y) - s(z) = sum over t of (S[t, y[t]] - S[t, z[t]]) + the difference of their transitions

The scores S contain the biases of the component, which are a part of their own.
"""

from collections.abc import Iterable
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc

from ...progress import Stage, Tell, silent, told
from ..errors import Errors
from ..examples import without_entities
from ..pipelines import choose_component
from ..reading import is_unicode
from .explanation import (
    EXACT,
    INTEGRATED,
    Choice,
    Difference,
    ExplainedEntity,
    Explanation,
    Removal,
)
from .network import Network
from .parts import OpenedModel, Windows, open_model, word_parts
from .questions import Question, Versus, questions_about
from .removals import Context, Decider, find_removals
from .sequences import Path, Sequences, Span

_LONGEST_NAME = 50  # characters of an entity in the name of a rival


def explain(
    nlp: Language,
    doc_or_text: Doc | str,
    *,
    component: str | None = None,
    within: tuple[int, int] | None = None,
    versus: Versus = None,
    on_progress: Tell = silent,
) -> Explanation:
    """Explain why a `window_ner` component finds the entities of a text, and not what comes second:
    how much each word, and each feature of a word, adds to the margin between the two, and which
    context word the entity depends on.

    nlp (Language): The pipeline.
    doc_or_text (Union[Doc, str]): A text or a Doc. The Doc isn't changed, and its entities are
        ignored: the function explains those that the component finds itself.
    component (Optional[str]): The component's name. Needed if there are several.
    within (Optional[Tuple[int, int]]): The offset of the first character of a range and the offset
        after its last. Only entities in this range are explained, which saves time with long texts.
        None for all.
    versus (Optional[Union[str, Tuple[int, int], Tuple[int, int, str]]]): What to compare with. By
        default, each entity is compared with the best alternative. A label asks why each entity
        doesn't have this label (those that have it are left out), and "none" why there is any
        entity. A span asks why it isn't an entity, with the label that comes closest or with a
        given one: (start, end) or (start, end, label) in characters, or a string such as "0:5" or
        "0:5:ORG". Then this span alone is explained.
    on_progress (Tell): Called with the progress.
    RETURNS (Explanation): The entities, and what counts for and against each of them.
    RAISES (ValueError): If there is no such component, its model can't be explained, the text isn't
        Unicode, or nothing can be compared with `versus`.
    """
    name = choose_component(nlp, component)
    decider = Decider(nlp, name)
    ner = decider.component
    if isinstance(doc_or_text, Doc):
        doc = without_entities(doc_or_text)
    elif not is_unicode(doc_or_text):
        raise ValueError(Errors.WN247.format(text=doc_or_text))
    else:
        doc = nlp.make_doc(doc_or_text)
    opened = open_model(ner.model, name)
    [sequences] = decider.decide([doc.copy()])
    questions = questions_about(sequences, ner.labels, versus, within, name)
    contexts = [Context.of(each, sequences.words, opened.window) for each in questions]
    on_progress(Stage("Removing words"))
    removals = find_removals(decider, doc, contexts, ner.labels)
    entities = []
    if questions:
        writer = _Writer(ner, opened, sequences)
        pairs = list(zip(questions, removals, strict=True))
        entities = [
            writer.entity(*pair) for pair in told(pairs, "Entities", len(pairs), on_progress)
        ]
    return Explanation(
        component=name,
        method=method_of(opened.network),
        window=opened.window,
        words=[token.text for token in doc],
        spaces=[token.whitespace_ for token in doc],
        entities=entities,
    )


class _Writer:
    """Builds the `ExplainedEntity` of each question."""

    def __init__(self, ner: Any, opened: OpenedModel, sequences: Sequences) -> None:
        self.opened = opened
        self.sequences = sequences
        self.windows = Windows.of(opened, sequences.doc)
        self.labels = ner.labels
        self.columns = ner.scheme.spread(sequences.scores.shape[1])
        self.tag_names = ner.scheme.tag_names(ner.labels)

    def entity(self, question: Question, removals: list[Removal]) -> ExplainedEntity:
        sequences, span = self.sequences, question.span
        path = question.rival_in(sequences)
        chosen, rival = (list(map(self._choice, spans)) for spans in sequences.compare(path))
        places, ours, theirs = self._differing(path)
        directions = numpy.zeros((len(places), sequences.scores.shape[1]))
        rows = numpy.arange(len(places))
        directions[rows, ours] += 1.0
        directions[rows, theirs] -= 1.0
        found = word_parts(
            self.opened, self.windows, sequences.doc, sequences.words, places, directions
        )
        margins = (sequences.adjusted[places].astype("float64") * directions).sum(axis=1)
        scores = (sequences.scores[places].astype("float64") * directions).sum(axis=1)
        bias = float((margins - scores).sum())
        repeats, transitions = sequences.of_repeats(path), sequences.of_transitions(path)
        added_up = sum(part.contribution for part in found.parts) + found.constant
        itself = self._choice(span)
        tokens = sequences.tokens(span)
        return ExplainedEntity(
            text=itself.text,
            label=itself.label,
            start=itself.start,
            end=itself.end,
            first_token=tokens.start,
            last_token=tokens.end - 1,
            found=question.found,
            probability=itself.probability,
            threshold=sequences.threshold(span),
            chosen=chosen,
            rival=rival,
            rival_name=name_rival(chosen, rival),
            margin=question.margin,
            parts=found.parts,
            constant=found.constant,
            bias=bias,
            document=repeats,
            transitions=transitions,
            remainder=question.margin - (added_up + bias + repeats + transitions),
            steps=found.steps,
            differences=[
                self._difference(*row) for row in zip(places, ours, theirs, margins, strict=True)
            ],
            flip=next((removal for removal in removals if removal.flips), None),
            support=_support(removals),
        )

    def _differing(self, path: Path) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """The words to which another sequence gives other tags of the scheme, and the two tags."""
        ours, theirs = self.columns[self.sequences.best.tags], self.columns[path.tags]
        places = numpy.flatnonzero(ours != theirs)
        return places, ours[places], theirs[places]

    def _difference(self, place: int, tag: int, rival: int, margin: float) -> Difference:
        token = self.sequences.doc[int(self.sequences.words[place])]
        names = self.tag_names
        return Difference(token.i, token.text, names[tag], names[rival], float(margin))

    def _choice(self, span: Span) -> Choice:
        tokens = self.sequences.tokens(span)
        return Choice(
            text=tokens.text,
            label=self.labels[span.label],
            start=tokens.start_char,
            end=tokens.end_char,
            probability=self.sequences.probability(span),
        )


def _support(removals: Iterable[Removal]) -> Removal | None:
    lowering = [(each.lowers_margin_by or 0.0, each) for each in removals]
    most, support = max(lowering, key=lambda pair: pair[0], default=(0.0, None))
    return support if most > 0.0 else None


def name_rival(chosen: list[Choice], rival: list[Choice]) -> str:
    """Say what a rival is.

    chosen (List[Choice]): The entities that only the best sequence has.
    rival (List[Choice]): The entities that only the rival has.
    RETURNS (str): E.g. "nothing here", "ORG instead of PER", or "“Bank of England” instead of
        “England”".
    """
    if not rival and len(chosen) == 1:
        return "nothing here"
    labels = {choice.label for choice in (*chosen, *rival)}
    bounds = [[(choice.start, choice.end) for choice in side] for side in (rival, chosen)]
    if bounds[0] == bounds[1]:
        sides = [[choice.label for choice in side] for side in (rival, chosen)]
    else:
        sides = [
            [_quoted(each) + (f" as {each.label}" if len(labels) > 1 else "") for each in side]
            for side in (rival, chosen)
        ]
    names = [" and ".join(side) or "nothing" for side in sides]
    if not chosen and len(labels) == 1:
        names[0] += f" as {rival[0].label}"
    return f"{names[0]} instead of {names[1]}"


def _quoted(choice: Choice) -> str:
    text = " ".join(choice.text.split())
    return f"“{text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + '…'}”"


def method_of(network: Network) -> str:
    """The method for a network: "exact" or "integrated gradients"."""
    return EXACT if network.is_piecewise_linear else INTEGRATED
