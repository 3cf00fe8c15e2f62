from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..decoding.words import of_tokens
from ..errors import Errors

_FACTORY = "window_ner"
_BATCH = 32  # documents scored at a time, which bounds the memory


class Decision(NamedTuple):
    """What a component makes of a document.

    doc (Doc): The document as the component gets it.
    scores (numpy.ndarray): The scores it decides by, see `Leaning`, 0 for whitespace tokens. Shape
        (n_tokens, n_tags).
    entities (List[Tuple[int, int, str]]): The start, end and label of the entities it finds.
    """

    doc: Doc
    scores: numpy.ndarray
    entities: list[tuple[int, int, str]]


def find_components(nlp: Language) -> list[str]:
    """The names of all `window_ner` components of a pipeline, in its order."""
    return [pipe for pipe in nlp.pipe_names if nlp.get_pipe_meta(pipe).factory == _FACTORY]


def choose_component(nlp: Language, name: str | None) -> str:
    """The name of the component to explain.

    nlp (Language): The pipeline.
    name (Optional[str]): Its name. If None, the only one of the factory "window_ner".
    RETURNS (str): The name.
    RAISES (ValueError): If there is no such component, or several.
    """
    found = find_components(nlp)
    chosen = [pipe for pipe in found if name in (None, pipe)]
    if len(chosen) != 1:
        names = ", ".join(found or nlp.pipe_names) or "no component"
        wanted = f"one `{_FACTORY}`" if name is None else f"a `{_FACTORY}` named '{name}'"
        raise ValueError(Errors.WN050.format(wanted=wanted, names=names))
    return chosen[0]


class Decider:
    """Runs a component of a pipeline, after those before it. It changes nothing but the documents
    it is given.

    nlp (Language): The pipeline.
    name (str): The component's name.
    """

    def __init__(self, nlp: Language, name: str) -> None:
        self.nlp = nlp
        self.component: Any = nlp.get_pipe(name)
        self._later = nlp.pipe_names[nlp.pipe_names.index(name) :]

    def decide(self, docs: Iterable[Doc]) -> Iterator[Decision]:
        """Run the components on documents without entities.

        docs (Iterable[Doc]): The documents, of one vocabulary, which the components before this
            one annotate.
        YIELDS (Decision): What is found in each.
        """
        ner = self.component
        before = self.nlp.pipe(docs, disable=self._later, batch_size=_BATCH)
        for batch in minibatch(before, _BATCH):
            parts: list[numpy.ndarray] = []
            for scored in ner.score_docs(batch, overwrite=True):
                leaned = ner.leaning.lean(scored.scores.astype("float64"))
                group = batch[len(parts) : len(parts) + len(scored.lengths)]
                parts += of_tokens(group, leaned)
            found = ner.pipe([doc.copy() for doc in batch])
            for doc, doc_scores, doc_found in zip(batch, parts, found, strict=True):
                yield Decision(doc, doc_scores, self._entities(doc, doc_found))

    def _entities(self, before: Doc, after: Doc) -> list[tuple[int, int, str]]:
        # Entities of components before this one are kept as they are, unless all are replaced.
        kept = () if self.component.cfg["overwrite"] else before.ents
        others = {(ent.start, ent.end, ent.label_) for ent in kept}
        ents = [(ent.start, ent.end, ent.label_) for ent in after.ents]
        return [ent for ent in ents if ent not in others]
