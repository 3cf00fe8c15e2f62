from threading import Lock
from typing import Any, cast

from spacy.language import Language

from ..confidence.decisions import choose_component
from ..confidence.explain import explain
from ..confidence.render_html import render_entity
from ..errors import Errors
from ..pages.entities import pieces_of
from ..pipeline.window_ner import WindowNER


class Tagger:
    """Finds and explains the entities of texts, one at a time, for a page that shows them.

    nlp (Language): The pipeline, which nobody else uses meanwhile.
    component (Optional[str]): The name of the `window_ner` to explain, if there are several.
    max_chars (int): The longest text, in characters.
    RAISES (ValueError): If there is no such component, or several.
    """

    def __init__(self, nlp: Language, component: str | None = None, max_chars: int = 10_000):
        self.component = choose_component(nlp, component)
        self.max_chars = max_chars
        self._nlp = nlp
        nlp.max_length = max(nlp.max_length, max_chars)
        self._ner = cast(WindowNER, nlp.get_pipe(self.component))
        self._lock = Lock()

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The component's labels."""
        return self._ner.labels

    @property
    def is_calibrated(self) -> bool:
        """RETURNS (bool): Whether entities have probabilities."""
        return self._ner.calibration is not None

    def find(self, text: str) -> dict[str, Any]:
        """Find the entities of a text.

        text (str): The text.
        RETURNS (Dict[str, Any]): The text in `pieces`, see `pieces_of`, and the number of `words`
            and `entities`.
        RAISES (ValueError): If the text is too long.
        """
        text = self._checked(text)
        with self._lock, self._nlp.memory_zone():
            doc = self._nlp(text)
            words = sum(not token.is_space for token in doc)
            pieces = pieces_of(doc)
            return {"pieces": pieces, "words": words, "entities": len(doc.ents)}

    def explain(self, text: str, start: int, end: int, label: str) -> str:
        """Explain an entity of a text.

        text (str): The text.
        start (int): The entity's first token.
        end (int): The token after its last one.
        label (str): Its label.
        RETURNS (str): HTML, see `render_entity`.
        RAISES (ValueError): If the text is too long, or the component doesn't find the entity, or
            its model can't be explained.
        """
        text, label = self._checked(text), _whole(label)
        with self._lock, self._nlp.memory_zone():
            found = explain(self._nlp, text, name=self.component, within=(start, end))
        for entity in found.entities:
            if (entity.start, entity.end, entity.label) == (start, end, label):
                return render_entity(entity, found)
        raise ValueError(Errors.WN133.format(name=self.component, label=label))

    def _checked(self, text: str) -> str:
        if len(text) > self.max_chars:
            raise ValueError(Errors.WN132.format(n=len(text), limit=self.max_chars))
        return _whole(text)


def _whole(text: str) -> str:
    """A text without halves of characters, which JSON can hold and UTF-8 can't."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
