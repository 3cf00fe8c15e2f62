"""Correcting texts with the mouse, in a real browser."""

import json

import pytest

from spacy_windowner.tools import correct as recipe
from spacy_windowner.tools.serve import teacher as teacher_module
from spacy_windowner.tools.serve.tagger import Tagger

from ...pipeline.util import TRAIN_DATA
from ..explain.util import trained_nlp
from .test_page import Page
from .util import Served

pytest.importorskip("selenium", reason="the extra `browser` isn't installed")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

RAW = [text for text, _ in TRAIN_DATA]
TEXT = "😀 I like London, and we joined Acme?"
PLACE = """
    const walker = document.createTreeWalker(
      document.getElementById("found"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const at = walker.currentNode.data.indexOf(arguments[0]);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + arguments[0].length);
      const box = range.getBoundingClientRect();
      return [box.left, box.right, (box.top + box.bottom) / 2].map(Math.round);
    }
"""


@pytest.fixture(scope="module")
def nlp():
    nlp = trained_nlp(steps=80, recall_bias=0.25)
    return nlp


@pytest.fixture
def running(nlp, tmp_path, monkeypatch):
    def correct(*args, **settings):  # a small model must learn faster
        return recipe.correct(*args, learn_rate=0.01, **settings)

    monkeypatch.setattr(teacher_module, "correct", correct)
    with Served(Tagger(nlp), path=tmp_path / "kept.jsonl", texts=RAW) as running:
        yield running
        running.teacher.forget()


@pytest.fixture(params=["desktop", "phone"])
def page(browser, running, request):
    width = 1000 if request.param == "desktop" else 360
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get_log("browser")
    made = Page(browser, running.url)
    made.paste(TEXT)
    made.wait(lambda: made.entities)
    yield made
    wide = "return document.documentElement.scrollWidth > window.innerWidth"
    assert not browser.execute_script(wide)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    errors = [entry for entry in browser.get_log("browser") if "422" not in entry["message"]]
    assert errors == []


def drag(page, words, upto=None):
    """Mark some words with the mouse."""
    page.browser.execute_script("window.getSelection().removeAllRanges()")
    page.browser.execute_script("document.getElementById('found').scrollIntoView()")
    left, _, y = page.browser.execute_script(PLACE, words)
    _, right, last = page.browser.execute_script(PLACE, upto or words)
    actions = ActionChains(page.browser, duration=50)
    actions.w3c_actions.pointer_action.move_to_location(left + 1, y)
    actions.w3c_actions.pointer_action.pointer_down()
    actions.w3c_actions.pointer_action.move_to_location(right - 1, last)
    actions.w3c_actions.pointer_action.pointer_up()
    actions.perform()


def button(page, label):
    return page.browser.find_element(By.CSS_SELECTOR, f"#labelling [data-as='{label}']")


def shown(page):
    script = "return [...document.querySelectorAll('#found .entity')].map((each) => each.innerText)"
    return [tuple(text.split()[:2]) for text in page.browser.execute_script(script)]


def kept(running):
    lines = running.teacher.corrections.path.read_text("utf8").splitlines()
    return [json.loads(line) for line in lines]


def save(page):
    page.save.click()
    page.wait(lambda: page.status.text == "The correction is saved.")
    page.wait(lambda: page.lessons.is_displayed())


def test_from_the_mouse_to_the_model(page, running):
    assert not page.lessons.is_displayed() and not page.marked.is_displayed()
    drag(page, "Acme")
    page.wait(lambda: page.marked.is_displayed())
    assert page.part.text == "“Acme”" and not page.nothing.is_displayed()
    button(page, "LOC").click()
    page.wait(lambda: len(page.entities) == 2)
    assert shown(page) == [("London", "LOC"), ("Acme", "LOC")]
    assert page.changes.text == "1 correction, not saved"
    save(page)
    assert page.changes.text == "1 correction, saved"
    assert kept(running) == [{"text": TEXT, "spans": [
        {"start": 9, "end": 15, "label": "LOC"}, {"start": 31, "end": 35, "label": "LOC"},
    ]}]  # fmt: skip
    assert page.kept.text == "1 corrected text is kept in kept.jsonl."
    page.teach.click()
    page.wait(lambda: page.lesson.text == "The model has learned 1 corrected text.")
    page.wait(lambda: page.changes.text == "")  # what is shown is what the model finds
    assert shown(page) == [("London", "LOC"), ("Acme", "LOC")]
    page.forget.click()
    page.wait(lambda: page.lesson.text == "The model is as it was before.")
    page.wait(lambda: shown(page) == [("London", "LOC")])


def test_labels_can_be_changed_and_removed(page, running):
    page.entities[0].click()
    page.wait(lambda: "margin" in page.why.text)
    assert button(page, "LOC").get_attribute("aria-pressed") == "true"
    button(page, "PERSON").click()
    page.wait(lambda: shown(page) == [("London", "PERSON")])
    page.entities[0].click()  # why wasn't this found?
    page.wait(lambda: "not found" in page.why.text)
    page.nothing.click()
    page.wait(lambda: shown(page) == [])
    assert page.changes.text == "1 correction, not saved"
    save(page)
    assert kept(running)[0]["spans"] == []
    page.discard.click()
    page.wait(lambda: shown(page) == [("London", "LOC")])
    assert page.changes.text == ""
    # What was found and removed can still be asked about, and marked as it was.
    drag(page, "London")
    page.wait(lambda: page.part.text == "“London”")
    assert page.browser.find_element(By.ID, "why-not").text == "Why?"
    page.browser.find_element(By.ID, "why-not").click()
    page.wait(lambda: page.title_of_why == "London LOC")


def test_a_mark_across_entities_replaces_them(page):
    drag(page, "ike", "and")  # from the middle of a word
    page.wait(lambda: page.part.text == "“like London, and”")
    button(page, "PERSON").click()
    page.wait(lambda: shown(page) == [("like", "London,")])
    assert page.entities[0].text.split()[-1] == "PERSON"
    page.discard.click()
    page.wait(lambda: shown(page) == [("London", "LOC")])


def test_corrections_wait_while_the_text_is_another(page):
    drag(page, "Acme")
    button(page, "LOC").click()
    page.wait(lambda: len(page.entities) == 2)
    page.text.send_keys(Keys.END + "!")
    page.wait(lambda: "Undo the edit to get them back" in page.status.text)
    assert shown(page) == [("London", "LOC")] and page.changes.text == ""
    page.text.send_keys(Keys.BACKSPACE)
    page.wait(lambda: len(page.entities) == 2)
    assert page.changes.text == "1 correction, not saved"


def test_what_can_not_be_done_is_told(page, running):
    save(page)
    path = running.teacher.corrections.path
    path.write_text("damaged", encoding="utf8")
    page.save.click()
    page.wait(lambda: "WN286" in page.status.text and "line 1" in page.status.text)
    page.teach.click()
    page.wait(lambda: "WN286" in page.lesson.text)
    path.write_text("", encoding="utf8")
    page.teach.click()
    page.wait(lambda: "there are no corrections" in page.lesson.text)


def test_another_page_taught_the_model(page, running):
    save(page)
    running.teacher.teach()  # as another page does
    page.text.send_keys(Keys.END + "!")
    page.wait(lambda: "The model has learned in the meantime" in page.status.text)
    page.wait(lambda: page.forget.is_displayed())


def test_nothing_from_elsewhere_is_html(browser, nlp, tmp_path):
    evil = "<img src=x onerror=document.title=1>.jsonl"
    with Served(Tagger(nlp), "<b>x</b>", path=tmp_path / evil) as running:
        page = Page(browser, running.url)
        page.paste(f"I like London {evil}")
        page.wait(lambda: page.entities)
        save(page)
        assert evil in page.kept.text and "--texts" in page.kept.text
        assert not page.teach.is_displayed()
        assert not browser.find_elements(By.CSS_SELECTOR, "main img, h1 b")
        assert browser.title == "Try <b>x</b>"
