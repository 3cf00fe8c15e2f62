import os
import shutil
import sys
import threading
import time

import pytest

from spacy_windowner.tools.annotate.local_engine import annotate_in_processes
from spacy_windowner.tools.annotate.records import Record
from spacy_windowner.tools.annotate.sources import cut_into_shards
from spacy_windowner.tools.annotate.tagger import TaggerSettings

pytestmark = pytest.mark.usefixtures("light_processes")


def open_for_a_reader(pipe):
    """The end to write to, as soon as somebody reads."""
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_nobody_waits_for_shards_that_are_not_wanted(model, tmp_path):
    """Whoever stops a run has the terminal back at once, whatever the processes are at: here they
    wait for the first byte of a tokenizer."""
    place = tmp_path / "model"
    shutil.copytree(model, place)
    (place / "tokenizer").unlink()
    os.mkfifo(place / "tokenizer")
    pipes = []

    def shards():
        yield from cut_into_shards([(Record("a", "London.", "a.txt", 1), 8)], 1)
        pipes.append(open_for_a_reader(place / "tokenizer"))
        raise KeyboardInterrupt

    def run():
        with pytest.raises(KeyboardInterrupt):
            list(annotate_in_processes(settings, 2, shards()))

    settings = TaggerSettings(str(place), "", None, "jsonl", None)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout=120)
    is_waiting = thread.is_alive()
    for pipe in pipes:  # which ends the processes of a test that fails
        os.close(pipe)
    assert not is_waiting


def test_shards_in_order(model):
    """The first takes longest."""
    items = [(Record("a", text, "a.txt", 1), 8) for text in ["London. " * 5000, *["Berlin."] * 20]]
    settings = TaggerSettings(str(model), "", None, "jsonl", None)
    shards = cut_into_shards(items, 1)
    found = [shard.number for shard, _ in annotate_in_processes(settings, 2, shards, in_order=True)]
    assert found == list(range(21))
