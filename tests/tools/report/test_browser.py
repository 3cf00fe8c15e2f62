"""The page in a real browser, as a reader uses it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy
import pytest

from spacy_windowner.tools.report.intervals import TOTAL, Interval, Intervals
from spacy_windowner.tools.report.matching import Confusion, Counts, View
from spacy_windowner.tools.report.render_html import report_to_html
from spacy_windowner.tools.report.results import Report


@pytest.fixture
def page(browser, report: Report, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(report_to_html(report), encoding="utf8")
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # that of other pages
    browser.get(path.as_uri())
    return browser


def seen(page, part: str) -> list[str]:
    """A part of each error that can be seen."""
    script = """
        return Array.from(document.querySelectorAll("#errors li"))
          .filter((row) => row.getClientRects().length)
          .map((row) => row.querySelector(arguments[0]).innerText);
    """
    return page.execute_script(script, part)


def shown(page) -> list[str]:
    """The kinds of the errors that can be seen."""
    return seen(page, ".chip")


def click_kind(page, kind: str) -> None:
    [chip] = [
        chip
        for chip in page.find_elements("css selector", "[data-kind-chip]")
        if chip.text.rpartition(" ")[0] == kind
    ]
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true"


def choose(page, control: str, text: str) -> None:
    [option] = [
        option
        for option in page.find_elements("css selector", f"#{control} option")
        if option.text == text
    ]
    option.click()


def test_filters(page, report):
    everything = [mistake.kind for mistake in report.mistakes]
    assert shown(page) == everything
    click_kind(page, "missed")
    missed = [kind for kind in everything if kind == "missed"]
    assert shown(page) == missed and 0 < len(missed) < len(everything)
    assert page.find_element("id", "shown").text == f"{len(missed)} shown"
    click_kind(page, "all")
    assert shown(page) == everything
    choose(page, "label", "LOC")
    assert shown(page) == [m.kind for m in report.mistakes if "LOC" in m.labels] != everything
    click_kind(page, "missed")
    both = [m.kind for m in report.mistakes if "LOC" in m.labels and m.kind == "missed"]
    assert shown(page) == both
    choose(page, "label", "all labels")
    click_kind(page, "all")
    choose(page, "maker", "only by B")
    assert shown(page) == [m.kind for m in report.mistakes if list(m.scores) == [1]]
    choose(page, "maker", "by all of them")
    assert shown(page) == [m.kind for m in report.mistakes if len(m.scores) == 2]
    choose(page, "maker", "made by any model")
    search = page.find_element("id", "text")
    search.send_keys("missed")  # a kind, and no word of a text
    assert shown(page) == []
    search.clear()
    search.send_keys("SHAKA")
    with_word = [m for m in report.mistakes if "shaka" in (m.before + m.text + m.after).lower()]
    assert shown(page) == [m.kind for m in with_word] != everything


def test_order(page, report):
    def order() -> list[str]:
        rows = page.find_elements("css selector", "#errors li")
        return [row.get_attribute("data-score") for row in rows]

    choose(page, "order", "most probable first")
    scores = [float(score or -1) for score in order()]
    assert scores == sorted(scores, reverse=True) and scores[0] > 0
    choose(page, "order", "in the order of the text")
    assert order() == [f"{m.score:.4f}" if m.score is not None else "" for m in report.mistakes]


def test_it_asks_the_network_for_nothing_and_the_console_is_quiet(page):
    click_kind(page, "missed")
    assert page.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    requests = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert all(url.startswith("file://") and url.endswith("report.html") for url in requests)
    assert page.current_url in requests


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(page, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    color = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    red = int(color.removeprefix("rgb(").split(",")[0])
    assert red > 200 if scheme == "light" else red < 50
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_letters_of_models_have_one_color(page):
    script = "return getComputedStyle(document.querySelector(arguments[0])).color"
    in_table, in_list = (
        page.execute_script(script, f"{place} .letter") for place in (".scores", "#errors")
    )
    assert in_table == in_list


@pytest.mark.parametrize("n_labels", [3, 8, 12, 24])
def test_no_picture_of_labels_reaches_beyond_its_place(page, report, tmp_path, n_labels):
    labels = [f"LABEL_{i}" for i in range(n_labels)]
    confusion = Confusion(
        [*labels, "spurious"], [*labels, "missed"], *[numpy.full((n_labels + 1,) * 2, 99)] * 2
    )
    models = [replace(model, confusion=confusion) for model in report.models]
    path = tmp_path / "labels.html"
    path.write_text(report_to_html(replace(report, models=models)), encoding="utf8")
    page.get(path.as_uri())
    script = (
        "return Array.from(document.querySelectorAll('.confusion')).every("
        "(table) => table.scrollWidth <= table.parentElement.clientWidth)"
    )
    assert page.execute_script(script)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    size = {"width": 717, "height": 1000, "deviceScaleFactor": 1, "mobile": False}  # of A4
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    on_paper = page.execute_script(script)
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert on_paper


def test_narrow_screens_do_not_scroll_sideways(page):
    size = {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 380
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_narrow_screens_have_no_column_beyond_the_edge(page, report, tmp_path):
    labels = [f"A_RATHER_LONG_LABEL_{i}" for i in range(9)]
    most = Counts(98_765, 87_654, 76_543)
    view = View(*[98_765] * 5)
    confusion = Confusion(
        [*labels, "spurious"], [*labels, "missed"], *[numpy.full((10, 10), 9_999)] * 2
    )
    models = [
        replace(
            model,
            labels=dict.fromkeys(labels, most),
            total=most,
            views=dict.fromkeys(model.views, view),
            kinds=dict.fromkeys(model.kinds, 98_765),
            seen={"seen": most, "unseen": most},
            intervals=dict.fromkeys([*labels, TOTAL], Intervals(*[Interval(0.111, 0.999)] * 3)),
            confusion=confusion,
        )
        for model in report.models
    ]
    beyond = """
        const edge = document.documentElement.clientWidth;
        return Array.from(document.querySelectorAll("main *"))
          .filter((each) => each.getBoundingClientRect().right > edge + 1 && !each.closest("svg"))
          .map((each) => each.outerHTML.slice(0, 99));
    """
    for number, shown_models in enumerate([models, models[:1]]):
        path = tmp_path / f"{number}.html"
        path.write_text(report_to_html(replace(report, models=shown_models)), encoding="utf8")
        page.get(path.as_uri())
        for width in (360, 600, 1200):
            with sized(page, width):
                assert page.execute_script(beyond) == []
                matrix, pairs = (
                    page.find_element("css selector", f"#confusion .{name}").is_displayed()
                    for name in ("confusion", "pairs")
                )
                assert matrix == (width > 640) and pairs == (width <= 640)


@contextmanager
def sized(page, width: int) -> Iterator[None]:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_pages_of_errors(page, report, tmp_path):
    many = [
        replace(mistake, doc=number) for number, mistake in enumerate((report.mistakes * 9)[:60])
    ]
    path = tmp_path / "many.html"
    path.write_text(report_to_html(replace(report, mistakes=many, n_mistakes=60)), encoding="utf8")
    page.get(path.as_uri())

    def documents() -> list[int]:
        return [int(text.removeprefix("document ")) for text in seen(page, ".n")]

    def buttons() -> list:
        return page.find_elements("css selector", "[data-step]")

    assert documents() == [*range(25)] and len(buttons()) == 4
    assert page.find_element("id", "shown").text == "1 to 25 of 60"
    assert page.execute_script("return document.documentElement.scrollHeight") < 8_000
    assert not buttons()[0].is_enabled()
    buttons()[3].click()
    assert documents() == [*range(25, 50)]
    assert buttons()[0].is_displayed()  # scrolled back to the first of the page
    buttons()[1].click()
    assert documents() == [*range(50, 60)] and not buttons()[1].is_enabled()
    buttons()[0].click()
    assert documents() == [*range(25, 50)]
    click_kind(page, "spurious")  # begins with the first page
    few = [mistake.doc for mistake in many if mistake.kind == "spurious"]
    assert documents() == few[:25]


def test_links_lead_to_errors(page, report):
    contents = page.find_elements("css selector", ".contents a")
    assert [link.text for link in contents][:3] == ["Overview", "Labels", "Four views"]
    for link in contents:
        [name] = [link.get_attribute("href").partition("#")[2]]
        assert page.find_element("id", name).tag_name == "section"
    search = page.find_element("id", "text")
    search.send_keys("no such words")
    page.find_element("css selector", "#kinds a[data-kind='3']").click()
    assert set(shown(page)) == {"missed"} and page.current_url.endswith("#examples")
    links = page.find_elements("css selector", ".confusion a[data-pair]")
    for link in links:
        model = page.find_elements("css selector", ".confusion").index(
            link.find_element("xpath", "ancestor::table")
        )
        page.execute_script("arguments[0].click()", link)
        title = page.find_element("css selector", "#pair b").text
        assert title == link.get_attribute("data-title")
        expected = [m for m in report.mistakes if describes(title, m)]
        assert shown(page) == [m.kind for m in expected]
        # Those of all models are shown.
        assert any(model in m.scores for m in expected)
    page.find_element("css selector", "#pair button").click()
    assert len(shown(page)) == len(report.mistakes)
    assert not page.find_element("id", "pair").is_displayed()


def describes(title: str, mistake) -> bool:
    """Whether a link with this title leads to a mistake."""
    true, found = (mark and mark.label for mark in (mistake.true, mistake.found))
    if true is None:
        return title == f"{found} spurious"
    if found is None:
        return title == f"{true} missed"
    return title in (
        f"{true} predicted as {found}",
        f"{true} with other boundaries" * (true == found),
    )


def test_paper_takes_the_first_errors(page, report, tmp_path):
    script = "return document.querySelectorAll('#errors li[hidden]').length"
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert page.execute_script(script) == 0 and not note_is_shown(page)  # there is room for all
    html = report_to_html(report).replace('data-most-printed="100"', 'data-most-printed="3"')
    path = tmp_path / "short.html"
    path.write_text(html, encoding="utf8")
    page.get(path.as_uri())
    page.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert page.execute_script(script) == len(report.mistakes) - 3 and note_is_shown(page)
    page.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert page.execute_script(script) == 0 and not note_is_shown(page)
    assert page.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]


def note_is_shown(page) -> bool:
    return page.find_element("id", "printed").is_displayed()
