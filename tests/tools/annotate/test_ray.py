import sys

import pytest

from spacy_windowner.tools.annotate.annotate import annotate

from .util import contents, log_lines, make_texts, write_jsonl, write_txt


def test_without_ray(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    path = write_txt(tmp_path / "a.txt", ["a"])
    with pytest.raises(ImportError, match=r"WN119.*spacy-windowner\[ray\]"):
        annotate(model, path, tmp_path / "out", engine="ray")


@pytest.fixture
def ray():
    pytest.importorskip("ray.data", reason="Ray Data is an extra: ray")
    import ray

    yield ray
    ray.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
@pytest.mark.parametrize("format", ["jsonl", "spacy"])
def test_ray_writes_what_one_process_does(model, tmp_path, ray, format):
    entries = [{"text": text} for text in make_texts(500)]
    path = write_jsonl(tmp_path / "a.jsonl", [*entries[:50], {"no": "text"}, *entries[50:]])
    settings = {"shard_size": 500, "format": format}
    annotate(model, path, tmp_path / "one", **settings)
    done = annotate(model, path, tmp_path / "ray", engine="ray", n_process=2, **settings)
    assert not ray.is_initialized()
    assert done.new_shards == done.totals.shards > 16, "more than one round"
    assert contents(tmp_path / "ray") == contents(tmp_path / "one")
    assert log_lines(tmp_path / "ray") == log_lines(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_run_goes_on_with_ray_that_is_there(model, tmp_path, ray):
    path = write_txt(tmp_path / "a.txt", make_texts(200))
    ray.init(address="local", num_cpus=2)
    annotate(model, path, tmp_path / "one", shard_size=500)
    annotate(model, path, tmp_path / "out", shard_size=500)
    for number in (1, 3):
        (tmp_path / "out" / f"shard-{number:06}.jsonl").unlink()
    done = annotate(model, path, tmp_path / "out", shard_size=500, engine="ray")
    assert done.new_shards == 2
    assert contents(tmp_path / "out") == contents(tmp_path / "one")
    assert ray.is_initialized()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_no_cluster_at_the_address(model, tmp_path, ray):
    path = write_txt(tmp_path / "a.txt", ["a"])
    with pytest.raises(ConnectionError, match="WN122.*127.0.0.1:1"):
        annotate(model, path, tmp_path / "out", engine="ray", ray_address="127.0.0.1:1")
