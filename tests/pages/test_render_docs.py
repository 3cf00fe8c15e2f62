"""The page with documents, as HTML."""

import re

import pytest
import spacy

from spacy_windowner import render_docs

from ..page import Page
from ..pipeline.util import make_nlp, train
from ..scripts import run_script
from .util import make_doc

ANNA = ("Anna", "PER", 0.874)
LONDON = ("London", "LOC", 0.31)
TEXT = "Anna likes London."


def marks_of(html):
    """The attributes and the content of each mark."""
    return re.findall("<mark ([^>]*)>(.*?)</mark>", html, flags=re.DOTALL)


def small(text):
    return f"<small>&nbsp;<bdi>{text}</bdi></small>"


def words_of(html):
    """All text of the page, with single spaces."""
    return " ".join(Page(html).text.split())


def test_entities_and_their_probabilities():
    html = render_docs([make_doc(TEXT, ANNA, LONDON), make_doc("Nobody.")], title="My texts")
    (anna, in_anna), (london, in_london) = marks_of(html)
    assert in_anna == "Anna" + small("PER") + small("0.87")
    assert 'title="Probability 0.87"' in anna and "--score: 0.874" in anna
    assert in_london == "London" + small("LOC") + small("0.31")
    assert 'title="Probability 0.31"' in london and "--score: 0.310" in london
    assert "<title>My texts</title>" in html and "<h1>My texts</h1>" in html
    words = words_of(html)
    assert "2 entities in 2 texts. The number beside an entity is its probability." in words
    assert words.endswith("Anna PER 0.87 likes London LOC 0.31. Nobody.")


def test_without_probabilities():
    html = render_docs([make_doc(TEXT, ("Anna", "PER", None))])
    assert marks_of(html)[0][1] == "Anna" + small("PER")
    words = words_of(html)
    assert "1 entity in 1 text. PER" in words and "These entities have no probabilities" in words
    assert "Probability" not in html and "--score:" not in html and "None" not in html


def test_entities_with_and_without_probabilities():
    html = render_docs([make_doc(TEXT, ANNA, ("London", "LOC", None))])
    anna, london = marks_of(html)
    assert "--score" in anna[0] and "--score" not in london[0]
    assert "no probabilities" not in html


def test_colors_are_those_of_the_labels():
    docs = [make_doc(TEXT, ANNA, LONDON), make_doc("London", LONDON)]
    html = render_docs(docs)
    assert re.findall(r"entity color-(\d)", html) == ["1", "0", "0"]
    assert re.findall(r'chip color-(\d)" data-label="(\w+)', html) == [("0", "LOC"), ("1", "PER")]
    html = render_docs(docs, labels=iter(["PER", "ORG", "LOC"]))
    assert re.findall(r"entity color-(\d)", html) == ["0", "2", "2"]
    assert re.findall(r'chip color-(\d)" data-label="(\w+)', html) == [("0", "PER"), ("2", "LOC")]


def test_all_that_comes_from_outside_is_escaped():
    evil = '<img src=x onerror="alert(1)">&amp;'
    doc = make_doc(f"{evil} Anna {evil}", (f"Anna {evil}", f"{evil}'", 0.5))
    html = render_docs([doc], title=f"</title>{evil}")
    page = Page(html)
    assert "img" not in page.tags and "script" not in page.tags and page.links == []
    assert page.text.count(evil) == 6  # two titles, the label twice, and the text
    assert "<img" not in html


def test_characters_that_html_cannot_hold():
    doc = make_doc("a\x00 \x1b[31m\ufffe London\t\n ok \u200d", LONDON)
    html = render_docs([doc], title="\x07")
    assert "a\\x00 \\x1b[31m\\ufffe <mark" in html and "</mark>\t\n ok \u200d</p>" in html
    assert "<h1>\\x07</h1>" in html
    assert not re.search("[\x00-\x08\x0b\x0e-\x1f\ufffe]", html)


@pytest.mark.parametrize("lang", ["en", "he", "xx"])
def test_languages_and_directions(lang):
    """Each text has its language, or an empty one if it is unknown."""
    html = render_docs([make_doc(TEXT, ANNA, lang=lang)])
    lang = "" if lang == "xx" else lang
    assert f'<p class="found" dir="auto" lang="{lang}"><mark' in html
    assert '<html lang="en">' in html


def test_empty_documents():
    assert "0 entities in 0 texts." in words_of(render_docs([]))
    html = render_docs([make_doc(""), make_doc("  \n ")])
    assert "An empty text" in words_of(html) and ">  \n </p>" in html
    assert 'class="labels"' not in html and "no probabilities" not in html


def test_the_page_needs_nothing_from_elsewhere():
    html = render_docs([make_doc(TEXT, ANNA)])
    assert Page(html).links == [] and not re.search(r"https?:|@import|url\(", html)
    assert "default-src 'none'" in html and "<script" not in html


def test_the_step_show_of_the_project(tmp_path):
    nlp = make_nlp()
    train(nlp)
    nlp.to_disk(tmp_path / "model")
    source, target = tmp_path / "texts.jsonl", tmp_path / "new" / "page.html"
    source.write_text('{"text": "I like London."}\n' * 3, encoding="utf8")
    args = [tmp_path / "model", source, target, "--limit", 2]
    code, output = run_script("show", *args)
    assert code == 0
    assert f"Open {target} in a browser." in output
    assert f"python -m spacy windowner explain {tmp_path / 'model'} " in output
    docs = spacy.load(tmp_path / "model").pipe(["I like London."] * 2)
    expected = render_docs(docs, f"Entities in {source}", labels=nlp.get_pipe("window_ner").labels)
    assert target.read_text("utf8") == expected and "2 entities in 2 texts" in words_of(expected)
