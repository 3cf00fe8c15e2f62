import json
import warnings

import numpy
import pytest
import spacy
from spacy.util import load_config

from spacy_windowner.files import read_packed
from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.tools.pretrain import source
from spacy_windowner.tools.pretrain.pretrain import pretrain

from ...models.util import set_vectors
from .util import TEXTS, make_config, write_text

SETTINGS = {"epochs": 3, "batch_words": 20, "dropout": 0.1}


@pytest.fixture
def raw(tmp_path):
    return write_text(tmp_path)


def run(raw, output, config=None, **settings):
    return pretrain(raw, output, config=config or make_config(), **{**SETTINGS, **settings})


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Stop(Exception):
    pass


def test_it_learns_and_writes_what_it_did(raw, tmp_path):
    losses = []
    done = run(raw, tmp_path / "out", epochs=40, learn_rate=0.01,
               on_batch=lambda status: losses.append(status.loss))  # fmt: skip
    n_words = sum(len(spacy.blank("xx")(text)) for text in TEXTS)
    assert done == (40, 40 * n_words)
    assert numpy.mean(losses[:5]) > 0.6
    assert numpy.mean(losses[-20:]) < 0.4
    assert set(files(tmp_path / "out")) == {"words.bin", "config.cfg", "meta.json"}
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert (meta["settings"]["lang"], meta["words"], meta["epochs"]) == ("xx", 40 * n_words, 40)
    assert meta["settings"]["learn_rate"] == 0.01
    config = load_config(tmp_path / "out" / "config.cfg")
    assert config["components"]["window_ner"]["model"] == meta["settings"]["model"]


def test_the_same_seed_gives_the_same_weights(raw, tmp_path):
    for name, seed in [("a", 0), ("b", 0), ("c", 1)]:
        run(raw, tmp_path / name, seed=seed)
    a, b, c = (files(tmp_path / name)["words.bin"] for name in "abc")
    assert a == b != c


def params(path):
    """The parameters in a file of words."""
    data = read_packed(path, "spacy-windowner.words.v3")
    return [
        value
        for part in ("embed", "windowed_affine")
        for layer in data[part]
        for value in layer["params"].values()
    ]


def stop_after(steps):
    seen = []

    def stop(status):
        seen.append(status)
        if len(seen) == steps:
            raise Stop

    return stop


def test_each_epoch_is_saved(raw, tmp_path):
    run(raw, tmp_path / "one", epochs=1)
    steps = []
    run(raw, tmp_path / "two", epochs=2, on_batch=steps.append)
    of_one_epoch = sum(status.epoch == 1 for status in steps)
    with pytest.raises(Stop):
        run(raw, tmp_path / "out", on_batch=stop_after(of_one_epoch))
    assert not (tmp_path / "out").exists()
    for steps, name in [(of_one_epoch + 1, "one"), (2 * of_one_epoch + 1, "two")]:
        with pytest.raises(Stop):
            run(raw, tmp_path / "out", on_batch=stop_after(steps))
        assert files(tmp_path / "out") == files(tmp_path / name)


def test_it_starts_from_earlier_words(raw, tmp_path):
    out, words = tmp_path / "out", tmp_path / "out" / "words.bin"
    settings = {"epochs": 30, "learn_rate": 0.01, "dropout": 0.0}
    losses, more = [], []
    run(raw, out, **settings, on_batch=lambda status: losses.append(status.loss))
    before = params(words)
    done = run(raw, out, **{**settings, "epochs": 2}, seed=1, init_words=words,
               on_batch=lambda status: more.append(status.loss))  # fmt: skip
    assert done.epochs == 2
    # The score vector is new. Once it is learned, the words are ahead.
    n = len(more) // 2
    assert numpy.mean(more[n:]) < 0.5 * numpy.mean(losses[n : 2 * n])
    after = params(words)
    assert any((new != old).any() for old, new in zip(before, after, strict=True))
    meta = json.loads((out / "meta.json").read_text())
    assert (meta["epochs"], meta["settings"]["init_words"]) == (2, str(words))


def test_the_first_weights_are_those_of_the_file(raw, tmp_path):
    run(raw, tmp_path / "out")
    words = tmp_path / "out" / "words.bin"
    # The averages of so small steps are the weights before them.
    run(raw, tmp_path / "same", learn_rate=1e-12, seed=1, init_words=str(words))
    found = params(tmp_path / "same" / "words.bin")
    for expected, value in zip(params(words), found, strict=True):
        numpy.testing.assert_allclose(value, expected, atol=1e-6)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"init_words": "missing.bin"}, "WN045.*missing.bin.*no such file"),
        ({"config": make_config(model={"window": 1})}, "WN046.*'window_ner'.*windowed_affine"),
        ({"config": make_config(model={"activation": "tanh"})}, "WN046.*activation.*tanh"),
    ],
    ids=str,
)
def test_words_that_do_not_fit(raw, tmp_path, change, message):
    run(raw, tmp_path / "out", epochs=1)
    before = files(tmp_path / "out")
    batches = []
    with pytest.raises(ValueError, match=message):
        run(raw, tmp_path / "out", on_batch=batches.append,
            **{"init_words": tmp_path / "out" / "words.bin", **change})  # fmt: skip
    assert not batches
    assert files(tmp_path / "out") == before


def test_an_earlier_pretraining_is_replaced_after_the_first_epoch(raw, tmp_path):
    run(raw, tmp_path / "expected", seed=1)
    run(raw, tmp_path / "out")
    before = files(tmp_path / "out")
    with pytest.raises(Stop):
        run(raw, tmp_path / "out", seed=1, on_batch=stop_after(3))
    assert files(tmp_path / "out") == before
    run(raw, tmp_path / "out", seed=1)
    assert files(tmp_path / "out") == files(tmp_path / "expected")


def test_a_stop_while_writing_leaves_what_was_there(raw, tmp_path, monkeypatch):
    run(raw, tmp_path / "out", epochs=1)
    before = files(tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", lambda *args: (_ for _ in ()).throw(Stop))
        with pytest.raises(Stop):
            run(raw, tmp_path / "out", epochs=1, seed=1)
    assert files(tmp_path / "out") == before


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_pretraining_that_diverges_leaves_what_was_there(raw, tmp_path, monkeypatch):
    run(raw, tmp_path / "out", epochs=1)
    before = files(tmp_path / "out")

    def diverging(learn_rate):
        optimizer = SparseAdam(learn_rate)
        optimizer.learn_rate = numpy.nan
        return optimizer

    with monkeypatch.context() as patch:
        patch.setattr("spacy_windowner.tools.pretrain.pretrain.SparseAdam", diverging)
        with pytest.raises(ValueError, match="WN167.*lower `--learn-rate`.*Nothing of this epoch"):
            run(raw, tmp_path / "out", epochs=2)
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize("rate", [numpy.nan, numpy.inf, 0.0, -1.0])
def test_learning_rates_that_make_no_sense(raw, tmp_path, rate):
    with pytest.raises(ValueError, match="WN001.*learn_rate"):
        run(raw, tmp_path / "out", learn_rate=rate)


def test_a_file_in_place_of_the_folder(raw, tmp_path):
    batches = []
    with pytest.raises(ValueError, match="WN048.*raw.txt: it is a file"):
        run(raw, raw, on_batch=batches.append)
    assert not batches  # nothing was learned for nothing


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe\n\n"])
def test_a_text_without_words(tmp_path, content):
    (tmp_path / "raw.txt").write_bytes(content)
    skipped = 1 if b"\xff" in content else 0
    with pytest.raises(ValueError, match=f"WN041.*{skipped} are unreadable"):
        run(tmp_path / "raw.txt", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_unreadable_lines_are_reported_once(raw, tmp_path):
    raw.write_bytes(b"\xff\n\xfe\n" + raw.read_bytes() + b"\xff\n")
    with pytest.warns(UserWarning, match=r"WW040.*3 of 23 lines.*line 1 is not UTF-8") as warned:
        run(raw, tmp_path / "out")
    assert len(warned) == 1


@pytest.mark.parametrize(
    "setting",
    [
        {"epochs": 0}, {"batch_words": 0}, {"corrupt_windows": 0},
        {"learn_rate": 0.0}, {"dropout": 1.0}, {"dropout": -0.1}, {"seed": -1},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_make_no_sense(raw, tmp_path, setting):
    [name] = setting
    with pytest.raises(ValueError, match=f"WN001.*{name}"):
        run(raw, tmp_path / "out", **setting)


@pytest.mark.parametrize(
    "model, why", [({"hidden_depth": 0}, "no hidden layer"), ({"window": 0}, "the word alone, and")]
)
def test_models_that_cannot_learn_from_raw_text(raw, tmp_path, model, why):
    with pytest.raises(ValueError, match=f"WN042.*'window_ner'.*{why}"):
        run(raw, tmp_path / "out", config=make_config(model=model))


def test_one_token_a_batch(tmp_path):
    """Nothing to compare with, and nothing to learn, but no harm."""
    losses = []
    run(write_text(tmp_path, ["Paris", "London"]), tmp_path / "out", batch_words=1,
        on_batch=lambda status: losses.append(status.loss))  # fmt: skip
    assert losses == [0.0] * 6


@pytest.mark.slow
def test_the_vocabulary_may_be_replaced(raw, tmp_path, monkeypatch):
    run(raw, tmp_path / "one")
    monkeypatch.setattr(source.RenewingTokenizer.__init__, "__defaults__", (3,))
    run(raw, tmp_path / "many")
    assert files(tmp_path / "many") == files(tmp_path / "one")


def test_what_is_saved_are_the_averages(raw, tmp_path, monkeypatch):
    run(raw, tmp_path / "averages")
    averages = files(tmp_path / "averages")
    monkeypatch.setattr(
        "thinc.model.Model.use_params", lambda self, params: warnings.catch_warnings()
    )
    run(raw, tmp_path / "weights")
    weights = files(tmp_path / "weights")
    assert averages["words.bin"] != weights["words.bin"]


@pytest.mark.parametrize("update_vectors", [False, True])
def test_word_vectors(raw, tmp_path, update_vectors):
    nlp = spacy.blank("xx")
    set_vectors(nlp.vocab, words=("Paris", "London", "in"))
    nlp.to_disk(tmp_path / "vectors")
    vectors = {"@architectures": "spacy-windowner.VectorsEmbed.v1", "width": 4,
               "update_vectors": update_vectors}  # fmt: skip
    config = make_config(model={"embed": {"vectors": vectors}})
    with pytest.raises(ValueError, match="WN005"):
        run(raw, tmp_path / "out", config=config)
    overrides = {"initialize.vectors": str(tmp_path / "vectors")}
    assert run(raw, tmp_path / "out", config=config, overrides=overrides).epochs == 3
    again = run(raw, tmp_path / "out", config=config, overrides=overrides,
                init_words=tmp_path / "out" / "words.bin")  # fmt: skip
    assert again.epochs == 3


def test_tables_are_updated_by_rows(tmp_path):
    """What no word of the text reads stays as it began."""
    raw = write_text(tmp_path, ["Paris is it.", "Is it Paris?"])
    config = make_config(model={"embed": {"ngrams": {"rows": 5000}}})
    run(raw, tmp_path / "out", config=config, epochs=3)
    run(raw, tmp_path / "more", config=config, epochs=5)
    tables = []
    for name in ("out", "more"):
        weights = params(tmp_path / name / "words.bin")
        [ngrams] = [value for value in weights if len(value) == 5000]
        tables.append(ngrams)
    changed = (tables[0] != tables[1]).any(axis=1)
    assert 10 < changed.sum() < 200
