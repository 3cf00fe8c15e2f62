"""The bar that all commands share."""

import io
import os
import re
import struct
import subprocess
import sys
import threading
import time
from contextlib import redirect_stderr, suppress

import pytest

from spacy_windowner.cli import _util as _progress
from spacy_windowner.cli._util import Bar
from spacy_windowner.progress import Stage, silent, told

from ..tools.train_curve.util import save_config, save_docs
from .util import BAR_AT_ONCE


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminal():
    """Within a test: the stream of a fixture is replaced before the test is called."""
    return redirect_stderr(Terminal())


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(_progress, "_DELAY", 0.0)
    monkeypatch.setattr(_progress, "_EVERY", 0.01)


def test_a_bar_and_its_end(at_once):
    with on_terminal() as terminal, Bar(threaded=False) as bar:
        bar(Stage("3 documents", 1, 4))
        time.sleep(0.02)
        bar(Stage("6 documents", 2, 4))
        time.sleep(0.02)
        bar(Stage("Choosing"))
        assert " 25%|" in terminal.getvalue() and "3 documents" in terminal.getvalue()
        assert " 50%|" in terminal.getvalue() and "Choosing [00:00]" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r") and "\n" not in terminal.getvalue()


def test_it_appears_while_nothing_is_told(at_once):
    with on_terminal() as terminal, Bar() as bar:
        bar(Stage("Loading"))
        before = len(terminal.getvalue())
        time.sleep(0.2)
        assert len(terminal.getvalue()) > before and "Loading" in terminal.getvalue()
    end = terminal.getvalue()
    time.sleep(0.05)
    assert terminal.getvalue() == end


def test_none_before_two_seconds():
    with on_terminal() as terminal, Bar() as bar:
        bar(Stage("Loading"))
        time.sleep(0.15)
    assert terminal.getvalue() == ""
    assert _progress._DELAY == 2.0


@pytest.mark.parametrize("settings", [{"quiet": True}, {"quiet": True, "threaded": False}], ids=str)
def test_none_if_it_is_to_be_quiet(at_once, settings):
    with on_terminal() as terminal, Bar(**settings) as bar:
        bar(Stage("Loading", 1, 2))
        time.sleep(0.05)
    assert terminal.getvalue() == ""


def test_none_without_a_terminal(at_once):
    for stream in (io.StringIO(), None):
        with redirect_stderr(stream), Bar() as bar:
            bar(Stage("Loading", 1, 2))
        assert stream is None or stream.getvalue() == ""


def test_the_time_left_is_that_of_this_run(at_once):
    with on_terminal() as terminal, Bar(threaded=False) as bar:
        bar._begin -= 10
        bar(Stage("words", 75, 100), 50)
    assert "00:10 left" in terminal.getvalue()


def test_items_are_told():
    stages = []
    assert list(told("ab", "letters", 2, stages.append)) == ["a", "b"]
    assert stages == [("letters", done, 2) for done in (0, 1, 2)]
    assert list(told("ab", "letters", 2, silent)) == ["a", "b"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudoterminals on Windows")
def test_a_command_in_a_terminal(tmp_path):
    """The table is alone on standard output."""
    import fcntl
    import pty
    import termios

    data = [f"--paths.{name}={save_docs(tmp_path / f'{name}.spacy', 40)}"
            for name in ("train", "dev")]  # fmt: skip
    config = save_config(tmp_path / "config.cfg", max_steps=2)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-c", BAR_AT_ONCE, "windowner", "train-curve", str(config), *data]
    shown = bytearray()
    reader = threading.Thread(target=_read, args=(ours, shown), daemon=True)
    reader.start()  # a terminal that isn't read from stops the command
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=120)
    os.close(theirs)
    reader.join(5)
    os.close(ours)
    assert done.returncode == 0
    assert re.search(rb"\d+%\|.*\| \d+ %, seed 0 \[", shown), shown
    assert b"Documents" in done.stdout and b"seed" not in done.stdout


def _read(terminal, shown):
    with suppress(OSError):  # the other end is closed
        while part := os.read(terminal, 10_000):
            shown += part
