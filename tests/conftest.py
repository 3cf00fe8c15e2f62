"""What all tests share: settings, and a real browser without a window, for pages."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import catalogue
import pytest
from hypothesis import settings

# One thread for each of pytest's two processes. This is before numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests import what is there by its name.
ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT / "scripts"), str(ROOT / "examples")]

# How long an example takes depends on what else the machine does.
settings.register_profile("no deadline", settings.default, deadline=None)
settings.load_profile("no deadline")


def _get_all(registry: catalogue.Registry) -> dict[str, Any]:
    """What `catalogue.Registry.get_all` returns."""
    found = registry.get_entry_points() if registry.entry_points else {}
    space = tuple(registry.namespace)
    found.update({keys[-1]: value for keys, value in [*_REGISTRY.items()] if keys[:-1] == space})
    return found


# Half of the time in which a small pipeline is made, copied or saved would go into looking up
# names: catalogue walks through the entry points of all installed packages, and through all that is
# registered, each time. Here it has the entry points by their groups, as in old versions of Python,
# and compares names at once.
_REGISTRY = catalogue.REGISTRY
_found = catalogue.AVAILABLE_ENTRY_POINTS
if hasattr(_found, "select"):
    catalogue.AVAILABLE_ENTRY_POINTS = {
        group: list(_found.select(group=group)) for group in _found.groups
    }
catalogue.Registry.get_all = _get_all


@pytest.fixture(scope="session", autouse=True)
def brief_timings() -> Iterator[None]:
    """Reports measure the speed of a pipeline for a moment, not for seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_windowner.tools.report.predict._SECONDS", 0.02)
        yield


_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture
def light_processes(monkeypatch) -> None:
    """The processes that a test starts do without PyTorch, as most users do: to import it takes
    longer than all else that such a process has to do."""
    folders = [str(Path(__file__).parent / "without_torch"), os.environ.get("PYTHONPATH")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, folders)))


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
