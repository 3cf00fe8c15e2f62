import numpy
import pytest
import spacy
from spacy.attrs import NORM
from spacy.tokens import Doc
from thinc.api import Model

from spacy_windowner.layers.dropout import HIDDEN, WordDropout, hide_norms


@pytest.fixture
def doc():
    return Doc(spacy.blank("en").vocab, words=["Paris", "is", "amazing", " "] * 100)


def Norms():
    """An embedding layer that returns the NORM of each word."""

    def forward(model, docs, is_train):
        return [doc.to_array(NORM) for doc in docs], lambda d_docs: d_docs

    return Model("norms", forward)


def n_hidden(norms, doc):
    hidden = doc.vocab.strings[HIDDEN]
    kept = norms != hidden
    assert (norms[kept] == doc.to_array(NORM)[kept]).all()
    return len(doc) - int(kept.sum())


@pytest.mark.parametrize(("rate", "low", "high"), [(0.0, 0, 0), (0.25, 60, 140), (0.999, 390, 400)])
def test_a_share_of_the_norms_is_hidden_in_training(doc, rate, low, high):
    numpy.random.seed(0)
    [norms], _ = WordDropout(Norms(), rate)([doc], is_train=True)
    assert low <= n_hidden(norms, doc) <= high


def test_nothing_is_hidden_in_prediction(doc):
    [norms] = WordDropout(Norms(), 0.999).predict([doc])
    assert n_hidden(norms, doc) == 0


def test_each_update_hides_other_words_and_a_seed_repeats_them(doc):
    layer = WordDropout(Norms(), 0.5)
    runs = []
    for seed in (0, 0, 1):
        numpy.random.seed(seed)
        runs.append(layer([doc], is_train=True)[0][0])
    assert (runs[0] == runs[1]).all()
    assert (runs[0] != runs[2]).any()


def test_only_the_norm_of_a_copy_changes(doc):
    copy = hide_norms(doc, 1.0)
    assert {token.norm_ for token in copy} == {HIDDEN}
    for old, new in zip(doc, copy, strict=True):
        assert (new.text, new.prefix_, new.suffix_, new.shape_, new.whitespace_) == (
            old.text, old.prefix_, old.suffix_, old.shape_, old.whitespace_,
        )  # fmt: skip
        assert old.norm_ == old.lower_
    assert doc.vocab["Paris"].norm_ == "paris"


def test_gradients_pass_unchanged(doc):
    _, backprop = WordDropout(Norms(), 0.5)([doc], is_train=True)
    assert backprop(["gradient"]) == ["gradient"]


def test_empty_doc(doc):
    assert len(hide_norms(Doc(doc.vocab), 0.5)) == 0
