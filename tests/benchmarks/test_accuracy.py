"""The command of the benchmark of accuracy."""

import accuracy
import pytest
import srsly
import typer
from typer.testing import CliRunner

from .test_accuracy_report import make_row
from .util import TRAIN, write_corpus

# The corpora are tiny.
pytestmark = [pytest.mark.filterwarnings(r"ignore:\[WW060\]"), pytest.mark.slow]

app = typer.Typer()
app.command()(accuracy.main)
NAMES = "crfsuite,ner,window_ner"


@pytest.fixture(autouse=True)
def same_process(monkeypatch):
    """The tests go on in their own process."""
    monkeypatch.setattr(accuracy, "use_one_thread", lambda: None)


@pytest.fixture
def command(tmp_path):
    """Call the command, with files in tmp_path."""

    def call(*args: object) -> str:
        paths = ["--output", tmp_path / "out.json", "--models", tmp_path / "models"]
        result = CliRunner().invoke(app, [str(arg) for arg in [*paths, *args]])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert (result.exit_code == 0) == (call.fails is False), result.output
        return " ".join(result.output.split())

    call.fails = False
    return call


@pytest.fixture
def runs(monkeypatch):
    """Rows are not trained but noted, and some of them fail."""

    def run(job):
        run.jobs.append(job)
        if (job.row, job.seed) in run.failing:
            raise OSError("the disk is full")
        return make_row(**job.key)

    run.jobs, run.failing = [], set()
    monkeypatch.setattr(accuracy, "run", run)
    return run


def taken(runs):
    """The rows run since last asked."""
    found = [(job.corpus.name, job.row, job.seed) for job in runs.jobs]
    runs.jobs.clear()
    return found


def test_rows_are_run_once(command, runs, tmp_path):
    corpora = [write_corpus(tmp_path / name) for name in ("a", "b")]
    command(corpora[0], "--rows", "ner,window_ner")
    assert taken(runs) == [("a", "ner efficiency", 0), ("a", "window_ner", 0)]
    command(*corpora, "--rows", NAMES, "--seeds", 2)
    assert taken(runs) == [
        *[("a", "crfsuite", 0), ("a", "ner efficiency", 1), ("a", "window_ner", 1)],
        *[("b", "crfsuite", 0), ("b", "ner efficiency", 0), ("b", "ner efficiency", 1)],
        *[("b", "window_ner", 0), ("b", "window_ner", 1)],
    ]
    command(*corpora, "--rows", NAMES, "--seeds", 2)
    assert taken(runs) == []
    command(corpora[0], "--rows", "ner", "--peer", "accuracy")
    assert taken(runs) == [("a", "ner accuracy", 0)]
    command(corpora[0], "--rows", "crfsuite", "--again")
    assert taken(runs) == [("a", "crfsuite", 0)]
    assert len(srsly.read_json(tmp_path / "out.json")["rows"]) == 11


def test_vectors_are_another_row_but_to_crfsuite(command, runs, tmp_path):
    folder = write_corpus(tmp_path / "a")
    (tmp_path / "some.txt").write_text("Anna 1 2\n", encoding="utf8")
    command(folder, "--rows", NAMES)
    runs.jobs.clear()
    command(folder, "--rows", NAMES, "--vectors", tmp_path / "some.txt")
    assert [(job.row, job.key["vectors"]) for job in runs.jobs] == [
        *[("ner efficiency", "some"), ("window_ner", "some")]
    ]


def test_a_row_that_fails_does_not_lose_the_others(command, runs, tmp_path):
    folder = write_corpus(tmp_path / "a")
    runs.failing.add(("ner efficiency", 0))
    output = command(folder, "--rows", NAMES)
    assert taken(runs) == [("a", "crfsuite", 0), ("a", "ner efficiency", 0), ("a", "window_ner", 0)]
    assert "Failed: spaCy `ner`, efficiency, none, seed 0: OSError: the disk is full" in output
    assert "| `window_ner` | none |" in output
    # It is tried again, and the others are not.
    runs.failing.clear()
    output = command(folder, "--rows", NAMES)
    assert taken(runs) == [("a", "ner efficiency", 0)]
    assert "Failed" not in output
    assert len(srsly.read_json(tmp_path / "out.json")["rows"]) == 3


def test_an_interrupted_run_goes_on(command, runs, tmp_path, monkeypatch):
    folder = write_corpus(tmp_path / "a")
    whole = accuracy.run

    def stop(job):
        if job.row == "window_ner":
            raise KeyboardInterrupt
        return whole(job)

    monkeypatch.setattr(accuracy, "run", stop)
    command.fails = True
    command(folder, "--rows", NAMES)
    command.fails = False
    runs.jobs.clear()
    monkeypatch.setattr(accuracy, "run", whole)
    command(folder, "--rows", NAMES)
    assert taken(runs) == [("a", "window_ner", 0)]


def test_files_are_a_corpus(command, runs, tmp_path):
    folder = write_corpus(tmp_path / "a")
    parts = [f"--{part}={folder / part}.conll" for part in ("train", "test")]
    output = command(*parts, "--name", "mine", "--rows", "window_ner")
    assert taken(runs) == [("mine", "window_ner", 0)]
    assert "no dev part: 1 of 5 documents of train are held out" in output


def test_without_corpora_it_reports(command, runs, tmp_path):
    command(write_corpus(tmp_path / "a"), "--rows", "window_ner")
    runs.jobs.clear()
    page = tmp_path / "page.md"
    page.write_text("<!-- accuracy-tables --><!-- /accuracy-tables -->", encoding="utf8")
    command("--docs", page)
    assert taken(runs) == []
    assert "| `window_ner` | none |" in page.read_text(encoding="utf8")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--rows", "nerr"], "There is no nerr."),
        (["--peer", "speed"], "no config of ner for speed"),
        (["missing"], "The corpus missing has no train part"),
        (["--train", "missing.conll"], "The corpus corpus has no train part"),
        (["a", "b/a"], "Two corpora have the same name: a, a."),
        (["a", "--vectors", "missing.txt"], "missing.txt"),
    ],
)
def test_what_is_wrong(command, runs, tmp_path, monkeypatch, args, message):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b/a"):
        write_corpus(tmp_path / name)
    command.fails = True
    assert message in command(*args).replace("│ ", "")
    assert taken(runs) == []


def test_other_data_by_the_same_name(command, runs, tmp_path):
    command(write_corpus(tmp_path / "a"), "--rows", "window_ner")
    runs.jobs.clear()
    command.fails = True
    output = command(write_corpus(tmp_path / "a", train=TRAIN[:2]), "--rows", "window_ner")
    assert "rows of a corpus a with other data" in output
    assert taken(runs) == []


@pytest.mark.parametrize("name", ["ner", "window_ner"])
def test_one_sentence_with_one_label_and_no_dev(command, tmp_path, short, name):
    one = ["Rome B-LOC\nis O\nold O\n"]
    folder = write_corpus(tmp_path / "one", train=one, dev=[], test=one)
    output = command(folder, "--rows", name)
    assert "a single document to train on, which is dev as well" in output
    [row] = srsly.read_json(tmp_path / "out.json")["rows"]
    assert row["test"]["seen"] == row["test"]["all"]
    assert row["test"]["all"]["f"] == 100.0
    assert row["test"]["unseen"]["f"] is None
