"""Reports for people: a page, and Markdown."""

import re
from dataclasses import replace

import pytest
import spacy

from spacy_windowner.tools.report import render_mistakes
from spacy_windowner.tools.report.render_html import report_to_html
from spacy_windowner.tools.report.render_markdown import report_to_markdown
from spacy_windowner.tools.report.report import make_report

from ...page import Page
from .util import write_docs

EVIL = '<script>alert("x")</script>"><img src=x onerror=\'y\'>&'


@pytest.fixture(scope="module")
def evil_report(models, tmp_path_factory):
    """A report whose labels, texts and names try to be HTML."""
    folder = tmp_path_factory.mktemp("evil")
    text = f"{EVIL} Paris {EVIL}"
    start = text.index("Paris")
    data = [(text, {"entities": [(start, start + 5, EVIL)]})]
    nlp = spacy.load(models[0])
    nlp.add_pipe("entity_ruler").add_patterns([{"label": EVIL, "pattern": [{"TEXT": "&"}]}])
    path = folder / "<b>model&amp;"
    nlp.to_disk(path)
    return make_report(path, write_docs(folder / "x.spacy", data), compare_with=[path])


def test_the_page(report):
    html = report_to_html(report)
    page = Page(html)
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(re.findall(r' id="(\w+)"', html))
    assert not re.search(r"https?:|@import|url\(|<link|<img|<iframe", html)
    assert html.count("<script>") == 1
    assert "prefers-color-scheme: dark" in html and "@media print" in html
    assert page.tags.count("li") == len(report.mistakes) > 5
    assert page.tags.count("svg") == 2  # the second pipeline gives no probabilities
    assert "This pipeline gives no probabilities." in page.text
    for model in report.models:
        assert f"{100 * model.total.f:.1f}" in page.text and model.name in page.text
    for word in ("Labels", "Four views", "Seen in training", "Confusion"):
        assert word in page.text
    assert f"All {len(report.mistakes)} errors." in page.text


def test_one_model(models, data):
    page = Page(report_to_html(make_report(models[1], data)))
    assert 'class="letter' not in page.text and "made by any model" not in page.text
    assert "Seen in training" not in page.text


def test_the_page_escapes_everything(evil_report):
    html = report_to_html(evil_report)
    page = Page(html)
    assert "img" not in page.tags and page.tags.count("script") == 1
    assert page.text.count(EVIL) > 5
    assert "<b>model&amp;amp;" not in html and "&lt;b&gt;model&amp;amp;" in html


def test_markdown(report, evil_report):
    text = report_to_markdown(report)
    assert text.startswith("# Evaluation\n")
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) > 8
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1, table
    assert f"{100 * report.models[0].total.f:.1f}" in tables[0]
    evil = report_to_markdown(evil_report)
    assert "<script" not in evil.replace("\\<script", "") and "<img" not in evil.replace(
        "\\<img", ""
    )


def test_no_errors(models, tmp_path):
    data = [("Who is Shaka Khan?", {"entities": [(7, 17, "PERSON")]})]
    report = make_report(models[0], write_docs(tmp_path / "right.spacy", data))
    assert report.n_mistakes == 0
    page = Page(report_to_html(report))
    assert "There are no errors." in page.text and "Underlined" not in page.text
    assert "No threshold improves F1 on this data: 100.0." in page.text
    text = report_to_markdown(report)
    assert "There are no errors.\n\n## Speed\n\nWords per second" in text


def test_labels_that_are_only_found_are_in_the_picture(models, tmp_path):
    data = [(f"It is Word{i}", {"entities": [(6, 10 + len(str(i)), f"L{i}")]}) for i in range(30)]
    data += [("Who is Shaka Khan?", {"entities": [(0, 3, "L1")]})] * 3
    report = make_report(models[0], write_docs(tmp_path / "other.spacy", data))
    assert report.models[0].labels["PERSON"].fp >= 3 and "PERSON" not in report.data.labels
    assert '<th scope="col" title="PERSON">' in report_to_html(report)


def test_few_labels_stand_side_by_side(report):
    html = report_to_html(report)
    assert '<div class="side">' in html and '<table class="confusion">' in html


@pytest.mark.parametrize("text, shown", [
    ("a\nb\r\nc\td", "a ⏎ b ⏎ c d"),
    ("5\xa0mg\u3000x", "5 mg x"),
    ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),  # joiners
    ("a\u202eb\x07", "a\\u202eb\\x07"),
    (" ", " "),
])  # fmt: skip
def test_running_text(report, text, shown):
    mistakes = [replace(report.mistakes[0], before=text)]
    html = report_to_html(replace(report, mistakes=mistakes, n_mistakes=1))
    assert f'<p dir="auto">{shown}<span' in html


def test_few_errors_are_shown_if_told_so(models, data):
    report = make_report(models[1], data, examples=2)
    assert f"2 of {report.n_mistakes} errors" in Page(report_to_html(report)).text
    assert len(report.to_dict()["errors"]["shown"]) == 2


def test_the_page_stays_small(report, monkeypatch):
    before = len(report_to_html(report))
    monkeypatch.setattr(render_mistakes, "_MOST_BYTES", 3000)
    page = Page(report_to_html(report))
    n = page.tags.count("li")
    assert 1 <= n <= 5 < report.n_mistakes and f"{n} of {report.n_mistakes} errors" in page.text
    assert len(report_to_html(report)) < before


@pytest.mark.parametrize("text", ["word " * 18, "&<" * 45, "語" * 90])
def test_the_page_is_never_larger_than_3_mb(report, text):
    many = [replace(m, before=text, after=text, scores={0: 0.5, 1: 0.5}) for m in report.mistakes]
    many = (many * 1000)[:12_000]
    html = report_to_html(replace(report, mistakes=many, n_mistakes=12_000))
    assert 1_200_000 < len(html.encode("utf8")) < 3_000_000


def test_many_labels_are_cut_in_the_picture(models, tmp_path):
    data = [
        (f"It is Word{i}", {"entities": [(6, 10 + len(str(i)), f"L{i:02}")]}) for i in range(30)
    ]
    report = make_report(models[0], write_docs(tmp_path / "many.spacy", data))
    html = report_to_html(report)
    page = Page(html)
    assert "The 25 most frequent labels. report.json has" in page.text
    assert (
        '<div class="side stacked">' in html and '<table class="confusion upright large">' in html
    )
    assert len(report.to_dict()["models"][0]["confusion"]["rows"]) > 30
