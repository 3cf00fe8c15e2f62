"""Make a pipeline that `ready_corpus.py`, `ready_words.py` and `spacy train` led to ready to be
packaged: small, calibrated, and with its licence.

    python scripts/ready_package.py finish training/ready/model-last training/ready/package \
        --corpus corpus/ready/choose.spacy --table scripts/ready.yml
    python benchmarks/ready.py training/ready/package metrics/ready.json
    python scripts/ready_package.py card training/ready/package metrics/ready.json
    python scripts/ready_package.py wheel training/ready/package models

`finish` rounds the weights, so that they take half the space in a package, and calibrates the
pipeline anew. `card` writes the model card, README.md, from what `benchmarks/ready.py` measured.
`wheel` makes the installable package, and puts the card beside it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy
import spacy
import srsly
import typer
from spacy.cli.package import package
from spacy.language import Language
from spacy.training import Corpus
from thinc.api import Config, Model
from thinc.util import to_numpy
from wasabi import msg

NAME, VERSION = "windowner_web", "0.1.0"
LICENCE = "CC BY-SA 4.0"
WORDS = {
    "title": "GloVe, 6 billion tokens, 50 dimensions",
    "home": "https://nlp.stanford.edu/projects/glove",
    "licence": "PDDL 1.0",
}
_BITS = 8
"""Bits of the fraction of a weight that are kept, of 23."""
_DATE = "315532800"
"""The date of the files in a wheel, in seconds: 1980, the first one that a zip file can have."""
CARD = Path(__file__).parent / "ready_card.md"
app = typer.Typer(help=__doc__.split("\n\n")[0])


def round_weights(model: Model, bits: int = _BITS) -> None:
    """Round the parameters of a model to fewer bits. They stay 32 bits wide, but compress well.

    model (Model): The model.
    bits (int): The bits of the fraction that are kept.
    """
    dropped = 23 - bits
    for layer in model.walk():
        for name in layer.param_names:
            value = numpy.ascontiguousarray(to_numpy(layer.get_param(name)), dtype="float32")
            whole = value.view("uint32").astype("uint64") + (1 << (dropped - 1))
            rounded = ((whole >> dropped) << dropped).astype("uint32").view("float32")
            layer.set_param(name, layer.ops.asarray(rounded.reshape(value.shape)))


def describe(nlp: Language, sources: dict[str, Any]) -> None:
    """Fill in the metadata of a pipeline.

    nlp (Language): The pipeline.
    sources (Dict[str, Any]): The corpora that it was trained on.
    """
    nlp.meta.update({
        "name": NAME,
        "version": VERSION,
        "description": "People, places and organizations in English as people write it, with "
        "calibrated probabilities: news, web, tweets, encyclopedia, reports and forum posts.",
        "author": "the spacy-windowner maintainers",
        "url": "https://github.com/spacy-windowner/spacy-windowner",
        "license": LICENCE,
        "sources": [
            {"name": each["title"], "url": each["home"].split(",")[0], "license": each["licence"]}
            for each in (*sources.values(), WORDS)
        ],
    })  # fmt: skip


def drop_traces(folder: Path, labels: tuple[str, ...]) -> None:
    """Remove what a saved pipeline has of its training and doesn't need: the words of the data, and
    the places of files.

    folder (Path): The folder of the pipeline.
    labels (Tuple[str, ...]): The labels, which are kept.
    """
    blank = spacy.blank("en")
    for label in labels:
        blank.vocab.strings.add(label)
    blank.vocab.strings.to_disk(folder / "vocab" / "strings.json")
    config = Config().from_disk(folder / "config.cfg", interpolate=False)
    config["paths"] = dict.fromkeys(config["paths"])
    config.to_disk(folder / "config.cfg")


@app.command()
def finish(
    model: Annotated[Path, typer.Argument(help="Folder of the trained pipeline", exists=True)],
    output: Annotated[Path, typer.Argument(help="Folder to write")],
    corpus: Annotated[Path, typer.Option(help="Annotated documents to calibrate on", exists=True)],
    table: Annotated[Path, typer.Option(help="The list of corpora (.yml)", exists=True)],
) -> None:
    """Round the weights, calibrate anew, and fill in the metadata."""
    nlp = spacy.load(model)
    ner: Any = nlp.get_pipe("window_ner")
    round_weights(ner.model)
    examples = list(Corpus(corpus)(nlp))
    ner.tune_recall_bias(examples)
    ner.calibrate(examples)
    sources = srsly.read_yaml(table)["sources"]
    describe(nlp, sources)
    output.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(output)
    drop_traces(output, ner.labels)
    lines = [f"{each['title']}: {each['licence']}. {each['home']}" for each in sources.values()]
    lines.append(f"{WORDS['title']} (word vectors): {WORDS['licence']}. {WORDS['home']}")
    (output / "LICENSES_SOURCES").write_text("\n".join(lines) + "\n", encoding="utf8")
    (output / "LICENSE").write_text(
        "This pipeline is licensed under the Creative Commons Attribution-ShareAlike 4.0\n"
        "International License: https://creativecommons.org/licenses/by-sa/4.0/legalcode\n"
        "It was trained on texts of others, which LICENSES_SOURCES lists.\n",
        encoding="utf8",
    )
    msg.good(f"The pipeline with rounded weights is in {output}")


@app.command()
def card(
    model: Annotated[Path, typer.Argument(help="Folder that `finish` wrote", exists=True)],
    metrics: Annotated[Path, typer.Argument(help="What benchmarks/ready.py wrote", exists=True)],
    template: Annotated[Path, typer.Option(help="The card without its tables", exists=True)] = Path(
        __file__
    ).parent
    / "ready_card.md",
) -> None:
    """Write the model card."""
    found = srsly.read_json(metrics)
    sources = srsly.read_json(model / "meta.json")["sources"]
    rows = [f"| {each['name']} | {each['license']} | {each['url']} |" for each in sources]
    failed = [
        f"- `{one['text']}`: {one['problem']}".replace("\n", " ⏎ ") for one in found["failed"]
    ]
    text = template.read_text(encoding="utf8")
    for mark, content in (
        ("name", f"en_{NAME}"),
        ("version", VERSION),
        ("scores", found["table"]),
        ("sentences", f"{found['sentences'] - len(failed)} of {found['sentences']}"),
        ("failed", "\n".join(failed)),
        ("sources", "\n".join(["| what | licence | from |", "|---|---|---|", *rows])),
        ("licence", LICENCE),
    ):
        text = text.replace("{" + mark + "}", content)
    (model / "README.md").write_text(text, encoding="utf8")
    msg.good(f"The model card is {model / 'README.md'}")


@app.command()
def wheel(
    model: Annotated[Path, typer.Argument(help="Folder with a card", exists=True)],
    output: Annotated[Path, typer.Argument(help="Folder for the wheel and the card")],
) -> None:
    """Make the installable package. The same pipeline gives the same bytes."""
    output.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        package(model, Path(folder), create_sdist=False, create_wheel=False, silent=True)
        [sources] = Path(folder).iterdir()
        options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(output)]
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", *options, str(sources)],
            env={**os.environ, "SOURCE_DATE_EPOCH": _DATE},
            check=True,
        )
    shutil.copy(model / "README.md", output)
    msg.good(f"The package is in {output}")


if __name__ == "__main__":
    app()
