"""Bring corpora that are annotated in different ways together, to train a pipeline on all of them.

    python scripts/ready_corpus.py scripts/ready.yml assets corpus/ready

`scripts/ready.yml` lists the corpora and says what becomes of their labels. `corpus/ready` then has
the folders `train`, `dev` and `test` with a file for each corpus, `asis` with the test parts in
which only labels are mapped, and `choose.spacy`, the first part of each development part, so that
all have about as many entities.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import spacy
import srsly
import typer
from spacy.tokens import Doc, DocBin, Span
from wasabi import msg

from spacy_windowner.tools.convert.convert import convert

ROOT = Path(__file__).parent.parent
PARTS = ("train", "dev", "test")
OUTSIDE, UNKNOWN = "outside", "unknown"
RULES = ("without_at", "without_articles", "names_only")
_ARTICLES = frozenset(
    "the a an this that these those my your his her its our their some all many any no".split()
)
_POSSESSIVE = ("'s", "’s", "'", "’")
# Words in lower case that names have inside.
_INSIDE = frozenset(
    "of the and for at de la le du des van von der den di da del y al el bin".split()
)
_RUNS = (1, 1, 1, 1, 1, 1, 2, 4)
"""How many sentences a training document has, in equal shares."""
_LISTS = 0.02
"""Lists of names, as a share of the sentences."""
_CHOOSE = 400
"""The most entities of a corpus in choose.spacy."""


def read_sources(path: Path) -> dict[str, Any]:
    """Read the list of corpora.

    path (Path): The .yml file.
    RETURNS (Dict[str, Any]): Its content. `sources` has what is known of each corpus, by its name.
    RAISES (ValueError): If a label or a rule of a corpus is not one that there is.
    """
    table = srsly.read_yaml(path)
    targets = {*table["labels"], OUTSIDE, UNKNOWN}
    for name, source in table["sources"].items():
        if wrong := {*source["labels"].values()} - targets:
            known = _list(targets)
            raise ValueError(f"{path}: {name} maps a label to {_list(wrong)}, not one of {known}.")
        if wrong := {*source["rules"]} - {*RULES}:
            raise ValueError(
                f"{path}: {name} has the rule {_list(wrong)}, not one of {_list(RULES)}."
            )
    return table


def read_assets(project: Path) -> dict[str, dict[str, str]]:
    """The assets of a project.yml, by their place in the folder `assets`."""
    assets = srsly.read_yaml(project)["assets"]
    return {asset["dest"].removeprefix("assets/"): asset for asset in assets}


def check_file(folder: Path, place: str, source: dict[str, Any], asset: dict[str, str]) -> Path:
    """Find a file of a corpus.

    folder (Path): The folder of all corpora.
    place (str): The file's place in it.
    source (Dict[str, Any]): What is known of the corpus.
    asset (Dict[str, str]): What project.yml says of the file.
    RETURNS (Path): The file.
    RAISES (ValueError): If it is missing, or has another checksum.
    """
    path = folder / place
    found = hashlib.md5(path.read_bytes()).hexdigest() if path.is_file() else None
    if found == asset["checksum"]:
        return path
    problem = "is missing" if found is None else f"has the checksum (MD5) {found}"
    address = asset.get("url", source["home"])
    raise ValueError(
        f"{path} {problem}. It should be from {address}, with the checksum {asset['checksum']}. "
        "`python -m spacy project assets` fetches the files that can be fetched."
    )


def read_docs(path: Path) -> Iterator[Doc]:
    """Read annotated documents from a .spacy file or any other that `windowner convert` reads."""
    if path.suffix != ".spacy":
        target = path.with_name(f"{path.name}.spacy")
        convert([path], target)
        path = target
    yield from DocBin().from_disk(path).get_docs(spacy.blank("en").vocab)


def map_doc(doc: Doc, source: dict[str, Any], rules: Iterable[str]) -> Doc:
    """Bring a document's annotation into the common form.

    doc (Doc): The document.
    source (Dict[str, Any]): What is known of its corpus.
    rules (Iterable[str]): The rules to apply.
    RETURNS (Doc): The same document.
    RAISES (ValueError): If it has a label that isn't in the corpus's list.
    """
    named, unknown = [], []
    for ent in doc.ents:
        if ent.label_ not in source["labels"]:
            raise ValueError(f"{source['title']} has the unknown label {ent.label_}: '{doc.text}'")
        target = source["labels"][ent.label_]
        if target == OUTSIDE or ("without_at" in rules and ent.text == "@"):
            continue
        start, end = without_articles(ent) if "without_articles" in rules else (ent.start, ent.end)
        is_known = "names_only" not in rules or is_name(doc[start:end])
        if is_known and target != UNKNOWN:
            named.append(Span(doc, start, end, label=target))
        else:
            unknown.append(Span(doc, ent.start, ent.end))
    doc.set_ents(named, missing=unknown, default="outside")
    return doc


def without_articles(ent: Span) -> tuple[int, int]:
    """Where an entity begins and ends without an article, a possessive and punctuation at the end.
    The whole entity, if nothing would be left."""
    start, end = ent.start, ent.end
    while start < end and ent.doc[start].lower_ in _ARTICLES:
        start += 1
    while end > start and (
        ent.doc[end - 1].lower_ in _POSSESSIVE or ent.doc[end - 1].text in (",", ";", ":", "-")
    ):
        end -= 1
    return (start, end) if start < end else (ent.start, ent.end)


def is_name(span: Span) -> bool:
    """Whether the first and the last word of a span begin with a capital or a digit, and all
    others, unless they are words that are often in names, or no words."""
    ends = [span[0].text[0], span[-1].text[0]]
    return all(c.isupper() or c.isdigit() for c in ends) and all(
        not token.text[0].islower() or token.lower_ in _INSIDE or token.lower_ in _POSSESSIVE
        for token in span
    )


def arrange(docs: list[Doc], rng: random.Random) -> list[Doc]:
    """Documents as people write them: most sentences on their own, some with those that follow, and
    lists of names, one a line.

    docs (List[Doc]): Annotated sentences.
    rng (random.Random): Decides which.
    RETURNS (List[Doc]): The documents.
    """
    arranged, place = [], 0
    while place < len(docs):
        size = rng.choice(_RUNS)
        part = docs[place : place + size]
        arranged.append(_join(part) if len(part) > 1 else part[0])
        place += size
    names = [ent for doc in docs for ent in doc.ents]
    for _ in range(round(_LISTS * len(docs)) if names else 0):
        arranged.append(_join([_line_of(rng.choice(names)) for _ in range(rng.randint(3, 6))]))
    return arranged


def _line_of(ent: Span) -> Doc:
    """A document of an entity and the end of its line."""
    spaces = [bool(token.whitespace_) for token in ent]
    tags = [f"{'I' if token.i > ent.start else 'B'}-{ent.label_}" for token in ent]
    words = [token.text for token in ent]
    return Doc(
        ent.doc.vocab, words=[*words, "\n"], spaces=[*spaces[:-1], False, False], ents=[*tags, "O"]
    )


def _join(docs: list[Doc]) -> Doc:
    """One document of several, with spaces between words."""
    joined = Doc.from_docs(docs, ensure_whitespace=not docs[0].text.endswith("\n"))
    if joined is None:
        raise ValueError("There are no documents to join.")
    return joined


def choose(docs: list[Doc], limit: int) -> list[Doc]:
    """The first documents with at most so many entities."""
    chosen, n_ents = [], 0
    for doc in docs:
        n_ents += len(doc.ents)
        if n_ents > limit:
            break
        chosen.append(doc)
    return chosen


def write(docs: list[Doc], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    DocBin(docs=docs, store_user_data=True).to_disk(path)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def main(
    table: Annotated[Path, typer.Argument(help="The list of corpora (.yml)", exists=True)],
    folder: Annotated[Path, typer.Argument(help="Folder of the corpora's files")],
    output: Annotated[Path, typer.Argument(help="Folder to write")],
    project: Annotated[
        Path, typer.Option(help="The project.yml with the files' checksums", exists=True)
    ] = ROOT / "project.yml",
) -> None:
    """Bring corpora that are annotated in different ways together."""
    rows, chosen = [], []
    try:
        sources = read_sources(table)["sources"]
        assets = read_assets(project)
        files = {
            name: {
                part: check_file(folder, place, source, assets[place])
                for part, place in source["files"].items()
            }
            for name, source in sources.items()
        }
        for name, source in sources.items():
            for part in PARTS:
                docs = list(read_docs(files[name][part]))
                if part == "test":
                    asis = [map_doc(doc.copy(), source, []) for doc in docs]
                    write(asis, output / "asis" / f"{name}.spacy")
                docs = [map_doc(doc, source, source["rules"]) for doc in docs]
                if part == "dev":
                    chosen += choose(docs, _CHOOSE)
                n_copies = source["copies"] if part == "train" else 1
                if part == "train":
                    rng = random.Random(name)
                    arranged = [arrange(docs, rng) for _ in range(n_copies)]
                else:
                    arranged = [docs]
                write([doc for copy in arranged for doc in copy], output / part / f"{name}.spacy")
                count = Counter(ent.label_ for doc in docs for ent in doc.ents)
                unknown = sum(token.ent_iob == 0 for doc in docs for token in doc)
                rows.append((name, part, len(docs), n_copies, *_counts(count), unknown))
    except ValueError as error:
        msg.fail(str(error), exits=1)
    write(chosen, output / "choose.spacy")
    header = ("corpus", "part", "documents", "copies", "PER", "LOC", "ORG", "unknown words")
    msg.table(rows, header=header, aligns=("l", "l", *"rrrrrr"), divider=True)
    msg.good(f"Corpora of {len(sources)} sources in {output}")


def _counts(count: Counter[str]) -> tuple[int, int, int]:
    return count["PER"], count["LOC"], count["ORG"]


if __name__ == "__main__":
    typer.run(main)
