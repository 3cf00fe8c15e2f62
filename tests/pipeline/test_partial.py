"""Documents that are annotated in part."""

import numpy
import pytest
from spacy.tokens import DocBin, Span
from spacy.training import Corpus, Example
from spacy.util import fix_random_seed

from spacy_windowner.pipeline.partial import annotation, keep_labels

from .util import LOSSES, TRAIN_DATA, ents_of, make_examples, make_nlp, reference, train

BOTH = ("Shaka Khan likes London.", {"entities": [(0, 10, "PERSON"), (17, 23, "LOC")]})
PLACES = ("Shaka Khan likes London.", {"entities": [(17, 23, "LOC")]})


def partial(nlp, data, labels=None, weight=None):
    examples = make_examples(nlp, data)
    for example in examples:
        if labels is not None:
            example.reference.user_data["annotated_labels"] = labels
        if weight is not None:
            example.reference.user_data["annotation_weight"] = weight
    return examples


def loss_of(ner, examples):
    scores, _ = ner.model.begin_update([eg.predicted for eg in examples])
    loss, d_scores = ner.get_loss(examples, scores)
    return loss, numpy.vstack(d_scores)


def trained(**config):
    nlp = make_nlp(**config)
    train(nlp, steps=3)
    return nlp, nlp.get_pipe("window_ner")


def test_other_labels_are_not_taken_for_nothing():
    """Half of the documents are annotated for people, the others for places."""
    texts = ["Shaka Khan likes London.", "Who is Shaka Khan?", "I like London and Berlin."]
    people = [
        (texts[0], {"entities": [(0, 10, "PERSON")]}),
        (texts[1], {"entities": [(7, 17, "PERSON")]}),
        (texts[2], {"entities": []}),
    ]
    places = [
        (texts[0], {"entities": [(17, 23, "LOC")]}),
        (texts[1], {"entities": []}),
        (texts[2], {"entities": [(7, 13, "LOC"), (18, 24, "LOC")]}),
    ]
    nlp = make_nlp()
    examples = partial(nlp, people, ["PERSON"]) + partial(nlp, places, ["LOC"])
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(80):
        nlp.update(examples, sgd=optimizer)
    assert ents_of(nlp(texts[0])) == [("Shaka Khan", "PERSON"), ("London", "LOC")]
    assert ents_of(nlp(texts[1])) == [("Shaka Khan", "PERSON")]
    assert ents_of(nlp(texts[2])) == [("London", "LOC"), ("Berlin", "LOC")]


@pytest.mark.parametrize("scheme", ["bio", "biluo"])
@pytest.mark.parametrize("loss", LOSSES)
def test_gradient(loss, scheme):
    """A step against it lowers the loss. The tags of other labels have a part as O has."""
    nlp, ner = trained(loss={"@losses": loss}, scheme=scheme)
    examples = partial(nlp, [PLACES], ["LOC"])
    [scores] = ner.model.predict([eg.predicted for eg in examples])
    scores = scores.astype("float64")
    before, [gradient] = ner.get_loss(examples, [scores])
    eps = 1e-4
    for token, tag in [(4, 0), (0, 1), (0, 0), (0, scores.shape[1] - 1), (3, 1)]:
        moved = scores.copy()
        moved[token, tag] += eps
        numpy.random.seed(0)
        after, _ = ner.get_loss(examples, [moved])
        assert gradient[token, tag] == pytest.approx((after - before) / eps, abs=1e-3)


def test_a_document_annotated_for_all_labels_is_as_one_that_says_nothing():
    nlp, ner = trained()
    plain = loss_of(ner, make_examples(nlp, [BOTH]))
    for labels in (["PERSON", "LOC"], ["LOC", "PERSON", "ORG"]):
        loss, gradient = loss_of(ner, partial(nlp, [BOTH], labels))
        assert loss == plain[0]
        numpy.testing.assert_array_equal(gradient, plain[1])


def test_a_document_annotated_for_no_label_of_the_component():
    nlp, ner = trained()
    for labels in ([], ["ORG"]):
        loss, gradient = loss_of(ner, partial(nlp, [("I like London.", {"entities": []})], labels))
        assert loss == 0.0 and not gradient.any()


def test_the_weight_of_a_document():
    nlp, ner = trained(loss={"@losses": "spacy-windowner.CrossEntropy.v1"})
    loss, gradient = loss_of(ner, make_examples(nlp, TRAIN_DATA))
    half = partial(nlp, TRAIN_DATA, weight=0.5)
    found, d_found = loss_of(ner, half)
    assert found == pytest.approx(loss / 2)
    numpy.testing.assert_allclose(d_found, gradient / 2, rtol=1e-6)
    # Beside another document: half of its own part, and the whole of that of the other.
    mixed = make_examples(nlp, TRAIN_DATA[:1]) + half[1:]
    _, d_mixed = loss_of(ner, mixed)
    n = len(mixed[0].predicted)
    numpy.testing.assert_allclose(d_mixed[:n], gradient[:n], rtol=1e-5, atol=1e-9)
    numpy.testing.assert_allclose(d_mixed[n:], gradient[n:] / 2, rtol=1e-5, atol=1e-9)
    assert loss_of(ner, partial(nlp, TRAIN_DATA, weight=0))[0] == 0.0


def test_frozen_labels_and_partial_annotation():
    nlp, ner = trained()
    ner.add_labels(["ORG", "DATE"])
    _, gradient = loss_of(ner, partial(nlp, [("We joined Acme", {"entities": []})], ["ORG"]))
    assert not gradient[:, :5].any() and not gradient[:, 7:].any()
    _, gradient = loss_of(ner, partial(nlp, [BOTH], ["PERSON", "LOC"]))
    assert not gradient.any()


def test_evaluation_counts_annotated_labels_only():
    nlp = make_nlp()
    train(nlp, [*TRAIN_DATA, BOTH])
    assert nlp.evaluate(make_examples(nlp, [PLACES]))["ents_p"] == 0.5
    scores = nlp.evaluate(partial(nlp, [PLACES], ["LOC"]))
    assert scores["ents_p"] == scores["ents_r"] == 1.0
    curves = nlp.get_pipe("window_ner").calibrate(partial(nlp, [PLACES] * 60, ["LOC"]))
    assert list(curves.entities.labels) == ["LOC"]
    assert curves.entities.pooled.fitted_on == 60


@pytest.mark.parametrize(
    "data, code",
    [
        ({"annotated_labels": "LOC"}, "WN076.*'LOC'.*I like London"),
        ({"annotated_labels": [1]}, "WN076"),
        ({"annotation_weight": -1.0}, "WN077.*-1.0.*I like London"),
        ({"annotation_weight": "1"}, "WN077"),
        ({"annotation_weight": float("nan")}, "WN077"),
        ({"annotated_labels": ["PERSON"]}, "WN078.*I like London.*'London'.*'LOC'"),
    ],
)
def test_bad_data(data, code):
    nlp, ner = trained()
    [example] = make_examples(nlp, [TRAIN_DATA[1]])
    example.reference.user_data.update(data)
    with pytest.raises(ValueError, match=code):
        ner.update([example])


def test_a_corpus_says_how_it_is_annotated(tmp_path):
    nlp, _ = trained()
    doc = reference(nlp.vocab, ["I", "like", "London"], (2, 3, "LOC"), default="outside")
    DocBin(docs=[doc]).to_disk(tmp_path / "corpus.spacy")
    corpus = Corpus(tmp_path / "corpus.spacy", augmenter=annotation(["LOC"], 0.5))
    [example] = corpus(nlp)
    assert isinstance(example, Example)
    assert example.reference.user_data["annotated_labels"] == ["LOC"]
    assert example.reference.user_data["annotation_weight"] == 0.5


@pytest.mark.parametrize("pairwise", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_weight_changes_nothing_but_the_size_of_gradients(loss, pairwise):
    """Documents of other weights are corrupt windows, too."""
    settings = {"@losses": loss}
    if pairwise:
        if "MaxMargin" not in loss:
            pytest.skip("has no pairwise term")
        settings.update(pairwise_weight=1.0, sequence_weight=0.0)
    nlp, ner = trained(loss=settings)
    data = [*TRAIN_DATA, ("Berlin", {"entities": [(0, 6, "LOC")]})]
    gradients = []
    for weights in ([1.0, 1.0, 1.0], [0.5, numpy.float32(0.25), 2]):
        examples = make_examples(nlp, data)
        for example, weight in zip(examples, weights, strict=True):
            example.reference.user_data["annotation_weight"] = weight
        fix_random_seed(0)
        gradients.append(loss_of(ner, examples)[1])
    plain, weighted = gradients
    factors = numpy.repeat([0.5, 0.25, 2.0], [len(eg.predicted) for eg in examples])
    assert plain.any()
    numpy.testing.assert_allclose(weighted, plain * factors[:, None], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("key, value", [("weight", 0.999999), ("labels", ["LOC"])])
def test_known_non_entities_weigh_as_much_in_a_group_of_their_own(key, value):
    loss = {"@losses": "spacy-windowner.CrossEntropy.v1"}
    nlp, ner = trained(loss=loss, incorrect_spans_key="wrong")
    gradients = []
    for partly in ({}, {key: value}):
        [example] = partial(nlp, [("I like Berlin.", {})], **partly)
        example.reference.spans["wrong"] = [Span(example.reference, 2, 3, label="LOC")]
        examples = [*make_examples(nlp), example]
        scores = [numpy.zeros((len(eg.predicted), 5), dtype="float32") for eg in examples]
        scores[-1][2, 3] = 4.0  # B-LOC
        gradients.append(ner.get_loss(examples, scores)[1][-1])
    assert gradients[0].any()
    assert numpy.abs(gradients[1]).sum() == pytest.approx(numpy.abs(gradients[0]).sum(), rel=1e-3)


def test_annotated_for_all_labels_is_as_if_nothing_were_said():
    nlp, ner = trained()
    said = partial(nlp, TRAIN_DATA[:1], ["LOC", "PERSON", "ORG"]) + make_examples(nlp)[1:]
    losses = []
    for examples in (make_examples(nlp), said):
        fix_random_seed(0)
        losses.append(loss_of(ner, examples)[0])
    assert losses[0] == losses[1]


def test_keep_labels():
    nlp = make_nlp()
    [example] = make_examples(nlp, [("Shaka Khan is in London", {"entities": [
        (0, 10, "PERSON"), (17, 23, "LOC")
    ]})])  # fmt: skip
    [kept] = keep_labels(["LOC"])(nlp, example)
    assert [(ent.text, ent.label_) for ent in kept.reference.ents] == [("London", "LOC")]
    assert [token.ent_iob_ for token in kept.reference] == ["O", "O", "O", "O", "B"]
    assert len(example.reference.ents) == 2


def test_labels_of_the_annotation_that_nobody_knows_are_reported_once():
    nlp = make_nlp()
    examples = make_examples(nlp, TRAIN_DATA)
    optimizer = nlp.initialize(lambda: examples)
    for example in examples:
        example.reference.set_ents([])
        example.reference.user_data["annotated_labels"] = ["PER"]
    with pytest.warns(UserWarning, match="WW165.*PER ") as caught:
        for _ in range(2):
            nlp.update(examples, sgd=optimizer)
    assert len(caught) == 1
