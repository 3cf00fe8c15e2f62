"""What `speed.py` measures in processes of their own: memory, and the plain-Python twins.

Reads a job as JSON from standard input and writes what it found to standard output. `speed.py`
starts it by `run_job`.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import srsly

THREADS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
"""The variables that say how many threads numerical libraries use."""
_MB = 2**20
# Texts of made-up words that are processed in one memory zone.
_ZONE = 1000


def run_job(job: str, *, env: dict[str, str] | None = None, **arguments) -> Any:
    """Run a job in a process of its own, with one thread, and as if PyTorch weren't installed.

    job (str): Its name.
    env (Optional[Dict[str, str]]): Variables to add to the environment.
    arguments (Any): What the job is called with.
    RETURNS (Any): What it returns.
    """
    told = srsly.json_dumps({"job": job, "arguments": arguments})
    env = {**os.environ, **dict.fromkeys(THREADS, "1"), **(env or {})}
    done = subprocess.run(
        [sys.executable, __file__], input=told, stdout=subprocess.PIPE, env=env, text=True
    )
    done.check_returncode()
    return srsly.json_loads(done.stdout)


def resident_mb() -> float:
    """The memory that the process has now, or, where the system doesn't say, had at most."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return peak_mb()
    return int(statm.read_text().split()[1]) * resource.getpagesize() / _MB


def peak_mb() -> float:
    """The most memory that the process ever had."""
    # On Linux, getrusage counts what the process that started this one had.
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MB


def memory(variant: list, texts: list[str]) -> dict[str, float]:
    """Memory before loading a pipeline, with it, and at most while it processes texts; and the
    seconds it takes to import spaCy, to load and to process the first text."""
    start = time.perf_counter()
    from speed_variants import Variant, load, run_pipeline

    imported, imported_mb = time.perf_counter(), resident_mb()
    nlp = load(Variant(*variant))
    loaded, loaded_mb = time.perf_counter(), resident_mb()
    nlp(texts[0])
    first = time.perf_counter()
    run_pipeline(nlp, texts)
    return {
        "imported_mb": imported_mb,
        "loaded_mb": loaded_mb,
        "peak_mb": peak_mb(),
        "import_seconds": imported - start,
        "load_seconds": loaded - imported,
        "first_text_seconds": first - loaded,
    }


def vocabulary(variant: list, letters: list, n_distinct: int, n_words: int) -> dict[str, float]:
    """Two passes over the same made-up words: the time of each, and the memory it took. All words
    are equally frequent and in disorder, which is harder than any real text."""
    from speed_texts import Letters, made_up_texts, made_up_words
    from speed_variants import Variant, load, run_pipeline

    nlp = load(Variant(*variant))
    run_pipeline(nlp, ["The first text ."])
    words = list(islice(made_up_words(Letters(*letters)), n_distinct))
    words *= max(n_words // n_distinct, 1)
    Random(0).shuffle(words)
    texts = list(made_up_texts(words))
    before, found = resident_mb(), {}
    for name in ("first", "second"):
        start = time.process_time()
        n_tokens = run_pipeline(nlp, texts)
        found[f"{name}_words_per_second"] = n_tokens / (time.process_time() - start)
        found[f"{name}_mb"] = resident_mb() - before
    return found


def zone(variant: list, letters: list, n_words: int, mark: int) -> list[dict[str, float]]:
    """Process ever new words in memory zones. Every `mark` words, note the most memory there was
    between zones since the last time, and the seconds so far."""
    from speed_texts import Letters, made_up_texts, made_up_words
    from speed_variants import Variant, load, run_pipeline

    nlp = load(Variant(*variant))
    texts = made_up_texts(islice(made_up_words(Letters(*letters)), n_words))
    marks: list[dict[str, float]] = []
    n_tokens, seconds, most = 0, 0.0, 0.0
    for batch in _batches(texts):
        start = time.process_time()
        with nlp.memory_zone():
            n_tokens += run_pipeline(nlp, batch)
        seconds += time.process_time() - start
        most = max(most, resident_mb())
        if n_tokens >= (len(marks) + 1) * mark:
            marks.append({"words": n_tokens, "seconds": seconds, "mb": most})
            most = 0.0
    return marks


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    texts = iter(texts)
    while batch := list(islice(texts, _ZONE)):
        yield batch


def throughput(
    variants: list[list], sources: dict[str, list[str]], rounds: int
) -> dict[str, dict[str, Any]]:
    """Words a second on each source of texts, from end to end and of the components alone."""
    from speed_variants import Variant, compare_pipelines, load

    pipelines = {Variant(*variant).name: load(Variant(*variant)) for variant in variants}
    return {name: compare_pipelines(pipelines, each, rounds) for name, each in sources.items()}


JOBS = {"memory": memory, "vocabulary": vocabulary, "zone": zone, "throughput": throughput}


def main() -> None:
    """Run the job that standard input describes."""
    told = srsly.json_loads(sys.stdin.read())
    # spaCy imports PyTorch wherever it is installed. Nothing that is measured needs it.
    sys.modules["torch"] = None  # type: ignore[assignment]
    found = JOBS[told["job"]](**told["arguments"])
    print(srsly.json_dumps(found))


if __name__ == "__main__":
    main()
