"""What all tests share: settings, and a real browser without a window, for pages."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes depends on what else the machine does.
settings.register_profile("no deadline", settings.default, deadline=None)
settings.load_profile("no deadline")

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium, driven by selenium, that records its console and its requests. Without
    either the test is skipped."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium isn't installed")
    chrome = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if chrome is None or driver is None:
        pytest.skip("Chromium or chromedriver isn't installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chrome
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"):
        options.add_argument(f"--{argument}")
    options.add_argument("--window-size=1000,1200")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.chrome.service.Service(driver)
    opened = webdriver.Chrome(options=options, service=service)
    yield opened
    opened.quit()
