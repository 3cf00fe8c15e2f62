"""Random damage to what is saved: it is an error of ours, or what is loaded works."""

import gc
import warnings
from functools import cache
from pathlib import Path

import numpy
import pytest
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_windowner.files import read_packed, write_packed
from spacy_windowner.tools.pretrain.pretrain import pretrain

from ..tools.pretrain.util import make_config, write_text
from .util import TRAIN_DATA, make_examples, make_nlp, train

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

LABELS = ["PERSON", "LOC"]
CONFIDENT = {
    "threshold": 0.5,
    "candidates": True,
    "spans_key": "sc",
    "label_weights": {"LOC": 2.0},
}
"""Settings by which much is read when predicting."""

words = st.sampled_from([*LABELS, "ORG", "*", "", "bio", "biluo", "labels", "pooled", "slope"])
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(width=64)
    | words
    | st.text(max_size=5)
)
nonsense = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
arrays = st.builds(
    lambda shape, dtype: numpy.zeros(shape, dtype),
    st.lists(st.integers(0, 5), max_size=3).map(tuple),
    st.sampled_from(["float32", "float64", "int32", "bool", "U3", "complex64"]),
)


@cache
def saved():
    """A component that was added to, frozen and calibrated, in parts."""
    nlp = make_nlp(**CONFIDENT)
    train(nlp)
    ner = nlp.get_pipe("window_ner")
    ner.calibrate(make_examples(nlp))
    ner.add_labels(["ORG"], label_hidden_width=3)
    return srsly.msgpack_loads(ner.to_bytes(exclude=["vocab"]))


def paths_of(data, path=()):
    """The paths to all that is in nested lists and dictionaries."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield *path, key
        if isinstance(value, dict | list):
            yield from paths_of(value, (*path, key))


def replaced(data, path, value):
    """Nested lists and dictionaries with something replaced in them, or, by ..., removed."""
    if not path:
        return value
    copy = data.copy()
    key, *rest = path
    if value is ... and not rest:
        del copy[key]
    else:
        copy[key] = replaced(data[key], rest, value)
    return copy


def load_and_use(parts) -> None:
    """Load a component and predict with it."""
    nlp = make_nlp()
    ner = nlp.get_pipe("window_ner")
    try:
        ner.from_bytes(srsly.msgpack_dumps(parts), exclude=["vocab"])
    except ValueError as error:
        assert str(error).startswith("[WN"), error
        assert gc.isenabled()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text, _ in TRAIN_DATA:
            doc = nlp(text)
            assert all(ent.label_ in ner.labels for ent in doc.ents)
        list(nlp.pipe(["", " "]))
        ner.to_bytes(exclude=["vocab"])


@settings(max_examples=1000)
@given(data=st.data())
def test_settings(data):
    cfg = srsly.json_loads(saved()["cfg"])
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([*paths_of(cfg)]))
        cfg = replaced(cfg, path, data.draw(nonsense | st.just(...)))
    try:
        text = srsly.json_dumps(cfg)
    except (OverflowError, UnicodeEncodeError):
        return  # no JSON can say it
    load_and_use({**saved(), "cfg": text})


@settings(max_examples=300)
@given(cfg=nonsense)
def test_other_settings(cfg):
    try:
        text = srsly.json_dumps(cfg)
    except (OverflowError, UnicodeEncodeError):
        return
    load_and_use({**saved(), "cfg": text})


@settings(max_examples=1000)
@given(data=st.data())
def test_models(data):
    model = srsly.msgpack_loads(saved()["model"])
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from([*paths_of(model)]))
        model = replaced(model, path, data.draw(nonsense | arrays | st.just(...)))
    try:
        packed = srsly.msgpack_dumps(model)
    except (OverflowError, UnicodeEncodeError):
        return  # it can't be said
    load_and_use({**saved(), "model": packed})


@st.composite
def damage(draw, data: bytes) -> bytes:
    """Bytes that were cut short, with flipped bits, or other ones in their middle."""
    start = draw(st.integers(0, len(data)) | st.integers(0, min(len(data), 3000)))
    kind = draw(st.sampled_from(["cut", "flip", "other", "doubled"]))
    if kind == "cut":
        return data[:start]
    if kind == "other":
        other = draw(st.binary(max_size=20))
        return data[:start] + other + data[start + len(other) :]
    if kind == "doubled":
        return data[:start] + data[max(0, start - 50) :]
    damaged = bytearray(data)
    for place in [start, *draw(st.lists(st.integers(0, len(data) - 1), max_size=3))]:
        damaged[min(place, len(data) - 1)] ^= 1 << draw(st.integers(0, 7))
    return bytes(damaged)


@settings(max_examples=1000)
@given(data=st.data())
def test_bytes(data):
    part = data.draw(st.sampled_from(["cfg", "model", "model", "model"]))
    value = saved()[part]
    is_text = isinstance(value, str)
    damaged = data.draw(damage(value.encode() if is_text else value))
    load_and_use({**saved(), part: damaged})


@settings(max_examples=60)
@given(data=st.data())
def test_whole_components(data):
    packed = srsly.msgpack_dumps(saved())
    nlp = make_nlp()
    damaged = data.draw(damage(packed))
    try:
        nlp.get_pipe("window_ner").from_bytes(damaged, exclude=["vocab"])
    except ValueError as error:
        assert str(error).startswith("[WN"), error


# What pretraining saves.


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrained")
    write_text(folder)
    pretrain(folder / "raw.txt", folder / "out", config=make_config(), epochs=1, batch_words=99)
    return folder


def initialize(folder: Path) -> None:
    nlp = make_nlp()
    examples = make_examples(nlp)
    path = folder / "out" / "words.bin"
    nlp.get_pipe("window_ner").initialize(lambda: examples, nlp=nlp, init_words=path)
    nlp.update(examples)


@settings(max_examples=60)
@given(data=st.data())
def test_files_of_pretraining(pretrained, data):
    path = pretrained / "out" / "words.bin"
    whole = path.read_bytes()
    damaged = data.draw(damage(whole))
    try:
        path.write_bytes(damaged)
        if damaged != whole:
            with pytest.raises(ValueError, match="WN045|WN046"):
                initialize(pretrained)
    finally:
        path.write_bytes(whole)
    assert gc.isenabled()


@settings(max_examples=60)
@given(data=st.data())
def test_other_files_of_pretraining(pretrained, data):
    """With the right checksum, as no damage has it."""
    path, kind = pretrained / "out" / "words.bin", "spacy-windowner.words.v3"
    whole = path.read_bytes()
    content = read_packed(path, kind)
    place = data.draw(st.sampled_from([*paths_of(content)]))
    try:
        changed = replaced(content, place, data.draw(nonsense | arrays | st.just(...)))
        write_packed(path, kind, changed)
        initialize(pretrained)
    except (OverflowError, UnicodeEncodeError):
        return  # it can't be said
    except ValueError as error:
        assert str(error)[1:6] in ("WN045", "WN046"), error
    finally:
        path.write_bytes(whole)
