import sys
import threading
import time
from contextlib import suppress

import tqdm

from ..progress import Stage

_DELAY = 2.0  # seconds before there is a bar
_EVERY = 0.1  # seconds between two pictures of it
_KNOWN = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}, {remaining} left]"
_UNKNOWN = "{desc} [{elapsed}]"


class Bar:
    """A bar on standard error, if a command takes longer than two seconds, and there is a terminal
    to show it. It is gone at the end.

    quiet (bool): Whether there is none.
    alone (bool): Whether a thread keeps its clock going, and makes it appear, while nothing is
        told. Commands that start processes do without.
    """

    def __init__(self, quiet: bool = False, *, alone: bool = True) -> None:
        self._stage = Stage("")
        self._initial = 0.0
        self._bar: tqdm.tqdm | None = None
        self._begin = time.time()  # the clock of tqdm
        self._drawn = 0.0
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._quiet = quiet or sys.stderr is None or not sys.stderr.isatty()
        self._alone = alone and not self._quiet

    def __enter__(self) -> "Bar":
        if self._alone:
            threading.Thread(target=self._go_on, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.clear()

    def __call__(self, stage: Stage, initial: float = 0.0) -> None:
        """Show how far the command is.

        stage (Stage): What it does, and how much of it is done.
        initial (float): How much of that was done before this run, which says nothing of the time
            left.
        """
        self._stage, self._initial = stage, initial
        self._draw()

    def clear(self) -> None:
        """Remove the bar, for other lines. It comes back."""
        with self._lock:
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def _go_on(self) -> None:
        while not self._ended.wait(_EVERY):
            self._draw()

    def _draw(self) -> None:
        now = time.time()
        if self._quiet or now < self._begin + _DELAY or now < self._drawn + _EVERY:
            return
        with self._lock:
            if self._ended.is_set():
                return
            self._drawn = now
            text, done, total = self._stage
            shape = _KNOWN if total else _UNKNOWN
            if self._bar is None:
                self._bar = tqdm.tqdm(
                    desc=text,
                    total=total or None,
                    bar_format=shape,
                    smoothing=0.0,
                    leave=False,
                    delay=sys.float_info.max,  # nothing is shown before all is set
                )
                self._bar.start_t, self._bar.delay = self._begin, 0
            self._bar.bar_format, self._bar.total = shape, total or None
            self._bar.initial, self._bar.n = self._initial, done
            self._bar.set_description_str(text, refresh=False)
            with suppress(BrokenPipeError):
                self._bar.refresh()
