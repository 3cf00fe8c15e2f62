"""A conditional random field of python-crfsuite, as a component of a pipeline."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.training import Example, biluo_tags_to_spans, biluo_to_iob, iob_to_biluo

NAME = "crfsuite"
WINDOW = 2
LONGEST_AFFIX = 4
TRAINING = {"c1": 0.1, "c2": 0.05, "max_iterations": 100}
"""L1 and L2 regularization, and the most iterations of L-BFGS."""
_FILE = "model.crfsuite"


def make_features(doc: Doc) -> list[list[str]]:
    """The features of each token: lower case and shape of the words -2 to 2, the word itself, and
    its first and last 1 to 4 letters."""
    shared = [(token.lower_, token.shape_) for token in doc]
    features = []
    for i, token in enumerate(doc):
        found = [f"word={token.text}"]
        # A word of three letters has no beginning of four.
        for n in range(1, min(LONGEST_AFFIX, len(token)) + 1):
            found += [f"prefix={token.text[:n]}", f"suffix={token.text[-n:]}"]
        for offset in range(-WINDOW, WINDOW + 1):
            if 0 <= i + offset < len(doc):
                lower, shape = shared[i + offset]
                found += [f"{offset}:lower={lower}", f"{offset}:shape={shape}"]
            else:
                found.append(f"{offset}:none")
        features.append(found)
    return features


def make_tags(eg: Example) -> list[str]:
    """The BIO tags of the predicted document's tokens. What isn't annotated or doesn't align is O,
    for the field has no other way to be trained on a whole document."""
    return biluo_to_iob([tag or "O" for tag in eg.get_aligned_ner()])


def train_field(examples: Iterable[Example], path: Path) -> None:
    """Train on all documents, and save the field of the last iteration. There is no randomness.

    examples (Iterable[Example]): What to train on.
    path (Path): The file to write.
    RAISES (ImportError): If python-crfsuite is not installed.
    """
    trainer = _pycrfsuite().Trainer(algorithm="lbfgs", params=TRAINING, verbose=False)
    for eg in examples:
        if len(eg.predicted):
            trainer.append(make_features(eg.predicted), make_tags(eg))
    trainer.train(str(path))


def _pycrfsuite() -> Any:
    try:
        import pycrfsuite
    except ImportError as error:
        message = 'python-crfsuite is not installed: `pip install ".[benchmarks]"`.'
        raise ImportError(message) from error
    return pycrfsuite


@Language.factory(NAME)
def make_crf(nlp: Language, name: str) -> "CRF":
    """The component, which has a field after `from_disk`."""
    return CRF()


class CRF(Pipe):
    """Sets entities by a trained field."""

    def __init__(self) -> None:
        self._saved = b""
        self._tagger: Any = None

    def __call__(self, doc: Doc) -> Doc:
        if len(doc):
            tags = self._tagger.tag(make_features(doc))
            doc.set_ents(biluo_tags_to_spans(doc, iob_to_biluo(tags)))
        return doc

    def to_disk(self, path: Path, exclude: Sequence[str] = ()) -> None:
        """Save the field in a folder."""
        path.mkdir(exist_ok=True)
        (path / _FILE).write_bytes(self._saved)

    def from_disk(self, path: Path, exclude: Sequence[str] = ()) -> "CRF":
        """Load the field from a folder."""
        self._saved = (path / _FILE).read_bytes()
        self._tagger = _pycrfsuite().Tagger()
        self._tagger.open_inmemory(self._saved)
        return self


def train_pipeline(lang: str, examples: Iterable[Example], folder: Path) -> None:
    """Train a field, and save a pipeline with it.

    lang (str): The language code.
    examples (Iterable[Example]): What to train on.
    folder (Path): Where to save the pipeline.
    """
    saved = folder / NAME
    saved.mkdir(parents=True, exist_ok=True)
    train_field(examples, saved / _FILE)
    nlp = spacy.blank(lang)
    crf: Any = nlp.add_pipe(NAME)
    crf.from_disk(saved)
    nlp.to_disk(folder)
