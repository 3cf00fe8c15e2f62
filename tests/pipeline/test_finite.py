"""Numbers that are not finite stop at the door that they come by; nothing good is overwritten."""

import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import spacy
from spacy.tokens import DocBin
from spacy.util import load_config
from spacy.vectors import Vectors
from thinc.api import Adam

from spacy_windowner.files import read_packed, write_packed
from spacy_windowner.losses.max_margin import MaxMargin
from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.tools.pretrain.pretrain import pretrain
from spacy_windowner.training.callbacks import calibrate

from ..tools.pretrain.util import make_config, write_text
from .test_bad_data import WORDS, with_vectors
from .util import LOSSES, copy_of, ents_of, make_examples, make_nlp, train

NUMBERS = [numpy.nan, numpy.inf, -numpy.inf]
CONFIGS = Path(__file__).parent.parent.parent / "configs"


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("update_vectors", [False, True])
def test_word_vectors(update_vectors, number):
    nlp = with_vectors(WORDS, update_vectors)
    nlp.vocab.vectors.data[[2, 5], 1] = number
    message = f"WN166.*'window_ner'.*: 2 of 11 have.*{WORDS[2]}.*{WORDS[5]}.*spacy init vectors"
    with pytest.raises(ValueError, match=message):
        nlp.initialize(lambda: make_examples(nlp))


def test_vectors_of_parts_of_words():
    nlp = with_vectors([])
    data = numpy.full((9, 4), numpy.nan, dtype="float32")
    nlp.vocab.vectors = Vectors(data=data, mode="floret", hash_count=1)
    with pytest.raises(ValueError, match="WN166.*9 of 9"):
        nlp.initialize(lambda: make_examples(nlp))


def test_vectors_that_are_not_used_do_not_matter():
    nlp = make_nlp()
    nlp.vocab.vectors = Vectors(data=numpy.full((2, 3), numpy.nan, "float32"), keys=["a", "b"])
    train(nlp, steps=1)


@pytest.mark.parametrize("number", NUMBERS)
def test_pretrained_words(tmp_path, number):
    pretrain(write_text(tmp_path), tmp_path / "out", config=make_config(), epochs=1, batch_words=99)
    path = tmp_path / "out" / "words.bin"
    data = read_packed(path, "spacy-windowner.words.v3")
    W = data["windowed_affine"][0]["params"]["W"].copy()
    W[0, 0, 0] = number
    data["windowed_affine"][0]["params"]["W"] = W
    write_packed(path, "spacy-windowner.words.v3", data)
    nlp = make_nlp()
    with pytest.raises(ValueError, match="WN045.*W of the layer windowed_affine.*NaN or infinite"):
        nlp.get_pipe("window_ner").initialize(lambda: make_examples(nlp), nlp=nlp, init_words=path)


@pytest.mark.parametrize("name", ["learn_rate", "L2", "beta1", "beta2", "eps", "grad_clip"])
@pytest.mark.parametrize("number", [*NUMBERS, -1.0])
def test_the_settings_of_the_optimizer(name, number):
    with pytest.raises(ValueError, match=f"WN001.*{name}"):
        SparseAdam(**{name: number})


@pytest.mark.parametrize("name", ["pairwise_weight", "sequence_weight"])
@pytest.mark.parametrize("number", NUMBERS)
def test_the_settings_of_the_loss(name, number):
    with pytest.raises(ValueError, match=f"WN001.*{name}"):
        MaxMargin(**{name: number})


def spoil(nlp, number=numpy.nan):
    output = nlp.get_pipe("window_ner").model.get_ref("output_layer")
    output.get_param("b")[1] = number


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("number", NUMBERS)
def test_an_update_with_scores_that_are_not_finite(loss, number):
    nlp = make_nlp(loss={"@losses": loss})
    train(nlp, steps=1)
    spoil(nlp, number)
    ner = nlp.get_pipe("window_ner")
    before = [node.get_param(name).copy() for node in ner.model.walk() for name in node.param_names]
    losses: dict = {}
    with pytest.raises(ValueError, match="WN162.*'window_ner' has diverged.*learn_rate.*vectors"):
        nlp.update(make_examples(nlp), sgd=Adam(0.01), losses=losses)
    assert losses == {"window_ner": 0.0}
    after = [node.get_param(name) for node in ner.model.walk() for name in node.param_names]
    assert all(map(numpy.array_equal, before, after, [True] * len(before)))


def test_a_loss_that_is_not_finite(trained):
    ner = trained.get_pipe("window_ner")
    ner.loss = lambda scores, targets: (numpy.zeros_like(scores), numpy.inf)
    with pytest.raises(ValueError, match="WN162.*the loss of a batch is inf"):
        trained.update(make_examples(trained))


def test_rehearsal(trained):
    optimizer = trained.resume_training()
    spoil(trained)
    with pytest.raises(ValueError, match="WN162"):
        trained.rehearse(make_examples(trained), sgd=optimizer)


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing_is_saved(trained, tmp_path, number):
    trained.to_disk(tmp_path)
    copy = copy_of(trained)
    spoil(copy, number)
    ner = copy.get_pipe("window_ner")
    message = "WN161.*'window_ner' can't be saved.*`b` of its layer 'linear'.*lower `learn_rate`"
    for save in (
        copy.to_bytes,
        ner.to_bytes,
        lambda: copy.to_disk(tmp_path),
        lambda: ner.to_disk(tmp_path / "window_ner"),
        lambda: calibrate()(copy),
    ):
        with pytest.raises(ValueError, match=message):
            save()
    assert ents_of(spacy.load(tmp_path)("I like London.")) == ents_of(trained("I like London."))


def test_a_component_whose_training_diverged_is_not_saved(trained, tmp_path):
    """Its weights may be finite still."""
    ner = trained.get_pipe("window_ner")
    data = ner.to_bytes()
    ner.loss, loss = (lambda scores, targets: (numpy.zeros_like(scores), numpy.nan)), ner.loss
    with pytest.raises(ValueError, match="WN162"):
        trained.update(make_examples(trained))
    ner.loss = loss
    with pytest.raises(ValueError, match="WN161.*the scores of the last batch"):
        trained.to_disk(tmp_path / "nlp")
    ner.from_bytes(data)
    trained.to_disk(tmp_path / "nlp")


def test_a_component_that_is_initialized_anew_is_saved(trained):
    spoil(trained)
    with pytest.raises(ValueError, match="WN162"):
        trained.update(make_examples(trained))
    train(trained, steps=1)
    trained.to_bytes()


# The whole way, with `spacy train`.


CODE = """
import itertools
import spacy

@spacy.registry.schedules("test.diverges.v1")
def diverges(rate: str, after: int):
    return itertools.chain(itertools.repeat(0.001, after), itertools.repeat(float(rate)))
"""


def spacy_train(folder, config, *, rate, after, **overrides):
    nlp = spacy.blank("en")
    docs = [eg.reference for eg in make_examples(nlp)]
    DocBin(docs=docs).to_disk(folder / "data.spacy")
    (folder / "code.py").write_text(CODE)
    settings = {
        "paths.train": str(folder / "data.spacy"),
        "paths.dev": str(folder / "data.spacy"),
        "training.max_steps": 60,
        "training.eval_frequency": 5,
        **overrides,
    }
    config = load_config(CONFIGS / config, overrides=settings)
    config["training"]["optimizer"]["learn_rate"] = {
        "@schedules": "test.diverges.v1", "rate": str(rate), "after": after
    }  # fmt: skip
    config.to_disk(folder / "config.cfg")
    arguments = ["config.cfg", "--output", "out", "--code", "code.py"]
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "spacy", "train", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
    )


@pytest.mark.slow
@pytest.mark.parametrize("rate", ["1000", "nan"])
@pytest.mark.parametrize("config", ["default.cfg", "tok2vec.cfg", "torch.cfg"])
@pytest.mark.parametrize("calibrates", [True, False])
def test_spacy_train_keeps_what_was_good(tmp_path, config, rate, calibrates):
    overrides = {} if calibrates else {"training.before_to_disk": None}
    done = spacy_train(tmp_path, config, rate=rate, after=21, **overrides)
    assert done.returncode != 0, done.stdout
    assert "OverflowError" not in done.stderr
    assert "WN161" in done.stdout or "WN162" in done.stdout
    for name in ("model-best", "model-last"):
        nlp = spacy.load(tmp_path / "out" / name)
        assert nlp("Who is Shaka Khan?").has_annotation("ENT_IOB")
    best = spacy.load(tmp_path / "out" / "model-best")
    assert ents_of(best("I like London and Berlin.")) == [("London", "LOC"), ("Berlin", "LOC")]
