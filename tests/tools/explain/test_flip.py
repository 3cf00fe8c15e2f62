"""Which word of the context an entity hangs on."""

from types import SimpleNamespace

import pytest
import spacy
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_windowner import explain
from spacy_windowner.tools.explain.questions import Question
from spacy_windowner.tools.explain.removals import Context, WordRemover, find_removals
from spacy_windowner.tools.explain.sequences import Span

from ...pipeline.util import ents_of

WORDS = ["a", "b", "X", "Y", "c", "d"]
LABELS = ["PER", "LOC"]


def decided(words, entities, margin):
    """A decision with some entities, in which any entity has the same margin."""
    return SimpleNamespace(
        found=frozenset(Span(first, end, LABELS.index(label)) for first, end, label in entities),
        lead=lambda span: margin,
        text=lambda span: " ".join(words[span.start : span.stop]),
    )


def removals(changes, window=2, found=True):
    """What becomes of "X Y" in WORDS, if decisions without a word are those of `changes`."""
    question = Question(Span(2, 4, 0), found, found, None, 4.0)
    context = Context(question, [1, 0][:window], [4, 5][:window])

    def decide(docs):
        for changed in docs:
            words = [token.text for token in changed]
            [missing] = set(WORDS) - set(words)
            yield decided(words, *changes[missing])

    decider = SimpleNamespace(decide=decide)
    [of_entity] = find_removals(decider, Doc(Vocab(), words=WORDS), [context], LABELS)
    return of_entity


SAME_LEFT, SAME = [(1, 3, "PER")], [(2, 4, "PER")]


def test_the_nearest_come_first_then_those_that_lower_the_margin_more():
    found = removals({"a": ([], 0), "b": (SAME_LEFT, 3), "c": ([], 1), "d": (SAME, 5)})
    assert [(it.text, it.token) for it in found] == [("c", 4), ("b", 1), ("a", 0), ("d", 5)]
    assert [it.lowers_margin_by for it in found] == [3, 1, 4, -1]
    assert [it.margin for it in found] == [1, 3, 0, 5]
    assert [it.flips for it in found] == [True, False, True, False]


def test_another_label_or_another_span_is_a_flip():
    others = {
        "a": ([(1, 3, "LOC")], 4),
        "b": ([(1, 2, "PER")], 4),
        "c": ([(2, 3, "PER"), (3, 4, "LOC")], 4),
        "d": ([(0, 1, "PER"), (2, 4, "PER")], 4),
    }
    found = {it.text: it for it in removals(others)}
    assert found["a"].found == [("X Y", "LOC")]
    assert found["b"].found == [("X", "PER")]
    assert found["c"].found == [("X", "PER"), ("Y", "LOC")]
    assert found["d"].found == [("X Y", "PER")]
    assert [found[word].flips for word in "abcd"] == [True, True, True, False]


def test_what_was_not_found_may_be_found():
    """The margin of the best sequence without it over the best one with it."""
    others = [(1, 3, "LOC")]
    changes = {"a": (others, -3), "b": (SAME_LEFT, 2), "c": ([], -5), "d": ([], -3)}
    found = {it.text: it for it in removals(changes, found=False)}
    assert {word: it.flips for word, it in found.items()} == dict(a=False, b=True, c=False, d=False)
    assert {word: it.margin for word, it in found.items()} == dict(a=3, b=-2, c=5, d=3)
    assert found["b"].lowers_margin_by == 6


def test_only_words_in_the_windows_count():
    keep = {"b": (SAME_LEFT, 4), "c": (SAME, 4)}
    assert [it.text for it in removals(keep, window=1)] == ["b", "c"]
    assert removals({}, window=0) == []


def test_the_flip_is_what_happens_without_the_word(contextual):
    words = ["We", "met", "Mr", "Paris", "yesterday", "."]
    doc = Doc(contextual.vocab, words=words)
    [entity] = explain(contextual, doc).entities
    assert (entity.text, entity.label) == ("Paris", "PERSON")
    # Each word removed by hand.
    changed = {}
    for i in (1, 2, 4, 5):
        left = contextual(Doc(contextual.vocab, words=words[:i] + words[i + 1 :]))
        changed[i] = ents_of(left)
    flips = [i for i in (2, 4, 1, 5) if changed[i] != [("Paris", "PERSON")]]
    assert flips[0] == 2  # without Mr
    assert entity.flip.token == 2
    assert entity.flip.text == "Mr"
    assert entity.flip.found == changed[2]
    assert entity.support.lowers_margin_by >= entity.flip.lowers_margin_by > 0


def test_no_word_flips_an_entity_without_context(explained):
    [entity] = explain(explained, "London").entities
    assert entity.flip is None
    assert entity.support is None


def test_support_is_what_lowers_the_margin_most(explained):
    for entity in explain(explained, "I like London and Berlin.").entities:
        assert entity.support is not None
        assert entity.support.margin == pytest.approx(
            entity.margin - entity.support.lowers_margin_by
        )


def test_words_are_removed_with_their_annotation():
    nlp = spacy.blank("en")
    words, spaces = ["I", "do", "n't", "go", ".", "No"], [True, False, True, False, True, False]
    doc = Doc(nlp.vocab, words=words, spaces=spaces, sent_starts=[True, *[False] * 4, True],
              tags=list("abcdef"), pos=["X"] * 6, lemmas=list("ghijkl"), heads=[0] * 5 + [5],
              deps=["dep"] * 6)  # fmt: skip
    doc[2].norm_ = "not"
    copy = WordRemover(doc).without(0)
    assert copy.text == "don't go. No"
    assert [token.norm_ for token in copy][:2] == ["do", "not"]
    assert [token.tag_ for token in copy] == list("bcdef")
    assert [token.lemma_ for token in copy] == list("hijkl")
    assert [token.is_sent_start for token in copy] == [True, False, False, False, True]
    assert not copy.has_annotation("DEP")
    assert [token.is_sent_start for token in WordRemover(doc).without(5)] == [True, *[False] * 4]
    bare = WordRemover(Doc(nlp.vocab, words=["a", "b", "c"])).without(1)
    assert not bare.has_annotation("SENT_START")
    assert len(WordRemover(WordRemover(bare).without(0)).without(0)) == 0
