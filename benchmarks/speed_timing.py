"""Timing several things fairly: in turns, so that noise hits all alike, with one thread.

Seconds are of CPU time where a single thread works, which other work on the machine disturbs less
than it does the time on the wall.
"""

import gc
import math
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any, NamedTuple

CPU, WALL = time.process_time, time.perf_counter
# What is fast is run again until this much time has passed.
_LEAST_SECONDS = 0.25


class Task(NamedTuple):
    """Something to time.

    run (Callable[[Any], Any]): What is timed.
    prepare (Callable[[], Any]): Makes what `run` is called with, which is not timed.
    """

    run: Callable[[Any], Any]
    prepare: Callable[[], Any] = lambda: None


def seconds_of(task: Task, passes: int = 1, clock: Callable[[], float] = CPU) -> float:
    """The seconds a pass takes. Garbage of others is collected before, and the collector is on
    meanwhile, as it is for users."""
    given = [task.prepare() for _ in range(passes)]
    gc.collect()
    start = clock()
    for argument in given:
        task.run(argument)
    return (clock() - start) / passes


def interleave(
    tasks: dict[str, Task], rounds: int, clock: Callable[[], float] = CPU
) -> dict[str, list[float]]:
    """Time tasks in turns, after a pass of each that isn't counted.

    tasks (Dict[str, Task]): The tasks by name.
    rounds (int): How many turns each task has. Each begins with another task.
    clock (Callable[[], float]): What time is read from.
    RETURNS (Dict[str, List[float]]): The seconds of a pass in each round.
    """
    passes = {name: _passes(task) for name, task in tasks.items()}
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    names = list(tasks)
    # What lives by now isn't looked through when garbage is collected: it belongs to all tasks.
    gc.freeze()
    for _ in range(rounds):
        for name in names:
            seconds[name].append(seconds_of(tasks[name], passes[name], clock))
        names = [*names[1:], names[0]]
    gc.unfreeze()
    return seconds


def _passes(task: Task) -> int:
    """How many passes it takes to last long enough, by a second pass where that is quick."""
    seconds = seconds_of(task, clock=WALL)
    if seconds < 4 * _LEAST_SECONDS:
        seconds = seconds_of(task, clock=WALL)
    return max(1, math.ceil(_LEAST_SECONDS / seconds))


def rates(seconds: Iterable[float], n_words: int) -> dict[str, float]:
    """Words a second, in the middle round and in the best."""
    every = [n_words / value for value in seconds]
    return {"median": median(every), "best": max(every)}


def ratio(seconds: dict[str, list[float]], name: str, to: str) -> float | None:
    """How many times as fast as another a task is: the median of the ratios within rounds."""
    if name not in seconds or to not in seconds:
        return None
    return median(b / a for a, b in zip(seconds[name], seconds[to], strict=True))


def compare(seconds: dict[str, list[float]], n_words: int) -> dict[str, dict[str, Any]]:
    """What there is to say of tasks that process the same words."""
    return {
        name: {
            "words_per_second": rates(seconds[name], n_words),
            "over_tokenizer": ratio(seconds, name, "tokenizer"),
            "over_ner": ratio(seconds, name, "ner"),
            "seconds": seconds[name],
        }
        for name in seconds
    }
