"""Predicted and true documents that the tests of reports share."""

import random

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from ...pipeline.util import TRAIN_DATA, make_examples, make_nlp, train

NLP = spacy.blank("en")


def make_example(true: str, found: str, missing: bool = False) -> Example:
    """An example of documents with a word a character. Each letter in `true` and `found` is a token
    of an entity of that label; an upper-case letter begins one; "." is no entity, and "?", if
    `missing`, has no annotation."""
    return Example(_doc(found), _doc(true))


def _doc(tags: str) -> Doc:
    words = [f"w{i}" for i in range(len(tags))]
    return Doc(NLP.vocab, words=words, ents=[_iob(tag) for tag in tags])


def _iob(tag: str) -> str:
    return {".": "O", "?": ""}.get(tag, f"{'B' if tag.isupper() else 'I'}-{tag.upper()}")


def random_tags(rng: random.Random, n: int, missing: bool = False) -> str:
    tags = ""
    for _ in range(n):
        inside = [tags[-1].lower()] * 3 if tags and tags[-1] not in ".?" else []
        tags += rng.choice([".", ".", "A", "B", "C", *inside, *(["?"] if missing else [])])
    return tags


def random_examples(seed: int, missing: bool = False) -> list[Example]:
    rng = random.Random(seed)
    return [
        make_example(random_tags(rng, n, missing), random_tags(rng, n))
        for n in (rng.randrange(1, 12) for _ in range(60))
    ]


MORE = [
    ("Shaka Khan likes London.", {"entities": [(0, 10, "PERSON"), (17, 23, "LOC")]}),
    ("Who is in Paris?", {"entities": [(10, 15, "LOC")]}),
    ("I like Rome.", {"entities": [(7, 11, "PERSON")]}),
]


def trained_nlp(calibrated: bool = True, steps: int = 25, seed: int = 0) -> Language:
    """A pipeline that knows TRAIN_DATA, and errs on MORE."""
    nlp = make_nlp(recall_bias=0.5)
    train(nlp, steps=steps, seed=seed)
    if calibrated:
        nlp.get_pipe("window_ner").calibrate(make_examples(nlp, [*TRAIN_DATA, *MORE] * 10))
    return nlp


def write_docs(path, data=(*TRAIN_DATA, *MORE)):
    nlp = spacy.blank("en")
    DocBin(docs=[eg.reference for eg in make_examples(nlp, data)]).to_disk(path)
    return path


def ent(doc: Doc, start: int, end: int, label: str) -> Span:
    return Span(doc, start, end, label=label)
