"""Every code block of the README and of the docs runs, or says why it doesn't."""

import shutil

import pytest

from .blocks import PAGES, SHELL, blocks_of, run

BLOCKS = {page: blocks_of(page) for page in PAGES}
TUTORIAL = "docs/tutorial.md"
"""The page that needs a checkout and nothing else."""


def pages_with(shell: bool) -> list[str]:
    return [
        page
        for page, blocks in BLOCKS.items()
        if any(block.is_run and (block.language == SHELL) == shell for block in blocks)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_a_block_that_does_not_run_says_why(page):
    without = [block.line for block in BLOCKS[page] if block.reason == ""]
    assert not without


@pytest.mark.usefixtures("light_processes")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", pages_with(shell=False))
def test_python_and_settings(page, prepared, scope, tmp_path, monkeypatch):
    """All blocks but those of a shell, in the order of the page."""
    shutil.copytree(prepared, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    for block in BLOCKS[page]:
        if block.is_run and block.language != SHELL:
            run(block, scope, {})


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", pages_with(shell=True))
def test_whole_pages(page, checkout, prepared, scope, programs, tmp_path, monkeypatch):
    """All blocks in the order of the page, so that one may use what another one wrote."""
    shutil.copytree(checkout if page == TUTORIAL else prepared, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    for block in BLOCKS[page]:
        if block.is_run:
            run(block, scope, programs)
