"""The corpora of `accuracy.py`: reading them in either format, and word vectors."""

import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import spacy
from spacy.tokens import Doc, DocBin
from spacy.training.initialize import convert_vectors
from spacy.vocab import Vocab
from wasabi import msg

from spacy_windowner.tools.convert.convert import convert
from spacy_windowner.tools.report.matching import entities

PARTS = ("train", "dev", "test")
_OTHER_NAMES = {"devel": "dev", "valid": "dev", "validation": "dev", "development": "dev"}
HELD_OUT = 0.1
"""Share of the training part that takes the place of a missing development part."""
_SEED = 0


class Corpus(NamedTuple):
    """A corpus to train on.

    name (str): Its name.
    files (Dict[str, Path]): The files of "train", "test" and, mostly, "dev".
    """

    name: str
    files: dict[str, Path]


def find_corpus(folder: Path) -> Corpus:
    """Find the parts of a corpus: files such as train.spacy, dev.tsv or btc.test.

    folder (Path): The folder.
    RETURNS (Corpus): The corpus, named after the folder.
    RAISES (ValueError): If the training or the test part is missing, or a part has several files.
    """
    files: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        pieces = [_OTHER_NAMES.get(piece, piece) for piece in path.name.split(".")]
        for part in set(pieces).intersection(PARTS):
            rivals = [file for file in (path, files.get(part)) if file is not None]
            binary = [file for file in rivals if file.suffix == ".spacy"]
            # The same data in both formats is usual: project.yml makes one from the other.
            if len(binary or rivals) > 1:
                names = " and ".join(file.name for file in rivals)
                raise ValueError(f"{folder} has several files of the part {part}: {names}.")
            files[part] = (binary or rivals)[0]
    return check_corpus(Corpus(folder.resolve().name, files))


def check_corpus(corpus: Corpus) -> Corpus:
    """Check that a corpus can be trained on and tested.

    RAISES (ValueError): If the training or the test part is missing.
    """
    for part in ("train", "test"):
        if part not in corpus.files or not corpus.files[part].is_file():
            raise ValueError(
                f"The corpus {corpus.name} has no {part} part. Expected files train, dev and test "
                ".spacy, or of another ending with a token and a tag a line."
            )
    return corpus


def read_part(path: Path, vocab: Vocab) -> list[Doc]:
    """Read a part of a corpus.

    path (Path): A .spacy file, or one with the token first and a tag last on each line, and a blank
        line between sentences.
    vocab (Vocab): The vocabulary of the documents.
    RETURNS (List[Doc]): The documents: of the latter, one a sentence.
    """
    if path.suffix == ".spacy":
        return list(DocBin().from_disk(path).get_docs(vocab))
    with TemporaryDirectory() as folder:
        target = Path(folder) / "part.spacy"
        convert([path], target, format="conll")
        return list(DocBin().from_disk(target).get_docs(vocab))


def prepare(corpus: Corpus, lang: str, folder: Path, keep_tokens: bool = False) -> dict:
    """Write the parts that all rows train on and are tested on.

    corpus (Corpus): The corpus.
    lang (str): The language code.
    folder (Path): Where to write train, dev and test.spacy.
    keep_tokens (bool): Whether to keep the tokens even of a .spacy file that knows the spaces.
        Else they are those that the language's tokenizer makes of its text.
    RETURNS (Dict): The size of each part, and what is to be said of the corpus.
    RAISES (ValueError): If a part has no words.
    """
    vocab = spacy.blank(lang).vocab
    parts = {part: read_part(path, vocab) for part, path in corpus.files.items()}
    if keep_tokens:
        parts = {part: list(map(_forget_spaces, docs)) for part, docs in parts.items()}
    notes = []
    if "dev" not in parts:
        parts["train"], parts["dev"], note = _hold_out(parts["train"])
        notes.append(note)
    for part, docs in parts.items():
        if not any(map(len, docs)):
            raise ValueError(f"The {part} part of the corpus {corpus.name} has no words.")
    labels = {part: {label for _, label in entities(docs)} for part, docs in parts.items()}
    if new := sorted(labels["test"] - labels["train"]):
        notes.append(
            "Labels of the test part that training doesn't have, so that none of their entities "
            f"can be found (they are scored all the same): {', '.join(new)}."
        )
    missing = sum(token.ent_iob == 0 for doc in parts["train"] for token in doc)
    if missing:
        notes.append(
            f"{missing:,} tokens of the training part are not annotated. CRFsuite takes them for "
            "tokens outside of entities; the others learn nothing from them."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for part, docs in parts.items():
        DocBin(docs=docs).to_disk(folder / f"{part}.spacy")
    sizes = {part: _size(parts[part]) for part in PARTS}
    return {"lang": lang, "parts": sizes, "labels": sorted(labels["train"]), "notes": notes}


def _hold_out(docs: list[Doc]) -> tuple[list[Doc], list[Doc], str]:
    """Part the documents into those to train on and those to choose the model on."""
    if len(docs) < 2:
        why = "There is no dev part, and a single document to train on, which is dev as well."
        return docs, docs, why
    chosen = set(random.Random(_SEED).sample(range(len(docs)), max(1, int(HELD_OUT * len(docs)))))
    dev = [doc for i, doc in enumerate(docs) if i in chosen]
    note = f"There is no dev part: {len(dev):,} of {len(docs):,} documents of train are held out."
    return [doc for i, doc in enumerate(docs) if i not in chosen], dev, note


def _forget_spaces(doc: Doc) -> Doc:
    """The same document with unknown spaces, of which spaCy's readers keep the tokens."""
    attrs = ["ENT_IOB", "ENT_TYPE", "SENT_START"]
    same = Doc(doc.vocab, words=[token.text for token in doc], user_data=doc.user_data)
    return same.from_array(attrs, doc.to_array(attrs))


def _size(docs: list[Doc]) -> dict[str, int]:
    counts: dict[str, Callable[[Doc], int]] = {
        "tokens": len,
        "entities": lambda doc: len(doc.ents),
    }
    return {"docs": len(docs), **{name: sum(map(f, docs)) for name, f in counts.items()}}


def find_vectors(path: Path, lang: str, folder: Path) -> Path:
    """Get word vectors in spaCy's format.

    path (Path): A folder made by `spacy init vectors`, or a file with a word and its vector a
        line, which is converted as that command does it.
    lang (str): The language code.
    folder (Path): Where to write the vectors of a file, in a folder named after it.
    RETURNS (Path): The folder to name in `initialize.vectors`.
    RAISES (OSError, ValueError): If there is no such file, or it can't be read.
    """
    if path.is_dir():
        return path
    if not path.stat().st_size:
        raise ValueError(f"There are no word vectors in {path}: the file is empty.")
    nlp = spacy.blank(lang)
    convert_vectors(nlp, path, truncate=0, prune=-1, name=path.stem)
    vectors = nlp.vocab.vectors
    if not any(nlp.vocab.strings[key] != nlp.vocab.strings[key].lower() for key in vectors):
        # spaCy doesn't save by which attribute vectors are found, so LOWER can't be chosen here.
        msg.warn(f"{path.name} has no word with a capital: such words find no vector")
    target = folder / path.stem
    target.parent.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(target)
    return target
