import json
from functools import partial

import pytest
import spacy

from ..tools.report.util import trained_nlp, write_docs
from ..tools.train_curve.util import save_config, save_docs
from .util import run_command

FILES = ["report.html", "report.json", "report.md"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    trained_nlp().to_disk(path / "model")
    write_docs(path / "test.spacy")
    return path


run = partial(run_command, "report")


def test_writes_all_files(folder, tmp_path):
    data = folder / "test.spacy"
    code, output = run(folder / "model", data, tmp_path / "a" / "out", "--train", data)
    assert code == 0, output
    assert "Words per second" in output and "Saved the report" in output
    assert sorted(path.name for path in (tmp_path / "a" / "out").iterdir()) == FILES
    report = json.loads((tmp_path / "a" / "out" / "report.json").read_text(encoding="utf8"))
    nlp = spacy.load(folder / "model")
    examples = list(spacy.training.Corpus(data)(nlp))
    assert report["models"][0]["total"]["f"] == pytest.approx(nlp.evaluate(examples)["ents_f"])
    assert "<!DOCTYPE html>" in (tmp_path / "a" / "out" / "report.html").read_text(encoding="utf8")


def test_several_models_and_few_examples(folder, tmp_path):
    model, data = folder / "model", folder / "test.spacy"
    code, output = run(
        model, data, tmp_path, "--compare", model, "--compare", model, "--examples", 1
    )
    assert code == 0, output
    assert "model (2)" in output and "model (3)" in output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf8"))
    assert len(report["models"]) == 3 and len(report["errors"]["shown"]) == 1


def test_errors_are_short_and_leave_no_files(folder, tmp_path):
    model, data = folder / "model", folder / "test.spacy"
    spacy.blank("en").to_disk(tmp_path / "blank")
    (tmp_path / "broken.spacy").write_bytes(data.read_bytes()[:50])
    for args, message in [
        ((tmp_path / "blank", data), "WN090"),
        ((model, data, "--compare", tmp_path / "blank"), "WN091"),
        ((model, tmp_path / "broken.spacy"), "WN092"),
        ((model, data, "--train", tmp_path / "broken.spacy"), "WN092"),
        ((tmp_path / "missing", data), "Can't load the pipeline"),
        ((model, data, "--compare", "en_no_such_package"), "Can't load the pipeline"),
    ]:
        code, output = run(*args[:2], tmp_path / "out", *args[2:])
        assert code == 1 and message in output, output
        assert not (tmp_path / "out").exists()
    assert run(model, tmp_path / "missing.spacy", tmp_path / "out")[0] == 2
    assert run(model, data, data)[0] == 1


@pytest.mark.parametrize(
    "args",
    [
        ["model", "out"],
        ["out"],
        ["a", "b", "c", "d"],
        ["out", "--folds", 2],
        ["model", "data", "out", "--folds", 2, "--train", "test.spacy"],
        ["out", "--folds", 2, "--train", "test.spacy", "--compare", "model"],
        ["out", "--folds", 1, "--train", "test.spacy"],
        ["model", "test.spacy", "out", "--config", "test.spacy"],
    ],
)
def test_arguments_that_do_not_fit(folder, tmp_path, args, monkeypatch):
    monkeypatch.chdir(folder)
    code, output = run(*args)
    assert code == 2, output
    assert "Traceback" not in output and not (folder / "out").exists()


def test_cross_validation(tmp_path):
    data, config = save_docs(tmp_path / "train.spacy", 60), save_config(tmp_path / "config.cfg")
    options = ["--folds", 2, "--train", data, "--config", config]
    code, output = run(tmp_path / "out", *options)
    assert code == 0, output
    assert "2-fold cross-validation" in output and "all.spacy" not in output
    assert "Words per second" not in output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf8"))
    assert [fold["documents"] for fold in report["folds"]] == [30, 30]
    code, output = run(tmp_path / "more", *options[2:], "--folds", 99)
    assert code == 1 and "WN280" in output and not (tmp_path / "more").exists()
    wrong = tmp_path / "wrong.cfg"
    for text, message in [
        ("x", "WN097"),
        ("[nlp]\npipeline = []\n", "no lang"),
        ('[nlp]\nlang = "en"\npipeline = ["x"]\n[components.x]\nfactory = "x"\n', "x"),
    ]:
        wrong.write_text(text, encoding="utf8")
        code, output = run(tmp_path / "more", *options[:4], "--config", wrong)
        assert code == 1 and message in output and "Traceback" not in output
