"""Documents of every kind, alone and in a batch."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from spacy.language import Language
from spacy.tokens import Doc

from .util import ENTITIES, TRAIN_DATA, copy_of, ents_of

ODD_TEXTS = [
    "",
    "x",
    "London",
    " ",
    "\n\n \t",
    "\u3000\u2028",
    "\U0001f600",
    "London \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea Berlin",
    "e\u0301\u0301\u0301 \u202eLondon",
    "\x00 \ufffe \ue000",
    "x" * 5000,
]
BAD = "a bad document"


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_texts(trained_once, text):
    doc = trained_once(text)
    assert doc.text == text
    assert all(not ent[0].is_space and not ent[-1].is_space for ent in doc.ents)
    assert doc.has_annotation("ENT_IOB")
    assert doc.to_bytes() == trained_once(text).to_bytes()


def test_odd_texts_in_a_batch(trained_once):
    texts = [*ODD_TEXTS, TRAIN_DATA[0][0], *ODD_TEXTS, TRAIN_DATA[1][0]]
    docs = list(trained_once.pipe(texts))
    assert [ents_of(doc) for doc in docs] == [ents_of(trained_once(text)) for text in texts]
    assert ents_of(docs[len(ODD_TEXTS)]) == ENTITIES[0]


def test_empty_batches(trained_once):
    assert list(trained_once.pipe([])) == []
    assert [ents_of(doc) for doc in trained_once.pipe(["", "", " "])] == [[], [], []]
    docs = [Doc(trained_once.vocab)] * 3
    assert trained_once.get_pipe("window_ner").predict(docs).entities.by_doc(3) == [(), (), ()]


def test_200_000_tokens(trained_once):
    words = TRAIN_DATA[1][0].replace(".", " .").split()
    n = 200_000 // len(words)
    doc = trained_once.get_pipe("window_ner")(Doc(trained_once.vocab, words=words * n))
    found = {(ent.start % len(words), ent.label_) for ent in doc.ents}
    assert found >= {(2, "LOC"), (4, "LOC")}
    assert len(doc.ents) >= 2 * n


def test_memory_zone(trained):
    texts = [f"I like Place{n} and Berlin{n}." for n in range(20)] + [t for t, _ in TRAIN_DATA]
    expected = [ents_of(doc) for doc in copy_of(trained).pipe(texts)]
    assert expected[-2:] == ENTITIES
    list(trained.pipe([t for t, _ in TRAIN_DATA]))
    before = len(trained.vocab.strings)
    for _ in range(3):
        with trained.memory_zone():
            assert [ents_of(doc) for doc in trained.pipe(texts)] == expected
        assert len(trained.vocab.strings) == before
        assert "Place7" not in trained.vocab.strings
    # Nothing kept of a zone's words is looked up outside of it.
    assert [ents_of(doc) for doc in trained.pipe(texts)] == expected


def test_threads(trained):
    texts = [f"Who is Shaka{n} Khan?" for n in range(40)] + [t for t, _ in TRAIN_DATA] * 20
    expected = [ents_of(doc) for doc in copy_of(trained).pipe(texts)]
    with ThreadPoolExecutor(8) as pool:
        found = [ents_of(doc) for doc in pool.map(trained, texts)]
        again = [ents_of(doc) for doc in pool.map(trained, texts)]
    assert found == again == expected


@Language.component("fails_on_bad_documents_of_tests")
def fails_on_bad_documents(doc: Doc) -> Doc:
    if doc.text == BAD:
        raise ValueError("bad")
    return doc


def handled(nlp: Language, texts: list[str], batch_size: int) -> tuple[list[Doc], list[str]]:
    """The documents that come through a pipeline, and the texts that its error handler saw."""
    seen: list[str] = []
    nlp.set_error_handler(lambda name, pipe, docs, error: seen.extend(doc.text for doc in docs))
    return list(nlp.pipe(texts, batch_size=batch_size)), seen


@pytest.mark.parametrize("place", ["before", "after"])
def test_another_component_fails(trained, place):
    trained.add_pipe("fails_on_bad_documents_of_tests", **{place: "window_ner"})
    texts = [TRAIN_DATA[0][0], BAD, TRAIN_DATA[1][0]]
    docs, seen = handled(trained, texts, batch_size=3)
    assert seen == [BAD]
    assert [ents_of(doc) for doc in docs] == ENTITIES


@pytest.mark.parametrize("batch_size, lost", [(1, 1), (2, 2)])
def test_the_component_fails(trained, monkeypatch, batch_size, lost):
    ner = trained.get_pipe("window_ner")
    predict = ner.predict

    def fail(docs):
        [fails_on_bad_documents(doc) for doc in docs]
        return predict(docs)

    monkeypatch.setattr(ner, "predict", fail)
    texts = [TRAIN_DATA[0][0], TRAIN_DATA[1][0], BAD, "x", TRAIN_DATA[1][0]]
    with pytest.raises(ValueError, match="bad"):
        list(trained.pipe(texts))
    docs, seen = handled(trained, texts, batch_size)
    # As in spaCy, the rest of the batch is lost with the document, and no other one is.
    assert seen == texts[2 : 2 + lost]
    assert [doc.text for doc in docs] == texts[:2] + texts[2 + lost :]
    assert ents_of(docs[0]) == ENTITIES[0] and ents_of(docs[-1]) == ENTITIES[1]
