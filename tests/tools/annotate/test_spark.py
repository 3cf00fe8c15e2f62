"""The recipe of docs/annotate.md."""

import re
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest

from spacy_windowner.tools.annotate.annotate import annotate

from .util import make_texts, read_lines, write_jsonl

pandas = pytest.importorskip("pandas", reason="Spark's recipe needs pandas")
DOCS = Path(__file__).parents[3] / "docs" / "annotate.md"


@pytest.fixture
def recipe():
    """The names that the recipe defines."""
    [code] = re.findall(r"<!-- spark-recipe -->\n```python\n(.*?)```", DOCS.read_text("utf8"), re.S)
    assert len([line for line in code.splitlines() if line]) == 10
    names: dict = {"__name__": "__main__"}  # as in a script, of which Spark sends the code along
    exec(code, names)
    return names


@pytest.fixture
def expected(model, tmp_path):
    """The corpus, and the rows that `annotate` makes of it."""
    entries = [{"text": text, "id": f"id{i}"} for i, text in enumerate(make_texts(100))]
    path = write_jsonl(tmp_path / "a.jsonl", entries)
    annotate(model, path, tmp_path / "out")
    return path, read_lines(tmp_path / "out")


def test_rows_of_frames(recipe, model, expected):
    path, rows = expected
    frame = pandas.read_json(path, lines=True)
    frames = [frame[:40], frame[40:41], frame[41:41], frame[41:]]
    found = pandas.concat(list(recipe["tag"](iter(frames), str(model))))
    assert found.to_dict("records") == rows
    names = [column.split()[0] for column in recipe["SCHEMA"].split(", ")]
    assert names == list(found.columns)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Spark's own
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_spark(recipe, model, expected, monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parents[1]))
    path, rows = expected
    builder = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    try:
        frame = spark.read.json(str(path)).repartition(3).where("text is not null")
        tag = partial(recipe["tag"], model=str(model))
        found = frame.mapInPandas(tag, recipe["SCHEMA"]).collect()
    finally:
        spark.stop()

    def key(row):
        return row["doc_id"], row["start"]

    assert sorted((row.asDict() for row in found), key=key) == sorted(rows, key=key)
