import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed, load_model_from_config
from thinc.api import Adam

from .util import (
    ENTITIES,
    LOSSES,
    TRAIN_DATA,
    copy_of,
    ents_of,
    make_examples,
    make_nlp,
    reference,
    train,
)

TEXTS = [text for text, _ in TRAIN_DATA] + ["", "London", "Who likes Shaka Khan in Berlin?"]


def gradient(ner, examples: list[Example], seed: int = 0) -> list[numpy.ndarray]:
    """The gradient of the loss at random scores."""
    rng = numpy.random.default_rng(seed)
    shapes = [(len(eg.predicted), ner.scheme.n_tags(len(ner.labels))) for eg in examples]
    scores = [rng.normal(size=shape).astype("float32") for shape in shapes]
    _, d_scores = ner.get_loss(examples, scores)
    assert [d.shape for d in d_scores] == shapes
    return d_scores


def learns_from(d_scores: numpy.ndarray) -> list[bool]:
    """The tokens that have a gradient."""
    return d_scores.any(axis=1).tolist()


def make_ner(labels=("LOC", "PERSON"), **config):
    nlp = make_nlp(**config)
    ner = nlp.get_pipe("window_ner")
    for label in labels:
        ner.add_label(label)
    nlp.initialize()
    return nlp, ner


@pytest.mark.parametrize("name", ["window_ner", "ner"])
def test_overfitting_IO(name, tmp_path):
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    ner = nlp.add_pipe("window_ner", name=name)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(40):
        losses = {}
        nlp.update(examples, sgd=optimizer, losses=losses)
    assert losses[name] < 0.01
    expected = [ents_of(nlp(text)) for text in TEXTS]
    assert expected[:2] == ENTITIES
    scores = nlp.evaluate(make_examples(nlp))
    assert scores["ents_p"] == scores["ents_r"] == scores["ents_f"] == 1.0
    assert set(scores["ents_per_type"]) == {"PERSON", "LOC"}

    nlp.to_disk(tmp_path)
    from_bytes = load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())
    for other in (spacy.load(tmp_path), from_bytes):
        assert [ents_of(other(text)) for text in TEXTS] == expected
        assert other.get_pipe(name).labels == ner.labels
        assert other.get_pipe(name).to_bytes() == ner.to_bytes()

    ner.add_label("ORG")
    assert [ents_of(nlp(text)) for text in TEXTS] == expected
    nlp.to_disk(tmp_path)
    grown = spacy.load(tmp_path)
    assert [ents_of(grown(text)) for text in TEXTS] == expected
    assert grown.get_pipe(name).labels == ("PERSON", "LOC", "ORG")


@pytest.mark.parametrize("batch_size", [1, 2, 7, 100])
def test_pipe_equals_call_bit_for_bit(trained_once, batch_size):
    texts = TEXTS + ["London " * n for n in range(1, 12)] + [f"word{n} Berlin" for n in range(20)]
    ner = trained_once.get_pipe("window_ner")
    docs = list(trained_once.pipe(texts, batch_size=batch_size))
    assert [doc.text for doc in docs] == texts
    assert [doc.to_bytes() for doc in docs] == [trained_once(text).to_bytes() for text in texts]
    for i in range(0, len(docs), batch_size):
        batch = docs[i : i + batch_size]
        for doc, scores in zip(batch, ner.model.predict(batch), strict=True):
            numpy.testing.assert_array_equal(scores, ner.model.predict([doc])[0])


def test_pipe_equals_call_for_the_default_model():
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    ner = nlp.add_pipe("window_ner")
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=optimizer)
    docs = [nlp.make_doc(f"word{n} " * (1 + n % 37)) for n in range(300)]
    for doc, scores in zip(docs, ner.model.predict(docs), strict=True):
        numpy.testing.assert_array_equal(scores, ner.model.predict([doc])[0])


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_learn(loss, scheme):
    nlp = make_nlp(loss={"@losses": loss}, scheme=scheme)
    first = train(nlp, steps=1)["window_ner"]
    assert train(nlp, steps=120)["window_ner"] < first / 10
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("loss", LOSSES)
def test_tokens_without_annotation_have_no_gradient(loss, scheme):
    nlp, ner = make_ner(loss={"@losses": loss}, scheme=scheme)
    ref = Doc(nlp.vocab, words="a b London c d e".split())
    ref.set_ents([Span(ref, 2, 3, label="LOC")], missing=[ref[0:1], ref[4:6]])
    known = [False, True, True, True, False, False]
    # At several scores: a margin that is kept has no gradient either.
    found = numpy.zeros(6, dtype=bool)
    for seed in range(20):
        found |= learns_from(gradient(ner, [Example(nlp.make_doc(ref.text), ref)], seed)[0])
    assert found.tolist() == known


def test_dashes_and_documents_without_annotation():
    nlp, ner = make_ner(loss={"@losses": "spacy-windowner.CrossEntropy.v1"})
    annotations = [{"entities": ["O", "-", "U-LOC", "-"]}, {}, {"entities": []}]
    examples = make_examples(nlp, [("I like London much", a) for a in annotations])
    dashes, nothing, negative = gradient(ner, examples)
    assert learns_from(dashes) == [True, False, True, False]
    assert learns_from(nothing) == [False] * 4
    assert learns_from(negative) == [True] * 4
    # The gradient of a fully annotated negative pushes towards O alone.
    assert (negative[:, 0] < 0.0).all() and (negative[:, 1:] > 0.0).all()
    assert ner.update(examples[1:2]) == {"window_ner": 0.0}


def test_negative_documents_are_learned(trained):
    text = TRAIN_DATA[1][0]
    assert ents_of(trained(text)) == ENTITIES[1]
    optimizer = trained.resume_training()
    for _ in range(40):
        trained.update(make_examples(trained, [(text, {"entities": []})]), sgd=optimizer)
    assert ents_of(trained(text)) == []


def misaligned(nlp: Language) -> list[Example]:
    """Four entities that can be learned, two of them without whitespace, and two that can't."""
    good = reference(nlp.vocab, ["in", "London"], (1, 2, "LOC"))
    cut = reference(nlp.vocab, "I like New York City".split(), (2, 4, "LOC"))
    space = reference(
        nlp.vocab, ["Shaka", "\n", "in", "\n", "Rome", " "],
        (0, 2, "PERSON"), (3, 5, "LOC"), (5, 6, "LOC"),
    )  # fmt: skip
    split = reference(nlp.vocab, ["NewYork"], (0, 1, "LOC"))
    return [
        Example(good.copy(), good),
        Example(Doc(nlp.vocab, words=["I", "like", "New", "YorkCity"]), cut),
        Example(space.copy(), space),
        Example(Doc(nlp.vocab, words=["New", "York"], spaces=[False, False]), split),
    ]


def check_skips(record) -> None:
    trimmed, skipped = (str(warning.message) for warning in record)
    assert "[WW163] 2 of 6 entities" in trimmed
    assert r"'Shaka \n' (PERSON) in document 2, " in trimmed
    assert "[WW001] 'window_ner' can't learn from 2 of 6 entities" in skipped
    assert "1 not aligned with the tokens" in skipped
    assert "1 of whitespace only" in skipped
    assert "'New York' (LOC) in document 1, 'I like New York City '" in skipped


@pytest.mark.filterwarnings("default")
def test_entities_that_cannot_be_learned_implicit_labels(recwarn):
    nlp = make_nlp()
    examples = misaligned(nlp)
    optimizer = nlp.initialize(lambda: examples)
    check_skips(recwarn)
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    assert len(recwarn) == 2


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("way", ["labels of the config", "add_label"])
def test_entities_that_cannot_be_learned_explicit_labels(way, recwarn):
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    examples = misaligned(nlp)
    if way == "add_label":
        ner.add_label("LOC")
        ner.add_label("PERSON")
        nlp.initialize()
    else:
        ner.initialize(lambda: examples, nlp=nlp, labels=["LOC", "PERSON"])
    assert not recwarn
    nlp.update(examples[:1])
    assert not recwarn
    nlp.update(examples)
    check_skips(recwarn)
    nlp.update(examples)
    assert len(recwarn) == 2


@pytest.mark.filterwarnings(r"ignore:\[WW(001|163)\]")
def test_tokens_of_entities_that_cannot_be_learned_have_no_gradient():
    _, ner = make_ner(loss={"@losses": "spacy-windowner.CrossEntropy.v1"})
    d_scores = gradient(ner, misaligned(make_nlp()))
    assert [learns_from(d) for d in d_scores] == [
        [True, True],
        [True, True, False, False],
        [True, False, True, False, True, False],
        # One gold token of two predicted ones: both carry its entity.
        [True, True],
    ]
    # B-PERSON and B-LOC are pulled up, whatever whitespace came first.
    assert (d_scores[2][[0, 4], [3, 1]] < 0.0).all()
    # B-LOC and I-LOC are pulled up.
    assert (d_scores[3][[0, 1], [1, 2]] < 0.0).all()


def incorrect(nlp: Language, *entities: tuple[int, int, str]) -> Example:
    """`London` is known not to be a LOC; what it is, and all the rest, is unknown."""
    doc = nlp.make_doc("I like London and Berlin.")
    if entities:
        doc.set_ents([Span(doc, *ent) for ent in entities], default="missing")
    doc.spans["wrong"] = [Span(doc, 2, 3, label="LOC")]
    return Example(nlp.make_doc(doc.text), doc)


@pytest.mark.parametrize("loss", LOSSES)
def test_incorrect_spans(loss):
    nlp = make_nlp(incorrect_spans_key="wrong", loss={"@losses": loss})
    train(nlp)
    text = "I like London and Berlin."
    assert ents_of(nlp(text)) == ENTITIES[1]
    optimizer = nlp.resume_training()
    for _ in range(100):
        losses = nlp.update([incorrect(nlp)], sgd=optimizer)
    assert losses["window_ner"] < 0.01
    assert ("London", "LOC") not in ents_of(nlp(text))
    assert copy_of(nlp).get_pipe("window_ner").cfg["incorrect_spans_key"] == "wrong"


def test_incorrect_spans_that_contradict_the_entities():
    nlp = make_nlp(incorrect_spans_key="wrong")
    train(nlp)
    contradiction = incorrect(nlp, (2, 3, "LOC"))
    message = r"WN017.*'London'.*'wrong'.*LOC.*I like London"
    with pytest.raises(ValueError, match=message):
        nlp.update([contradiction])
    with pytest.raises(ValueError, match=message):  # before hours of training
        nlp.initialize(lambda: [*make_examples(nlp), contradiction])
    nlp.update([incorrect(nlp, (2, 3, "PERSON"))])


def test_incorrect_spans_of_unknown_labels_and_other_keys():
    nlp = make_nlp(incorrect_spans_key="wrong")
    train(nlp)
    eg = incorrect(nlp)
    assert nlp.update([eg])["window_ner"] > 0.0
    eg.reference.spans["wrong"] = [Span(eg.reference, 2, 3, label="UNKNOWN")]
    assert nlp.update([eg])["window_ner"] == 0.0
    eg.reference.spans["other"] = [Span(eg.reference, 2, 3, label="LOC")]
    assert nlp.update([eg])["window_ner"] == 0.0


def test_label_weights():
    examples = make_examples(make_nlp())
    config = {"loss": {"@losses": "spacy-windowner.CrossEntropy.v1"}}
    plain, weighted = (
        gradient(make_ner(label_weights=weights, **config)[1], examples)
        for weights in ({}, {"LOC": 3.0, "PERSON": 0.0})
    )
    factors = [[1, 1, 0, 0, 1], [1, 1, 3, 1, 3, 1]]
    for d_plain, d_weighted, factor in zip(plain, weighted, factors, strict=True):
        numpy.testing.assert_allclose(d_weighted, d_plain * numpy.array(factor)[:, None], rtol=1e-5)


def test_a_label_of_weight_zero_is_not_learned():
    nlp = make_nlp(label_weights={"PERSON": 0.0})
    train(nlp)
    found = [ent.label_ for text, _ in TRAIN_DATA for ent in nlp(text).ents]
    assert set(found) == {"LOC"}
    assert copy_of(nlp).get_pipe("window_ner").cfg["label_weights"] == {"PERSON": 0.0}


def test_update_without_optimizer_accumulates_gradients():
    nlp = make_nlp()
    train(nlp, steps=1)
    ner = nlp.get_pipe("window_ner")
    output = ner.model.get_ref("output_layer")
    before = ner.model.to_bytes()
    examples = make_examples(nlp)
    losses = ner.update(examples)
    once = output.get_grad("W").copy()
    assert once.any()
    assert ner.update(examples, losses=losses) is losses
    numpy.testing.assert_allclose(output.get_grad("W"), 2 * once, rtol=1e-5)
    assert losses["window_ner"] == pytest.approx(2 * ner.update(examples)["window_ner"])
    assert ner.model.to_bytes() == before
    ner.finish_update(nlp.create_optimizer())
    assert ner.model.to_bytes() != before


def test_update_with_nothing_to_learn_from(trained):
    ner = trained.get_pipe("window_ner")
    before = ner.to_bytes()
    empty = Example.from_dict(trained.make_doc(""), {"entities": []})
    assert ner.update([]) == {"window_ner": 0.0}
    assert ner.update([empty, empty], losses={"window_ner": 2.0, "x": 1.0}) == {
        "window_ner": 2.0,
        "x": 1.0,
    }
    assert trained.update([], losses={"x": 1.0})["x"] == 1.0
    assert ner.to_bytes() == before
    # Next to others, an empty document changes nothing.
    examples = make_examples(trained, [TRAIN_DATA[0], ("", {"entities": []}), TRAIN_DATA[1]])
    with_empty, without = ner.update(examples), ner.update([examples[0], examples[2]])
    assert with_empty == without
    with pytest.raises(TypeError):
        ner.update([trained.make_doc("no example")])


@pytest.mark.parametrize("dropout, own", [(None, False), (0.0, True)])
def test_dropout(dropout, own):
    nlp = make_nlp(model={"dropout": dropout})
    train(nlp, steps=1)
    ner = nlp.get_pipe("window_ner")
    examples = make_examples(nlp)
    same = len({ner.update(examples, drop=0.5)["window_ner"] for _ in range(4)}) == 1
    assert same == own
    # No dropout in prediction.
    docs = [eg.predicted for eg in examples]
    for a, b in zip(ner.model.predict(docs), ner.model.predict(docs), strict=True):
        numpy.testing.assert_array_equal(a, b)


class _Spy:
    """A component that sees the predicted documents in training."""

    def __init__(self):
        self.seen: list = []

    def __call__(self, doc: Doc) -> Doc:
        return doc

    def update(self, examples, **_) -> None:
        self.seen = [ents_of(eg.predicted) for eg in examples]


@Language.factory("spy_of_tests")
def make_spy(nlp: Language, name: str) -> _Spy:
    return _Spy()


def test_annotating_component(trained):
    spy = trained.add_pipe("spy_of_tests")
    examples = make_examples(trained)
    trained.update(examples)
    assert spy.seen == [[], []]
    trained.update(examples, annotates=["window_ner"])
    assert spy.seen == ENTITIES
    trained.update(examples, annotates=["window_ner"], exclude=["window_ner"])
    assert spy.seen == ENTITIES


def test_frozen_component(trained):
    ner = trained.get_pipe("window_ner")
    before = ner.model.to_bytes()
    examples = make_examples(trained, [("London", {"entities": []})])
    optimizer = trained.resume_training()
    trained.update(examples, sgd=optimizer, exclude=["window_ner"])
    with trained.select_pipes(disable=["window_ner"]):
        trained.update(examples, sgd=optimizer)
        assert trained("London").ents == ()
    assert ner.model.to_bytes() == before
    trained.update(examples, sgd=optimizer)
    assert ner.model.to_bytes() != before


def test_initialize_leaves_frozen_components_alone(trained):
    before = trained.get_pipe("window_ner").to_bytes()
    with trained.select_pipes(disable=["window_ner"]):
        trained.initialize()
    assert trained.get_pipe("window_ner").to_bytes() == before


def test_resume_training(trained):
    optimizer = trained.resume_training()
    data = [
        *TRAIN_DATA,
        ("We met Ada in Paris", {"entities": [(7, 10, "PERSON"), (14, 19, "LOC")]}),
    ]
    for _ in range(60):
        losses = trained.update(make_examples(trained, data), sgd=optimizer)
    assert losses["window_ner"] < 0.01
    assert ents_of(trained("We met Ada in Paris")) == [("Ada", "PERSON"), ("Paris", "LOC")]


def test_averaged_parameters():
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.01, use_averages=True)
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    doc = examples[0].predicted
    before, scores = ner.to_bytes(), ner.model.predict([doc])[0]
    with nlp.use_params(optimizer.averages):
        averaged, averaged_scores = ner.to_bytes(), ner.model.predict([doc])[0]
    assert averaged != before
    assert not numpy.array_equal(averaged_scores, scores)
    assert ner.to_bytes() == before
    numpy.testing.assert_array_equal(ner.model.predict([doc])[0], scores)


def test_same_seed_same_bytes():
    runs = []
    for seed in (0, 0, 1):
        nlp = make_nlp(model={"dropout": 0.3, "embed": {"features": {"attr_dropout": 0.2}}})
        train(nlp, steps=5, seed=seed)
        runs.append(nlp.get_pipe("window_ner").to_bytes(exclude=["vocab"]))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
