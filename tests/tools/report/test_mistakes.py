"""Errors in their context."""

from collections import Counter

from spacy.tokens import Doc
from spacy.training import Example

from spacy_windowner.tools.report.matching import BOUNDARY, MISSED, SPURIOUS, Entity, compare, match
from spacy_windowner.tools.report.mistakes import CONTEXT, Mark, Piece, choose_mistakes

from .util import NLP, ent, make_example, random_examples


def test_models_that_make_the_same_error_share_it():
    first = compare([make_example("Aa..B", "A...."), make_example("...", "..C")])
    second = compare([make_example("Aa..B", "A...B"), make_example("...", ".BC")])
    mistakes, total = choose_mistakes([first, second], 10)
    assert total == 4
    assert [(m.doc, m.kind, m.text, list(m.scores)) for m in mistakes] == [
        (0, BOUNDARY, "w0 w1", [0, 1]),
        (0, MISSED, "w4", [0]),
        (1, SPURIOUS, "w1", [1]),
        (1, SPURIOUS, "w2", [0, 1]),
    ]
    boundary = mistakes[0]
    assert boundary.true == Mark(0, 5, "A", "w0 w1") and boundary.found == Mark(0, 2, "A", "w0")
    assert boundary.pieces == [Piece("w0", True, True), Piece(" w1", True, False)]
    assert (boundary.before, boundary.after) == ("", " w2 w3 w4 ")


def test_scores():
    [doc] = compare([make_example("A.B", "...")])
    true = [Entity(0, 1, "A", 0.3), Entity(2, 3, "B", None)]
    found = [Entity(0, 1, "B", 0.8)]
    doc = doc._replace(true=true, found=found, pairs=match(true, found))
    mistakes, _ = choose_mistakes([[doc]], 10)
    # That of what was found ranks above that of what should have been.
    assert [(m.kind, m.score, m.labels) for m in mistakes] == [
        ("type", 0.8, ["A", "B"]),
        (MISSED, None, ["B"]),
    ]
    assert mistakes[0].to_dict(["m"])["models"] == {"m": 0.8}


def test_context_without_spaces_is_cut_where_it_must_be():
    doc = Doc(NLP.vocab, words=["東" * 300, "Paris", "京" * 300], spaces=[False] * 3)
    true = doc.copy()
    true.set_ents([ent(true, 1, 2, "LOC")])
    doc.set_ents([], default="outside")
    [mistake], _ = choose_mistakes([compare([Example(doc, true)])], 10)
    assert mistake.before == "…" + "東" * CONTEXT and mistake.after == "京" * CONTEXT + "…"


def test_if_there_are_many_each_kind_and_label_has_its_turn():
    compared = compare(random_examples(0))
    every, total = choose_mistakes([compared], 10**6)
    assert len(every) == total > 100
    assert choose_mistakes([compared], total)[0] == every

    def group(mistake):
        return mistake.kind, (mistake.true or mistake.found).label

    n_groups = len(set(map(group, every)))
    few, same_total = choose_mistakes([compared], n_groups)
    assert same_total == total
    assert set(Counter(map(group, few)).values()) == {1}
    assert [m.doc for m in few] == sorted(m.doc for m in few)
    assert choose_mistakes([compared], 0) == ([], total)


def test_the_surest_of_a_group_come_first():
    doc = make_example("." * 6, "AAAAAA").reference
    found = [Entity(i, i + 1, "A", score) for i, score in enumerate([0.1, 0.7, 0.3, 0.9, 0.2, 0.5])]
    [base] = compare([make_example("." * 6, "......")])
    [first, second], _ = choose_mistakes(
        [[base._replace(doc=doc, found=found, pairs=match([], found))]], 2
    )
    assert [first.score, second.score] == [0.7, 0.9]


def test_long_texts_are_cut_at_words():
    words = [f"word{i}" for i in range(400)]
    true, found = Doc(NLP.vocab, words=words), Doc(NLP.vocab, words=words)
    true.ents = [ent(true, 100, 300, "A")]
    found.ents = []
    [mistake], _ = choose_mistakes([compare([Example(found, true)])], 1)
    assert mistake.before.startswith("…word") and mistake.after.endswith("…")
    assert max(len(mistake.before), len(mistake.after)) <= CONTEXT + 1
    assert mistake.before.endswith("word99 ") and mistake.after.startswith(" word300")
    assert len(mistake.text) < 300 and " … " in mistake.text
    assert (mistake.true.start, mistake.true.end) == (
        true.ents[0].start_char,
        true.ents[0].end_char,
    )
