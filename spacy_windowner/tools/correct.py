"""Teaches a trained pipeline corrections without harm to what it knows."""

import random
from collections.abc import Sequence

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from .errors import Errors
from .examples import without_entities
from .pipelines import get_window_ner


def correct(
    nlp: Language,
    corrected: Sequence[Doc],
    raw: Sequence[Doc],
    *,
    component: str = "window_ner",
    learn_rate: float = 0.001,
    rehearsals: int = 3,
    rehearsed_docs: int = 100,
    max_steps: int = 40,
) -> list[Doc]:
    """Teach a pipeline corrections. Each step learns from all corrected documents at once, and then
    rehearses on raw text to preserve what the pipeline finds elsewhere. The last step is the one
    after which the whole pipeline finds exactly the corrected entities in each document.

    nlp (Language): The pipeline.
    corrected (Sequence[Doc]): Documents with the correct entities.
    raw (Sequence[Doc]): Typical documents without annotation. A thousand are enough.
    component (str): The name of the component that learns. If it listens to a `tok2vec`, it gets
        its own copy of that layer.
    learn_rate (float): The learning rate.
    rehearsals (int): The number of rehearsals in each step.
    rehearsed_docs (int): The number of documents in each rehearsal.
    max_steps (int): The maximum number of steps.
    RETURNS (List[Doc]): The corrected documents in which the pipeline still finds other entities.
    RAISES (ValueError): If the component can't learn the label of a correction.

    DOCS: docs/corrections.md
    """
    rng = random.Random(0)
    fix_random_seed(0)
    require_learnable(nlp, corrected, component)
    own_embedding(nlp, component)
    examples = [Example(without_entities(doc), doc) for doc in corrected]
    with nlp.select_pipes(enable=component):
        optimizer = nlp.resume_training(sgd=Adam(learn_rate, L2=0.0))
    for step in range(max_steps + 1):
        left = [doc for doc in corrected if found_in(nlp, doc) != entities(doc)]
        if not left or step == max_steps:
            break
        with nlp.select_pipes(enable=component):
            nlp.update(examples, sgd=optimizer)
            for _ in range(rehearsals if raw else 0):
                sample = rng.sample(raw, min(rehearsed_docs, len(raw)))
                nlp.rehearse([Example(doc.copy(), doc) for doc in sample], sgd=optimizer)
    return left


def require_learnable(nlp: Language, corrected: Sequence[Doc], component: str) -> None:
    """Reject corrections that can't be learned.

    nlp (Language): The pipeline.
    corrected (Sequence[Doc]): Documents with the correct entities.
    component (str): The name of the component that learns.
    RAISES (ValueError): If a missed entity has a label that the component lacks, or if a missed or
        spurious entity has a label that the component has frozen.
    """
    pipe = get_window_ner(nlp, component)
    missed: set[str] = set()
    superfluous: set[str] = set()
    for doc in corrected:
        wanted, found = entities(doc), found_in(nlp, doc)
        missed |= {label for *_, label in wanted - found}
        # If another entity belongs there, its score may rise above that of the wrong one.
        taken = {char for start, end, _ in wanted for char in range(start, end)}
        superfluous |= {
            label for start, end, label in found - wanted if taken.isdisjoint(range(start, end))
        }
    unknown = sorted(missed.difference(pipe.labels))
    if unknown:
        raise ValueError(Errors.WN282.format(
            label=", ".join(unknown), name=component, labels=", ".join(pipe.labels)
        ))  # fmt: skip
    frozen = sorted((missed | superfluous).intersection(pipe.frozen_labels))
    if frozen:
        raise ValueError(Errors.WN283.format(label=", ".join(frozen), name=component))


def own_embedding(nlp: Language, component: str) -> None:
    """Give a component a copy of the `tok2vec` that it listens to: while that is disabled, it can
    neither learn nor rehearse. What the component finds doesn't change.

    nlp (Language): The pipeline.
    component (str): The name of the component.
    """
    for name, pipe in nlp.pipeline:
        if component in getattr(pipe, "listening_components", ()):
            nlp.replace_listeners(name, component, ["model.embed"])


def found_in(nlp: Language, doc: Doc) -> set[tuple[int, int, str]]:
    """The entities that a pipeline finds in a document. The document isn't changed."""
    return entities(nlp(without_entities(doc)))


def entities(doc: Doc) -> set[tuple[int, int, str]]:
    """The entities of a document. The offsets are in characters, because a pipeline may merge
    tokens."""
    return {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
