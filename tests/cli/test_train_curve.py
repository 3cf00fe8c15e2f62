import inspect
import json
from functools import partial

import pytest

from spacy_windowner.cli.train_curve import describe, train_curve_cli
from spacy_windowner.tools.train_curve.forecast import Forecast
from spacy_windowner.tools.train_curve.train_curve import SHARES, train_curve

from ..tools.train_curve.util import save_config, save_docs
from .util import run_command


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    path = tmp_path_factory.mktemp("curve")
    save_docs(path / "train.spacy", 40)
    save_docs(path / "dev.spacy", 50, seed=1)
    data = ["--paths.train", path / "train.spacy", "--paths.dev", path / "dev.spacy"]
    return [save_config(path / "config.cfg"), *data]


run = partial(run_command, "train-curve")


def test_a_table_and_an_estimate(arguments):
    code, output = run(*arguments, "--shares", "50,100")
    assert code == 0, output
    assert "Share Documents Entities F1 P R Seconds" in output
    assert "50 % 20 20" in output and "100 % 40 40" in output
    assert "Twice the documents (80): the gain can't be estimated. At least 3" in output


def test_json(arguments):
    code, output = run(*arguments, "--shares", "25,50,100", "--json", "--training.max_steps", 2)
    assert code == 0, output
    found = json.loads(output)
    assert [point["documents"] for point in found["points"]] == [10, 20, 40]
    assert set(found) == {"points", "trainings", "dev_entities", "next"}
    assert found["next"]["documents"] == 80


@pytest.mark.parametrize(
    ("args", "code"),
    [(["--shares", "a"], "WN200"), (["--seeds", 0], "WN001"), (["--shares", "1,2"], "WN201"),
     (["--paths.dev", "missing.spacy"], "WN096"), (["--code", "missing.py"], "not found")],
    ids=str,
)  # fmt: skip
def test_errors_are_short(arguments, args, code):
    exit_code, output = run(*arguments, *args)
    assert exit_code == 1 and code in output


def test_the_verdict():
    told = partial(Forecast, 200)
    assert "F1 +2.0 points, probably between +1.0 and +3.0" in describe(told(0.02, 0.01, 0.03))
    assert "helps" in describe(told(0.02, 0.01, 0.03))
    assert "may bring nothing" in describe(told(0.02, -0.01, 0.03))
    assert "would bring little" in describe(told(0.001, -0.001, 0.003))


def test_the_defaults_are_those_of_the_function():
    ours, theirs = (inspect.signature(f).parameters for f in (train_curve_cli, train_curve))
    assert ours["shares"].default == ",".join(f"{share:g}" for share in SHARES)
    assert theirs["shares"].default == SHARES
    assert ours["seeds"].default == theirs["seeds"].default
