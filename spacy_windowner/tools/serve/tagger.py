"""Finds and explains the entities of texts for the server."""

from threading import Lock
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from ...pipeline.ner_score import get_ner_score
from ..errors import Errors
from ..explain.explain import explain
from ..explain.explanation import Explanation
from ..explain.render_html import entity_to_html
from ..pipelines import choose_component, get_window_ner


class Tagger:
    """Finds and explains the entities of texts, one text at a time. All offsets count characters.

    nlp (Language): The pipeline. Nothing else may use it at the same time.
    component (Optional[str]): The name of the `window_ner` to explain. Needed if there are several.
    max_chars (int): The maximum length of a text, in characters.
    RAISES (ValueError): If there is no such component, or if there are several.
    """

    def __init__(self, nlp: Language, component: str | None = None, max_chars: int = 10_000):
        self.component = choose_component(nlp, component)
        self.max_chars = max_chars
        self.nlp = nlp
        nlp.max_length = max(nlp.max_length, max_chars)
        self.ner = get_window_ner(nlp, self.component)
        self.version = 0
        """Another number after the model has learned."""
        self.lock = Lock()
        """Held while the pipeline is used."""

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The component's labels."""
        return self.ner.labels

    @property
    def is_calibrated(self) -> bool:
        """RETURNS (bool): Whether entities have probabilities."""
        return self.ner.calibration is not None

    def find(self, text: str) -> dict[str, Any]:
        """Find the entities of a text.

        text (str): The text.
        RETURNS (Dict[str, Any]): The `entities`, the offsets of the `words`, and the `version` of
            the model.
        RAISES (ValueError): If the text is too long.
        """
        text = self.checked(text)
        with self.lock, self.nlp.memory_zone():
            doc = self.nlp(text)
            words = [[word.idx, word.idx + len(word)] for word in doc if not word.is_space]
            return {"entities": entities_of(doc), "words": words, "version": self.version}

    def explain(self, text: str, start: int, end: int, label: str, versus: str) -> dict[str, Any]:
        """Explain an entity that is found in a text.

        text (str): The text.
        start (int): The offset of the entity's first character.
        end (int): The offset after its last one.
        label (str): The entity's label.
        versus (str): What to compare with: a label, "none" for no entity, or "" for the best
            alternative.
        RETURNS (Dict[str, Any]): The `explanation`, and the same as `html`.
        RAISES (ValueError): If the text is too long, the component doesn't find the entity, its
            model can't be explained, or it can't be compared with `versus`.
        """
        text, label = self.checked(text), whole(label)
        with self.lock, self.nlp.memory_zone():
            doc = self.nlp.make_doc(text)
            if 0 <= start < end <= len(text):
                found = explain(
                    self.nlp,
                    doc,
                    component=self.component,
                    within=(start, end),
                    versus=whole(versus) or None,
                )
                for number, entity in enumerate(found.entities):
                    if (entity.start, entity.end, entity.label) == (start, end, label):
                        return _answer(found, number)
        raise ValueError(Errors.WN133.format(name=self.component, label=label))

    def explain_missing(self, text: str, start: int, end: int, label: str) -> dict[str, Any]:
        """Explain why a part of a text isn't an entity, or not another one.

        text (str): The text.
        start (int): The offset of its first character. It is extended to whole tokens.
        end (int): The offset after its last character.
        label (str): The label that it could have, or "" for the one that comes closest.
        RETURNS (Dict[str, Any]): The `explanation`, and the same as `html`.
        RAISES (ValueError): If the text is too long, its model can't be explained, or this part
            can't be an entity with this label.
        """
        text, label = self.checked(text), whole(label)
        with self.lock, self.nlp.memory_zone():
            doc = self.nlp.make_doc(text)
            if 0 <= start < end <= len(text):
                span = doc.char_span(start, end, alignment_mode="expand")
                if span is not None:
                    start, end = span.start_char, span.end_char
            versus = (start, end, label) if label else (start, end)
            return _answer(explain(self.nlp, doc, component=self.component, versus=versus), 0)

    def checked(self, text: str) -> str:
        """Check a text's length, and replace halves of characters.

        text (str): The text.
        RETURNS (str): The text.
        RAISES (ValueError): If it is too long.
        """
        if len(text) > self.max_chars:
            raise ValueError(Errors.WN132.format(n=len(text), limit=self.max_chars))
        return whole(text)


def entities_of(doc: Doc) -> list[dict[str, Any]]:
    """The entities of a Doc, for JSON. Their `score` is their probability, None if unknown."""
    return [
        {
            "start": ent.start_char,
            "end": ent.end_char,
            "label": ent.label_,
            "text": ent.text,
            "score": get_ner_score(ent),
        }
        for ent in doc.ents
    ]


def whole(text: str) -> str:
    """Replace lone surrogates, which JSON can hold and UTF-8 can't."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _answer(found: Explanation, number: int) -> dict[str, Any]:
    entity = found.entities[number]
    return {
        "explanation": found.to_dict()["entities"][number],
        "html": entity_to_html(entity, found),
    }
