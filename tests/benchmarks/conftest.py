"""The benchmarks are scripts: they import each other from their folder."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))


@pytest.fixture
def short(monkeypatch):
    """Rows are trained for but a few steps, and timed for but a moment."""
    import accuracy_rows
    import speed_timing

    make_config = accuracy_rows.make_config

    def make_short_config(job):
        config = make_config(job)
        config["training"].update(max_steps=30, eval_frequency=10)
        return config

    monkeypatch.setattr(accuracy_rows, "make_config", make_short_config)
    monkeypatch.setattr(speed_timing, "_LEAST_SECONDS", 0.001)
