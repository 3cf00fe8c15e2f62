"""Explanations for people: tables for the terminal, and a page."""

import re
from dataclasses import replace

import pytest

from spacy_windowner import explain, explanation_to_html, explanation_to_text
from spacy_windowner.pages.render_page import visible
from spacy_windowner.tools.explain.explanation import (
    Choice,
    Difference,
    ExplainedEntity,
    Explanation,
    Part,
    Removal,
)
from spacy_windowner.tools.explain.render_text import (
    describe_context,
    describe_rival,
    describe_status,
)

from ...page import Page
from .util import TEXT


def made_up(text="London", label="LOC", features=("word",), n_words=2, **changes):
    values = {name: 0.25 * (-1) ** i for i, name in enumerate(features)}
    parts = [Part(i, text, sum(values.values()), values) for i in range(n_words)]
    choice = Choice(text, label, 0, len(text), None)
    entity = ExplainedEntity(
        text=text, label=label, start=0, end=len(text), first_token=0, last_token=0, found=True,
        probability=None, threshold=None, chosen=[choice], rival=[], rival_name="nothing here",
        margin=2.0, parts=parts, constant=0.5, bias=1.0, document=0.0, transitions=0.0,
        remainder=0.0, steps=16, differences=[Difference(0, text, f"U-{label}", "O", 2.0)],
        flip=None, support=None,
    )  # fmt: skip
    entity = replace(entity, **changes)
    words = [text] * n_words
    return Explanation("ner", "integrated gradients", 1, words, [""] * n_words, [entity])


def removal(token, text, found=()):
    return Removal(token, text, 1.0, 1.0, True, list(found))


def test_tables(explained):
    found = explain(explained, TEXT)
    text = explanation_to_text(found)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 90
    assert "\x1b" not in text
    assert lines[0] == "Shaka Khan  PERSON"
    assert lines[1].startswith(f"The rival, {found.entities[0].rival_name}, is ")
    # A screen is enough for an entity: the three words that matter most, and the sum of the others.
    block = text.split("\n\n")[1].splitlines()
    assert len(block) <= 9
    assert block[0].split() == ["sum", "word", "prefix", "suffix", "shape", "n-grams"]
    parts = sorted(found.entities[0].parts, key=lambda part: -abs(part.contribution))
    for row, part in zip(block[1:4], parts, strict=False):
        numbers = [part.contribution, *part.features.values()]
        assert part.text in row
        assert [float(cell) for cell in row.split()[-6:]] == pytest.approx(numbers, abs=0.0051)
    others = [float(cell) for cell in block[4].split()[-6:]]
    assert f"{len(parts) - 3} more words" in block[4]
    assert others[0] == pytest.approx(sum(part.contribution for part in parts[3:]), abs=0.0051)
    assert float(block[-1].split()[-1]) == pytest.approx(found.entities[0].margin, abs=0.0051)


def test_all_words(explained):
    found = explain(explained, TEXT)
    text = explanation_to_text(found, all_words=True)
    assert max(map(len, text.splitlines())) <= 90 and "more" not in text
    [entity, _] = found.entities
    block = text.split("\n\n")[1].splitlines()
    rows = block[1 : 1 + len(entity.parts)]
    for row, part in zip(rows, entity.parts, strict=True):
        assert part.text in row
        assert float(row.split()[-6]) == pytest.approx(part.contribution, abs=0.0051)
    places = {1: "-1", 2: "Shaka", 3: "Khan", 4: "+1"}
    for row, part in zip(rows, entity.parts, strict=True):
        assert row.split()[0] == places.get(part.token, row.split()[0])
    tags = text.split("\n\n")[2].splitlines()
    assert tags[0] == "The tags in which the rival differs"
    for row, each in zip(tags[1:], entity.differences, strict=True):
        assert row.split() == [each.text, f"{each.margin:+.2f}", each.tag, "/", each.rival]


def test_few_words_have_no_rest():
    text = explanation_to_text(made_up(n_words=3))
    assert "more" not in text
    assert "1 more word " in explanation_to_text(made_up(n_words=4))
    many = [Difference(0, "x", "I-X", "O", 1.0)] * 500
    assert "and 480 more" in explanation_to_text(made_up(differences=many), all_words=True)


def test_colours(explained):
    found = explain(explained, TEXT)
    coloured = explanation_to_text(found, color=True)
    assert "\x1b[38;5;2m" in coloured and "\x1b[38;5;1m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == explanation_to_text(found).split()


def test_many_features_share_a_column():
    names = [f"is_something_{i}" for i in range(9)]
    text = explanation_to_text(made_up(features=names))
    assert max(map(len, text.splitlines())) <= 90
    head, row = text.split("\n\n")[1].splitlines()[:2]
    assert head.split()[-1] == "others"
    numbers = [float(cell) for cell in row.split()[1:]]
    assert numbers[0] == pytest.approx(sum(numbers[1:]), abs=0.03)


def test_long_words_are_cut():
    lines = explanation_to_text(made_up(text="a" * 300)).splitlines()
    assert max(map(len, lines)) <= 90
    assert lines[0].startswith("a" * 49 + "…  LOC")


def test_remainders_are_told():
    assert "remainder" not in explanation_to_text(made_up(remainder=0.001))
    assert "within 0.001." in " ".join(explanation_to_text(made_up(remainder=0.001)).split())
    assert "remainder -0.04" in " ".join(explanation_to_text(made_up(remainder=-0.04)).split())
    assert "remainder" in Page(explanation_to_html(made_up(remainder=-0.04))).text


@pytest.mark.parametrize(
    "flip, support, expected",
    [
        (removal(0, "in"), None, "Without “in” (the word before it), nothing is found here."),
        (removal(4, "x", [("a", "B")]), None, "Without “x” (2 words after it), “a” as B is found"),
        (removal(3, "x", [("a", "B"), ("c", "D")]), None, "“c” as D are found instead"),
        (None, removal(0, "in"), "“in” (the word before it): 1.00 instead of 2.00"),
        (None, Removal(0, "in", None, None, False, []), "neither changes this nor lowers"),
        (None, None, "Removing any single word of the context neither changes this nor lowers"),
    ],
)  # fmt: skip
def test_what_an_entity_hangs_on(flip, support, expected):
    [entity] = made_up(flip=flip, support=support, first_token=1, last_token=2).entities
    assert expected in describe_context(entity)


def test_what_was_not_found():
    rival = [Choice("London", "LOC", 0, 6, 0.25)]
    changes = {"found": False, "probability": 0.25, "chosen": [], "rival": rival}
    [entity] = made_up(**changes, flip=removal(1, "in")).entities
    assert describe_status(entity) == "not found, probability 0.25"
    assert describe_context(entity) == "Without “in” (the word after it), it is found as LOC."
    [entity] = made_up(**changes, threshold=0.5).entities
    assert describe_status(entity) == ("not found: probability 0.25, below the threshold of 0.50")
    [entity] = made_up(found=False).entities
    assert describe_status(entity) == "not found"


def test_probabilities_stand_beside_their_entities():
    [entity] = made_up(probability=0.75, rival=[Choice("London", "ORG", 0, 6, 0.125)]).entities
    assert describe_status(entity) == "probability 0.75"
    assert "(probability 0.12), is 2.00 behind" in describe_rival(entity)
    assert "probability" not in describe_rival(replace(entity, rival=entity.rival * 2))


def test_what_can_not_be_seen_is_made_visible():
    assert visible("\n") == "⏎"
    assert visible("  ") == "␣␣"
    assert visible("a b") == "a b"
    assert visible("\x1b[31m") == r"\x1b[31m"
    assert visible("\ud800") == r"\ud800"
    assert "\x1b" not in explanation_to_text(made_up(text="\x1b[31mred"))


def test_the_page(explained):
    found = explain(explained, TEXT)
    html = explanation_to_html(found)
    page = Page(html)
    assert page.tags.count("section") == page.tags.count("details") == 2
    assert page.tags.count("table") == 6  # what matters most, all words, and the tags
    assert page.links == []
    assert not re.search(r"https?:|@import|url\(|<script", html)
    assert "prefers-color-scheme: dark" in html and "@media print" in html
    for entity in found.entities:
        assert describe_context(entity) in page.text and describe_rival(entity) in page.text
        for part in entity.parts:
            number = f"{part.contribution:+.2f}".replace("-", "−")
            assert number[1:] in page.text if number[1:] == "0.00" else number in page.text
    assert TEXT in "".join(page.text.split("\n"))


@pytest.mark.parametrize(
    "evil", ['<script>alert("x")</script>', "\"><img src=x onerror='y'>", "a&b"]
)
def test_the_page_escapes_everything(evil):
    again = removal(1, evil, [(evil, evil)])
    page = Page(
        explanation_to_html(
            made_up(text=evil, label=evil, features=[evil], flip=again, rival_name=evil)
        )
    )
    assert "script" not in page.tags and "img" not in page.tags
    assert page.text.count(evil) >= 8


def test_long_texts_are_cut(explained):
    text = "word " * 100 + TEXT + " word" * 100
    page = Page(explanation_to_html(explain(explained, text)))
    assert page.text.count("word") < 4 * 50
    assert "…" in page.text


def test_overlong_entities_have_few_rows():
    """Browsers hang on thousands of them."""
    many = [Difference(0, "x", "I-X", "O", 1.0)] * 500
    page = Page(explanation_to_html(made_up(n_words=500, last_token=499, differences=many)))
    assert page.tags.count("tr") < 150 and page.tags.count("span") < 150
    assert "400 more words" in page.text and "The first 20 of 500 words" in page.text
    assert page.text.count("…") == 1


def test_nothing_found(explained):
    found = explain(explained, "who is it?")
    assert explanation_to_text(found) == "No entities are found in this text."
    assert "No entities are found" in Page(explanation_to_html(found)).text
