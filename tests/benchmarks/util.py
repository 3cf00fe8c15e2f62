"""A corpus that is quickly learned."""

from pathlib import Path

TRAIN = [
    "Paris B-LOC\nHilton I-LOC\nis O\nopen O\n",
    "Anna B-PER\nlives O\nin O\nRome B-LOC\n",
    "He O\nsaw O\nAnna B-PER\nin O\nParis B-LOC\n",
    "Rome B-LOC\nis O\nold O\n",
    "Bob B-PER\nis O\nin O\nRome B-LOC\n",
]
DEV = ["Anna B-PER\nis O\nin O\nRome B-LOC\n"]
# Anna is seen, and so is Rome, but not as a person; Oslo isn't.
TEST = ["Anna B-PER\nlives O\nin O\nOslo B-LOC\n", "Rome B-PER\nsaw O\nRome B-LOC\n"]


def write_corpus(folder: Path, **parts: list[str]) -> Path:
    """Write a corpus in CoNLL style, as above where a part isn't given."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, sentences in {"train": TRAIN, "dev": DEV, "test": TEST, **parts}.items():
        if sentences:
            (folder / f"{part}.conll").write_text("\n".join(sentences), encoding="utf8")
    return folder
