"""Teach a trained pipeline a few corrected documents and preserve everything else.

    python examples/corrections.py model/model-best corrected.spacy raw.txt model/corrected

See `spacy_windowner.correct` for the method. The script lists the corrections that don't stick.
"""

import random
from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.tokens import DocBin
from wasabi import msg

from spacy_windowner import correct


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
