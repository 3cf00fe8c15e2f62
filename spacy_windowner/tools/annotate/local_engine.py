"""Annotates shards on this machine, in this process or in several."""

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

from ..errors import Errors
from .sources import Shard
from .tagger import Annotated, Tagger, TaggerSettings, annotate_records, gc_frozen, get_tagger

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def annotate_here(
    tagger: Tagger, shards: Iterable[Shard]
) -> Generator[tuple[Shard, Annotated], None, None]:
    """Annotate shards in this process.

    tagger (Tagger): The tagger.
    shards (Iterable[Shard]): The shards.
    YIELDS (Tuple[Shard, Annotated]): Each shard and its annotation.
    """
    with gc_frozen():
        for shard in shards:
            yield shard, tagger(shard.records)


def annotate_in_processes(
    settings: TaggerSettings, n_process: int, shards: Iterable[Shard], in_order: bool = False
) -> Generator[tuple[Shard, Annotated], None, None]:
    """Annotate shards in several processes. Each process loads the pipeline and uses one thread. It
    receives texts and returns the contents of files.

    settings (TaggerSettings): The pipeline and the settings.
    n_process (int): The number of processes.
    shards (Iterable[Shard]): The shards. Only a few more are read ahead than there are processes.
    in_order (bool): Whether to yield the shards in order, rather than as they are finished.
    YIELDS (Tuple[Shard, Annotated]): Each shard and its annotation.
    RAISES (RuntimeError): If a process ends unexpectedly.
    """
    context = multiprocessing.get_context("spawn")
    # Nothing is sent through this pipe. It is closed when this process is done or ends, even if it
    # is killed, and then the other processes end.
    end, here = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        n_process, mp_context=context, initializer=_begin, initargs=(settings, end)
    )
    running: dict[Future[Annotated], Shard] = {}

    def finished(at_most: int) -> Iterator[tuple[Shard, Annotated]]:
        """Wait until at most this many shards are running."""
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
        here.close()  # ends the processes: nobody waits for running shards
        pool.shutdown(cancel_futures=True)
        end.close()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes that are started inside use one thread each: numerical libraries read these
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
    """Initialize a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process handles Ctrl+C
    threading.Thread(target=_end_with, args=(end,), daemon=True).start()
    get_tagger(settings)


def _end_with(end: Connection) -> None:
    """End this process immediately when the other end of a pipe is closed, because then there will
    be no more work."""
    wait_for_end([end])
    os._exit(1)
