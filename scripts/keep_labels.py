"""Copy annotated documents with the entities of some labels alone.

    python scripts/keep_labels.py train.spacy train_org.spacy --labels ORG

Tokens of other entities count as annotated, as no entity. The documents say which labels they are
annotated for, so that `window_ner` doesn't take the others for no entities: see docs/partial.md.
"""

from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.tokens import DocBin
from wasabi import msg


def main(
    source: Annotated[Path, typer.Argument(help="Documents (.spacy)", exists=True)],
    target: Annotated[Path, typer.Argument(help="File to write (.spacy)")],
    labels: Annotated[str, typer.Option(help="The labels to keep, with commas between")],
) -> None:
    """Copy annotated documents with the entities of some labels alone."""
    kept = [label.strip() for label in labels.split(",")]
    docs = list(DocBin().from_disk(source).get_docs(spacy.blank("xx").vocab))
    known = {ent.label_ for doc in docs for ent in doc.ents}
    if missing := [label for label in kept if label not in known]:
        msg.fail(
            f"No entity in {source} has the label {', '.join(missing)}",
            f"Name some of its labels: {', '.join(sorted(known))}.",
            exits=1,
        )
    for doc in docs:
        dropped = [ent for ent in doc.ents if ent.label_ not in kept]
        doc.set_ents([], outside=dropped, default="unmodified")
        doc.user_data["annotated_labels"] = kept
    target.parent.mkdir(parents=True, exist_ok=True)
    DocBin(docs=docs, store_user_data=True).to_disk(target)
    n_ents = sum(len(doc.ents) for doc in docs)
    msg.good(f"{len(docs)} documents with {n_ents} entities in {target}")


if __name__ == "__main__":
    typer.run(main)
