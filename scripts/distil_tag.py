"""Tag raw text with a teacher, any spaCy pipeline, as training and development data.

`spacy apply` writes everything that a pipeline leaves on a Doc, and can't write what a transformer
leaves there. Here entities alone are kept.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import spacy
import typer
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from wasabi import msg

from spacy_windowner.tools.raw_text import RawText

HELD_OUT = 10
"""Every tenth document is for choosing the model, and not for training."""
_BATCH_WORDS = 10_000


def tag(nlp: Language, raw: RawText) -> Iterator[Doc]:
    """Tag texts in a stream. Longer ones than 10,000 words are cut.

    nlp (Language): The teacher.
    raw (RawText): The texts.
    YIELDS (Doc): The tagged documents.
    """
    for batch in raw.batches(_BATCH_WORDS):
        yield from nlp.pipe(batch.docs)


def main(
    teacher: Annotated[str, typer.Argument(help="Name or path of a pipeline that finds entities")],
    source: Annotated[Path, typer.Argument(help="Raw text: a text a line, .txt or .jsonl")],
    train: Annotated[Path, typer.Argument(help="The .spacy file to write for training")],
    dev: Annotated[Path, typer.Argument(help="The .spacy file to write with every tenth text")],
    gpu_id: Annotated[int, typer.Option(help="The GPU the teacher runs on, -1 for none")] = -1,
) -> None:
    """Tag raw text with the entities of a teacher."""
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    nlp = spacy.load(teacher)
    raw = RawText.of(source, nlp)
    parts = [DocBin(attrs=["ENT_IOB", "ENT_TYPE"]) for _ in range(2)]
    n_ents = 0
    for number, doc in enumerate(tag(nlp, raw), 1):
        if not doc.has_annotation("ENT_IOB"):
            why = f"Its components: {', '.join(nlp.pipe_names) or 'none'}. It needs one like `ner`."
            msg.fail(f"The pipeline {teacher} finds no entities", why, exits=1)
        parts[number % HELD_OUT == 0].add(doc)
        n_ents += len(doc.ents)
    if raw.skipped:
        msg.warn(f"Skipped {raw.skipped:,} lines", raw.first_skipped)
    if not len(parts[1]):
        why = f"Every {HELD_OUT}th is held out to choose the model by, so there must be as many."
        msg.fail(f"{source} has only {len(parts[0])} texts", why, exits=1)
    if not n_ents:
        why = "Is this text of the kind and the language that it was trained on?"
        msg.fail(f"The pipeline {teacher} found no entity in {source}", why, exits=1)
    for path, part in zip((train, dev), parts, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.to_disk(path)
        msg.good(f"{path}: {len(part):,} documents")
    msg.info(f"{n_ents:,} entities in all")


if __name__ == "__main__":
    typer.run(main)
