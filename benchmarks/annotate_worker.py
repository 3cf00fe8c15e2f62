"""What `annotate.py` measures in processes of their own. Reads a job as JSON from standard input
and writes what it found to standard output. `annotate.py` starts it by `run_job`."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import spacy
import srsly
from speed_worker import THREADS

from spacy_windowner.tools.annotate.annotate import Status, annotate
from spacy_windowner.tools.annotate.records import rows_of

WARM_UP = 0.2
"""The share of the words before the clock begins: processes start, load, and see the frequent words
for the first time."""
_MB = 2**20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_BATCH = 1000  # texts between two looks at the clock
_INTERVAL = 0.05  # seconds between two looks at the memory


def run_job(**job: Any) -> dict[str, Any]:
    """Measure in a process of its own, with one thread."""
    env = {**os.environ, **dict.fromkeys(THREADS, "1")}
    done = subprocess.run(
        [sys.executable, __file__],
        input=srsly.json_dumps(job),
        stdout=subprocess.PIPE,
        env=env,
        text=True,
        check=True,
    )
    return srsly.json_loads(done.stdout)


class Meter:
    """Notes time and memory of this process and those that it starts, as words get done.

    n_words (int): The words there are, roughly.
    """

    def __init__(self, n_words: int) -> None:
        self.words = 0
        self._n_words = n_words
        self._begin: tuple[int, float, float] | None = None
        self._end = 0, 0.0, 0.0
        self._peaks = [0.0, 0.0, 0.0]
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def add(self, words: int) -> None:
        """Some words are done."""
        self.words += words
        self._end = self.words, time.perf_counter(), _cpu_seconds(os.getpid())
        if self._begin is None and self.words >= WARM_UP * self._n_words:
            self._begin = self._end

    def result(self) -> dict[str, Any]:
        """Words a second after the warm-up, by the clock on the wall and by the CPU time of all
        processes together; and the most memory, in MB, in each third of the words."""
        self._stop.set()
        self._watch.join()
        assert self._begin is not None
        words, seconds, cpu_seconds = (
            end - begin for end, begin in zip(self._end, self._begin, strict=True)
        )
        return {
            "words": self.words,
            "per_second": words / seconds,
            "per_cpu_second": words / cpu_seconds,
            "peaks": self._peaks,
        }

    def _look(self) -> None:
        while not self._stop.wait(_INTERVAL):
            third = min(2, 3 * self.words // self._n_words)
            self._peaks[third] = max(self._peaks[third], _memory(os.getpid()))


def _memory(pid: int) -> float:
    """The memory of a process and those that it has started, in MB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:  # it has ended
        return 0.0
    return pages * _PAGE / _MB + sum(map(_memory, _children(pid)))


def _cpu_seconds(pid: int) -> float:
    """The CPU time of a process and those that it has started."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / _TICKS  # utime and stime, see proc(5)
    return own + sum(map(_cpu_seconds, _children(pid)))


def _children(pid: int) -> list[int]:
    """Processes that any thread of a process has started."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            found += map(int, path.read_text().split())
    return found


def pipe(model: str, source: str, n_words: int) -> dict[str, Any]:
    """The baseline: `nlp.pipe`, and rows of what it finds."""
    nlp = spacy.load(model)
    lines = Path(source).read_text("utf8").splitlines()
    meter = Meter(n_words)
    for start in range(0, len(lines), _BATCH):
        rows, words = [], 0
        for number, doc in enumerate(nlp.pipe(lines[start : start + _BATCH]), start):
            rows += rows_of(doc, f"line {number}")
            words += len(doc)
        meter.add(words)
    return meter.result()


def shards(model: str, source: str, n_words: int, n_process: int) -> dict[str, Any]:
    """`annotate`, to files."""
    meter = Meter(n_words)

    def on_shard(status: Status) -> None:
        meter.add(status.words)

    with TemporaryDirectory() as folder:
        settings = {"n_process": n_process, "shard_size": 250_000}
        annotate(model, source, folder, on_shard=on_shard, **settings)
        return meter.result()


JOBS = {"pipe": pipe, "shards": shards}

if __name__ == "__main__":
    job = srsly.json_loads(sys.stdin.read())
    print(srsly.json_dumps(JOBS[job.pop("job")](**job)))
