import errno
import io
import json
import multiprocessing
import os
import shutil
import sys

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_windowner import files as atomic
from spacy_windowner.tools.annotate.annotate import annotate
from spacy_windowner.tools.annotate.output import Content
from spacy_windowner.tools.annotate.records import Row, rows_of

from ...pipeline.util import make_nlp
from .util import contents, log_lines, make_texts, read_lines, write_jsonl, write_txt

pytestmark = pytest.mark.usefixtures("light_processes")

SIZE = 500  # characters of a shard


@pytest.fixture
def corpus(tmp_path):
    """A folder of 300 texts, with an unreadable line and a damaged file in the middle."""
    folder, texts = tmp_path / "corpus", make_texts(300)
    write_txt(folder / "a.txt.gz", texts[:100])
    damaged = write_txt(folder / "b.txt.gz", ["damaged"])
    damaged.write_bytes(damaged.read_bytes()[:5])
    entries = [{"text": text, "id": f"id{i}"} for i, text in enumerate(texts[100:])]
    write_jsonl(folder / "c.jsonl", [*entries[:50], {"no": "text"}, *entries[50:]])
    return folder


def run(model, corpus, output, **settings):
    settings = {"shard_size": SIZE, **settings}
    with pytest.warns(UserWarning, match=r"WW110.*2 of 302 .*b\.txt\.gz: .*can't be read"):
        return annotate(model, corpus, output, **settings)


def test_rows_of_a_folder(model, corpus, tmp_path, nlp):
    statuses = []
    done = run(model, corpus, tmp_path / "out", on_shard=statuses.append)
    texts = make_texts(300)
    ids = [f"a.txt.gz:{i}" for i in range(1, 101)] + [f"id{i}" for i in range(200)]
    expected = [
        row for doc, id in zip(nlp.pipe(texts), ids, strict=True) for row in rows_of(doc, id)
    ]
    assert [Row(**line) for line in read_lines(tmp_path / "out")] == expected
    assert done.totals.entities == len(expected) and done.totals.docs == 300
    assert done.totals.shards == done.new_shards == len(statuses) > 10
    assert done.totals.rejects == 2
    assert sum(status.words for status in statuses) == done.totals.words
    assert sum(status.n_bytes for status in statuses) == statuses[0].size
    rejects = read_lines(tmp_path / "out" / "rejects", "*.jsonl")
    assert [(one["source"], one["line"]) for one in rejects] == [("b.txt.gz", 0), ("c.jsonl", 51)]
    assert json.loads(rejects[1]["raw"]) == {"no": "text"}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf8"))
    assert manifest["finished"] == done.totals._asdict()


def test_several_processes_write_the_same(model, corpus, tmp_path):
    run(model, corpus, tmp_path / "one")
    run(model, corpus, tmp_path / "two", n_process=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert log_lines(tmp_path / "one") == log_lines(tmp_path / "two")


def test_documents(model, corpus, tmp_path, nlp):
    run(model, corpus, tmp_path / "rows")
    run(model, corpus, tmp_path / "docs", format="spacy")
    vocab = spacy.blank("en").vocab
    found = [
        row
        for path in sorted((tmp_path / "docs").glob("*.spacy"))
        for doc in DocBin().from_disk(path).get_docs(vocab)
        for row in rows_of(doc, doc.user_data["doc_id"])
    ]
    assert found == [Row(**line) for line in read_lines(tmp_path / "rows")]


@pytest.mark.parametrize("n_process", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_it_goes_on_after_finished_shards(model, corpus, tmp_path, n_process):
    run(model, corpus, tmp_path / "whole")
    out, left = tmp_path / "out", 3

    def stop(status):
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        annotate(model, corpus, out, shard_size=SIZE, n_process=n_process, on_shard=stop)
    n_finished = len(log_lines(out))
    assert n_finished == 3
    # What a kill in the middle of writing leaves:
    (out / "shard-000099.jsonl").write_text("of no shard")
    (out / "shard-000098.jsonl.part").write_text("half of")
    (out / "rejects").mkdir(exist_ok=True)
    (out / "rejects" / "shard-000097.jsonl").write_text("of no shard")
    with (out / "finished.log").open("ab") as log:
        log.write(b'{"shard": 17, "dig')
    seen = []
    done = run(model, corpus, out, n_process=n_process, on_shard=seen.append)
    assert done.totals.shards - done.new_shards == n_finished
    assert [status.is_new for status in seen].count(False) == n_finished
    assert contents(out) == contents(tmp_path / "whole")
    assert log_lines(out) == log_lines(tmp_path / "whole")


def test_what_is_finished_stays(model, corpus, tmp_path):
    out = tmp_path / "out"
    run(model, corpus, out)
    before = contents(out)
    assert run(model, corpus, out).new_shards == 0
    (out / "shard-000003.jsonl").unlink()
    assert run(model, corpus, out).new_shards == 1
    assert contents(out) == before


def test_other_settings_are_an_error(model, corpus, tmp_path):
    out = tmp_path / "out"
    run(model, corpus, out)
    before = contents(out)
    other = tmp_path / "other_model"
    shutil.copytree(model, other)
    nlp = spacy.load(other)
    nlp.get_pipe("window_ner").cfg["recall_bias"] = 1.0
    nlp.to_disk(other)
    with pytest.raises(ValueError, match="WN112.*shard_size was 500 and is 400"):
        annotate(model, corpus, out, shard_size=400)
    with pytest.raises(ValueError, match="WN112.*id_column was None and is 'id'"):
        annotate(model, corpus, out, shard_size=SIZE, id_column="id")
    with pytest.raises(ValueError, match="WN112.*model was"):
        annotate(other, corpus, out, shard_size=SIZE)
    assert contents(out) == before


@pytest.mark.parametrize("is_whole", [True, False], ids=["finished", "interrupted"])
def test_another_format_is_an_error(model, tmp_path, is_whole):
    path, out = write_txt(tmp_path / "a.txt", make_texts(50)), tmp_path / "out"
    annotate(model, path, out, shard_size=SIZE)
    if not is_whole:
        (out / "shard-000000.jsonl").unlink()
        with (out / "finished.log").open("ab") as log:
            log.write(b'{"shard": 17, "dig')
    before, log = contents(out), (out / "finished.log").read_bytes()
    with pytest.raises(ValueError, match="WN112.*format was 'jsonl' and is 'spacy'"):
        annotate(model, path, out, shard_size=SIZE, format="spacy")
    assert contents(out) == before and (out / "finished.log").read_bytes() == log


def test_files_that_others_add_stay(model, tmp_path):
    texts, out = write_txt(tmp_path / "a.txt", ["Who is Shaka Khan?"]), tmp_path / "out"
    annotate(model, texts, out)
    before = contents(out)
    (out / "README").write_text("by hand")
    (out / "shard-000009.jsonl").write_text("of no run")
    annotate(model, texts, out)
    assert contents(out) == {**before, "README": b"by hand"}


def test_without_a_finished_shard_settings_may_change(model, tmp_path):
    path, out = write_txt(tmp_path / "a.txt", make_texts(50)), tmp_path / "out"
    annotate(model, path, out, shard_size=SIZE)
    for shard in out.glob("shard-*"):
        shard.unlink()
    (out / "shard-000000.jsonl.part").write_text("half of")
    done = annotate(model, path, out, shard_size=2 * SIZE, format="spacy")
    assert done.new_shards == done.totals.shards == len(log_lines(out)) == 2
    assert sorted(file.name for file in out.iterdir()) == [
        "finished.log", "manifest.json", "shard-000000.spacy", "shard-000001.spacy"
    ]  # fmt: skip
    assert annotate(model, path, out, shard_size=2 * SIZE, format="spacy").new_shards == 0


def test_the_log_has_one_line_for_each_shard(model, tmp_path):
    path, out = write_txt(tmp_path / "a.txt", make_texts(50)), tmp_path / "out"
    annotate(model, path, out, shard_size=SIZE)
    before = log_lines(out)
    (out / "shard-000001.jsonl").unlink()
    (out / "shard-000002.jsonl").write_bytes(b"")
    with pytest.warns(UserWarning, match="WW111"):
        assert annotate(model, path, out, shard_size=SIZE).new_shards == 2
    assert log_lines(out) == before


def test_other_input_is_an_error(model, corpus, tmp_path):
    out = tmp_path / "out"
    run(model, corpus, out)
    before = contents(out)
    texts = make_texts(100)
    shorter = corpus / "c.jsonl"
    lines = shorter.read_bytes()
    shorter.unlink()
    with pytest.raises(ValueError, match="WN114.*shard"):
        annotate(model, corpus, out, shard_size=SIZE)
    shorter.write_bytes(lines + b'{"text": "one more"}\n')
    with pytest.raises(ValueError, match="WN114.*shard"):
        annotate(model, corpus, out, shard_size=SIZE)
    write_txt(corpus / "a.txt.gz", [*texts[:50], "another", *texts[51:]])
    with pytest.raises(ValueError, match="WN114.*shard 3"):
        annotate(model, corpus, out, shard_size=SIZE)
    assert contents(out) == before


def test_input_that_ends_where_a_shard_does(model, tmp_path):
    """Of a folder whose run is finished, it is known that there was no more."""
    path, out = write_txt(tmp_path / "a.txt", ["x" * 9] * 20), tmp_path / "out"
    assert annotate(model, path, out, shard_size=100).totals.shards == 2
    write_txt(path, ["x" * 9] * 21)
    with pytest.raises(ValueError, match="WN114.*shard 2"):
        annotate(model, path, out, shard_size=100)
    write_txt(path, ["x" * 9] * 10)
    with pytest.raises(ValueError, match="WN114.*shard 1"):
        annotate(model, path, out, shard_size=100)


@pytest.mark.parametrize("n_process", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_full_disk(model, corpus, tmp_path, monkeypatch, n_process):
    out, replace, left = tmp_path / "out", os.replace, 6

    def full(source, target):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "replace", full)
        with pytest.raises(OSError, match="WN115.*No space left.*continues"):
            annotate(model, corpus, out, shard_size=SIZE, n_process=n_process)
    names = sorted(path.name for path in out.iterdir())
    assert len([name for name in names if name.startswith("shard")]) == len(log_lines(out)) == 5
    assert not [name for name in names if name.endswith(".part")]
    run(model, corpus, out)
    run(model, corpus, tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")


def test_a_process_that_is_killed(model, tmp_path):
    """As the system does if memory is short."""
    path = write_txt(tmp_path / "a.txt", make_texts(50))
    seen = []

    def kill(status):
        seen.append(status)
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(RuntimeError, match="WN116.*continues"):
        annotate(model, path, tmp_path / "out", shard_size=100, n_process=2, on_shard=kill)
    assert annotate(model, path, tmp_path / "out", shard_size=100).totals.docs == 50


def test_bad_arguments(model, corpus, tmp_path):
    out = tmp_path / "out"
    for settings in ({"n_process": 0}, {"shard_size": 0}, {"format": "csv"}, {"engine": "spark"},
                     {"ray_address": "here:1"}, {"input_format": "csv"},
                     {"max_line": 0}):  # fmt: skip
        [name] = settings
        with pytest.raises(ValueError, match=f"WN001.*{name}"):
            annotate(model, corpus, out, **settings)
    with pytest.raises(ValueError, match="WN110"):
        annotate(model, tmp_path / "nowhere", out)
    with pytest.raises(ValueError, match="WN110.*no columns.*body"):
        annotate(model, corpus / "a.txt.gz", out, text_column="body")
    with pytest.raises(ValueError, match="WN121.*nowhere"):
        annotate(tmp_path / "nowhere", corpus, out)
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="WN050"):
        annotate(tmp_path / "blank", corpus, out)
    assert not out.exists()


def test_an_unknown_column(model, corpus, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="WN113.*201 lines.*no 'body', but text, id"):
        annotate(model, corpus / "c.jsonl", out, text_column="body")
    assert not list(out.glob("shard*"))
    annotate(model, corpus / "a.txt.gz", out)  # nothing is in the way of another try
    with pytest.warns(UserWarning, match="WW110.*201 of 301.*'key' is null"):
        write_txt(corpus / "b.txt.gz", [])
        annotate(model, corpus, tmp_path / "ids", id_column="key")


def test_places_that_cant_be_written(model, corpus, tmp_path):
    with pytest.raises(ValueError, match="WN111.*must be a folder"):
        annotate(model, corpus, tmp_path / "out.jsonl")
    with pytest.raises(ValueError, match="WN111.*must be a folder"):
        annotate(model, corpus, write_txt(tmp_path / "out", ["a"]))
    with pytest.raises(ValueError, match="WN111.*has files"):
        annotate(model, corpus, model)
    with pytest.raises(ValueError, match="WN111.*inside the input folder"):
        annotate(model, corpus, corpus / "out")


def test_a_run_that_was_stopped_at_once(model, tmp_path):
    path, out = write_txt(tmp_path / "a.txt", make_texts(5)), tmp_path / "out"
    out.mkdir()
    (out / "manifest.json.part").write_text("{")
    assert annotate(model, path, out).totals.docs == 5
    assert sorted(file.name for file in out.iterdir()) == [
        "finished.log", "manifest.json", "shard-000000.jsonl"
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="has no locks of folders")
def test_two_runs_at_a_time(model, tmp_path):
    path, out = write_txt(tmp_path / "a.txt", make_texts(50)), tmp_path / "out"

    def start_another(status):
        with pytest.raises(ValueError, match="WN111.*another run"):
            annotate(model, path, out, shard_size=500)

    annotate(model, path, out, shard_size=500, on_shard=start_another)
    annotate(model, path, tmp_path / "whole", shard_size=500)
    assert contents(out) == contents(tmp_path / "whole")


def test_damaged_notes(model, tmp_path):
    path, out = write_txt(tmp_path / "a.txt", make_texts(50)), tmp_path / "out"
    annotate(model, path, out)
    log = (out / "finished.log").read_bytes()
    (out / "finished.log").write_bytes(b"{}\n" + log)
    with pytest.raises(ValueError, match="WN120.*finished.log"):
        annotate(model, path, out)
    (out / "finished.log").write_bytes(log)
    (out / "manifest.json").write_bytes(b"")
    with pytest.raises(ValueError, match="WN120.*manifest.json"):
        annotate(model, path, out)


def test_an_empty_corpus(model, tmp_path):
    done = annotate(model, write_txt(tmp_path / "a.txt", []), tmp_path / "out", n_process=2)
    assert done.totals == (0, 0, 0, 0, 0)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.json"]


def test_a_model_that_is_trained_again(model, tmp_path):
    """A process has the pipeline that is there now, not one that was there before."""
    path, place = write_txt(tmp_path / "a.txt", make_texts(10)), tmp_path / "model"
    shutil.copytree(model, place)
    first = annotate(place, path, tmp_path / "first")
    shutil.rmtree(place)
    nlp = make_nlp()
    nlp.get_pipe("window_ner").add_label("LOC")
    nlp.initialize()
    nlp.get_pipe("window_ner").cfg["recall_bias"] = -100.0
    nlp.to_disk(place)
    second = annotate(place, path, tmp_path / "second")
    assert first.totals.entities > 0 == second.totals.entities


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def replace(path):
    """Other content of the same size."""
    path.write_bytes(path.read_bytes()[::-1])


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


@pytest.mark.parametrize("change", [cut, replace, empty], ids=["cut", "replaced", "empty"])
@pytest.mark.parametrize("name", ["shard-000003.jsonl", "rejects/shard-000000.jsonl"])
def test_a_finished_shard_that_was_changed_is_made_anew(model, tmp_path, change, name):
    path = write_jsonl(
        tmp_path / "a.jsonl", [{"no": "text"}, *({"text": t} for t in make_texts(99))]
    )
    out = tmp_path / "out"
    with pytest.warns(UserWarning, match="WW110"):
        annotate(model, path, out, shard_size=SIZE)
    before = contents(out)
    change(out / name)
    assert contents(out) != before
    first = f"WW111.* 1 of .*{name.rpartition('/')[2]}"
    with pytest.warns(UserWarning, match="WW110"), pytest.warns(UserWarning, match=first):
        done = annotate(model, path, out, shard_size=SIZE)
    assert done.new_shards == 1 and contents(out) == before
    with pytest.warns(UserWarning, match="WW110"):
        assert annotate(model, path, out, shard_size=SIZE).new_shards == 0


def test_rejects_that_were_removed_are_made_anew(model, corpus, tmp_path):
    out = tmp_path / "out"
    run(model, corpus, out)
    before = contents(out)
    shutil.rmtree(out / "rejects")
    with pytest.warns(UserWarning, match="WW111"):
        assert run(model, corpus, out).new_shards == 2
    assert contents(out) == before


def test_the_log_tells_what_was_written(model, corpus, tmp_path):
    out = tmp_path / "out"
    run(model, corpus, out)
    n_rejects = 0
    for line in map(json.loads, log_lines(out)):
        name = f"shard-{line['shard']:06}.jsonl"
        assert Content(*line["content"]) == Content.of((out / name).read_bytes())
        if line["rejects"]:
            n_rejects += 1
            data = (out / "rejects" / name).read_bytes()
            assert Content(*line["rejects_content"]) == Content.of(data)
        else:
            assert line["rejects_content"] is None
    assert n_rejects == 2


@pytest.mark.parametrize("n_process", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_rows_to_a_stream(model, corpus, tmp_path, monkeypatch, n_process):
    """They are those of the shards, in the order of the corpus."""
    whole = run(model, corpus, tmp_path / "out")
    rows = b"".join(path.read_bytes() for path in sorted((tmp_path / "out").glob("shard-*")))
    stream, seen = io.BytesIO(), []
    with pytest.warns(UserWarning, match=r"WW112.*2 of 302 .*b\.txt\.gz: .*name a folder"):
        done = annotate(
            model, corpus, stream, shard_size=SIZE, n_process=n_process, on_shard=seen.append
        )
    assert stream.getvalue() == rows
    assert done == whole and len(seen) == done.totals.shards
    with pytest.raises(ValueError, match="WN001.*format.*jsonl"):
        annotate(model, corpus, stream, format="parquet")


def test_standard_output_in_python(model, tmp_path, monkeypatch, capfdbinary):
    monkeypatch.chdir(tmp_path)
    path = write_txt(tmp_path / "a.txt", make_texts(20))
    annotate(model, path, "out")
    annotate(model, path, "-")
    written = capfdbinary.readouterr().out
    assert written == (tmp_path / "out" / "shard-000000.jsonl").read_bytes()
    assert not (tmp_path / "-").exists()
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OSError, match="WN123.*closed"):
        annotate(model, path, "-")


def test_a_line_that_is_too_long(model, tmp_path):
    path = write_txt(tmp_path / "a.txt", ["I like London.", "x" * 10**6, "I like Berlin."])
    out = tmp_path / "out"
    with pytest.warns(UserWarning, match="WW110.* 1 of 3 .*line 2 of a.txt: more than 1,000 bytes"):
        done = annotate(model, path, out, max_line=1000)
    assert done.totals.docs == 2
    [reject] = read_lines(out / "rejects")
    assert reject["size"] == 10**6 + 1 and len(reject["raw"]) == 1001
    with pytest.raises(ValueError, match="WN112.*max_line was 1000 and is 2000"):
        annotate(model, path, out, max_line=2000)
