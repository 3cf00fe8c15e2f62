import io
import tempfile
import warnings

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config

from spacy_windowner import train_curve
from spacy_windowner.tools.train_curve import train_curve as module

from .util import save_config, save_docs


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    path = tmp_path_factory.mktemp("curve")
    save_config(path / "config.cfg")
    save_docs(path / "train.spacy", 80)
    save_docs(path / "dev.spacy", 60, seed=1)
    return path


def overrides(paths, **more):
    data = {f"paths.{name}": str(paths / f"{name}.spacy") for name in ("train", "dev")}
    return {**data, **more}


def run(paths, **settings):
    more = settings.pop("overrides", {})
    return train_curve(paths / "config.cfg", overrides=overrides(paths, **more), **settings)


@pytest.fixture(scope="module")
def curve(paths):
    stages = []
    folder = paths / "temporary"
    folder.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        found = run(paths, shares=[100, 25, 50], seeds=2, on_progress=stages.append)
    finally:
        tempfile.tempdir = before
    assert not list(folder.iterdir())  # nothing is left
    assert stages[-1].total == 2 * (20 + 40 + 80)
    done = [stage.done for stage in stages]
    assert done == sorted(done) and done[-1] == stages[-1].total - 80
    return found


def test_the_shares_and_their_scores(curve):
    assert [(one.share, one.seed) for one in curve.trainings] == [
        (share, seed) for share in (25, 50, 100) for seed in (0, 1)
    ]
    assert [point.documents for point in curve.points] == [20, 40, 80]
    assert [point.entities for point in curve.points] == [20, 40, 80]
    for point in curve.points:
        of_share = [one.f for one in curve.trainings if one.share == point.share]
        assert point.f == pytest.approx(sum(of_share) / 2)
        assert point.f_stdev == pytest.approx(abs(of_share[0] - of_share[1]) / 2**0.5)
        assert point.seconds > 0.0
    assert curve.dev_entities == 60 and curve.next.documents == 160
    assert curve.points[-1].f > 0.2


def test_all_documents_are_a_training_of_spacy(curve, paths, tmp_path):
    config = load_config(paths / "config.cfg", overrides=overrides(paths))
    nlp = init_nlp(config)
    (tmp_path / "model").mkdir()
    train(nlp, tmp_path / "model", stdout=io.StringIO(), stderr=io.StringIO())
    best = spacy.load(tmp_path / "model" / "model-best")
    scores = best.evaluate(list(Corpus(paths / "dev.spacy")(best)))
    [ours] = [one for one in curve.trainings if (one.share, one.seed) == (100, 0)]
    assert (ours.f, ours.p, ours.r) == tuple(scores[f"ents_{key}"] for key in "fpr")


def test_documents_keep_all_and_are_nested(paths, monkeypatch):
    seen = []

    def spy(config, docs, folder, **settings):
        DocBin(docs=docs, store_user_data=True).to_disk(folder / "train.spacy")
        again = list(DocBin().from_disk(folder / "train.spacy").get_docs(spacy.blank("xx").vocab))
        seen.append([doc.user_data["number"] for doc in again])
        assert all(len(doc.ents) == 1 for doc in again)
        return 0.5, 0.5, 0.5, 1.0

    monkeypatch.setattr(module, "run_training", spy)
    run(paths, shares=[10, 30, 100], overrides={"corpora.train.limit": 50})
    assert [len(numbers) for numbers in seen] == [5, 15, 50]
    assert set(seen[0]) < set(seen[1]) < set(seen[2]) == set(range(50))


def test_a_small_share_does_not_warn(paths, monkeypatch):
    def warn(*args, **settings):
        warnings.warn("[WW999] once", stacklevel=1)
        return 0.5, 0.5, 0.5, 1.0

    monkeypatch.setattr(module, "run_training", warn)
    with pytest.warns(UserWarning, match="WW999") as caught:
        run(paths)
    assert len(caught) == 1


def test_what_cant_be_used(paths, tmp_path):
    save_docs(tmp_path / "few.spacy", 3)
    blank = spacy.blank("xx")
    docs = [blank("We like nobody today."), blank("It is he.")] * 30
    DocBin(docs=docs).to_disk(tmp_path / "none.spacy")
    none, few = str(tmp_path / "none.spacy"), str(tmp_path / "few.spacy")
    for code, settings in [
        ("WN200", {"shares": [0, 100]}),
        ("WN001", {"seeds": 0}),
        ("WN201", {"overrides": {"paths.train": few}}),
        ("WN202", {"overrides": {"paths.train": none}}),
        ("WN203", {"overrides": {"paths.dev": none}}),
        ("WN096", {"overrides": {"paths.dev": None}}),
        ("WN096", {"overrides": {"paths.train": None}}),
        ("WN096", {"overrides": {"paths.train": str(tmp_path / "missing.spacy")}}),
        ("WN096", {"overrides": {"paths.dev": str(tmp_path / "missing.spacy")}}),
    ]:
        with pytest.raises(ValueError, match=code):
            run(paths, **settings)


def test_other_pipelines(paths):
    nlp = spacy.blank("xx")
    nlp.add_pipe("sentencizer")
    nlp.config["training"]["max_steps"] = 1
    with pytest.raises(ValueError, match="WN204"):
        train_curve(nlp.config, overrides=overrides(paths), shares=[100])
