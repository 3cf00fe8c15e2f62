"""The logger in trainings, as users run them."""

import io
from xml.etree import ElementTree

import pytest
import spacy
import srsly
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as run_training
from spacy.util import registry
from thinc.api import Config
from thinc.config import ConfigValidationError

from spacy_windowner.training.progress_logger import ProgressLogger

from ..pipeline.util import SMALL, TRAIN_DATA, make_examples

NAME = "spacy-windowner.ProgressLogger.v1"
UNANNOTATED = [(text, {"entities": []}) for text, _ in TRAIN_DATA]


def make_config(tmp_path, factory="window_ner", name="window_ner", dev=TRAIN_DATA, **logger):
    nlp = spacy.blank("en")
    if factory:
        nlp.add_pipe(factory, name=name, config=SMALL if factory == "window_ner" else {})
    for part, data in {"train": TRAIN_DATA, "dev": dev}.items():
        docs = [eg.reference for eg in make_examples(nlp, data)]
        for doc in docs:
            doc.cats = {"A": 1.0, "B": 0.0}
        DocBin(docs=docs).to_disk(tmp_path / f"{part}.spacy")
    paths = {"train": str(tmp_path / "train.spacy"), "dev": str(tmp_path / "dev.spacy")}
    readers = {part: {"@readers": "spacy.Corpus.v1", "path": path} for part, path in paths.items()}
    training = {
        "max_steps": 4, "eval_frequency": 2, "patience": 0,
        "logger": {"@loggers": NAME, **logger},
    }  # fmt: skip
    return nlp.config.merge(Config({"corpora": readers, "training": training}))


def run(config, output=None):
    nlp = init_nlp(config)
    out = io.StringIO()
    if output is not None:
        output.mkdir(exist_ok=True)
    run_training(nlp, output, stdout=out, stderr=io.StringIO())
    return nlp, out.getvalue()


def table(output):
    """The rows of the table, by column name. Two spaces separate the columns."""
    lines = output.splitlines()
    [start] = [i for i, line in enumerate(lines) if line.startswith("E ")]
    widths = [len(dashes) for dashes in lines[start + 1].split()]

    def cells(line):
        at, found = 0, []
        for width in widths:
            found.append(line[at : at + width].strip())
            at += width + 2
        return found

    rows = [line for line in lines[start + 2 :] if line[:3].strip().isdigit()]
    return [dict(zip(cells(lines[start]), cells(row), strict=True)) for row in rows]


def test_the_table_and_the_picture(tmp_path):
    nlp, output = run(make_config(tmp_path), tmp_path / "out")
    rows = table(output)
    assert [row["#"] for row in rows] == ["0", "2", "4"]
    assert list(rows[0])[-5:] == ["K WORDS/S", "VIOLATIONS", "F PERSON", "F LOC", "SCORE"]
    assert float(rows[0]["VIOLATIONS"]) > 0.0
    assert float(rows[0]["K WORDS/S"]) == 0.0 and float(rows[2]["K WORDS/S"]) > 0.0
    per_type = spacy.load(tmp_path / "out" / "model-last").meta["performance"]["ents_per_type"]
    for label in ("PERSON", "LOC"):
        shown = float(rows[2][f"F {label}"])
        assert shown == pytest.approx(100 * per_type.get(label, {"f": 0.0})["f"], abs=0.01)
    assert ElementTree.parse(tmp_path / "out" / "learning-curve.svg")
    assert "Drew the learning curve" in output and "learning-curve.svg" in output
    assert nlp.get_pipe("window_ner").on_scores is None


def test_training_is_the_same_with_it(tmp_path):
    ours, _ = run(make_config(tmp_path))
    config = make_config(tmp_path)
    config["training"]["logger"] = {"@loggers": "spacy.ConsoleLogger.v1"}
    other, _ = run(config)
    assert ours.get_pipe("window_ner").model.to_bytes() == (
        other.get_pipe("window_ner").model.to_bytes()
    )


def test_without_output_there_is_no_picture(tmp_path):
    _, output = run(make_config(tmp_path))
    assert len(table(output)) == 3 and "learning curve" not in output
    _, output = run(make_config(tmp_path, picture=False), tmp_path / "out")
    assert "learning curve" not in output
    assert not (tmp_path / "out" / "learning-curve.svg").exists()


def test_the_file_of_rows(tmp_path):
    path = tmp_path / "new" / "log.jsonl"
    _, output = run(make_config(tmp_path, output_file=str(path), console_output=False))
    assert "VIOLATIONS" not in output
    rows = list(srsly.read_jsonl(path))
    assert [row["step"] for row in rows] == [0, 2, 4]
    assert {"k words/s", "Violations", "F LOC", "ents_f"} <= set(rows[0]["scores"])


@pytest.mark.parametrize("progress_bar", [True, False, None, "train", "eval"])
def test_progress_bars(tmp_path, progress_bar):
    _, output = run(make_config(tmp_path, progress_bar=progress_bar))
    assert len(table(output)) == 3


@pytest.mark.parametrize("factory", ["ner", "textcat"])
def test_other_components(tmp_path, factory):
    _, output = run(make_config(tmp_path, factory, factory), tmp_path / "out")
    row = table(output)[-1]
    assert "VIOLATIONS" not in row and "K WORDS/S" in row
    assert ("F PERSON" in row) == (factory == "ner")
    svg = (tmp_path / "out" / "learning-curve.svg").read_text(encoding="utf8")
    assert "Mean loss of a step" in svg and "violations" not in svg


@pytest.mark.filterwarnings("ignore:.*WW006")
def test_no_scores_on_development_data(tmp_path):
    _, output = run(make_config(tmp_path, name="ner", dev=UNANNOTATED), tmp_path / "out")
    assert len(table(output)) == 3
    assert ElementTree.parse(tmp_path / "out" / "learning-curve.svg")


def test_labels_of_columns(tmp_path):
    _, output = run(make_config(tmp_path, labels=["LOC"]))
    assert "F LOC" in table(output)[0] and "F PERSON" not in table(output)[0]
    with pytest.raises(ValueError, match=r"WN135.* 'LOK'.*It has: PERSON, LOC.*training.logger"):
        run(make_config(tmp_path, labels=["LOK"]))
    with pytest.raises(ConfigValidationError, match="labels"):
        run(make_config(tmp_path, labels="LOC"))
    assert registry.resolve({"logger": {"@loggers": NAME, "labels": ("LOC",)}})


def test_many_labels(tmp_path):
    config = make_config(tmp_path)
    labels = [f"L{i}" for i in range(12)]
    config["initialize"]["components"] = {"window_ner": {"labels": ["PERSON", "LOC", *labels]}}
    _, output = run(config)
    assert [name for name in table(output)[0] if name.startswith("F ")] == (
        ["F PERSON", "F LOC"] + [f"F L{i}" for i in range(6)]
    )


def test_a_picture_that_can_not_be_saved_ends_no_training(tmp_path):
    (tmp_path / "out" / "learning-curve.svg").mkdir(parents=True)
    with pytest.warns(UserWarning, match="WW130") as caught:
        _, output = run(make_config(tmp_path), tmp_path / "out")
    assert len([one for one in caught if "WW130" in str(one.message)]) == 1
    assert len(table(output)) == 3 and "learning curve" not in output
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {"learning-curve.svg", "model-best", "model-last"}


def test_an_error_in_training_passes(tmp_path):
    nlp = init_nlp(make_config(tmp_path))
    ner = nlp.get_pipe("window_ner")

    def fail(*args):
        assert ner.on_scores is not None
        raise RuntimeError("no memory")

    ner.loss = fail
    with pytest.raises(RuntimeError, match="no memory"):
        run_training(nlp, None, stdout=io.StringIO(), stderr=io.StringIO())
    assert ner.on_scores is None


def test_is_found_by_its_name():
    assert registry.loggers.get(NAME) is ProgressLogger
