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
    copies (int): How many times the annotated documents are repeated beside it.
    """

    n_words: int
    n_ents: int
    copies: int


def limit_of(n_annotated: int) -> int:
    """The most words of raw text that are used with a number of annotated words."""
    return min(_MAX_WORDS, _PER_WORD * n_annotated)


def write_tagged(
    folder: Path, raw_text: str | Path, annotated: Path, n_annotated: int, tell: Tell
) -> Tagged:
    """Tag raw text with a trained pipeline, and write it to `TAGGED` together with annotated
    documents. These are repeated, so that about half of all words are annotated.

    folder (Path): The folder with the pipeline, "model-best", in which to write the file.
    raw_text (Union[str, Path]): The text, a file that `RawText` reads. It is used up to 300,000
        words or, if there are fewer than 15,000 annotated words, 20 for each.
    annotated (Path): The annotated documents (.spacy).
    n_annotated (int): The number of their words.
    tell (Tell): Called with the progress.
    RETURNS (Tagged): The numbers.
    RAISES (ValueError): If the text can't be read, or the pipeline can't teach: it finds no entity
        in the text, or found none correctly in the dev data.
    """
    nlp = load_pipeline(folder / DIR_MODEL_BEST)
    if nlp.meta["performance"].get("ents_f") == 0.0:
        raise ValueError(Errors.WN257.format(model=folder / DIR_MODEL_BEST))
    raw = RawText.of(raw_text, nlp)
    # Documents may have the labels that they are annotated for, and a weight, in `user_data`.
    gold = DocBin(store_user_data=True).from_disk(annotated)
    tagged = DocBin(gold.attrs, store_user_data=True)
    limit = limit_of(n_annotated)
    n_words = n_ents = 0
    for batch in raw.batches(min(_BATCH_WORDS, limit)):
        tell(Stage(f"Tagging {raw.path.name}", min(n_words, limit), limit))
        for doc in nlp.pipe(batch.docs):
            doc.user_data.clear()  # the probabilities
            tagged.add(doc)
            n_words += sum(not token.is_space for token in doc)
            n_ents += len(doc.ents)
        if n_words >= limit:
            break
    raw.report_lines(has_words=n_words > 0)
    if not n_ents:
        raise ValueError(Errors.WN256.format(path=raw.path, n_words=n_words))
    copies = max(1, round(n_words / n_annotated))
    for _ in range(copies):
        tagged.merge(gold)
    tagged.to_disk(folder / TAGGED)
    return Tagged(n_words, n_ents, copies)
