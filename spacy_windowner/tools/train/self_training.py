"""Raw text that a first model has tagged, as training data for a second one."""

from pathlib import Path
from typing import NamedTuple

from spacy.tokens import DocBin
from spacy.training.loop import DIR_MODEL_BEST

from ...progress import Stage, Tell
from ..errors import Errors
from ..pipelines import load_pipeline
from ..raw_text import RawText

TAGGED = "tagged.spacy"
"""The file that is written."""
_MAX_WORDS = 300_000
"""The most words of raw text that are used. More would take memory, and gain little."""
_PER_WORD = 20
"""The most words of raw text for each annotated word."""
_BATCH_WORDS = 10_000


class Tagged(NamedTuple):
    """Raw text that a pipeline has tagged.

    n_words (int): The number of words.
    n_ents (int): The number of entities found.
    copies (int): How often the annotated documents are in the file.
    """

    n_words: int
    n_ents: int
    copies: int


def write_tagged(
    folder: Path, raw_text: str | Path, annotated: Path, n_annotated: int, tell: Tell
) -> Tagged:
    """Tag raw text with a trained pipeline, and write it to `TAGGED` together with annotated
    documents. These are repeated, so that about half of all words are annotated.

    folder (Path): The folder with the pipeline, "model-best", in which to write the file.
    raw_text (Union[str, Path]): The text, a file that `RawText` reads. It is used up to the text
        with the 300,000th word or, if there are fewer than 15,000 annotated words, 20 for each.
    annotated (Path): The annotated documents (.spacy).
    n_annotated (int): The number of their words.
    tell (Tell): Called with the progress.
    RETURNS (Tagged): The numbers.
    RAISES (ValueError): If the file can't be read, or the pipeline finds no entity in it.
    """
    nlp = load_pipeline(folder / DIR_MODEL_BEST)
    raw = RawText.of(raw_text, nlp)
    gold = DocBin().from_disk(annotated)
    tagged = DocBin(gold.attrs, gold.store_user_data)
    limit = min(_MAX_WORDS, _PER_WORD * n_annotated)
    n_words = n_ents = 0
    for batch in raw.batches(_BATCH_WORDS):
        tell(Stage(f"Tagging {raw.path.name}", min(n_words, limit), limit))
        for doc in nlp.pipe(batch.docs):
            if n_words < limit:
                tagged.add(doc)
                n_words += len(doc)
                n_ents += len(doc.ents)
        if n_words >= limit:
            break
    else:
        raw.report_lines(has_words=n_words > 0)
    if not n_ents:
        raise ValueError(Errors.WN256.format(path=raw.path, n_words=n_words))
    copies = max(1, round(n_words / n_annotated))
    for _ in range(copies):
        tagged.merge(gold)
    tagged.to_disk(folder / TAGGED)
    return Tagged(n_words, n_ents, copies)
