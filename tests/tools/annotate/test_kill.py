"""Killed at any moment, by a signal that no program can catch."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .util import contents, log_lines, make_texts, write_txt


def start(model, corpus, output, *args):
    command = [sys.executable, "-m", "spacy", "windowner", "annotate", model, corpus, output,
               "--shard-size", 2000, *args]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, env=env)


def wait_for_shards(process, output, n):
    """Until as many shards are finished, or the process ends."""
    log = output / "finished.log"
    while process.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") < n):
        time.sleep(0.01)


def children(pid):
    """The processes that one has started, if the system tells."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def check_kills(model, tmp_path, n_kills, n_texts, seed, *args):
    corpus = write_txt(tmp_path / "a.txt", make_texts(n_texts))
    whole = start(model, corpus, tmp_path / "whole", *args)
    assert whole.wait() == 0
    n_shards = len(log_lines(tmp_path / "whole"))
    out, rng, orphans = tmp_path / "out", random.Random(seed), []
    kills = []
    for kill in range(n_kills):
        process = start(model, corpus, out, *args)
        # Somewhere in the part of the run that is this one's, and at any moment of a shard's.
        wait_for_shards(process, out, kill * n_shards // (n_kills + 1) + 1)
        time.sleep(rng.uniform(0, 0.05))
        assert process.poll() is None, "the run ended before it was killed"
        orphans += children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills.append(len(log_lines(out)))
    assert 0 < kills[0] and kills == sorted(kills) and kills[-1] < n_shards, kills
    last = start(model, corpus, out, *args)
    assert last.wait() == 0
    assert contents(out) == contents(tmp_path / "whole")
    assert log_lines(out) == log_lines(tmp_path / "whole")
    deadline = time.monotonic() + 30
    while any(map(is_running, orphans)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(is_running, orphans)), "processes of a killed run go on"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.slow
@pytest.mark.parametrize("args", [[], ["--n-process", "2"]])
def test_a_killed_run_goes_on(model, tmp_path, args):
    check_kills(model, tmp_path, 1, 2000, 0, *args)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("args", [[], ["--n-process", "2"], ["--format", "spacy"]])
def test_twenty_kills(model, tmp_path, args):
    check_kills(model, tmp_path, 20, 60_000, 1, *args)
