import json

import pytest
import spacy
from spacy.cli import app
from typer.testing import CliRunner

from ..pipeline.util import make_examples
from ..tools.pretrain.util import make_config, write_text


@pytest.fixture
def folder(tmp_path):
    write_text(tmp_path)
    make_config().to_disk(tmp_path / "config.cfg")
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["windowner", *map(str, args)])


def pretrain(folder, *args):
    settings = ["--epochs", 2, "--batch-words", 30, "--config", folder / "config.cfg"]
    return run("pretrain", folder / "raw.txt", folder / "out", *settings, *args)


def test_it_writes_words_that_initialize_a_component(folder):
    result = pretrain(folder)
    assert result.exit_code == 0, result.output
    head, *rows = [line.split() for line in result.output.splitlines()[:-2]]
    assert head == ["Epoch", "Text", "Words", "Loss", "Words/s"]
    rows = [row for row in rows if row[1] == "100%"]  # more are told if it takes long
    assert [(row[0], row[1]) for row in rows] == [("1", "100%"), ("2", "100%")]
    assert rows[1][2] in result.output.splitlines()[-2]
    nlp = spacy.util.load_model_from_config(make_config())
    ner = nlp.get_pipe("window_ner")
    examples = make_examples(nlp)
    ner.initialize(lambda: examples, nlp=nlp, init_words=folder / "out" / "words.bin")


def test_settings_of_the_config_can_be_replaced(folder):
    result = pretrain(folder, "--components.window_ner.model.hidden_width", 8)
    assert result.exit_code == 0, result.output
    again = pretrain(folder, "--init-words", folder / "out" / "words.bin")
    assert again.exit_code == 1
    assert "WN046" in again.output


def test_it_starts_from_earlier_words(folder):
    words = folder / "out" / "words.bin"
    first, second = pretrain(folder), pretrain(folder, "--init-words", words)
    assert (first.exit_code, second.exit_code) == (0, 0)
    meta = json.loads((folder / "out" / "meta.json").read_text())
    assert meta["settings"]["init_words"] == str(words)


def test_ctrl_c(folder, monkeypatch):
    def stop(*args, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("spacy_windowner.cli.pretrain.pretrain", stop)
    result = pretrain(folder)
    assert result.exit_code == 130
    assert "before the end of the first epoch" in result.output
    monkeypatch.undo()
    pretrain(folder)
    monkeypatch.setattr("spacy_windowner.cli.pretrain.pretrain", stop)
    result = pretrain(folder)
    assert result.exit_code == 130
    assert f"--init-words {folder / 'out' / 'words.bin'}" in " ".join(result.output.split())


@pytest.mark.parametrize(
    "args, code",
    [
        (["--components.window_ner.model.hidden_depth", 0], "WN042"),
        (["--component", "other"], "WN043"),
        (["--epochs", 0], "WN001"),
        (["--components.window_ner.model.window", -1], "WN001"),
    ],
    ids=str,
)
def test_errors_are_short(folder, args, code):
    result = pretrain(folder, *args)
    assert result.exit_code == 1
    assert f"[{code}]" in result.output
    assert isinstance(result.exception, SystemExit)
    assert not (folder / "out").exists()


def test_other_errors_pass(folder, monkeypatch):
    def fail(*args, **settings):
        raise ValueError("not ours")

    monkeypatch.setattr("spacy_windowner.cli.pretrain.pretrain", fail)
    assert str(pretrain(folder).exception) == "not ours"


def test_the_defaults_are_those_of_the_function(folder, monkeypatch):
    import inspect

    from spacy_windowner.tools.pretrain.pretrain import pretrain as function

    given = {}
    monkeypatch.setattr(
        "spacy_windowner.cli.pretrain.pretrain", lambda *args, **settings: given.update(settings)
    )
    run("pretrain", folder / "raw.txt", folder / "out")
    defaults = {name: p.default for name, p in inspect.signature(function).parameters.items()}
    assert {"epochs", "batch_words", "corrupt_windows", "learn_rate", "dropout", "seed"} <= set(
        given
    )
    for name in set(given) - {"on_batch", "overrides"}:
        assert given[name] == defaults[name], name
