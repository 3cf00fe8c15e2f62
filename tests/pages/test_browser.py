"""The page with documents in a real browser."""

import re

import pytest

from spacy_windowner import render_docs

from .util import make_doc

LONG = "Office of the High Commissioner for Refugees of the United Nations in Geneva"
SHARA, CAIRO = "\u05e9\u05e8\u05d4", "\u05e7\u05d4\u05d9\u05e8"
DOCS = [
    make_doc(f"The {LONG} is here.", (LONG, "ORG", 0.97)),
    # Labels and digits don't decide the direction of a text.
    make_doc(
        f"2020 {SHARA} {CAIRO}.", ("2020", "DATE", 0.8), (SHARA, "PER", 0.9), (CAIRO, "LOC", 0.1)
    ),
    make_doc(f"{'x' * 200} and Anna", ("x" * 200, "L" * 80, 0.5), ("Anna", "PER", None)),
    # All colors at full strength.
    make_doc("a b c d e f g h", *[(char, f"LABEL_{char}", 1.0) for char in "abcdefgh"]),
    make_doc("&lt;b&gt; <b>bold</b>"),
]


@pytest.fixture
def page(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(render_docs(DOCS, "What <b>is</b> found"), encoding="utf8")
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # clears the log of other pages
    browser.get(path.as_uri())
    yield browser
    assert browser.get_log("browser") == []


def entities(page):
    return page.find_elements("css selector", ".entity")


@pytest.fixture(params=["light", "dark"])
def mode(browser, request):
    features = [{"name": "prefers-color-scheme", "value": request.param}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    yield request.param
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.fixture(params=[360, 1200])
def width(browser, request):
    size = {"width": request.param, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield request.param
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def style(page, element, name) -> str:
    return page.execute_script(f"return getComputedStyle(arguments[0]).{name}", element)


def rgba(color: str) -> list[float]:
    """Red, green, blue and opacity."""
    return [*map(float, re.findall(r"[\d.]+", color)), 1.0][:4]


def luminance(rgb) -> float:
    """The relative luminance, as WCAG defines it."""
    parts = [channel / 255 for channel in rgb]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_text_is_legible(page, mode):
    body = page.find_element("css selector", "body")
    ground = rgba(style(page, body, "backgroundColor"))
    assert (ground[0] > 128) == (mode == "light")
    card = rgba(style(page, page.find_element("css selector", ".card"), "backgroundColor"))
    for entity in entities(page):
        *color, alpha = rgba(style(page, entity, "backgroundColor"))
        behind = [alpha * c + (1 - alpha) * b for c, b in zip(color, card[:3], strict=True)]
        assert contrast(behind, rgba(style(page, entity, "color"))[:3]) > 4.5, entity.text
    about = page.find_element("css selector", ".about")
    assert contrast(ground[:3], rgba(style(page, about, "color"))[:3]) > 4.5


def test_the_more_probable_the_stronger(page, mode):
    shades = {
        entity.text.split()[0]: rgba(style(page, entity, "backgroundColor"))[3]
        for entity in entities(page)
    }
    assert shades[CAIRO] < shades["x" * 200] < shades[SHARA] < shades["a"]
    assert shades[CAIRO] < shades["Anna"] < shades[SHARA]


def test_no_scrolling_sideways(page, width):
    wide = "return document.documentElement.scrollWidth > window.innerWidth"
    assert not page.execute_script(wide)


def test_right_to_left(page):
    """A text, and each entity, begins on the side where its script begins."""
    year, shara, cairo = entities(page)[1:4]
    card = page.find_element("css selector", ".card").rect
    assert year.rect["x"] > shara.rect["x"] > cairo.rect["x"] > card["x"] + card["width"] / 2
    assert style(page, shara, "direction") == "rtl"
    label = shara.find_element("css selector", "small")
    assert label.rect["x"] + label.rect["width"] / 2 < shara.rect["x"] + shara.rect["width"] / 2


def test_texts_stay_as_they_are(page):
    """Copied text doesn't contain labels."""
    shown = page.execute_script("""
        const copy = document.querySelector(".texts").cloneNode(true);
        copy.querySelectorAll("small").forEach((label) => label.remove());
        return [...copy.querySelectorAll(".found")].map((text) => text.textContent);
    """)
    assert shown == [doc.text for doc in DOCS]
    assert page.title == "What <b>is</b> found"
    label = page.find_element("css selector", ".entity small")
    assert style(page, label, "userSelect") == "none"
