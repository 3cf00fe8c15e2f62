import pytest

from spacy_windowner.tools.annotate.records import Record, Reject
from spacy_windowner.tools.annotate.sources import LOOK_AHEAD, cut_into_shards, require_readable


def items(texts, ids=str):
    return [(Record(ids(i), text, "a", i), 10 * i) for i, text in enumerate(texts, 1)]


def test_shards_are_of_bounded_size():
    texts = ["x" * 9] * 25
    shards = list(cut_into_shards(items(texts), 100))
    assert [len(shard.records) for shard in shards] == [10, 10, 5]
    assert [shard.number for shard in shards] == [0, 1, 2]
    assert [shard.n_bytes for shard in shards] == [100, 100, 50]
    assert list(cut_into_shards([], 100)) == []


def test_rejects_count_too():
    rejects = [(Reject("a", i, "why", b"x" * 9), i) for i in range(25)]
    shards = list(cut_into_shards(rejects, 100))
    assert [len(shard.rejects) for shard in shards] == [10, 10, 5]


def test_the_digest_tells_inputs_apart():
    def digest(*args, **kwargs):
        [shard] = cut_into_shards(items(*args, **kwargs), 1000)
        return shard.digest

    first = digest(["ab", "c"])
    assert first == digest(["ab", "c"])
    others = [digest(["a", "bc"]), digest(["abc"]), digest(["c", "ab"]),
              digest(["ab", "c"], ids="id{}".format)]  # fmt: skip
    [rejects] = cut_into_shards([(Reject("a", 1, "why", "ab"), 1), *items(["", "c"])[1:]], 1000)
    assert len({first, *others, rejects.digest}) == 6


def test_the_digest_tells_how_long_a_line_was_that_is_cut():
    digests = set()
    for size in (0, 100, 101):
        items = [(Reject("a", 1, "why", b"x" * 10, size), 1)]
        [shard] = cut_into_shards(items, 1000)
        digests.add(shard.digest)
    assert len(digests) == 3


def test_a_corpus_of_which_nothing_is_readable():
    rejects = [(Reject("a", i, "why", "x"), i) for i in range(1, LOOK_AHEAD)]
    with pytest.raises(ValueError, match=f"WN113.*{LOOK_AHEAD - 1} lines.*line 1 of a: why"):
        require_readable(rejects, "a")
    endless = (rejects[0] for _ in iter(int, 1))
    with pytest.raises(ValueError, match="WN113"):
        require_readable(endless, "a")
    one = [*rejects, *items(["text"])]
    assert list(require_readable(iter(one), "a")) == one
    assert list(require_readable([], "a")) == []
