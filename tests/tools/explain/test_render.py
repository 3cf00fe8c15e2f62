"""Explanations for people: tables for the terminal, and a page."""

import re
from dataclasses import replace

import pytest

from spacy_windowner import explain, explanation_to_html, explanation_to_text
from spacy_windowner.pages.render_page import visible
from spacy_windowner.tools.explain.explanation import (
    ExplainedEntity,
    ExplainedToken,
    Explanation,
    Part,
    Removal,
)
from spacy_windowner.tools.explain.render_text import describe_context

from ...page import Page
from .util import TEXT


def made_up(text="London", label="LOC", features=("word",), flip=None, support=None, remainder=0.0):
    values = {name: 0.25 * (-1) ** i for i, name in enumerate(features)}
    parts = [Part(i, text, i, sum(values.values()), values) for i in (0, 1)]
    token = ExplainedToken(0, text, f"B-{label}", "O", 2.0, parts, 0.5, 1.0, remainder, 16)
    entity = ExplainedEntity(
        text, label, 0, 1, 2.0, parts, 0.5, 1.0, remainder, [token], flip, support
    )
    return Explanation("ner", "integrated gradients", 1, [text, text], ["", ""], [entity])


def removal(token, text, found=()):
    return Removal(token, text, 1.0, 1.0, True, list(found))


def test_tables(explained):
    text = explanation_to_text(explain(explained, TEXT))
    found = explain(explained, TEXT)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 90
    assert "\x1b" not in text
    assert lines[0].startswith("Shaka Khan  PERSON  margin +")
    for token in (token for entity in found.entities for token in entity.tokens):
        [start] = [
            i
            for i, line in enumerate(lines)
            if line == f"{token.text}  {token.tag} over {token.runner_up}"
        ]
        assert lines[start + 1].split() == ["sum", "word", "prefix", "suffix", "shape", "n-grams"]
        rows = [line.split() for line in lines[start + 2 : start + 7]]
        assert [row[0] for row in rows] == ["-2", "-1", "0", "+1", "+2"]
        for row, part in zip(rows, token.parts, strict=True):
            numbers = [part.contribution, *part.features.values()]
            assert row[1] == part.text
            assert [float(cell) for cell in row[2:]] == pytest.approx(numbers, abs=0.0051)
    assert text.count("The whole entity") == 1


def test_colours(explained):
    found = explain(explained, TEXT)
    coloured = explanation_to_text(found, color=True)
    assert "\x1b[38;5;2m" in coloured and "\x1b[38;5;1m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == explanation_to_text(found).split()


def test_many_features_share_a_column():
    names = [f"is_something_{i}" for i in range(9)]
    text = explanation_to_text(made_up(features=names))
    assert max(map(len, text.splitlines())) <= 90
    head, row = text.splitlines()[4:6]
    assert head.split()[-1] == "others"
    numbers = [float(cell) for cell in row.split()[2:]]
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
        (None, None, "Removing any single word of the context neither changes this nor lowers"),
    ],
)  # fmt: skip
def test_what_an_entity_hangs_on(flip, support, expected):
    [entity] = made_up(flip=flip, support=support).entities
    entity = ExplainedEntity(**{**entity.__dict__, "start": 1, "end": 3})
    assert expected in describe_context(entity)


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
    assert page.tags.count("section") == 2
    assert page.tags.count("table") == 4  # three tokens, and the sum of two of them
    assert page.links == []
    assert not re.search(r"https?:|@import|url\(|<script", html)
    assert "prefers-color-scheme: dark" in html and "@media print" in html
    for entity in found.entities:
        assert describe_context(entity) in page.text
        for part in entity.parts:
            number = f"{part.contribution:+.2f}".replace("-", "−")
            assert number[1:] in page.text if number[1:] == "0.00" else number in page.text
    assert TEXT in "".join(page.text.split("\n"))


@pytest.mark.parametrize(
    "evil", ['<script>alert("x")</script>', "\"><img src=x onerror='y'>", "a&b"]
)
def test_the_page_escapes_everything(evil):
    again = removal(1, evil, [(evil, evil)])
    page = Page(explanation_to_html(made_up(text=evil, label=evil, features=[evil], flip=again)))
    assert "script" not in page.tags and "img" not in page.tags
    assert page.text.count(evil) >= 8


def test_long_texts_are_cut(explained):
    text = "word " * 100 + TEXT + " word" * 100
    page = Page(explanation_to_html(explain(explained, text)))
    assert page.text.count("word") < 4 * 50
    assert "…" in page.text


def test_overlong_entities_have_few_tables():
    """Browsers hang on thousands of them."""
    found = made_up()
    [entity] = found.entities
    pages = []
    for n in (20, 500):
        longer = replace(entity, end=n, tokens=entity.tokens * n)
        pages.append(Page(explanation_to_html(replace(found, entities=[longer]))))
    assert [page.tags.count("table") for page in pages] == [21, 21]
    assert ["last 480 tokens of the entity" in page.text for page in pages] == [False, True]


def test_nothing_found(explained):
    found = explain(explained, "who is it?")
    assert explanation_to_text(found) == "No entities are found in this text."
    assert "No entities are found" in Page(explanation_to_html(found)).text
