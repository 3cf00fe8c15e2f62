"""Convert files with a token and a BIO tag a line, and a blank line between sentences."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.tokens import Doc, DocBin
from wasabi import msg


def read_sentences(path: Path, more_columns: bool = False) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the words and the tags of each sentence. Lines that have a tag but no token are
    skipped and reported at the end; anything else that is no token with a BIO tag is an error.

    path (Path): The file.
    more_columns (bool): Whether there may be columns between the token, which is the first, and
        the tag, which is the last. By default that is an error.
    YIELDS (Tuple[List[str], List[str]]): The words of a sentence, and their tags.
    """
    words: list[str] = []
    tags: list[str] = []
    skipped: list[int] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            # Tabs separate columns or, without any, spaces. Tokens may hold other white space.
            line = line.rstrip("\r\n")
            *columns, tag = line.split("\t" if "\t" in line else " ")
            columns = [column for column in columns if column]
            where = f"{path}, line {number}"
            if not columns and not tag:
                if words:
                    yield words, tags
                words, tags = [], []
            elif tag != "O" and not (tag[:2] in ("B-", "I-") and tag[2:]):
                msg.fail(f"{where}: expected a token and a BIO tag", line, exits=1)
            elif len(columns) > 1 and not more_columns:
                found = len(columns) + 1
                msg.fail(f"{where}: expected two columns, found {found}", line, exits=1)
            elif not columns:
                skipped.append(number)
            elif tag[:2] == "I-" and (not tags or tags[-1][2:] != tag[2:]):
                why = "In BIO every entity starts with a B- tag."
                msg.fail(f"{where}: {tag} continues no entity", why, exits=1)
            else:
                words.append(columns[0])
                tags.append(tag)
    if words:
        yield words, tags
    if skipped:
        msg.warn(f"{path}: skipped {len(skipped)} lines without a token, the first: {skipped[0]}")


def main(
    source: Annotated[Path, typer.Argument(help="File with a token and a BIO tag a line")],
    target: Annotated[Path, typer.Argument(help="The .spacy file to write")],
    lang: Annotated[str, typer.Option(help="Language code")] = "en",
) -> None:
    """Convert CoNLL-style data to spaCy's format, one sentence a Doc."""
    nlp = spacy.blank(lang)
    docs = [Doc(nlp.vocab, words=words, ents=tags) for words, tags in read_sentences(source)]
    target.parent.mkdir(parents=True, exist_ok=True)
    DocBin(docs=docs).to_disk(target)
    n_ents = sum(len(doc.ents) for doc in docs)
    msg.good(f"{target}: {len(docs):,} sentences, {n_ents:,} entities")


if __name__ == "__main__":
    typer.run(main)
