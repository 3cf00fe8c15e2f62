"""Words of real text, and what they bring to a training."""

import time
from pathlib import Path

import pytest
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config

from spacy_windowner.tools.convert.convert import convert
from spacy_windowner.tools.pretrain.pretrain import WORDS, pretrain

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason="the public corpora are not at ../shared/data"),
]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Words of MASC, the losses and the words a second of CPU time."""
    folder = tmp_path_factory.mktemp("words")
    losses = []
    start = time.process_time()
    done = pretrain(DATA / "raw" / "masc.txt", folder, epochs=2,
                    on_batch=lambda status: losses.append(status.loss))  # fmt: skip
    return folder / WORDS, losses, done.words / (time.process_time() - start)


def test_true_windows_are_told_from_corrupt_ones(words):
    _, losses, rate = words
    assert losses[0] > 0.8
    assert sum(losses[-20:]) / 20 < 0.3
    # It is three times as many on an idle machine.
    assert rate > 30_000


def test_a_training_begins_better(words, tmp_path):
    for split in ("train", "dev"):
        source, target = DATA / "wnut17" / f"{split}.conll", tmp_path / f"{split}.spacy"
        convert([source], target)
    scores = []
    for init_words in (None, str(words[0])):
        overrides = {
            "paths.train": str(tmp_path / "train.spacy"),
            "paths.dev": str(tmp_path / "dev.spacy"),
            "paths.init_words": init_words,
            "training.max_steps": 200,
        }
        nlp = init_nlp(load_config(ROOT / "configs" / "default.cfg", overrides))
        folder = tmp_path / f"model-{len(scores)}"
        folder.mkdir()
        train(nlp, folder, use_gpu=-1)
        scores.append(nlp.meta["performance"]["ents_f"])
    assert scores[1] > scores[0] + 0.04
