import json
import warnings

import numpy
import pytest
import spacy
from spacy.util import load_config

from spacy_windowner.files import read_packed, write_packed
from spacy_windowner.optimizers.sparse_adam import SparseAdam
from spacy_windowner.tools.pretrain import source
from spacy_windowner.tools.pretrain.pretrain import pretrain

from ...models.util import set_vectors
from .util import TEXTS, make_config, write_text

SETTINGS = {"epochs": 3, "batch_words": 20, "checkpoint_words": 50, "dropout": 0.1}


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
    n_words = sum(len(spacy.blank("en")(text)) for text in TEXTS)
    assert (done.epochs, done.words, done.steps) == (40, 40 * n_words, len(losses))
    assert numpy.mean(losses[:5]) > 0.6
    assert numpy.mean(losses[-20:]) < 0.4
    assert set(files(tmp_path / "out")) == {"words.bin", "checkpoint.bin", "config.cfg",
                                            "meta.json"}  # fmt: skip
    meta = json.loads((tmp_path / "out" / "meta.json").read_text())
    assert (meta["settings"]["lang"], meta["words"], meta["epochs"]) == ("en", 40 * n_words, 40)
    assert meta["settings"]["learn_rate"] == 0.01
    config = load_config(tmp_path / "out" / "config.cfg")
    assert config["components"]["window_ner"]["model"] == meta["settings"]["model"]


def test_the_same_seed_gives_the_same_weights(raw, tmp_path):
    for name, seed in [("a", 0), ("b", 0), ("c", 1)]:
        run(raw, tmp_path / name, seed=seed)
    a, b, c = (files(tmp_path / name)["words.bin"] for name in "abc")
    assert a == b != c


@pytest.mark.parametrize("steps", [1, 4, 11, 17, 20])
def test_stopped_anywhere_it_goes_on_to_the_same_weights(raw, tmp_path, steps):
    run(raw, tmp_path / "whole")
    seen = []

    def stop(status):
        seen.append(status)
        if len(seen) == steps:
            raise Stop

    with pytest.raises(Stop):
        run(raw, tmp_path / "out", on_batch=stop)
    done = run(raw, tmp_path / "out")
    assert done.epochs == 3
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_more_epochs_go_on_from_fewer(raw, tmp_path):
    run(raw, tmp_path / "whole")
    for epochs in (1, 3):
        run(raw, tmp_path / "out", epochs=epochs)
    assert files(tmp_path / "out") == files(tmp_path / "whole")
    batches = []
    run(raw, tmp_path / "out", on_batch=batches.append)
    assert not batches  # all is done


def test_a_long_line_is_no_place_for_a_checkpoint(tmp_path):
    raw = write_text(tmp_path, [" ".join(TEXTS), *TEXTS])
    run(raw, tmp_path / "whole")
    seen = []

    def stop(status):
        seen.append(status)
        if len(seen) == 5:
            raise Stop

    with pytest.raises(Stop):
        run(raw, tmp_path / "out", on_batch=stop)
    assert not (tmp_path / "out").exists()
    run(raw, tmp_path / "out")
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_a_stop_while_writing_leaves_the_last_checkpoint(raw, tmp_path, monkeypatch):
    run(raw, tmp_path / "out", epochs=1)
    before = files(tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", lambda *args: (_ for _ in ()).throw(Stop))
        with pytest.raises(Stop):
            run(raw, tmp_path / "out", epochs=2)
    after = files(tmp_path / "out")
    assert {name: after[name] for name in before} == before


@pytest.mark.parametrize(
    "change, message",
    [
        ({"seed": 1}, "seed was 0 and is 1"),
        ({"overrides": {"nlp.lang": "de"}}, "lang was 'en' and is 'de'"),
        ({"learn_rate": 0.1}, "learn_rate was 0.002 and is 0.1"),
        ({"batch_words": 30}, "batch_words was 20 and is 30"),
        ({"config": make_config(model={"window": 1})}, "model was .*'window': 2.*'window': 1"),
    ],
    ids=str,
)
def test_a_checkpoint_of_another_pretraining(raw, tmp_path, change, message):
    run(raw, tmp_path / "out", epochs=1)
    before = files(tmp_path / "out")
    with pytest.raises(ValueError, match=f"WN044.*{message}.*another folder"):
        run(raw, tmp_path / "out", **change)
    assert files(tmp_path / "out") == before


def test_a_checkpoint_of_another_text(raw, tmp_path):
    run(raw, tmp_path / "out", epochs=1)
    with pytest.raises(ValueError, match="WN044.*text_bytes"):
        run(write_text(tmp_path, TEXTS[:3], "other.txt"), tmp_path / "out")


KIND = "spacy-windowner.checkpoint.v2"


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x80", KIND.encode()])
def test_a_checkpoint_of_another_kind(raw, tmp_path, data):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "checkpoint.bin").write_bytes(data)
    with pytest.raises(ValueError, match="WN047.*checkpoint.bin.*doesn't begin with.*Delete it"):
        run(raw, tmp_path / "out")


def test_a_damaged_checkpoint(raw, tmp_path):
    run(raw, tmp_path / "out", epochs=1)
    path = tmp_path / "out" / "checkpoint.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="WN047.*its checksum differs.*Delete it"):
        run(raw, tmp_path / "out")


def put(*keys_and_value):
    """What replaces something in a checkpoint."""
    *keys, last, value = keys_and_value

    def change(state):
        for key in keys:
            state = state[key]
        state[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: state.pop("settings"), "KeyError: 'settings'"),
        (put("settings", 3), "TypeError"),
        (lambda state: state.pop("weights"), "KeyError: 'weights'"),
        (lambda state: state["weights"].pop(), "shorter"),
        (put("weights", 0, numpy.ones(3, "float32")), "`E` is no array of float32"),
        (put("weights", 1, None), "is no array"),
        (put("optimizer", 0, "updates", -1), "`updates` is -1"),
        (put("optimizer", 0, "average", numpy.ones(3, "float32")), "`average`"),
        (put("optimizer", 0, "table", {}), "KeyError: 'second_moment'"),
        (put("optimizer", 0, 3), "TypeError"),
        (put("progress", {}), "KeyError: 'epochs'"),
        (put("progress", "steps", -1), "its progress is"),
        (put("progress", "words", 1.5), "its progress is"),
        (put("progress", "position", [0]), "not enough values"),
    ],
)
def test_a_checkpoint_with_other_content(raw, tmp_path, change, reason):
    run(raw, tmp_path / "out", epochs=1)
    path = tmp_path / "out" / "checkpoint.bin"
    state = read_packed(path, KIND)
    change(state)
    write_packed(path, KIND, state)
    with pytest.raises(ValueError, match=f"WN047.*{reason}"):
        run(raw, tmp_path / "out")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_pretraining_that_diverges_leaves_the_last_checkpoint(raw, tmp_path, monkeypatch):
    run(raw, tmp_path / "out", epochs=1)
    before = files(tmp_path / "out")

    def diverging(learn_rate):
        optimizer = SparseAdam(learn_rate)
        optimizer.learn_rate = numpy.nan
        return optimizer

    with monkeypatch.context() as patch:
        patch.setattr("spacy_windowner.tools.pretrain.pretrain.SparseAdam", diverging)
        with pytest.raises(ValueError, match="WN167.*lower `--learn-rate`.*last checkpoint"):
            run(raw, tmp_path / "out", epochs=2)
    assert files(tmp_path / "out") == before
    run(raw, tmp_path / "out", epochs=2)


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
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(raw, tmp_path / "out", epochs=5)


@pytest.mark.parametrize(
    "setting",
    [
        {"epochs": 0}, {"batch_words": 0}, {"corrupt_windows": 0}, {"checkpoint_words": 0},
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
    monkeypatch.setattr(source.DocMaker.__init__, "__defaults__", (3,))
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
    assert averages["checkpoint.bin"] == weights["checkpoint.bin"]


@pytest.mark.parametrize("update_vectors", [False, True])
def test_word_vectors(raw, tmp_path, update_vectors):
    nlp = spacy.blank("en")
    set_vectors(nlp.vocab, words=("Paris", "London", "in"))
    nlp.to_disk(tmp_path / "vectors")
    vectors = {"@architectures": "spacy-windowner.VectorsEmbed.v1", "width": 4,
               "update_vectors": update_vectors}  # fmt: skip
    config = make_config(model={"embed": {"vectors": vectors}})
    with pytest.raises(ValueError, match="WN005"):
        run(raw, tmp_path / "out", config=config)
    overrides = {"initialize.vectors": str(tmp_path / "vectors")}
    assert run(raw, tmp_path / "out", config=config, overrides=overrides).epochs == 3
    set_vectors(nlp.vocab, words=("Paris", "London"))
    nlp.to_disk(tmp_path / "vectors")
    with pytest.raises(ValueError, match=r"WN044.*vectors was \[3, 4\] and is \[2, 4\]"):
        run(raw, tmp_path / "out", config=config, overrides=overrides)


def test_tables_are_updated_by_rows(tmp_path):
    """What no word of the text reads stays as it began."""
    raw = write_text(tmp_path, ["Paris is it.", "Is it Paris?"])
    config = make_config(model={"embed": {"ngrams": {"rows": 5000}}})
    run(raw, tmp_path / "out", config=config)
    run(raw, tmp_path / "more", config=config, epochs=6)
    tables = []
    for name in ("out", "more"):
        weights = read_packed(tmp_path / name / "checkpoint.bin", KIND)["weights"]
        [ngrams] = [value for value in weights if len(value) == 5000]
        tables.append(ngrams)
    changed = (tables[0] != tables[1]).any(axis=1)
    assert 10 < changed.sum() < 200
