"""The reader yields what `spacy.Corpus.v1` yields, each time, whatever happened in between."""

import os
import random
import shutil
from itertools import islice
from pathlib import Path

import numpy
import pytest
import spacy
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus, Example
from spacy.training.augment import create_combined_augmenter
from spacy.training.corpus import create_docbin_reader
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import fix_random_seed, registry
from thinc.api import Config

from spacy_windowner.pipeline.partial import annotation, keep_labels
from spacy_windowner.training import corpus as module
from spacy_windowner.training.corpus import KeptCorpus, make_corpus

from ..pipeline.util import SMALL, make_examples

SENTENCES = ["Who is Shaka Khan?", "I can't like London's rock'n'roll.", "Berlin ;-)"]
ATTRS = ["ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID", "TAG", "LEMMA", "SENT_START"]


def make_docs(n_docs=6):
    """Documents of one to three sentences, with all kinds of annotation."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    yield Doc(nlp.vocab)
    for number in range(n_docs):
        doc = nlp(" ".join(SENTENCES[: number % 3 + 1]) + f" {number}")
        if number == 3:  # without known spaces or sentences
            doc = Doc(nlp.vocab, words=["The", "U.S.,", "can't"])
        elif number == 4:  # with tokens that no tokenizer produces
            with doc.retokenize() as retokenizer:
                retokenizer.merge(doc[1:3])
        doc.set_ents([Span(doc, 1, 3, "PERSON", kb_id="Q1", span_id="p")], missing=[doc[0:1]])
        doc.spans["sc"] = [Span(doc, 0, 2, "A"), Span(doc, 1, 3, "B", span_id="x")]
        doc.spans["sc"].attrs["weights"] = [number, 1]
        doc.cats = {"A": 1.0, "B": number / 2}
        doc.user_data.update({"annotated_labels": ["PERSON"], "notes": {"number": number}})
        doc[0].tag_, doc[0].lemma_ = "WP", "who"
        yield doc


def write(path, docs):
    DocBin(attrs=ATTRS, docs=docs, store_user_data=True).to_disk(path)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with corpora."""
    folder = tmp_path_factory.mktemp("corpora")
    docs = list(make_docs())
    write(folder / "a.spacy", docs)
    (folder / "more").mkdir()
    write(folder / "more" / "c.spacy", docs[:3])
    write(folder / "more" / "b.spacy", docs[2:])
    (folder / "no_corpus.txt").write_text("No corpus.")
    return folder


@pytest.fixture
def path(files, tmp_path):
    return Path(shutil.copy(files / "a.spacy", tmp_path / "corpus.spacy"))


@pytest.fixture
def nlp():
    return spacy.blank("en")


@pytest.fixture(scope="module")
def shared_nlp():
    """For tests that leave it as it is."""
    return spacy.blank("en")


@pytest.fixture
def reads(monkeypatch):
    """The files that were read."""
    found = []
    from_disk = DocBin.from_disk

    def record(self, path):
        found.append(path.name)
        return from_disk(self, path)

    monkeypatch.setattr(DocBin, "from_disk", record)
    return found


def content(example):
    """Everything in an example."""
    return [
        (doc.to_bytes(), doc.has_unknown_spaces, [token.norm_ for token in doc])
        for doc in (example.predicted, example.reference)
    ]


def contents(examples):
    return [content(example) for example in examples]


def spoil(example):
    """Write into both Docs wherever possible."""
    for doc in (example.predicted, example.reference):
        doc.set_ents([Span(doc, 0, 1, "SPOILED")])
        doc.spans["sc"] = [Span(doc, 0, 1, "SPOILED")]
        doc.cats["A"] = -1.0
        doc.user_data["annotated_labels"] = ["SPOILED"]
        doc.user_data.setdefault("notes", {})["SPOILED"] = True
        doc.tensor = numpy.ones((len(doc), 2))
        doc[0].norm_ = doc[0].lemma_ = doc[0].tag_ = "SPOILED"
        if len(doc) > 1:
            with doc.retokenize() as retokenizer:
                retokenizer.merge(doc[:2])


def twice_and_spoiled(nlp, example):
    """An augmenter that writes into the example it gets, and yields one or two examples."""
    if random.random() < 0.5:
        yield Example(nlp.make_doc(example.text.upper()), example.reference.copy())
    if numpy.random.random() < 0.5:
        spoil(example)
    yield example


AUGMENTERS = {
    "none": None,
    "twice and spoiled": twice_and_spoiled,
    "annotation": annotation(["LOC"], 0.5),
    "combined": create_combined_augmenter(0.3, 0.0, None, 0.5, 0.2, [" ", "\n"]),
}
SETTINGS = [
    {},
    {"limit": 2},
    pytest.param({"max_length": 9}, marks=pytest.mark.slow),
    {"max_length": 3},
    {"gold_preproc": True},
    pytest.param({"gold_preproc": True, "max_length": 9, "limit": 3}, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("augmenter", AUGMENTERS)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_examples_are_those_of_spacy(files, shared_nlp, reads, augmenter, settings):
    nlp, settings = shared_nlp, {**settings, "augmenter": AUGMENTERS[augmenter]}
    found = {}
    for reader in (Corpus, KeptCorpus):
        corpora = [
            reader(files / name, shuffle=shuffle, **settings)
            for name in ("a.spacy", ".")
            for shuffle in (False, True)
        ]
        fix_random_seed(1)
        reads.clear()
        found[reader] = []
        for corpus in corpora * 3:
            examples = list(corpus(nlp))
            found[reader].append(contents(examples))
            for example in examples:
                spoil(example)
        found[reader] += [random.random(), numpy.random.random()]
    assert found[KeptCorpus] == found[Corpus]
    assert reads == ["a.spacy"] * 2 + ["a.spacy", "b.spacy", "c.spacy"] * 2


def test_entities_that_the_augmenter_removes(path, nlp):
    kept = make_corpus(path, False, augmenter=keep_labels(["LOC"]))
    list(islice(kept(nlp), 2))
    with pytest.warns(UserWarning, match="WW008.*corpus.spacy.*PERSON.*PERSON") as caught:
        n_docs = len(list(kept(nlp)))
    assert len(caught) == 1 and len(list(kept(nlp))) == n_docs
    list(make_corpus(path, False, augmenter=keep_labels(["LOC", "PERSON"]))(nlp))


def test_docs_are_new_each_time(path, nlp):
    corpus = KeptCorpus(path)
    epochs = [list(corpus(nlp)) for _ in range(3)]
    docs = [doc for epoch in epochs for eg in epoch for doc in (eg.predicted, eg.reference)]
    assert len({id(doc) for doc in docs}) == len(docs) == 36
    assert not any(eg.predicted.has_annotation("ENT_IOB") for eg in epochs[2])


def test_reading_in_part_keeps_nothing(path, nlp, reads):
    expected = contents(Corpus(path)(nlp))
    corpus = KeptCorpus(path)
    reads.clear()
    assert contents(islice(corpus(nlp), 2)) == expected[:2]
    assert contents(corpus(nlp)) == expected
    assert len(reads) == 2
    assert contents(islice(corpus(nlp), 3)) == expected[:3]
    assert contents(corpus(nlp)) == expected
    assert len(reads) == 2


@pytest.mark.parametrize("is_kept", [False, True])
def test_several_at_once(path, nlp, is_kept):
    expected = contents(Corpus(path)(nlp))
    corpus = KeptCorpus(path)
    if is_kept:
        assert contents(corpus(nlp)) == expected
    first = corpus(nlp)
    found = [content(next(first))]
    for example in corpus(nlp):  # read another one completely, as an evaluation does
        spoil(example)
    second, found_second = corpus(nlp), []
    for example in first:
        found.append(content(example))
        spoil(example)
        found_second.append(content(next(second)))
    assert found == expected
    assert found_second + contents(second) == expected
    assert contents(corpus(nlp)) == expected


def test_an_error_on_the_way_keeps_nothing(path, nlp, reads):
    calls = iter(range(100))

    def fail_once(nlp, example):
        if next(calls) == 3:
            raise RuntimeError("third example")
        yield example

    expected = contents(Corpus(path)(nlp))
    corpus = KeptCorpus(path, augmenter=fail_once)
    reads.clear()
    with pytest.raises(RuntimeError, match="third example"):
        list(corpus(nlp))
    assert contents(corpus(nlp)) == contents(corpus(nlp)) == expected
    assert len(reads) == 2


def test_another_pipeline(path, nlp):
    corpus = KeptCorpus(path)
    same_tokenizer = spacy.blank("en")
    same_tokenizer.tokenizer = nlp.tokenizer
    for other in [nlp, spacy.blank("en"), spacy.blank("de"), nlp, same_tokenizer]:
        for example, expected in zip(corpus(other), Corpus(path)(other), strict=True):
            assert content(example) == content(expected)
            assert example.predicted.vocab is expected.predicted.vocab
            assert example.reference.vocab is expected.reference.vocab


def split_at_o(nlp):
    nlp.tokenizer.infix_finditer = spacy.util.compile_infix_regex(["o"]).finditer


def add_special_case(nlp):
    nlp.tokenizer.add_special_case("Khan", [{"ORTH": "Kh"}, {"ORTH": "an", "NORM": "on"}])


def forget_special_cases(nlp):
    nlp.tokenizer.rules = {}


def match_tokens(nlp):
    nlp.tokenizer.token_match = spacy.util.compile_prefix_regex(["London's"]).match


def load_another(nlp):
    nlp.tokenizer.from_bytes(spacy.blank("de").tokenizer.to_bytes())


def replace_it(nlp):
    nlp.tokenizer = spacy.blank("zh").tokenizer.__class__(nlp.vocab)


@pytest.mark.parametrize(
    "change",
    [split_at_o, add_special_case, forget_special_cases, match_tokens, load_another, replace_it],
)
def test_another_tokenization(path, nlp, change, reads):
    corpus = KeptCorpus(path)
    before = contents(corpus(nlp))
    change(nlp)
    expected = contents(Corpus(path)(nlp))
    assert expected != before
    assert contents(corpus(nlp)) == expected
    reads.clear()
    assert contents(corpus(nlp)) == expected
    assert not reads


def test_texts_that_are_too_long(path, nlp):
    corpus = KeptCorpus(path)
    list(corpus(nlp))
    nlp.max_length = 10
    for reader in (Corpus(path), corpus):
        with pytest.raises(ValueError, match="E088"):
            list(reader(nlp))


def test_other_settings(path, nlp):
    corpus, expected = KeptCorpus(path), Corpus(path)
    changes = {"limit": 4, "max_length": 9, "gold_preproc": True, "shuffle": True}
    changes["augmenter"] = twice_and_spoiled
    for name, value in changes.items():
        list(corpus(nlp))
        for reader in (corpus, expected):
            setattr(reader, name, value)
        found = []
        for reader in (corpus, expected):
            fix_random_seed(0)
            found.append(contents(reader(nlp)))
        assert found[0] == found[1]


def test_other_files(tmp_path, nlp):
    docs = list(make_docs())
    first, second = tmp_path / "first.spacy", tmp_path / "second.spacy"
    corpus, expected = KeptCorpus(tmp_path), Corpus(tmp_path)

    def check(n_examples):
        found = contents(corpus(nlp))
        assert found == contents(corpus(nlp)) == contents(expected(nlp))
        assert len(found) == n_examples

    write(first, docs)
    check(6)
    write(second, docs[:3])
    check(8)
    write(second, docs[:4])
    check(9)
    # Other content of the same size. What follows the compressed data isn't read.
    before = second.read_bytes()
    time = second.stat().st_mtime_ns
    second.write_bytes(write(second, docs[:3]).read_bytes().ljust(len(before), b"!"))
    os.utime(second, ns=(time + 1, time + 1))
    check(8)
    write(second, docs[:2])
    os.utime(second, ns=(time + 1, time + 1))
    check(7)
    second.unlink()
    check(6)
    first.unlink()
    for reader in (corpus, expected):
        with pytest.warns(UserWarning, match="W090"):
            assert list(reader(nlp)) == []


def test_files_that_are_missing_or_broken(path, tmp_path, nlp):
    def error(reader):
        with pytest.raises(Exception) as info:  # noqa: B017 (spaCy's, whatever it is)
            list(reader(nlp))
        return type(info.value), str(info.value)

    missing = tmp_path / "missing.spacy"
    assert error(KeptCorpus(missing)) == error(Corpus(missing))
    assert error(Corpus(missing))[0] is FileNotFoundError
    corpus = KeptCorpus(path)
    list(corpus(nlp))
    path.unlink()
    assert error(corpus) == error(Corpus(path))
    path.write_bytes(b"broken")
    assert error(corpus) == error(Corpus(path))
    write(path, make_docs())
    assert contents(corpus(nlp)) == contents(Corpus(path)(nlp))
    for make in (make_corpus, create_docbin_reader):
        with pytest.raises(ValueError, match="E913"):
            make(None, False)


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_large_corpus_is_not_kept(path, nlp, reads, monkeypatch, shuffle):
    size = sum(len(eg.predicted) + len(eg.reference) + 40 for eg in Corpus(path)(nlp))
    expected = Corpus(path, shuffle=shuffle)
    for max_size, n_reads in [(size, 1), (size - 1, 3), (0, 3)]:
        monkeypatch.setattr(module, "_MAX_SIZE", max_size)
        found = []
        corpus = KeptCorpus(path, shuffle=shuffle)
        for reader in (corpus, expected):
            fix_random_seed(0)
            reads.clear()
            found.append([contents(reader(nlp)) for _ in range(3)])
            assert len(reads) == (n_reads if reader is corpus else 3)
        assert found[0] == found[1]


def test_nothing_of_a_memory_zone_is_kept(path, reads):
    expected = contents(Corpus(path)(spacy.blank("en")))
    nlp = spacy.blank("en")
    corpus = KeptCorpus(path)
    reads.clear()
    with nlp.memory_zone():
        assert contents(corpus(nlp)) == expected
    examples = corpus(nlp)  # it enters a zone halfway
    assert contents(islice(examples, 2)) == expected[:2]
    with nlp.memory_zone():
        assert contents(islice(examples, 2)) == expected[2:4]
    assert contents(examples) == expected[4:]
    assert contents(corpus(nlp)) == expected
    assert len(reads) == 3
    with nlp.memory_zone():  # kept documents can be used in a zone as well
        assert contents(corpus(nlp)) == expected
    assert contents(corpus(nlp)) == expected
    assert len(reads) == 3


READERS = ["spacy.Corpus.v1", "spacy-windowner.Corpus.v1"]


def train_with(reader, path, augmenter=None, **training):
    """Train, and return the weights and the scores."""
    nlp = spacy.blank("en")
    nlp.add_pipe("window_ner", config=SMALL)
    corpus = {"@readers": reader, "path": str(path), "gold_preproc": False, "augmenter": augmenter}
    settings = {"max_steps": 0, "eval_frequency": 2, "patience": 0, "seed": 3, **training}
    settings["logger"] = {"@loggers": "spacy.ConsoleLogger.v3", "console_output": False}
    settings["batcher"] = {"@batchers": "spacy.batch_by_sequence.v1", "size": 2}
    config = Config({"corpora": {"train": corpus, "dev": corpus}, "training": settings})
    nlp = init_nlp(nlp.config.merge(config))
    train(nlp)
    performance = dict(nlp.meta["performance"])
    return nlp.get_pipe("window_ner").model.to_bytes(), performance.pop("ents_f"), random.random()


@pytest.mark.parametrize(
    "training",
    [{"max_epochs": 3}, {"max_epochs": -1, "max_steps": 9}],
    ids=["in memory", "streamed"],
)
@pytest.mark.parametrize("augmenter", [None, "spacy.lower_case.v1"])
def test_training_gives_the_same_weights(tmp_path, training, augmenter):
    examples = make_examples(spacy.blank("en")) * 3
    path = write(tmp_path / "train.spacy", [eg.reference for eg in examples])
    block = augmenter and {"@augmenters": augmenter, "level": 0.5}
    expected, found = (train_with(reader, path, block, **training) for reader in READERS)
    assert found == expected


def test_the_settings_are_those_of_spacy():
    blocks = [{"@readers": name, "path": "x.spacy", "gold_preproc": False} for name in READERS]
    spacys, ours = (registry.fill({"corpus": block})["corpus"] for block in blocks)
    assert ours == {**spacys, "@readers": READERS[1], "shuffle": False}
