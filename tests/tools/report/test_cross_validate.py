"""Scores of documents that are all predicted by pipelines that weren't trained on them."""

import json

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_windowner import cross_validate, make_config, report_to_html, report_to_markdown
from spacy_windowner.tools.report import cross_validate as module
from spacy_windowner.tools.report.matching import Counts

from ...page import Page
from ..train_curve.util import save_config, save_docs
from .util import write_docs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("folds")
    save_config(path / "config.cfg")
    save_docs(path / "train.spacy", 60)
    return path


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def report(folder, told):
    return cross_validate(
        folder / "train.spacy", folds=3, config=folder / "config.cfg", on_progress=told.append
    )


def test_each_document_is_predicted_once(report):
    assert [fold.documents for fold in report.folds] == [20] * 3
    assert [fold.train_documents for fold in report.folds] == [30] * 3
    [model] = report.models
    sums = [sum(values) for values in zip(*(fold.total for fold in report.folds), strict=True)]
    assert model.total == Counts(*sums)
    assert model.total.tp + model.total.fn == report.data.entities == 60
    assert model.total.f > 0.3  # it has learned something
    seen = model.seen
    assert seen["seen"].plus(seen["unseen"]) == model.total
    assert seen["unseen"].tp + seen["unseen"].fn > 0
    assert all(0 <= mistake.doc < 60 for mistake in report.mistakes)
    assert model.intervals[""].f.low < model.total.f < model.intervals[""].f.high


def test_documents_stay_in_their_order(report, folder):
    docs = list(DocBin().from_disk(folder / "train.spacy").get_docs(spacy.blank("xx").vocab))
    for mistake in report.mistakes:
        mark = mistake.true or mistake.found
        assert docs[mistake.doc].text[mark.start : mark.end] == mark.text


def test_progress(told):
    stages = [stage for stage in told if stage.text.startswith("Fold")]
    assert {stage.text for stage in stages} == {f"Fold {i} of 3" for i in (1, 2, 3)}
    assert len(stages) > 9  # also during a training
    assert [*map(lambda stage: stage.done, stages)] == sorted(stage.done for stage in stages)


def test_the_same_each_time(report, folder):
    again = cross_validate(folder / "train.spacy", folds=3, config=folder / "config.cfg")
    assert json.dumps(again.to_dict()) == json.dumps(report.to_dict())


def test_pages(report):
    page = Page(report_to_html(report))
    assert "Cross-validated on 60 entities in 60 documents." in page.text
    assert "3 pipelines were trained, each on 30 documents" in page.text
    assert "Folds" in page.text and "Words per second" not in page.text
    text = report_to_markdown(report)
    assert "| fold | documents |" in text and "## Speed" not in text
    assert all(f"\n| {number} | 20 |" in text for number in (1, 2, 3))


def test_the_recipe_is_that_of_training(folder, tmp_path, monkeypatch):
    """Each training gets the config that `windowner train` makes, with the data of its fold."""
    words = [f"{one}{other}" for one in "abcde" for other in "abcd"]
    lines = [json.dumps({"text": f"Ann saw {word}", "spans": [[0, 3, "PER"]]}) for word in words]
    lines.append(json.dumps({"text": "not annotated"}))
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf8")
    configs, real = [], module.train_quietly

    def train(config, output, **options):
        configs.append(config)
        paths = {f"paths.{part}": config["corpora"][part]["path"] for part in ("train", "dev")}
        return real(spacy.util.load_config(folder / "config.cfg", paths), output, **options)

    monkeypatch.setattr(module, "train_quietly", train)
    converted = []
    found = cross_validate(tmp_path / "train.jsonl", folds=2, on_converted=converted.append)
    assert found.data.documents == 20 and len(configs) == 2
    assert [count.n for count in converted[0].skips] == [1]
    for config in configs:
        expected = make_config("en", n_words=10 * 3)
        for part in ("train", "dev"):
            expected["corpora"][part]["path"] = config["corpora"][part]["path"]
            expected["paths"][part] = config["corpora"][part]["path"]
        callback = config.interpolate()["training"]["before_to_disk"]
        assert callback["path"] == config["corpora"]["dev"]["path"]
        assert config.to_str() == expected.to_str()


def test_errors(folder, tmp_path):
    with pytest.raises(ValueError, match=r"WN001.*folds"):
        cross_validate(folder / "train.spacy", folds=1)
    with pytest.raises(ValueError, match="WN180"):
        cross_validate(tmp_path / "missing.jsonl")
    # The same text counts once.
    same = write_docs(tmp_path / "same.spacy", [("Hi Ann", {"entities": [(3, 6, "PER")]})] * 20)
    with pytest.raises(ValueError, match=r"WN280.*into 2 folds.*there are 1\."):
        cross_validate(same, folds=2)
    data = [(f"{'x' * i} Ann", {"entities": []}) for i in range(1, 30)]
    data += [("Hi Ann", {"entities": [(3, 6, "PER")]})]
    with pytest.raises(ValueError, match=r"WN281.*no entities in its (dev|train) data"):
        cross_validate(write_docs(tmp_path / "few.spacy", data), folds=2)
    with pytest.raises(ValueError, match=r"WN280.*into 31 folds.*there are 39\."):
        cross_validate(folder / "train.spacy", folds=31)
