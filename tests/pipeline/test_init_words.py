"""Training that begins with words pretrained from raw text."""

import numpy
import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp

from spacy_windowner.files import read_packed
from spacy_windowner.tools.pretrain.pretrain import pretrain

from ..tools.pretrain.util import make_config, write_text
from .util import make_examples, make_nlp


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    pretrain(write_text(folder), folder / "out", config=make_config(), epochs=2, batch_words=30)
    return folder / "out" / "words.bin"


def params(component, part):
    return [
        (node.get_param(name)) for node in component.model.get_ref(part).walk()
        for name in node.param_names
    ]  # fmt: skip


def pretrained_params(words, part):
    layers = read_packed(words, "spacy-windowner.words.v3")[part]
    return [value for layer in layers for value in layer["params"].values()]


def initialized(**settings):
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    examples = make_examples(nlp)
    ner.initialize(lambda: examples, nlp=nlp, **settings)
    return nlp, ner


@pytest.mark.parametrize("as_string", [False, True])
def test_the_model_begins_with_the_words(words, as_string):
    _, ner = initialized(init_words=str(words) if as_string else words)
    assert ner.labels == ("PERSON", "LOC")
    for part in ("embed", "windowed_affine"):
        pairs = zip(params(ner, part), pretrained_params(words, part), strict=True)
        assert all(numpy.array_equal(found, expected) for found, expected in pairs)
    assert not ner.model.get_ref("output_layer").get_param("W").any()


def test_null_is_for_random_weights(words):
    _, ner = initialized(init_words=None)
    pairs = zip(params(ner, "embed"), pretrained_params(words, "embed"), strict=True)
    assert not all(numpy.array_equal(found, expected) for found, expected in pairs)


def test_labels_can_be_given_too(words):
    _, ner = initialized(init_words=words, labels=["ORG"])
    assert ner.labels == ("ORG",)


def test_it_learns_on(words):
    nlp, ner = initialized(init_words=words)
    examples = make_examples(nlp)
    optimizer = nlp.create_optimizer()
    before = [value.copy() for value in params(ner, "windowed_affine")]
    losses = []
    for _ in range(60):
        losses.append(nlp.update(examples, sgd=optimizer)["window_ner"])
    assert losses[-1] < losses[0] / 100
    assert not numpy.array_equal(params(ner, "windowed_affine")[0], before[0])
    assert words.is_file()


def test_in_a_config(words, tmp_path):
    config = make_config()
    nlp = spacy.blank("xx")
    corpus = tmp_path / "corpus.spacy"
    DocBin(docs=[eg.reference for eg in make_examples(nlp)]).to_disk(corpus)
    config["paths"].update(train=str(corpus), dev=str(corpus), init_words=str(words))
    config["initialize"]["components"]["window_ner"] = {"init_words": "${paths.init_words}"}
    ner = init_nlp(config).get_pipe("window_ner")
    [found, *_] = params(ner, "windowed_affine")
    assert numpy.array_equal(found, pretrained_params(words, "windowed_affine")[0])
    config["paths"]["init_words"] = str(tmp_path / "missing")
    with pytest.raises(ValueError, match="WN045.*missing.*no such file"):
        init_nlp(config)


def test_words_that_do_not_fit(words):
    nlp = make_nlp(model={"hidden_width": 16})
    ner = nlp.get_pipe("window_ner")
    message = r"WN046.*'window_ner'.*shape \(5, 32, 80\).*shape \(5, 16, 80\)"
    with pytest.raises(ValueError, match=message):
        ner.initialize(lambda: make_examples(nlp), nlp=nlp, init_words=words)
