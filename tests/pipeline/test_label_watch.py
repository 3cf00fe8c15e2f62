"""Labels that the training data doesn't have."""

import warnings

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as train_loop

from spacy_windowner.pipeline import labels as label_watch

from .test_growth import NEW_DATA, grow_config, old_nlp
from .util import TRAIN_DATA, copy_of, make_examples, make_nlp, train

NEGATIVE = ("Nothing of this kind is in here.", {"entities": []})
WORDS = 8
"""Words of it."""


@pytest.fixture(autouse=True)
def few_words_are_enough(monkeypatch):
    monkeypatch.setattr(label_watch, "_ENOUGH", 3 * WORDS)


def initialized(labels, data=TRAIN_DATA):
    nlp = make_nlp()
    examples = make_examples(nlp, data)
    nlp.get_pipe("window_ner").initialize(lambda: examples, nlp=nlp, labels=labels)
    return nlp


def update(nlp, *data, times=1):
    for _ in range(times):
        nlp.update(make_examples(nlp, data))


def test_given_labels_of_which_none_comes():
    nlp = initialized(["ORG", "DATE"], [NEGATIVE])
    update(nlp, NEGATIVE, times=2)
    with pytest.raises(ValueError, match=r"WN165.*24 words.*\(ORG, DATE\).*\[initialize\]"):
        update(nlp, NEGATIVE)


def test_given_labels_of_which_one_does_not_come():
    nlp = initialized(["LOC", "PERSON", "DATE"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        update(nlp, *TRAIN_DATA, times=2)
    with pytest.warns(UserWarning, match="WW160.*doesn't learn DATE: in 33 words"):
        update(nlp, *TRAIN_DATA)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        update(nlp, *TRAIN_DATA, times=5)


def test_labels_that_come_late():
    nlp = initialized(["LOC", "PERSON"])
    update(nlp, NEGATIVE, times=2)
    update(nlp, *TRAIN_DATA)
    update(nlp, NEGATIVE, times=9)


def test_a_label_that_was_added_before():
    nlp = make_nlp()
    nlp.get_pipe("window_ner").add_label("DATE")
    with pytest.warns(UserWarning, match="WW160.*DATE"):
        train(nlp, steps=3)


def test_labels_of_the_examples_are_there():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp = make_nlp()
        train(nlp, steps=1)
        update(nlp, NEGATIVE, times=9)


def test_a_trained_pipeline_may_learn_from_negative_documents(trained):
    nlp = copy_of(trained)
    nlp.resume_training()
    update(nlp, NEGATIVE, times=9)


def test_new_labels():
    nlp = old_nlp()
    nlp.get_pipe("window_ner").add_labels(["ORG"])
    with pytest.raises(ValueError, match=r"WN165.*\(ORG\)"):
        update(nlp, *TRAIN_DATA, times=3)


def test_frozen_labels_of_a_loaded_pipeline():
    nlp = old_nlp()
    nlp.get_pipe("window_ner").add_labels(["ORG"])
    update(nlp, *NEW_DATA)
    nlp = copy_of(nlp)
    with pytest.raises(ValueError, match=r"WN165.*\(ORG\)"):
        update(nlp, *TRAIN_DATA, times=3)


# configs/grow.cfg


def grow(tmp_path, labels, data=NEW_DATA, **overrides):
    nlp = old_nlp()
    config = grow_config(tmp_path, nlp, **{"initialize.before_init.labels": labels, **overrides})
    docs = [eg.reference for eg in make_examples(nlp, data)]
    DocBin(docs=docs).to_disk(tmp_path / "new.spacy")
    return init_nlp(config)


@pytest.mark.parametrize(
    ("labels", "data", "message"),
    [
        (["DATE"], NEW_DATA, r"'window_ner' can't learn DATE.*corpora\.train.*2 of ORG"),
        (["ORG", "DATE"], NEW_DATA, "can't learn DATE: .*2 of ORG"),
        (["ORG"], [NEGATIVE], "can't learn ORG.*The data has none"),
        (["ORG"], TRAIN_DATA, "can't learn ORG.*The data has 2 of LOC, 1 of PERSON"),
    ],
)
def test_growth_without_examples(tmp_path, labels, data, message):
    with pytest.raises(ValueError, match=f"WN164.*{message}.*before_init"):
        grow(tmp_path, labels, data)


@spacy.registry.readers("test.Stream.v1")
def stream():
    def read(nlp):
        while True:
            doc = nlp.make_doc(NEGATIVE[0])
            yield Example.from_dict(doc, NEGATIVE[1])

    return read


def test_growth_with_a_stream_without_examples(tmp_path):
    """It may be endless, and nobody knows what is to come."""
    nlp = old_nlp()
    config = grow_config(tmp_path, nlp, **{"training.max_epochs": -1})
    config["corpora"]["train"] = {"@readers": "test.Stream.v1"}
    nlp = init_nlp(config)
    with pytest.raises(ValueError, match=r"WN165.*\(ORG\)"):
        train_loop(nlp)
