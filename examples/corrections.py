"""Teach a trained pipeline a few corrected documents and preserve everything else.

    python examples/corrections.py model/model-best corrected.spacy raw.txt model/corrected

Each step learns from all corrected documents at once, and then rehearses on raw text to preserve
what the pipeline finds elsewhere. The script stops when every correction sticks, that is, when the
whole pipeline finds exactly the corrected entities in each document.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam
from wasabi import msg


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
    """Teach a pipeline corrections.

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
    """
    rng = random.Random(0)
    fix_random_seed(0)
    require_learnable(nlp, corrected, component)
    for name, pipe in nlp.pipeline:
        # While the component it listens to is disabled, it can neither learn nor rehearse.
        if component in getattr(pipe, "listening_components", ()):
            nlp.replace_listeners(name, component, ["model.embed"])
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
    pipe: Any = nlp.get_pipe(component)
    missed: set[str] = set()
    superfluous: set[str] = set()
    for doc in corrected:
        wanted, found = entities(doc), found_in(nlp, doc)
        missed |= {label for *_, label in wanted - found}
        # If another entity belongs there, its score may rise above that of the wrong one.
        taken = {token for start, end, _ in wanted for token in range(start, end)}
        superfluous |= {
            label for start, end, label in found - wanted if taken.isdisjoint(range(start, end))
        }
    unknown = sorted(missed.difference(pipe.labels))
    if unknown:
        raise ValueError(
            f"Corrections with the label {', '.join(unknown)}, which '{component}' doesn't have. "
            f"Its labels: {', '.join(pipe.labels)}. Add the label and train it first, as "
            "docs/growth.md says, or correct its name in the documents."
        )
    frozen = sorted((missed | superfluous).intersection(pipe.frozen_labels))
    if frozen:
        raise ValueError(
            f"Corrections with the label {', '.join(frozen)}, which is frozen in '{component}' and "
            "can't learn. To let all labels learn: "
            f'`nlp.get_pipe("{component}").cfg["frozen_labels"] = []`, and save the pipeline.'
        )


def found_in(nlp: Language, doc: Doc) -> set[tuple[int, int, str]]:
    """The entities that a pipeline finds in a document. The document isn't changed."""
    return entities(nlp(without_entities(doc)))


def entities(doc: Doc) -> set[tuple[int, int, str]]:
    """The entities of a document."""
    return {(ent.start, ent.end, ent.label_) for ent in doc.ents}


def without_entities(doc: Doc) -> Doc:
    """A copy of a document without its entities."""
    copy = doc.copy()
    copy.set_ents([], default="missing")
    return copy


def main(
    model: Annotated[str, typer.Argument(help="Folder or package of the pipeline")],
    corrected: Annotated[Path, typer.Argument(help="Corrected documents (.spacy)")],
    raw: Annotated[Path, typer.Argument(help="Typical text for the pipeline, one text per line")],
    output: Annotated[Path, typer.Argument(help="Folder to save the pipeline to")],
    component: Annotated[str, typer.Option(help="Name of the component")] = "window_ner",
    learn_rate: Annotated[float, typer.Option(help="Learning rate")] = 0.001,
) -> None:
    """Teach a trained pipeline corrected documents."""
    nlp = spacy.load(model)
    docs = list(DocBin().from_disk(corrected).get_docs(nlp.vocab))
    lines = raw.read_text(encoding="utf8").splitlines()
    texts = random.Random(0).sample(lines, min(1000, len(lines)))
    docs_of_texts = [nlp.make_doc(text) for text in texts]
    try:
        left = correct(nlp, docs, docs_of_texts, component=component, learn_rate=learn_rate)
    except ValueError as error:
        msg.fail("Can't learn the corrections", str(error), exits=1)
    nlp.to_disk(output)
    msg.good(f"{len(docs) - len(left)} of {len(docs)} corrections stick", str(output))
    for doc in left:
        msg.warn("Doesn't stick:", doc.text)


if __name__ == "__main__":
    typer.run(main)
