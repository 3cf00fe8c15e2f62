"""The page in a real browser, served by the real server."""

import csv
import io
import json

import pytest

from spacy_windowner import convert
from spacy_windowner.tools.serve.tagger import Tagger

from ...pipeline.util import make_nlp, train
from .test_tagger import TEXT
from .util import Served

pytest.importorskip("selenium", reason="the extra `browser` isn't installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402


class Page:
    def __init__(self, browser, url):  # noqa: F811
        self.browser = browser
        browser.get(url)
        self.text = browser.find_element(By.ID, "text")

    def wait(self, condition):
        return WebDriverWait(self.browser, 10, poll_frequency=0.05).until(lambda _: condition())

    def __getattr__(self, name):
        return self.browser.find_element(By.ID, name)

    @property
    def title_of_why(self):
        """The name and the label of the entity that is explained."""
        return " ".join(self.why.text.split("\n")[:2])

    @property
    def entities(self):
        return self.browser.find_elements(By.CSS_SELECTOR, "#found .entity")

    def type(self, text):
        self.text.send_keys(text)

    def paste(self, text):
        set_text = (
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
        )
        self.browser.execute_script(set_text, self.text, text)

    def focused(self):
        return self.browser.switch_to.active_element


@pytest.fixture(scope="module")
def running(served):
    samples = ["I like London.", "<b>Who</b> is it?"]
    with Served(Tagger(served, max_chars=500), samples=samples) as running:
        yield running


@pytest.fixture
def page(browser, running):  # noqa: F811
    browser.get_log("browser")
    made = Page(browser, running.url)
    yield made
    assert browser.get_log("browser") == []


def test_entities_appear_while_typing(page):
    assert page.focused() == page.text
    assert page.found.text == "Entities appear here as you type."
    page.type("I like London")
    page.wait(lambda: page.status.text == "1 entity in 3 words")
    assert page.count.text == "13 of 500 characters"
    page.type(" and Berlin.")
    page.wait(lambda: page.status.text == "2 entities in 6 words")
    london, berlin = page.entities
    assert london.text.split()[:2] == ["London", "LOC"]
    score = float(london.text.split()[2])
    shade = "return getComputedStyle(arguments[0]).backgroundColor.match(/[\\d.]+/g)[3]"
    strength = page.browser.execute_script(shade, london)
    assert float(strength) == pytest.approx(0.06 + 0.5 * score, abs=0.006)
    page.text.send_keys(Keys.CONTROL + "a", Keys.BACKSPACE)
    page.wait(lambda: page.found.text == "Entities appear here as you type.")
    assert page.status.text == ""


def test_a_click_shows_why(page):
    page.type(TEXT)
    page.wait(lambda: len(page.entities) == 2)
    page.entities[0].click()
    page.wait(lambda: "margin" in page.why.text)
    assert page.title_of_why == "Shaka Khan PERSON" and page.legend.is_displayed()
    assert page.entities[0].get_attribute("aria-pressed") == "true"
    bars = page.why.find_elements(By.CSS_SELECTOR, ".bar i")
    assert max(bar.size["width"] for bar in bars) > 20  # the policy lets styles through
    page.entities[1].click()
    page.wait(lambda: page.title_of_why == "London LOC")
    assert page.entities[0].get_attribute("aria-pressed") == "false"
    page.entities[1].click()
    page.wait(lambda: page.why.text == "")
    assert not page.legend.is_displayed()


def test_why_follows_the_text(page):
    page.type("I like London")
    page.wait(lambda: page.entities)
    page.entities[0].click()
    page.wait(lambda: "margin" in page.why.text)
    before = page.why.text
    page.text.send_keys(Keys.HOME + "Well, ")
    page.wait(lambda: page.why.text != before)
    assert page.title_of_why == "London LOC" and "Well" in page.why.text
    page.text.send_keys(Keys.END + Keys.BACKSPACE * 6)
    page.wait(lambda: page.why.text == "")


def test_the_rest_is_on_demand(page):
    page.type(TEXT)
    page.wait(lambda: len(page.entities) == 2)
    page.entities[0].click()
    page.wait(lambda: "margin" in page.why.text)
    assert "n-grams" not in page.why.text
    assert page.why.rect["height"] < 560  # it fits on a screen
    page.why.find_element(By.TAG_NAME, "summary").click()
    page.wait(lambda: "n-grams" in page.why.text)
    # It stays open while the text changes.
    before = page.why.text
    page.text.send_keys(Keys.HOME + "Well, ")
    page.wait(lambda: page.why.text != before and "Well" in page.why.text)
    assert "n-grams" in page.why.text


def test_the_rival_can_be_chosen(page):
    page.type(TEXT)
    page.wait(lambda: len(page.entities) == 2)
    assert not page.rivals.is_displayed()
    page.entities[0].click()
    page.wait(lambda: "margin" in page.why.text)
    options = {option.text: option for option in page.versus.find_elements(By.TAG_NAME, "option")}
    assert list(options) == ["the best alternative", "nothing", "PERSON", "LOC"]
    assert not options["PERSON"].is_enabled()
    options["LOC"].click()
    page.wait(lambda: "LOC instead of PERSON" in page.why.text)
    options["nothing"].click()
    page.wait(lambda: "nothing here" in page.why.text)
    options["LOC"].click()
    page.wait(lambda: "LOC instead of PERSON" in page.why.text)
    page.entities[1].click()  # a LOC, which can't be compared with LOC
    page.wait(lambda: page.title_of_why == "London LOC")
    assert page.versus.get_attribute("value") == ""


def test_why_not(page):
    page.type("😀 Who likes London")
    page.wait(lambda: page.entities)
    button = page.browser.find_element(By.ID, "why-not")
    assert not button.is_displayed()
    mark = "arguments[0].focus(); arguments[0].setSelectionRange(3, 5)"
    page.browser.execute_script(mark, page.text)
    page.wait(lambda: page.part.text == "“Who”")  # a whole word
    assert button.text == "Why not?"
    button.click()
    page.wait(lambda: page.title_of_why.startswith("Who "))
    assert "not found" in page.why.text and not page.rivals.is_displayed()
    page.text.send_keys(Keys.END + " again")
    page.wait(lambda: not button.is_displayed())
    page.wait(lambda: page.why.text == "")


def test_without_a_mouse(page):
    page.type(TEXT)
    page.wait(lambda: len(page.entities) == 2)
    page.text.send_keys(Keys.TAB)
    assert page.focused() == page.entities[0]
    page.focused().send_keys(Keys.ENTER)
    page.wait(lambda: page.why.text.startswith("Shaka Khan"))
    assert page.focused() == page.entities[0]
    page.focused().send_keys(Keys.TAB)
    page.focused().send_keys(Keys.SPACE)
    page.wait(lambda: page.why.text.startswith("London"))
    for name in ("", "", "nothing", "save", "format", "copy", "download", "versus"):
        page.focused().send_keys(Keys.TAB)
        assert page.focused().get_attribute("id") == name
    page.focused().send_keys(Keys.TAB)
    assert page.focused().tag_name == "summary"
    page.focused().send_keys(Keys.ENTER)
    page.focused().send_keys(Keys.TAB)
    assert page.focused().get_attribute("class") == "scroll"  # wide tables can be moved


def test_what_is_typed_never_runs(page):
    evil = '<img src=x onerror="document.title=1"><script>document.title=1</script> I like London'
    page.type(evil)
    page.wait(lambda: page.entities)
    page.entities[-1].click()
    page.wait(lambda: "margin" in page.why.text)
    assert "onerror" in page.found.text and page.browser.title == "Try my_model"
    assert not page.browser.find_elements(By.CSS_SELECTOR, "#found img, #why img, #why script")


def test_the_last_question_counts(page):
    """The first answer comes last, to a page whose requests can't be called off."""
    page.browser.execute_script("""
        const real = window.fetch;
        window.answered = 0;
        window.fetch = async (path, options) => {
          if (!options.body) return real(path, options);
          const question = JSON.parse(options.body);
          const answer = await real(path, { ...options, signal: undefined });
          const isFirst = !question.text.includes("Berlin");
          await new Promise((done) => setTimeout(done, isFirst ? 1200 : 0));
          window.answered++;
          return answer;
        };
    """)
    page.paste("I like London")
    page.browser.execute_async_script("setTimeout(arguments[0], 400)")
    page.paste("I like Berlin")
    page.wait(lambda: page.browser.execute_script("return window.answered") == 1)
    page.wait(lambda: page.found.text.startswith("I like Berlin"))
    page.wait(lambda: page.browser.execute_script("return window.answered") == 2)
    page.browser.execute_async_script("setTimeout(arguments[0], 100)")
    assert page.found.text.startswith("I like Berlin")


def test_typing_fast_asks_little(page):
    page.browser.execute_script("""
        const real = window.fetch;
        window.asked = 0;
        window.fetch = (...question) => { window.asked++; return real(...question); };
        const text = document.getElementById("text");
        for (const char of "I like London and Berlin.") {
          text.value += char;
          text.dispatchEvent(new Event("input"));
        }
    """)
    page.wait(lambda: len(page.entities) == 2)
    assert page.browser.execute_script("return window.asked") == 1


def test_the_limit_is_told(page):
    page.paste("x" * 501)
    page.wait(lambda: "too long" in page.status.text)
    assert page.count.text == "501 of 500 characters" and page.found.text == ""
    page.paste("😀" * 500)  # as the server counts them
    page.wait(lambda: page.status.text.startswith("No entities"))
    assert page.count.text == "500 of 500 characters"


def test_texts_stay_as_they_are(page):
    text = "😀 I like London\n\n  and e\u0301 \u202b Berlin & <b>"
    page.paste(text)
    page.wait(lambda: page.entities)
    shown = page.browser.execute_script("""
        const copy = document.getElementById("found").cloneNode(true);
        copy.querySelectorAll("small").forEach((label) => label.remove());
        return copy.textContent;
    """)
    assert shown == text


def test_right_to_left(page):
    """Each paragraph begins where its script does, as where it is typed."""
    page.paste("\u05d0\u05e0\u05d9 London\nI like London")
    page.wait(lambda: len(page.entities) == 2)
    card = page.found.rect
    right, left = (entity.rect for entity in page.entities)
    assert right["x"] > card["x"] + card["width"] / 2 > left["x"]
    direction = "return getComputedStyle(arguments[0]).direction"
    assert page.browser.execute_script(direction, page.text) == "rtl"


def test_the_chosen_entity_hides_nothing_beside_it(page):
    page.type("'London'")
    page.wait(lambda: page.entities)
    page.entities[0].click()
    page.wait(lambda: "margin" in page.why.text)
    outside = "return getComputedStyle(arguments[0]).outlineOffset"
    assert page.browser.execute_script(outside, page.entities[0]) == "-2px"
    assert "speak for what was found" in page.legend.text


def test_a_slow_model_is_told(page):
    page.browser.execute_script("""
        const real = window.fetch;
        window.fetch = async (...question) => {
          await new Promise((done) => setTimeout(done, 1500));
          return real(...question);
        };
    """)
    page.paste("I like London")
    page.wait(lambda: page.status.text == "The model is working …")
    page.wait(lambda: page.status.text == "1 entity in 3 words")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_light_and_dark(page, mode):
    features = [{"name": "prefers-color-scheme", "value": mode}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    channel = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]"
    assert (int(page.browser.execute_script(channel)) > 128) == (mode == "light")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_narrow_screens(page):
    size = {"width": 360, "height": 700, "deviceScaleFactor": 1, "mobile": True}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        page.paste(TEXT)
        page.wait(lambda: len(page.entities) == 2)
        page.entities[0].click()
        page.wait(lambda: "margin" in page.why.text)
        assert page.why.rect["height"] < size["height"]
        page.paste(TEXT + " " + "x" * 200)
        page.wait(lambda: "xxx" in page.why.text)
        page.why.find_element(By.TAG_NAME, "summary").click()
        wide = "return document.documentElement.scrollWidth > window.innerWidth"
        assert not page.browser.execute_script(wide)
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_server_that_is_gone(browser, served):  # noqa: F811
    with Served(Tagger(served)) as gone:
        page = Page(browser, gone.url)
        page.type("I like London")
        page.wait(lambda: page.entities)
    page.type(" and")
    page.wait(lambda: "Is it still running?" in page.status.text)
    assert page.entities  # those of before, paler
    browser.get_log("browser")  # has the failed request


def test_an_uncalibrated_model(browser):  # noqa: F811
    nlp = make_nlp()
    train(nlp)
    with Served(Tagger(nlp)) as running:
        page = Page(browser, running.url)
        assert "isn’t calibrated" in page.uncalibrated.text
        page.type("I like London")
        page.wait(lambda: page.entities)
        assert page.entities[0].text.split() == ["London", "LOC"]


def test_samples(page):
    page.browser.find_element(By.ID, "sample").click()
    page.wait(lambda: len(page.entities) == 1)
    assert page.text.get_attribute("value") == "I like London."
    page.browser.find_element(By.ID, "sample").click()
    page.wait(lambda: page.text.get_attribute("value") == "<b>Who</b> is it?")
    page.browser.find_element(By.ID, "sample").click()
    page.wait(lambda: page.text.get_attribute("value") == "I like London.")


def test_copy_and_download(page, tmp_path):
    page.browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]}
    )
    text = '😀 "I, like London'
    assert not page.exports.is_displayed()
    page.paste(text)
    page.wait(lambda: page.entities)
    for kind, name in [("JSON", "entities.json"), ("CSV", "entities.csv")]:
        choose(page.browser.find_element(By.ID, "format"), kind)
        page.copy.click()
        page.wait(lambda: page.status.text == "Copied.")
        copied = page.browser.execute_async_script(
            "navigator.clipboard.readText().then(arguments[0])"
        )
        page.download.click()
        file = tmp_path / name
        page.wait(lambda file=file: file.exists() and file.stat().st_size > 0)
        assert file.read_text("utf8") == copied.replace("\r\n", "\n")
        page.text.send_keys(Keys.END + " ")
        page.wait(lambda: "Copied" not in page.status.text)
    [entity] = json.loads((tmp_path / "entities.json").read_text("utf8"))[0]["spans"]
    assert (entity["text"], entity["start"], entity["end"]) == ("London", 11, 17)
    [row] = csv.DictReader(io.StringIO((tmp_path / "entities.csv").read_text("utf8")))
    assert row == {key: str(value) for key, value in entity.items()}
    assert not convert([tmp_path / "entities.json"], tmp_path / "x.spacy").skips


def choose(select, text):
    [option] = [each for each in select.find_elements(By.TAG_NAME, "option") if each.text == text]
    option.click()
