"""Settings that make no sense are rejected alike, wherever they come from."""

import numpy
import pytest
import spacy
import srsly

from spacy_windowner.losses.cross_entropy import CrossEntropy
from spacy_windowner.models.labels import set_added_labels
from spacy_windowner.pipeline.checks import find_problem
from spacy_windowner.pipeline.window_ner import WindowNER

from .util import TRAIN_DATA, copy_of, ents_of, make_examples, make_nlp, train

NAN, INF = float("nan"), float("inf")
WRONG = {
    "overwrite": [None, 0, 1, "yes", [], NAN],
    "scheme": [None, "iob", "BIO", 3, [], {}, True],
    "incorrect_spans_key": [3, True, [], {}, "\ud800"],
    "entity_weight": [None, -1.0, NAN, INF, "1", True, [], {}, 1e40],
    "recall_bias": [None, NAN, INF, -INF, "0", False, [1.0], 1e300],
    "spans_key": [3, False, [], {}, "\udfff"],
    "threshold": [None, -0.1, 1.1, NAN, INF, "0.5", True, []],
    "thresholds": [3, "LOC", [], {"LOC": 2.0}, {"LOC": NAN}, {"LOC": None}, {"LOC": {}}],
    "candidates": [None, 1, "true", []],
    "redact": [None, 1, "true", []],
    "label_weights": [3, "LOC", [], {"LOC": -1.0}, {"LOC": NAN}, {"LOC": "1"}, {"LOC": INF}],
    "frozen_labels": [3, "LOC", "", {"LOC": 1}, [3], [None], [["LOC"]], {}],
    "label_hidden_width": [None, -1, 1.5, NAN, "8", True, [], 2**40],
}
# These come with a saved component alone.
WRONG_IN_CFG = {
    **WRONG,
    "labels": [None, 3, "LOC", {}, {"LOC": 1}, [3], [None], ["LOC", "LOC"], ["\ud800", "B"]],
    "thresholds": [None, *WRONG["thresholds"]],
    "label_weights": [None, *WRONG["label_weights"]],
    "frozen_labels": [None, *WRONG["frozen_labels"]],
    "calibration": [3, "none", [], True, 0.5],
    "promise": [3, "none", [], True, 0.95],
    "added_labels": [None, 3, "LOC", [], ["LOC"], {"LOC": -1}, {"LOC": 1.5}, {"PERSON": 3},
                     {"ORG": 3}, {"LOC": 2**40}, {"LOC": "3"}],
    "label_biases": [None, 3, "LOC", [], ["LOC"], {"LOC": NAN}, {"ORG": 1.0}, {"LOC": "1"}],
    "yields_to": [None, 3, "LOC", [], ["LOC"], {"LOC": []}, {"LOC": "PERSON"}, {"ORG": ["LOC"]},
                  {"LOC": ["ORG"]}, {"LOC": [3]}, {"LOC": None}],
}  # fmt: skip


def each(wrong):
    return [(setting, value) for setting, values in wrong.items() for value in values]


@pytest.fixture(scope="module")
def untrained():
    """A component that was not initialized. What fails leaves it as it is."""
    return make_nlp().get_pipe("window_ner")


@pytest.mark.parametrize(("setting", "value"), each(WRONG), ids=repr)
def test_the_constructor(untrained, setting, value):
    with pytest.raises(ValueError, match=f"WN001.*{setting}.*can't be used"):
        WindowNER(untrained.vocab, untrained.model, loss=CrossEntropy(), **{setting: value})


@pytest.mark.parametrize("value", [-1, 1.5, NAN, "8", None, True])
def test_the_size_of_the_table(untrained, value):
    with pytest.raises(ValueError, match="WN001.*table_size.*0 is for no table"):
        WindowNER(untrained.vocab, untrained.model, loss=CrossEntropy(), table_size=value)


@pytest.mark.parametrize(("setting", "value"), each(WRONG_IN_CFG), ids=repr)
def test_loading(trained_once, untrained, tmp_path, setting, value):
    ner, other = trained_once.get_pipe("window_ner"), untrained
    cfg = {**ner.cfg, setting: value}
    assert find_problem(cfg).setting == setting
    before = dict(other.cfg)
    saved = srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))
    ner.to_disk(tmp_path / "ner", exclude=["vocab"])
    try:
        text = srsly.json_dumps(cfg)
    except (OverflowError, UnicodeEncodeError):
        return  # no JSON can say it
    (tmp_path / "ner" / "cfg").write_text(text, encoding="utf8", errors="surrogatepass")
    message = f"WN160.*'window_ner' from .*`{setting}` of its cfg is .*Correct it in the file `cfg`"
    with pytest.raises(ValueError, match=message):
        other.from_disk(tmp_path / "ner", exclude=["vocab"])
    with pytest.raises(ValueError, match=message):
        other.from_bytes(srsly.msgpack_dumps({**saved, "cfg": text}), exclude=["vocab"])
    assert other.cfg == before


def test_candidates_need_a_key(trained_once):
    cfg = trained_once.get_pipe("window_ner").cfg
    assert find_problem({**cfg, "candidates": True, "spans_key": None}).why == "Set `spans_key`."
    assert find_problem({**cfg, "candidates": True, "spans_key": "sc"}) is None


@pytest.mark.parametrize("setting", ["label_weights", "thresholds", "frozen_labels"])
def test_saved_settings_of_unknown_labels(trained_once, setting):
    ner = trained_once.get_pipe("window_ner")
    value = ["ORG"] if setting == "frozen_labels" else {"ORG": 0.5}
    saved = srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))
    saved["cfg"] = srsly.json_dumps({**ner.cfg, setting: value})
    with pytest.raises(ValueError, match=f"WN011.*{setting}.*'ORG'.*PERSON, LOC"):
        make_nlp().get_pipe("window_ner").from_bytes(srsly.msgpack_dumps(saved), exclude=["vocab"])


@pytest.mark.parametrize(
    "change",
    [
        {"pooled": None},
        {"labels": 3},
        {"pooled": {"slope": -1.0, "bias": 0.0, "fitted_on": 3}},
        {"pooled": {"slope": "a", "bias": 0.0, "fitted_on": 3}},
        {"pooled": {"slope": 1.0, "bias": 0.0, "fitted_on": "three"}},
    ],
    ids=str,
)
def test_saved_calibrations(trained_once, change):
    ner = trained_once.get_pipe("window_ner")
    curves = {"pooled": {"slope": 1.0, "bias": 0.0, "fitted_on": 9}, "labels": {}}
    for entities, message in ((curves, None), ({**curves, **change}, "WN061.*'window_ner'")):
        saved = srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))
        calibration = {"entities": entities, "candidates": curves}
        saved["cfg"] = srsly.json_dumps({**ner.cfg, "calibration": calibration})
        other, data = make_nlp().get_pipe("window_ner"), srsly.msgpack_dumps(saved)
        if message is None:
            other.from_bytes(data, exclude=["vocab"])
            continue
        with pytest.raises(ValueError, match=message):
            other.from_bytes(data, exclude=["vocab"])


def test_other_names_in_a_saved_cfg_are_left_alone(trained_once, tmp_path):
    """Older and newer versions have other settings."""
    trained_once.to_disk(tmp_path)
    path = tmp_path / "window_ner" / "cfg"
    cfg = {**srsly.read_json(path), "decoder": "greedy", "kernel": None, "new": {"a": [1]}}
    del cfg["label_hidden_width"], cfg["yields_to"], cfg["calibration"]
    srsly.write_json(path, cfg)
    loaded = spacy.load(tmp_path)
    for text, _ in TRAIN_DATA:
        assert ents_of(loaded(text)) == ents_of(trained_once(text)) != []


def test_settings_are_copies():
    nlp, weights = spacy.blank("xx"), {"LOC": 2.0}
    model = make_nlp().get_pipe("window_ner").model
    ner = WindowNER(nlp.vocab, model, loss=CrossEntropy(), label_weights=weights)
    weights["LOC"] = 3.0
    assert ner.cfg["label_weights"] == {"LOC": 2.0}


def test_numbers_of_numpy_are_numbers():
    settings = {"recall_bias": numpy.float32(0.5), "threshold": numpy.float64(0.5), "labels": []}
    assert find_problem(settings) is None
    assert find_problem({"recall_bias": 10**400}).setting == "recall_bias"


# What a model must be to be loaded. tests/models/test_saved.py has the details.


def loaded_with(ner, change):
    """A component that is loaded with another model."""
    saved = srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))
    model = srsly.msgpack_loads(saved["model"])
    change(model)
    saved["model"] = srsly.msgpack_dumps(model)
    other = make_nlp().get_pipe("window_ner")
    return other.from_bytes(srsly.msgpack_dumps(saved), exclude=["vocab"])


def test_parameters_are_checked(trained_once):
    ner = trained_once.get_pipe("window_ner")

    def halve(model):
        [params] = [each for each in model["params"] if each.get("W") is not None][-1:]
        params["W"] = params["W"][:2]

    with pytest.raises(ValueError, match=r"WN009.*from bytes: `W` of its layer 'linear' has the"):
        loaded_with(ner, halve)


@pytest.mark.parametrize("number", [NAN, INF])
def test_numbers_that_are_not_finite(trained_once, tmp_path, number):
    ner = trained_once.get_pipe("window_ner")

    def spoil(model):
        [params] = [each for each in model["params"] if each.get("W") is not None][-1:]
        params["W"] = numpy.full_like(params["W"], number)

    message = (
        "WN161.*'window_ner' can't be loaded from bytes.*`W` of its layer 'linear'.*learn_rate"
    )
    with pytest.raises(ValueError, match=message):
        loaded_with(ner, spoil)


def test_a_model_that_scores_nothing_finite(trained_once):
    """Its numbers are finite, and what is made of them isn't."""

    def spoil(model):
        for params in model["params"]:
            if params.get("W") is not None:
                rng = numpy.random.default_rng(0)
                params["W"] = (1e37 * rng.normal(size=params["W"].shape)).astype("float32")

    with pytest.raises(ValueError, match="WN161.*the scores of a text of two words"):
        loaded_with(trained_once.get_pipe("window_ner"), spoil)


def test_a_model_whose_layers_do_not_fit_each_other(trained_once):
    nlp = make_nlp(model={"embed": {"features": {"width": 8}}})
    train(nlp, steps=1)
    other = srsly.msgpack_loads(nlp.get_pipe("window_ner").model.to_bytes())

    def exchange(model):
        for part in ("nodes", "params"):
            for i, (mine, node) in enumerate(zip(other[part], other["nodes"], strict=True)):
                if node["name"] == "windowed_affine":
                    model[part][i] = mine

    with pytest.raises(ValueError, match="WN009"):
        loaded_with(trained_once.get_pipe("window_ner"), exchange)


def test_loading_adds_no_word(trained):
    before = list(trained.vocab.strings)
    copy = copy_of(trained)
    assert list(copy.vocab.strings) == before


def test_a_grown_component(trained):
    ner = trained.get_pipe("window_ner")
    ner.add_labels(["ORG"], label_hidden_width=4)
    other = copy_of(trained).get_pipe("window_ner")
    assert other.model.to_bytes() == ner.model.to_bytes()
    cfg = ner.cfg
    for wrong in ({"ORG": 5}, {}):  # the model has 4 hidden units for it
        saved = srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))
        saved["cfg"] = srsly.json_dumps({**cfg, "added_labels": wrong})
        with pytest.raises(ValueError, match="WN0(07|09)"):
            make_nlp().get_pipe("window_ner").from_bytes(
                srsly.msgpack_dumps(saved), exclude=["vocab"]
            )
    set_added_labels(other.model, [], 2)


def test_what_is_loaded_learns_on(trained):
    copy = copy_of(trained)
    examples = make_examples(copy)
    optimizer = copy.resume_training()
    assert copy.update(examples, sgd=optimizer)["window_ner"] < 0.1
