"""Strip documents of their annotation: {"text": ...} a line, or {"tokens": [...]}."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.tokens import DocBin
from wasabi import msg


def read_raw(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the text of each document. Where it is not known which tokens white space parts, as
    after `convert` of CoNLL files, the tokens are the text: put together and parted again they
    would be others than those of the test data.

    path (Path): A .spacy file.
    YIELDS (Dict[str, Any]): {"text": str} or {"tokens": List[str]}.
    """
    for doc in DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab):
        if len(doc):
            words = [token.text for token in doc]
            yield {"tokens": words} if doc.has_unknown_spaces else {"text": doc.text}


def main(
    source: Annotated[Path, typer.Argument(help="The .spacy file")],
    target: Annotated[Path, typer.Argument(help="The .jsonl file to write")],
) -> None:
    """Write the text of documents alone, as raw text to learn from."""
    lines = list(read_raw(source))
    target.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_jsonl(target, lines)
    msg.good(f"{target}: {len(lines):,} texts")


if __name__ == "__main__":
    typer.run(main)
