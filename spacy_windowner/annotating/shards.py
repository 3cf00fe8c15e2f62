"""Cut a corpus into shards. Where one ends depends on the corpus and on the size alone, so that it
is cut in the same way again."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

from ..errors import Errors
from .records import Record, Reject

LOOK_AHEAD = 1000
"""Lines of which one must be readable, or else the corpus isn't what it was taken for."""


class Shard(NamedTuple):
    """Documents that are annotated together.

    number (int): Its number in the corpus, from 0.
    records (List[Record]): The documents.
    rejects (List[Reject]): What could not be read between them.
    digest (str): Tells it from shards of other text.
    n_bytes (int): The bytes that it was read from, roughly.
    """

    number: int
    records: list[Record]
    rejects: list[Reject]
    digest: str
    n_bytes: int


def cut_into_shards(
    items: Iterable[tuple[Record | Reject, int]], shard_size: int
) -> Iterator[Shard]:
    """Cut a corpus into shards.

    items (Iterable[Tuple[Union[Record, Reject], int]]): What was read, see `read_sources`.
    shard_size (int): Characters of a shard. It ends with the document that completes them.
    YIELDS (Shard): The shards.
    """
    number = size = position = begin = 0
    records: list[Record] = []
    rejects: list[Reject] = []
    digest = blake2b(digest_size=16)
    for item, position in items:
        content = item.text if isinstance(item, Record) else item.raw or ""
        size += len(content) + 1
        if isinstance(item, Record):
            records.append(item)
        else:
            rejects.append(item)
        data = content if isinstance(content, bytes) else content.encode("utf8", "surrogatepass")
        name, cut = (item.id, 0) if isinstance(item, Record) else ("", item.size)
        # With the lengths, so that no two shards give the same bytes.
        head = f"{type(item).__name__} {item.source!r} {item.line} {name!r} {len(data)} {cut}\n"
        digest.update(head.encode("utf8", "surrogatepass"))
        digest.update(data)
        if size >= shard_size:
            yield Shard(number, records, rejects, digest.hexdigest(), position - begin)
            number, size, begin = number + 1, 0, position
            records, rejects, digest = [], [], blake2b(digest_size=16)
    if records or rejects:
        yield Shard(number, records, rejects, digest.hexdigest(), position - begin)


def require_readable(
    items: Iterable[tuple[Record | Reject, int]], path: str
) -> Iterator[tuple[Record | Reject, int]]:
    """Look whether any of the first lines can be read: a wrong name of a column is to be told at
    once, and not after a night.

    items (Iterable[Tuple[Union[Record, Reject], int]]): What was read.
    path (str): Where it was read from.
    RETURNS (Iterator[Tuple[Union[Record, Reject], int]]): The same.
    RAISES (ValueError): If there are lines, and none of the first can be read.
    """
    items = iter(items)
    first = []
    for item, position in items:
        first.append((item, position))
        if isinstance(item, Record):
            break
        if len(first) == LOOK_AHEAD:
            break
    if first and not any(isinstance(item, Record) for item, _ in first):
        raise ValueError(Errors.WN113.format(path=path, count=len(first), first=first[0][0]))
    return chain(first, items)
