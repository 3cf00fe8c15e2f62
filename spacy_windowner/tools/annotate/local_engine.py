"""Annotate shards on this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_end

from ...errors import Errors
from .sources import Shard
from .tagger import Annotated, Tagger, TaggerSettings, annotate_records, get_tagger, passed_over

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def annotate_here(
    tagger: Tagger, shards: Iterable[Shard]
) -> Generator[tuple[Shard, Annotated], None, None]:
    """Annotate shards in this process.

    tagger (Tagger): Annotates them.
    shards (Iterable[Shard]): The shards.
    YIELDS (Tuple[Shard, Annotated]): Each shard, and what was made of it.
    """
    with passed_over():
        for shard in shards:
            yield shard, tagger(shard.records)


def annotate_in_processes(
    settings: TaggerSettings, n_process: int, shards: Iterable[Shard], in_order: bool = False
) -> Generator[tuple[Shard, Annotated], None, None]:
    """Annotate shards in processes of their own, which load the pipeline themselves, with one
    thread each. They get texts and give back the content of files.

    settings (TaggerSettings): What they annotate with.
    n_process (int): How many there are.
    shards (Iterable[Shard]): The shards. Only a few more are taken than there are processes.
    in_order (bool): Whether they come back in their order, and not as they get finished.
    YIELDS (Tuple[Shard, Annotated]): Each shard, and what was made of it.
    RAISES (RuntimeError): If a process ends unexpectedly.
    """
    context = multiprocessing.get_context("spawn")
    # Nothing is sent through it. It is closed when this process wants no more, or ends, even if it
    # is killed.
    end, here = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        n_process, mp_context=context, initializer=_begin, initargs=(settings, end)
    )
    running: dict[Future[Annotated], Shard] = {}

    def finished(at_most: int) -> Iterator[tuple[Shard, Annotated]]:
        """Wait until no more than this many shards are left."""
        while len(running) > at_most:
            if in_order:
                done = {next(iter(running))}
            else:
                done = wait(running, return_when=FIRST_COMPLETED).done
            for future in done:
                annotated = future.result()
                yield running.pop(future), annotated

    try:
        for shard in shards:
            with _one_thread_each():  # the processes start with the first shard
                running[pool.submit(annotate_records, settings, shard.records)] = shard
            yield from finished(n_process + 1)
        yield from finished(0)
    except BrokenProcessPool as error:
        raise RuntimeError(Errors.WN116.format(n_process=n_process)) from error
    finally:
        here.close()  # what is still running, nobody waits for
        pool.shutdown(cancel_futures=True)
        end.close()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside run with one thread each: libraries for arithmetic read these
    variables when they are loaded."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin(settings: TaggerSettings, end: Connection) -> None:
    """Begin a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the one that started it
    threading.Thread(target=_end_with, args=(end,), daemon=True).start()
    get_tagger(settings)


def _end_with(end: Connection) -> None:
    """End this process at once when the other end of a pipe is closed: nobody would give it
    anything to do any more."""
    wait_for_end([end])
    os._exit(1)
