"""From annotated files to a pipeline."""

import json

import pytest
import spacy
import srsly
from spacy.training.initialize import init_nlp

from spacy_windowner.layers.cluster_features import cluster_layers
from spacy_windowner.layers.lexicon_features import find_lexicon
from spacy_windowner.tools.train import train as module
from spacy_windowner.tools.train.base import make_base_config

from ...pipeline.util import ents_of

# There is little to calibrate on.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[WW060\]")

NAMES = ["Anna", "Paul", "John", "Eve", "Mary", "Bob", "Kim", "Lee", "Joe", "Ann"]


def train(*args, lang="xx", **settings):
    """Train without the rules of English, which take half of the time of a small training."""
    return module.train(*args, lang=lang, **settings)


def write(path, n=60, start=0):
    """Documents that differ from each other."""
    rows = []
    for number in range(start, start + n):
        name = NAMES[number % len(NAMES)]
        text = f"{name} came to town on day {'x' * (1 + number % 9)}, and {'y' * (number // 9 + 1)}"
        rows.append({"text": text, "spans": [{"start": 0, "end": len(name), "label": "PER"}]})
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("train")
    write(path / "all.jsonl")
    return path


@pytest.fixture(scope="module")
def trained(folder):
    return train([folder / "all.jsonl"], folder / "out", max_steps=60)


def test_all_is_there(folder, trained):
    assert trained.is_new and trained.model == folder / "out" / "model-best"
    nlp = spacy.load(trained.model)
    assert ents_of(nlp("Anna came to town")) == [("Anna", "PER")]
    assert nlp.get_pipe("window_ner").calibration is not None
    assert trained.report.models[0].total.f > 0.9
    assert {path.name for path in trained.pages} == {"report.html", "report.md"}
    assert all(path.is_file() for path in trained.pages)
    config = spacy.util.load_config(trained.config)
    assert config["paths"]["train"].endswith("train.spacy")
    assert config["training"]["max_steps"] == 60
    [conversion] = trained.conversions
    assert sorted(part.path.stem for part in conversion.parts) == ["dev", "test", "train"]


def test_a_second_call_trains_nothing(folder, trained):
    before = (trained.model / "window_ner" / "model").stat().st_mtime_ns
    again = train([folder / "all.jsonl"], folder / "out", max_steps=60)
    assert not again.is_new
    assert (trained.model / "window_ner" / "model").stat().st_mtime_ns == before
    assert again.report.models[0].total == trained.report.models[0].total


def test_other_data_or_settings_train_anew(folder, trained):
    assert train([folder / "all.jsonl"], folder / "out", max_steps=3).is_new
    write(folder / "all.jsonl", n=61)
    assert train([folder / "all.jsonl"], folder / "out", max_steps=3).is_new
    srsly.write_json(folder / "out" / "train.json", [])
    assert train([folder / "all.jsonl"], folder / "out", max_steps=3).is_new
    (folder / "out" / "train.json").write_text("{")
    with pytest.raises(ValueError, match=r"WN221.*train\.json"):
        train([folder / "all.jsonl"], folder / "out", max_steps=3)


def test_the_last_step_is_evaluated(tmp_path):
    """Otherwise the best pipeline would be the untrained one."""
    done = train([write(tmp_path / "all.jsonl")], tmp_path / "out", max_steps=30)
    assert spacy.util.load_config(done.config)["training"]["eval_frequency"] > 30
    assert done.report.models[0].total.f > 0.9


@pytest.mark.parametrize("has_test", [True, False])
def test_data_that_is_split_already(tmp_path, has_test):
    files = {name: tmp_path / f"{name}.jsonl" for name in ("a", "dev", "test")}
    for number, path in enumerate(files.values()):
        write(path, 30, 100 * number)
    test = files["test"] if has_test else None
    done = train([files["a"]], tmp_path / "out", dev=files["dev"], test=test, max_steps=3)
    assert len(done.conversions) == (3 if has_test else 2)
    assert done.report.data.path.endswith("test.spacy" if has_test else "dev.spacy")
    assert done.report.data.documents == 30


def test_wrong_settings(folder):
    with pytest.raises(ValueError, match="WN001.*recipe.*grow.*base.*keep_labels"):
        train([folder / "all.jsonl"], folder / "x", recipe="grow")
    with pytest.raises(ValueError, match="WN001.*test.*dev"):
        train([folder / "all.jsonl"], folder / "x", test=folder / "all.jsonl")
    with pytest.raises(ValueError, match="WN180"):
        train([folder / "none.jsonl"], folder / "x")
    with pytest.raises(ValueError, match=r"WN253.*'no_vectors'"):
        train([folder / "all.jsonl"], folder / "x", vectors="no_vectors")
    with pytest.raises(ValueError, match="WN235.*no_clusters"):
        train([folder / "all.jsonl"], folder / "x", clusters="no_clusters")
    with pytest.raises(ValueError, match=r"WN187.*all\.jsonl"):
        train([folder / "all.jsonl"], folder / "all.jsonl" / "x")
    assert not (folder / "x" / "model-best").exists()


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_a_part_without_entities(tmp_path, part):
    files = {name: write(tmp_path / f"{name}.jsonl", 3) for name in ("train", "dev", "test")}
    files[part].write_text('{"text": "Nobody came", "spans": []}\n', encoding="utf8")
    with pytest.raises(ValueError, match=rf"WN254.*the {part} data"):
        train([files["train"]], tmp_path / "out", dev=files["dev"], test=files["test"])
    assert not (tmp_path / "out" / "model-best").exists()


def words_of(model):
    """The phrases and the clusters of a saved pipeline."""
    model = spacy.load(model).get_pipe("window_ner").model
    [layer] = cluster_layers(model)
    return [find_lexicon(model).attrs["lexicon"].to_bytes(), layer.attrs["clusters"].to_bytes()]


def test_changed_words_train_anew(tmp_path):
    """Of a lexicon, and of clusters."""
    words = [*NAMES, *"went came to town on day , .".split()]
    paths = "".join(f"0{number % 2}\t{word}\n" for number, word in enumerate(words))
    lexicon, clusters = tmp_path / "NAME.txt", tmp_path / "paths"
    lexicon.write_text("Anna\nPaul\n")
    clusters.write_text(paths)
    settings = {"lexicon": lexicon, "clusters": clusters, "max_steps": 3}
    data = [write(tmp_path / "all.jsonl")]
    done = train(data, tmp_path / "out", **settings)
    model = spacy.load(done.model).get_pipe("window_ner").model
    assert find_lexicon(model).attrs["lexicon"].classes == ("NAME",)
    [layer] = cluster_layers(model)
    assert len(layer.attrs["clusters"]) == len(words)
    assert not train(data, tmp_path / "out", **settings).is_new
    lexicon.write_text("Anna\nPaul\nEve\n")
    assert train(data, tmp_path / "out", **settings).is_new
    clusters.write_text(paths + "1\tZoe\n")
    assert train(data, tmp_path / "out", **settings).is_new
    # A training that starts from the pipeline takes its words, and doesn't need the files.
    words = words_of(done.model)
    clusters.unlink()
    lexicon.unlink()
    for base, name in ((done.model, "one"), (tmp_path / "one" / "model-best", "two")):
        more = {"base": base, "max_steps": 1}
        again = train(data, tmp_path / name, **more)
        assert words_of(again.model) == words
        assert not train(data, tmp_path / name, **more).is_new
    with pytest.raises(ValueError, match="WN001.*clusters.*Those of `base`"):
        train(data, tmp_path / "more", base=done.model, clusters="x")


@pytest.fixture(scope="module")
def cities(tmp_path_factory):
    """Documents in which only cities are annotated."""
    path = tmp_path_factory.mktemp("cities") / "cities.jsonl"
    rows = []
    for number in range(60):
        name = NAMES[number % len(NAMES)]
        text = f"{name} went to {name.upper()}ville, {'z' * (1 + number % 9)} {'y' * (number // 9)}"
        start = text.index(name.upper())
        span = {"start": start, "end": start + len(name) + 5, "label": "CITY"}
        rows.append({"text": text, "spans": [span]})
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf8")
    return path


def test_a_base_keeps_its_labels(trained, cities, tmp_path):
    with pytest.warns(UserWarning, match=r"WW184.*PER"):
        done = train([cities], tmp_path / "out", base=trained.model, keep_labels=True, max_steps=60)
    nlp, base = spacy.load(done.model), spacy.load(trained.model)
    ner = nlp.get_pipe("window_ner")
    assert ner.labels == ("PER", "CITY") and ner.frozen_labels == ("PER",)
    assert ("ANNville", "CITY") in ents_of(nlp("Ann went to ANNville"))
    doc = nlp.make_doc("Anna came to town")
    [old], [new] = base.get_pipe("window_ner").model.predict([doc]), ner.model.predict([doc])
    n_old = base.get_pipe("window_ner").scheme.n_tags(1)
    assert (old == new[:, :n_old]).all()
    # That pipeline can be a base in turn. The label that was added starts anew.
    done = train([cities], tmp_path / "next", base=done.model, max_steps=3)
    assert spacy.load(done.model).get_pipe("window_ner").labels == ("CITY",)


def test_a_base_is_a_start(trained, cities, tmp_path):
    """Before the first update, labels that both have score as before, and others as O."""
    base = spacy.load(trained.model)
    base.get_pipe("window_ner").model.get_ref("output_layer").get_param("W")[:] = 1.0
    base.to_disk(tmp_path / "base")
    people = write(tmp_path / "people.jsonl")
    both = tmp_path / "both.jsonl"
    both.write_text(cities.read_text("utf8") + people.read_text("utf8"), encoding="utf8")
    done = train([both], tmp_path / "both", base=tmp_path / "base", max_steps=1)
    new = init_nlp(spacy.util.load_config(done.config)).get_pipe("window_ner")
    old = base.get_pipe("window_ner")
    assert (old.labels, new.labels) == (("PER",), ("CITY", "PER"))
    doc = base.make_doc("Anna came to town")
    [before], [after] = old.model.predict([doc]), new.model.predict([doc])
    columns = [0, *new.scheme.columns_of([1])]
    assert (before == after[:, columns]).all() and before.any()
    assert not after[:, new.scheme.columns_of([0])].any()
    # It learns, and a changed base trains anew.
    done = train([cities], tmp_path / "out", base=trained.model, max_steps=60)
    ner = spacy.load(done.model).get_pipe("window_ner")
    assert ner.labels == ("CITY",) and done.report.models[0].total.f > 0.5
    assert not train([cities], tmp_path / "out", base=trained.model, max_steps=60).is_new
    assert train([cities], tmp_path / "out", base=tmp_path / "base", max_steps=60).is_new


def test_what_becomes_of_a_base(trained, folder, tmp_path):
    """Settings that were changed are kept, and what the new pipeline lacks is named."""
    base = spacy.load(trained.model)
    kept = {"overwrite": True, "spans_key": "found", "candidates": True, "threshold": 0.25}
    fitted = {"recall_bias": 2.0, "document_weight": 0.5}
    by_label = {"thresholds": {"PER": 0.5, "LOC": 0.5}, "label_weights": {"PER": 3.0}}
    ner = base.get_pipe("window_ner")
    ner.add_label("LOC")
    ner.cfg.update(**kept, **fitted, **by_label)
    base.add_pipe("entity_ruler", first=True)
    base.to_disk(tmp_path)
    with pytest.warns(UserWarning, match=r"WW185.*: entity_ruler\..*before=\"window_ner\"") as told:
        config, _ = make_base_config(tmp_path, ["PER"], lang="xx")
    assert len(told) == 1
    settings = config["components"]["window_ner"]
    assert settings.items() >= kept.items()
    assert settings["thresholds"] == {"PER": 0.5} and settings["label_weights"] == {}
    assert {settings[name] for name in fitted} == {0.0}
    assert settings["table_size"] == ner.table_size and "calibration" not in settings


def test_a_recipe_for_one_label(folder, cities, tmp_path):
    """It learns the only label of the data. Others than its own are left out."""
    done = train([cities], tmp_path / "one", recipe="binary", max_steps=1)
    assert spacy.load(done.model).get_pipe("window_ner").labels == ("CITY",)
    both = [cities, folder / "all.jsonl"]
    with pytest.warns(UserWarning, match=r"WW186.*'binary' learns one label, PER\..*out: CITY\."):
        done = train(both, tmp_path / "two", recipe="binary", max_steps=1)
    assert spacy.load(done.model).get_pipe("window_ner").labels == ("PER",)


def test_wrong_bases(trained, folder, tmp_path):
    data, out = [folder / "all.jsonl"], tmp_path / "out"
    with pytest.raises(ValueError, match="WN121.*en_none"):
        train(data, out, base="en_none")
    with pytest.raises(ValueError, match="WN262.*'xx'.*'de'"):
        train(data, out, base=trained.model, lang="de")
    with pytest.raises(ValueError, match="WN264.*PER"):
        train(data, out, base=trained.model, keep_labels=True)
    with pytest.raises(ValueError, match="WN001.*keep_labels"):
        train(data, out, keep_labels=True)
    with pytest.raises(ValueError, match="WN001.*recipe"):
        train(data, out, base=trained.model, recipe="softmax")
    nlp = spacy.blank("xx")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "rules")
    with pytest.raises(ValueError, match="WN050"):
        train(data, out, base=tmp_path / "rules")
    for name in ("one", "two"):
        nlp.add_pipe("window_ner", name=name).add_label("PER")
    nlp.initialize()
    nlp.to_disk(tmp_path / "several")
    with pytest.raises(ValueError, match=r"WN001.*base.*one, two\. Save a pipeline with one"):
        train(data, out, base=tmp_path / "several")


def test_a_base_that_needs_code(trained, folder, tmp_path):
    data, out = [folder / "all.jsonl"], tmp_path / "out"
    nlp = spacy.load(trained.model)
    nlp.config["nlp"]["after_creation"] = {"@callbacks": "no_change.v1"}
    nlp.to_disk(tmp_path / "base")
    with pytest.raises(ValueError, match=r"WN121.*no_change\.v1"):
        train(data, out, base=tmp_path / "base", keep_labels=True)
    code = tmp_path / "code.py"
    code.write_text(
        "import spacy\n\n@spacy.registry.callbacks('no_change.v1')\ndef make():\n"
        "    return lambda nlp: nlp\n"
    )
    with pytest.raises(ValueError, match="WN264"):  # it was loaded, and has no new labels to learn
        train(data, out, base=tmp_path / "base", keep_labels=True, code=code)
    with pytest.raises(ValueError, match="WN136.*missing"):
        train(data, out, code=tmp_path / "missing.py")
