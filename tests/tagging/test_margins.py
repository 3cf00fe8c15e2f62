import numpy
import pytest
from hypothesis import given, settings

from spacy_windowner.tagging import margins as margins_module
from spacy_windowner.tagging.decoding import decode
from spacy_windowner.tagging.margins import entity_margins
from spacy_windowner.decoding.tags import BILUO, BIO
from spacy_windowner.tagging.spans import spans_by_doc
from spacy_windowner.tagging.viterbi import greedy, viterbi

from .util import Batch, all_spans, batches, may_hold, random_batch, spell

schemes = pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])

SHORT = batches({1: 6, 2: 5, 3: 4})
LONG = batches({1: 30, 3: 20})


def margins(batch: Batch, search=viterbi) -> tuple[list, numpy.ndarray]:
    """The entities of a batch that a search finds, and their margins."""
    scores, places, scheme = batch.scores.T, batch.places, batch.scheme
    tokens, tags = decode(scores, places, search, scheme)
    docs = spans_by_doc(batch.lengths, *scheme.spans_from_tags(tokens, tags))
    is_best = search is viterbi
    return docs, entity_margins(scores, places, scheme, tokens, tags, is_best=is_best)


def valid_paths(batch: Batch) -> list[tuple[list, float]]:
    """All sets of entities that a document may hold, and their total scores."""
    n, n_tags = batch.scores.shape
    return [
        (spans, batch.total(spell(spans, n, batch.scheme)))
        for spans in all_spans(n, batch.scheme.n_labels(n_tags))
        if may_hold(batch, spans)
    ]


@pytest.mark.parametrize("search", [viterbi, greedy])
@settings(max_examples=250)
@given(batch=SHORT)
def test_margins_equal_enumeration(search, batch: Batch):
    docs, found = margins(batch, search)
    expected = []
    for doc, entities in zip(batch.docs(), docs, strict=True):
        paths = valid_paths(doc)
        for entity in entities:
            best_with = max(total for spans, total in paths if entity in spans)
            without = max(total for spans, total in paths if entity not in spans)
            expected.append(best_with - without)
    numpy.testing.assert_allclose(found, expected, atol=1e-4)


@settings(max_examples=250)
@given(LONG)
def test_what_is_far_away_does_not_matter(batch: Batch):
    """Margins from the surroundings of the entities are those from the whole documents."""
    scores, places, scheme = batch.scores.T, batch.places, batch.scheme
    tokens, tags = decode(scores, places, viterbi, scheme)
    whole = entity_margins(scores, places, scheme, tokens, tags, is_best=False)
    numpy.testing.assert_allclose(margins(batch)[1], whole, atol=1e-4)


@settings(max_examples=200)
@given(batch=LONG)
def test_documents_are_independent(batch: Batch):
    alone = [margins(doc)[1] for doc in batch.docs()]
    assert margins(batch)[1].tolist() == numpy.concatenate(alone).tolist()


@pytest.mark.parametrize("search", [viterbi, greedy])
@settings(max_examples=200)
@given(batch=LONG)
def test_shared_sentences_change_nothing(search, batch: Batch):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(margins_module, "_OVERLAP", 0)
        shared = margins(batch, search)[1]
        patch.setattr(margins_module, "_OVERLAP", 1000)
        numpy.testing.assert_allclose(shared, margins(batch, search)[1], atol=1e-4)


@schemes
@pytest.mark.parametrize("search", [viterbi, greedy])
def test_work_grows_with_the_tokens(scheme, search, monkeypatch):
    """In a long document that repeats itself, with rivals that are better but can't stand there."""
    real, sizes = margins_module.max_marginals, []

    def watch(S, lengths):
        sizes.append(len(S))
        return real(S, lengths)

    monkeypatch.setattr(margins_module, "max_marginals", watch)
    n_tags = scheme.n_tags(1)
    batch = random_batch(2000, 1, scheme)
    scores = numpy.full((2000, n_tags), -1.0, dtype="float32")
    scores[:, 0] = 0.0
    scores[::4, 1:] = 3.0  # after O only B (or U) can stand
    scores[::4, 2] = 9.0
    docs, found = margins(batch._replace(scores=scores), search)
    assert len(docs[0]) == len(found) >= 400
    assert sizes[-1] <= 8 * 2000


@schemes
@pytest.mark.parametrize("n_labels", [0, 1, 100])
@pytest.mark.parametrize("n_tokens", [0, 1, 40])
def test_any_number_of_labels_and_tokens(scheme, n_labels, n_tokens):
    docs, found = margins(random_batch(n_tokens, n_labels, scheme))
    assert found.shape == (len(docs[0]),)
    assert (found >= -1e-4).all()
