"""Annotates shards with Ray Data, the extra `ray`. No other module imports Ray."""

import logging
import pickle
import socket
from collections.abc import Generator, Iterable
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any

from ..errors import Errors
from .sources import Shard
from .tagger import Annotated, TaggerSettings, annotate_records

_SHARDS_PER_PROCESS = 8
"""Shards per process in a round. This is enough to make the end of a round, where some processes
are idle, a small part of it, and few enough to keep the shards of a round in memory."""

_SECONDS = 10.0  # timeout for the cluster's answer


def annotate_with_ray(
    settings: TaggerSettings,
    n_process: int | None,
    address: str | None,
    shards: Iterable[Shard],
    in_order: bool = False,
) -> Generator[tuple[Shard, Annotated], None, None]:
    """Annotate shards with Ray Data. This process reads the corpus and writes the output. Other
    machines need only the package and the pipeline, at the same path.

    settings (TaggerSettings): The pipeline and the settings.
    n_process (Optional[int]): The number of tasks at a time. None for one per processor.
    address (Optional[str]): The cluster's address. None for this machine. If Ray is already
        initialized, that cluster is used.
    shards (Iterable[Shard]): The shards. A few per process are read at a time.
    in_order (bool): Whether to yield the shards in order, rather than as they are finished.
    YIELDS (Tuple[Shard, Annotated]): Each shard and its annotation.
    RAISES (ImportError): If Ray Data is not installed.
    RAISES (ConnectionError): If there is no cluster at the address.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ImportError(Errors.WN119) from error
    is_own = not ray.is_initialized()
    if is_own:
        try:
            _reach(address)
            ray.init(address=address or "local", logging_level=logging.WARNING)
        except (OSError, ValueError) as error:
            problem = Errors.WN122.format(address=address, error=error)
            raise ConnectionError(problem) from error
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        n_process = n_process or int(ray.cluster_resources().get("CPU", 1))
        shards = iter(shards)
        while group := list(islice(shards, n_process * _SHARDS_PER_PROCESS)):
            # As bytes, which Arrow doesn't convert.
            rows = [{"i": i, "data": pickle.dumps(one.records)} for i, one in enumerate(group)]
            found = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                partial(_annotate_batch, settings=settings),
                batch_size=1,
                num_cpus=1,
                compute=ray.data.TaskPoolStrategy(size=n_process),
            )
            done: Iterable[dict[str, Any]] = found.iter_rows()
            for row in sorted(done, key=itemgetter("i")) if in_order else done:
                yield group[row["i"]], pickle.loads(row["data"])
    finally:
        if is_own:
            ray.shutdown()


def _reach(address: str | None) -> None:
    """RAISES (OSError): If nothing answers at the address. Ray itself would try for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=_SECONDS).close()


def _annotate_batch(batch: dict[str, Any], settings: TaggerSettings) -> dict[str, list[Any]]:
    """Annotate shards in a Ray process, which loads the pipeline once."""
    annotated = (annotate_records(settings, pickle.loads(data)) for data in batch["data"])
    return {"i": list(batch["i"]), "data": [pickle.dumps(result) for result in annotated]}
