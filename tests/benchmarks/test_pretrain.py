"""The benchmark of learning words, on a corpus of a few sentences."""

import pretrain as benchmark
import pytest
from accuracy_data import find_corpus, prepare

from spacy_windowner.pipeline.window_ner import WindowNER

from .util import write_corpus

# The corpora are tiny.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[WW060\]")


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "tiny"
    prepare(find_corpus(write_corpus(tmp_path / "conll")), "en", folder)
    return folder


def test_words_are_learned_and_trained_with(corpus, tmp_path, capsys, monkeypatch):
    load_config, tuned = benchmark.load_config, []

    def load_short_config(path, overrides):
        return load_config(path, {**overrides, "training.max_steps": 20,
                                  "training.eval_frequency": 10})  # fmt: skip

    monkeypatch.setattr(benchmark, "load_config", load_short_config)
    monkeypatch.setattr(WindowNER, "_tune_recall_bias", lambda self, held_out: tuned.append(self))
    raw = tmp_path / "raw.txt"
    raw.write_text("Anna lives in Rome.\nBob is in Paris.\n", encoding="utf8")
    benchmark.main(raw, tmp_path / "words", corpora=str(corpus), seeds=1, epochs=2)
    rates, _, _, *rows = capsys.readouterr().out.strip().splitlines()
    rows = [line.strip("| ").split(" | ") for line in rows if line.startswith("| tiny")]
    assert len(rates.split(": ")[1].split(", ")) == 2
    assert (tmp_path / "words" / "words.bin").is_file()
    assert [row[:3] for row in rows] == [["tiny", "0", "random"], ["tiny", "0", "from raw text"]]
    assert all(0.0 <= float(row[3]) <= float(row[4]) <= 100.0 for row in rows)
    assert len({id(ner) for ner in tuned}) == 2  # the operating point of each was chosen
