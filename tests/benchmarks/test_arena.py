"""The benchmark on many corpora: its command and its table."""

import arena
import pytest
import spacy
import srsly
import typer
from arena_report import arena_table, collect, differences, ranks, whole, wins
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus
from spacy.vocab import Vocab
from typer.testing import CliRunner

from .test_accuracy_report import cells, make_row
from .util import TRAIN, write_corpus

# The corpora are tiny.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[WW060\]")

app = typer.Typer()
app.command()(arena.main)


@pytest.fixture(autouse=True)
def same_process(monkeypatch):
    """The tests go on in their own process."""
    monkeypatch.setattr(arena, "use_one_thread", lambda: None)


@pytest.fixture
def folder(tmp_path):
    """Corpora in three languages, one also with whole documents."""
    for name, train in {
        "da-a": TRAIN,
        "ja-b": TRAIN[:2],
        "kk-c": TRAIN[:4],
        "da-a-docs": TRAIN,
    }.items():
        write_corpus(tmp_path / "arena" / name, train=train)
    (tmp_path / "arena" / "README.md").write_text("About them.", encoding="utf8")
    return tmp_path / "arena"


@pytest.fixture
def command(tmp_path, folder):
    """Call the command, with files in tmp_path. Returns what it prints and its exit code."""

    def call(*args: object) -> tuple[str, int]:
        paths = [folder, "--output", tmp_path / "out.json", "--models", tmp_path / "models"]
        result = CliRunner().invoke(app, [str(arg) for arg in [*paths, *args]])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output, result.exit_code

    return call


@pytest.fixture
def runs(monkeypatch):
    """Rows are not trained but noted."""

    def run(job):
        run.jobs.append(job)
        if job.corpus.name in run.failing:
            raise OSError("the disk is full")
        row = make_row(**job.key, f=50.0 + job.seed)
        return {**row, "dev": {**row["test"], "all": {"f": 60.0 + job.seed}}}

    run.jobs, run.failing = [], set()
    monkeypatch.setattr(arena, "run", run)
    return run


def taken(runs):
    """The rows run since last asked."""
    found = [(job.corpus.name, job.name, job.seed) for job in runs.jobs]
    runs.jobs.clear()
    return found


def test_rows_are_run_once_the_smallest_corpus_first(command, runs):
    text, _ = command("--systems", "window_ner")
    assert [(job.corpus.name, job.lang) for job in runs.jobs] == [
        *[("ja-b", "xx"), ("kk-c", "xx"), ("da-a", "da")]
    ]
    runs.jobs.clear()
    command("--systems", "crfsuite,window_ner", "--corpora", "kk-c", "--seeds", 2)
    assert taken(runs) == [("kk-c", "crfsuite", 0), ("kk-c", "window_ner", 1)]
    text, _ = command("--systems", "crfsuite,window_ner", "--corpora", "kk-c", "--seeds", 2)
    assert taken(runs) == []
    assert "A CPU, 2 cores" in text
    assert cells(text, "kk-c")[:4] == ["kk-c", "60.0", "60.5", "+0.5"]
    assert cells(text, "best")[1:4] == ["0", "1", "1"]


def test_tokens_are_kept_where_the_language_has_no_tokenizer(command, runs, folder, tmp_path):
    vocab = Vocab()
    doc = Doc(vocab, words=["東京", "は", "都市"], spaces=[False] * 3, ents=["B-LOC", "O", ""])
    doc[1].is_sent_start = True
    for corpus in ("ja-b", "da-a"):
        DocBin(docs=[doc]).to_disk(folder / corpus / "train.spacy")
    command("--systems", "window_ner")
    for corpus, tokens in {"ja-b": ["東京", "は", "都市"], "da-a": ["東京は都市"]}.items():
        reader = Corpus(tmp_path / "models" / "data" / corpus / "train.spacy")
        [eg] = reader(spacy.blank("xx"))
        assert [token.text for token in eg.predicted] == tokens
        assert [ent.text for ent in eg.reference.ents] == ["東京"]
        assert [token.ent_iob for token in eg.reference] == [3, 2, 0]
        assert [token.is_sent_start for token in eg.reference][1] is True


def test_the_test_part_is_shown_if_it_is_asked_for(command, runs):
    args = ["--systems", "window_ner", "--corpora", "da-a"]
    assert cells(command(*args)[0], "da-a")[1] == "60.0"
    text, _ = command(*args, "--part", "test")
    assert cells(text, "test part")[1] == "F1 `window_ner`"
    assert cells(text, "da-a")[1] == "50.0"


def test_whole_documents(command, runs):
    command("--documents", "--systems", "window_ner")
    assert taken(runs) == [("da-a-docs", "window_ner", 0)]
    command("--documents", "--corpora", "da-a", "--systems", "window_ner", "--seeds", 2)
    assert taken(runs) == [("da-a-docs", "window_ner", 1)]


def test_settings_make_another_row(command, runs):
    args = ["--corpora", "da-a", "--systems", "crfsuite,window_ner"]
    command(*args)
    runs.jobs.clear()
    args += ["--set", "loss.transitions=true", "--set", "training.dropout=0.2"]
    text, _ = command(*args)
    name = "window_ner loss.transitions=true training.dropout=0.2"
    assert [job.name for job in runs.jobs] == [name]
    config = arena.make_config(runs.jobs.pop())
    assert config["components"]["window_ner"]["loss"]["transitions"] is True
    assert config["training"]["dropout"] == 0.2
    assert cells(text, "dev part")[1:6] == [
        *["F1 CRFsuite", "F1 `window_ner`", f"F1 `{name}`"],
        *[f"`{name}` over CRFsuite", f"`{name}` over `window_ner`"],
    ]
    assert cells(text, "da-a")[1:6] == ["60.0", "60.0", "60.0", "+0.0", "+0.0"]
    command(*args)
    assert taken(runs) == []


def test_what_is_there_is_shown_without_training(command, runs):
    command("--systems", "window_ner", "--corpora", "kk-c")
    runs.jobs.clear()
    text, _ = command("--systems", "window_ner", "--report")
    assert taken(runs) == []
    assert [cells(text, name)[1] for name in ("da-a", "kk-c")] == ["-", "60.0"]


def test_a_row_that_fails_is_tried_again(command, runs):
    runs.failing.add("kk-c")
    text, _ = command("--systems", "window_ner")
    assert "Failed: kk-c, window_ner, seed 0: OSError: the disk is full" in text
    assert cells(text, "kk-c")[1:3] == ["-", "-"]
    assert cells(text, "mean of 2 corpora")[1] == "60.0"
    runs.failing.clear()
    runs.jobs.clear()
    assert "Failed" not in command("--systems", "window_ner")[0]
    assert taken(runs) == [("kk-c", "window_ner", 0)]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--systems", "nerr"], "There is no nerr."),
        (["--part", "train"], "There is no part train."),
        (["--corpora", "da-a,de-x"], "There is no de-x in"),
        (["--corpora", "ja-b", "--documents"], "Choose from da-a."),
        (["--set", "loss.transition=true"], "no setting components.window_ner.loss.transition."),
        (["--set", "model.embed.vectors.width=2"], "no setting components.window_ner.model.embed"),
        (["--set", "training.steps=3"], "The config of window_ner has no setting training.steps."),
        (["--set", "loss.transitions"], "loss.transitions has no value"),
    ],
)
def test_what_is_wrong(command, runs, args, message):
    text, code = command(*args)
    assert code != 0
    assert message in " ".join(text.replace("│", "").split())
    assert taken(runs) == []


def test_an_empty_arena(tmp_path):
    args = [str(tmp_path / "none"), "--output", str(tmp_path / "out.json")]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 1
    assert "There are no corpora in" in result.output


@pytest.mark.slow
def test_a_changed_row_is_trained(command, tmp_path, short):
    text, _ = command("--corpora", "kk-c", "--systems", "window_ner", "--set", "model.window=1")
    rows = srsly.read_json(tmp_path / "out.json")["rows"]
    assert [row["row"] for row in rows] == ["window_ner", "window_ner model.window=1"]
    assert rows[1]["bytes"] < rows[0]["bytes"]
    assert (tmp_path / "models" / "kk-c-window_ner-model.window=1-0" / "model-best").is_dir()
    assert cells(text, "kk-c")[2] == f"{rows[1]['dev']['all']['f']:.1f}"


def test_means_of_seeds():
    rows = [
        *[make_row(corpus="a", seed=seed, f=f) for seed, f in enumerate([50.0, 52.0])],
        make_row("crfsuite", corpus="b", f=None),
    ]
    read = ["crfsuite", "window_ner"], lambda row: row["test"]["all"]["f"]
    assert collect(rows, ["a", "b"], *read) == [[None, None], [51.0, None]]


def test_differences_are_of_the_last():
    assert differences([[1.0, 2.0], [3.0, None], [5.0, 5.0]]) == [[4.0, 3.0], [2.0, None]]
    assert differences([[1.0]]) == []


def test_only_what_all_have_is_counted():
    assert whole([[1.0, 2.0, None], [3.0, None, 5.0]]) == [[1.0], [3.0]]
    assert whole([[None], [1.0]]) == [[], []]
    assert whole([]) == []


def test_wins_and_ranks_share_what_is_equal():
    columns = [[3.0, 1.0], [3.0, 2.0], [1.0, 3.0]]
    assert wins(columns) == [1, 1, 1]
    assert ranks(columns) == [(1.5 + 3) / 2, (1.5 + 2) / 2, (3 + 1) / 2]


def test_the_table():
    rows = [
        make_row(name, corpus=corpus, f=f, seconds=seconds)
        for corpus, name, f, seconds in [
            *[("a", "crfsuite", 50.0, 4.0), ("a", "window_ner", 54.0, 1200.0)],
            *[("b", "crfsuite", 60.0, 6.0), ("b", "window_ner", 58.0, 20.0)],
            ("c", "window_ner", 90.0, 30.0),
        ]
    ]
    text = arena_table(rows, ["a", "b", "c"], ["crfsuite", "window_ner"], "test")
    assert cells(text, "test part") == [
        *["test part", "F1 CRFsuite", "F1 `window_ner`", "`window_ner` over CRFsuite"],
        *["seen F1 CRFsuite", "seen F1 `window_ner`"],
        *["unseen F1 CRFsuite", "unseen F1 `window_ner`", "CPU s CRFsuite", "CPU s `window_ner`"],
    ]
    line = ["50.0", "54.0", "+4.0", "50.0", "54.0", "-", "-", "4", "1,200"]
    assert cells(text, "a") == ["a", *line]
    assert cells(text, "c") == ["c", "-", "90.0", "-", "-", "90.0", "-", "-", "-", "30"]
    means = ["55.0", "56.0", "+1.0", "55.0", "56.0", "-", "-", "5", "610"]
    assert cells(text, "mean of") == ["mean of 2 corpora", *means]
    assert cells(text, "best") == ["best, better on", "1", "1", "1", *[""] * 6]
    assert cells(text, "mean rank") == ["mean rank", "1.50", "1.50", *[""] * 7]


def test_a_table_of_nothing():
    text = arena_table([], ["a"], ["crfsuite", "window_ner"], "dev")
    assert set(cells(text, "a")[1:]) == {"-"}
    assert cells(text, "mean of 0 corpora")[1] == "-"
