"""The benchmark of new labels, on a corpus of a few sentences."""

import growth as benchmark
import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from .util import write_corpus


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*WW06[02]")  # it is calibrated on a few entities
@pytest.mark.filterwarnings("ignore:.*WW005")  # half of the annotation lacks a label
def test_a_label_is_learned_after_the_others(tmp_path, capsys, monkeypatch):
    make_config = {name: getattr(benchmark, name) for name in ("window_ner_config", "ner_config")}

    def shorten(name):
        def short(base, label):
            config = make_config[name](base, label)
            config["training"].update(max_steps=4, eval_frequency=2)
            return config

        return short

    for name in make_config:
        monkeypatch.setattr(benchmark, name, shorten(name))
    corpus = write_corpus(tmp_path / "conll")
    benchmark.main(corpus, tmp_path / "work", label="LOC", systems="window_ner,ner")
    lines = capsys.readouterr().out.strip().splitlines()
    assert "old scores the same: True" in lines
    table = [line for line in lines if line.startswith("| `")]
    assert [row.split("|")[1].strip() for row in table] == [
        f"`{system}` {stage}"
        for system in ("window_ner", "ner")
        for stage in ("without it", "learned after", "all together", "half of the annotation")
    ]
    half, joint = (
        list(DocBin().from_disk(tmp_path / "work" / name / "train.spacy").get_docs(Vocab()))
        for name in ("half", "joint")
    )
    states = [
        (before.ent_iob, after.ent_iob)
        for old, new in zip(joint, half, strict=True)
        for before, after in zip(old, new, strict=True)
    ]
    assert 0.3 < sum(after == 0 for _, after in states) / len(states) < 0.7
    assert all(after in (0, before) for before, after in states)
