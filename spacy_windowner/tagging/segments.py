from collections.abc import Iterator
from typing import NamedTuple

import numpy


class Segments(NamedTuple):
    """Runs of neighbouring tokens, the longest run first.

    tokens (numpy.ndarray): The tokens of all runs, in text order.
    starts (numpy.ndarray): The first token of each run.
    places (numpy.ndarray): The place of each run's first token in `tokens`.
    lengths (numpy.ndarray): The tokens of each run, never increasing.
    """

    tokens: numpy.ndarray
    starts: numpy.ndarray
    places: numpy.ndarray
    lengths: numpy.ndarray

    @classmethod
    def of(cls, tokens: numpy.ndarray, starts: numpy.ndarray) -> "Segments":
        new = numpy.ones(len(tokens), dtype=bool)
        new[1:] = (numpy.diff(tokens) > 1) | starts[tokens[1:]]
        places = numpy.flatnonzero(new)
        lengths = numpy.diff(numpy.append(places, len(tokens)))
        order = numpy.argsort(-lengths, kind="stable")
        return cls(tokens, tokens[places[order]], places[order], lengths[order])

    def steps(self) -> Iterator[tuple[int, numpy.ndarray, numpy.ndarray]]:
        """Go through all runs side by side: yields the step, and the places and the tokens at
        this step of the runs that are long enough, which are always the first ones."""
        n_steps = int(self.lengths[0]) if len(self.lengths) else 0
        counts = numpy.searchsorted(-self.lengths, -numpy.arange(n_steps), side="left")
        for step in range(n_steps):
            n = counts[step]
            yield step, self.places[:n] + step, self.starts[:n] + step
