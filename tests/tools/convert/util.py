"""Writes documents in each format, and reads what was made of them."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc, DocBin

from spacy_windowner.tools.convert.convert import Conversion, convert

NLP = spacy.blank("en")


def write(path: Path, text: str, encoding: str = "utf8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def write_jsonl(path: Path, rows: list) -> Path:
    return write(path, "".join(f"{json.dumps(row)}\n" for row in rows))


def read_docs(path: Path) -> list[Doc]:
    return list(DocBin().from_disk(path).get_docs(NLP.vocab))


def run(source: Path, **settings: Any) -> tuple[Conversion, list[Doc]]:
    """Convert a file. Returns what was converted, and the documents."""
    output = source.with_name("out.spacy")
    return convert([source], output, **settings), read_docs(output)


def docs_of(source: Path, **settings: Any) -> list[Doc]:
    return run(source, **settings)[1]


def ents(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def tags(doc: Doc) -> list[str]:
    """B, I and O, and an empty string for no annotation."""
    return [token.ent_iob_ for token in doc]


def skipped(done: Conversion) -> dict[str, int]:
    """What was left out, by the beginning of what is said of it, and how often."""
    return {count.kind.what: count.n for count in done.skips}


def encode_tags(spans: list[tuple[int, int, str]], n: int, scheme: str) -> list[str]:
    """Tags of spans of tokens in a scheme."""
    done = ["O"] * n
    last, unit = {"biluo": "LU", "bioes": "ES"}.get(scheme, "IB")
    before: tuple[int, str] | None = None
    for start, end, label in spans:
        first = "B"
        if scheme == "iob1" and before != (start, label):
            first = "I"
        for i in range(start, end):
            done[i] = f"I-{label}"
        if end - start == 1:
            done[start] = f"{first if scheme.startswith('iob') else unit}-{label}"
        else:
            done[start], done[end - 1] = f"{first}-{label}", f"{last}-{label}"
        before = (end, label)
    return done


def to_csv(rows: list[list[Any]], delimiter: str = ",") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue()
