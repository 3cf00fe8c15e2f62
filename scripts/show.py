"""Tag texts and write their entities as a page."""

from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import spacy
import srsly
import typer

from spacy_windowner import render_docs


def main(
    model: Annotated[str, typer.Argument(help="A trained pipeline")],
    source: Annotated[Path, typer.Argument(help="JSONL file with `text`")],
    target: Annotated[Path, typer.Argument(help="The HTML page to write")],
    limit: Annotated[int, typer.Option(help="Texts to tag")] = 20,
) -> None:
    """Tag the first texts of a file, and write their entities as a page."""
    nlp = spacy.load(model)
    texts = [record["text"] for record in islice(srsly.read_jsonl(source), limit)]
    labels = chain(*nlp.pipe_labels.values())
    page = render_docs(nlp.pipe(texts), f"Entities in {source}", labels=labels)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page, encoding="utf8")
    # Whole, so that it can be copied from the terminal.
    typer.echo(
        f"Open {target} in a browser. Then try a text of your own: "
        f'python -m spacy windowner explain {model} "Paris Hilton flew to Paris."'
    )


if __name__ == "__main__":
    typer.run(main)
