"""Trainings that are interrupted, and go on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spacy_windowner.files import lock_folder, read_packed
from spacy_windowner.tools.init.make_config import DEFAULT, GROW, RECIPES
from spacy_windowner.tools.train import checkpoint, loop

from .test_train import train, write

# There is little to calibrate on.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[WW060\]")

STEPS = 120  # evaluated after steps 0, 50, 100 and 120


def files_of(folder):
    """What training has made, without the time of its report."""
    paths = [path for name in ("model-best", "model-last") for path in (folder / name).rglob("*")]
    # The configs name the output folder.
    paths = [path for path in paths if path.is_file() and path.name != "config.cfg"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return [write(tmp_path_factory.mktemp("resume") / "all.jsonl", 40)]


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """A training that isn't interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    train(data, folder, max_steps=STEPS)
    return folder


class Interruptions:
    """Interrupts training after the n-th call of a function."""

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch

    def set(self, place, name, n):
        function, count = getattr(place, name), 0

        def interrupted(*args, **kwargs):
            nonlocal count
            count += 1
            found = function(*args, **kwargs)
            if count == n:
                raise KeyboardInterrupt
            return found

        self._monkeypatch.setattr(place, name, interrupted)


@pytest.mark.parametrize(
    ("place", "name", "n", "step"),
    [
        (loop, "save_checkpoint", 2, 50),
        (loop, "_finish", 4, 0),  # the best one of step 50 is saved, the checkpoint isn't
        (Path, "rename", 5, 0),  # the best one of step 0 has been put away
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_it_ends_as_if_it_had_not_been_interrupted(
    data, whole, tmp_path, monkeypatch, place, name, n, step
):
    with monkeypatch.context() as patched:
        Interruptions(patched).set(place, name, n)
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path, max_steps=STEPS)
    done = []
    assert train(data, tmp_path, max_steps=STEPS, on_start=done.append).is_new
    assert done == [step + 1]
    assert files_of(tmp_path) == files_of(whole)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {path.name for path in whole.iterdir()} and "checkpoint.bin" not in names
    assert not train(data, tmp_path, max_steps=STEPS).is_new


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [name for name in RECIPES if name not in (DEFAULT, GROW)])
def test_each_recipe(data, tmp_path, monkeypatch, recipe):
    if recipe == "torch":
        pytest.importorskip("torch", reason="torch isn't installed")
    train(data, tmp_path / "whole", recipe=recipe, max_steps=STEPS)
    with monkeypatch.context() as patched:
        Interruptions(patched).set(loop, "save_checkpoint", 2)
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path / "again", recipe=recipe, max_steps=STEPS)
    train(data, tmp_path / "again", recipe=recipe, max_steps=STEPS)
    assert files_of(tmp_path / "again") == files_of(tmp_path / "whole")


@pytest.mark.parametrize("steps", [30, 100])  # the last one isn't a multiple of 50, or is
def test_only_the_report_is_missing(data, whole, tmp_path, monkeypatch, steps):
    with monkeypatch.context() as patched:
        patched.setattr("spacy_windowner.tools.train.train.make_report", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path, max_steps=steps)
    before = files_of(tmp_path)
    assert train(data, tmp_path, max_steps=steps).is_new
    assert files_of(tmp_path) == before and (tmp_path / "report").is_dir()


def _interrupt(*args, **kwargs):
    raise KeyboardInterrupt


@pytest.fixture
def interrupted(data, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        Interruptions(patched).set(loop, "save_checkpoint", 2)
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path, max_steps=STEPS)
    return tmp_path


def test_other_settings_begin_anew(data, interrupted):
    done = []
    train(data, interrupted, max_steps=3, on_start=done.append)
    assert done == [0]


def test_a_damaged_checkpoint(data, interrupted):
    path = interrupted / "checkpoint.bin"
    path.write_bytes(path.read_bytes()[:-1])
    before = files_of(interrupted)
    with pytest.raises(ValueError, match=r"WN250.*checkpoint\.bin.*damaged.*Delete this file"):
        train(data, interrupted, max_steps=STEPS)
    assert files_of(interrupted) == before


def test_one_at_a_time(data, tmp_path):
    with lock_folder(tmp_path) as is_free:
        assert is_free
        with pytest.raises(ValueError, match="WN251"):
            train(data, tmp_path, max_steps=STEPS)


def test_it_stops_when_it_can_not_get_better(data, tmp_path, capsys):
    done = train(data, tmp_path)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    scores = [float(row[-1]) for row in rows if len(row) == 7 and row[0].isdigit()]
    assert scores[-loop.N_PERFECT - 1] < 1.0
    assert scores[-loop.N_PERFECT :] == [1.0] * loop.N_PERFECT
    assert done.report.models[0].total.f == 1.0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_process_that_is_killed(data, whole, tmp_path, number):
    """Again and again, soon after a checkpoint."""
    args = [*data, "--output", tmp_path, "--max-steps", STEPS]
    command = [sys.executable, "-m", "spacy", "windowner", "train", *map(str, args)]
    for step in (0, 50):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            while _step_of(tmp_path) < step and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(number)
            told = process.stdout.read()
        assert process.returncode == (-number if number == signal.SIGKILL else 130), told
        assert ("Run the same command again" in told) is (number == signal.SIGINT)
        assert ("Going on after step 0" in told) is (step > 0)
        assert (tmp_path / "model-best").is_dir()
    train(data, tmp_path, max_steps=STEPS)
    assert files_of(tmp_path) == files_of(whole)


def _step_of(folder):
    path = folder / "checkpoint.bin"
    return read_packed(path, checkpoint._KIND)["step"] if path.exists() else -1
