"""Tag sentences and show their entities."""

import warnings
from itertools import islice
from pathlib import Path
from typing import Annotated

import spacy
import srsly
import typer
from spacy import displacy
from wasabi import msg


def main(
    model: Annotated[str, typer.Argument(help="A trained pipeline")],
    source: Annotated[Path, typer.Argument(help="JSONL file with `text`")],
    target: Annotated[Path, typer.Argument(help="The HTML page to write")],
    limit: Annotated[int, typer.Option(help="Sentences to tag")] = 20,
) -> None:
    """Tag the first sentences of a file, and draw them with displaCy."""
    warnings.filterwarnings("ignore", message=r"\[W006\]")  # some sentences have no entities
    nlp = spacy.load(model)
    texts = [record["text"] for record in islice(srsly.read_jsonl(source), limit)]
    docs = list(nlp.pipe(texts))
    for doc in docs[:5]:
        ents = ", ".join(f"{ent.text} ({ent.label_})" for ent in doc.ents) or "no entities"
        msg.text(doc.text)
        msg.text(f"-> {ents}", color="blue")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(displacy.render(docs, style="ent", page=True, jupyter=False), "utf-8")
    msg.good(f"{target}: {len(docs)} sentences")


if __name__ == "__main__":
    typer.run(main)
