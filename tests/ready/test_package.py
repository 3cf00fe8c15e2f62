"""The ready-made pipeline of this repository: everyday sentences, size, commands by name."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
import srsly
from ready import SENTENCES, find_problem
from spacy.language import Language

from spacy_windowner import __version__

from ..cli.util import run_command
from ..scripts import ROOT

NAME = "en_windowner_web"
[WHEEL] = (ROOT / "models").glob(f"{NAME}-*.whl")
VERSION = WHEEL.name.split("-")[1]
CARD = ROOT / "models" / "README.md"
MOST_BYTES = 12_000_000
CASES = list(srsly.read_jsonl(SENTENCES))


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Where pip would install the package."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(WHEEL) as file:
        file.extractall(site)
    return site


@pytest.fixture(scope="module")
def data(site) -> Path:
    return site / NAME / f"{NAME}-{VERSION}"


@pytest.fixture(scope="module")
def nlp(data) -> Language:
    return spacy.load(data)


@pytest.fixture(scope="module")
def installed(site) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        yield NAME


def test_everyday_sentences(nlp):
    """Most are right, as a reader sees it. The card lists the others."""
    failed = [case["text"] for case in CASES if find_problem(nlp, case)]
    assert len(CASES) >= 40 and len(CASES) - len(failed) >= 0.8 * len(CASES), failed
    card = CARD.read_text("utf8")
    assert f"It tags {len(CASES) - len(failed)} of {len(CASES)} everyday sentences" in card
    for text in failed:
        assert text.replace("\n", " ⏎ ") in card


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        ({"must": [["Anna", "PER"]], "must_not": ["lives"]}, ""),
        ({"must": [["Anna", "LOC"]], "must_not": []}, "misses Anna (LOC)"),
        ({"must": [], "must_not": ["Anna"]}, "finds Anna Smith (PER)"),
    ],
)
def test_problems_of_sentences(case, problem):
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    name = "Anna Smith" if "finds" in problem else "Anna"
    ruler.add_patterns([{"label": "PER", "pattern": name}])
    assert find_problem(nlp, {"text": "Anna Smith lives here.", **case}) == problem


def test_layout_and_order_do_not_matter(nlp):
    text = "Anna Schmidt works in Leeds."
    assert [ent.text for ent in nlp(text).ents] == ["Anna Schmidt", "Leeds"]
    assert [ent.text for ent in nlp(f"\n\t{text}\n\n").ents] == ["Anna Schmidt", "Leeds"]
    assert all(0.0 < ent._.ner_score < 1.0 for ent in nlp(text).ents)


def test_size():
    assert WHEEL.stat().st_size <= MOST_BYTES


def test_metadata(nlp, data):
    meta = srsly.read_json(data / "meta.json")
    assert f"{meta['lang']}_{meta['name']}-{meta['version']}" == data.name
    assert meta["license"] == "CC BY-SA 4.0" and len(meta["sources"]) >= 6
    [need] = [need for need in meta["requirements"] if need.startswith("spacy-windowner")]
    assert __version__ in need
    sources = srsly.read_yaml(ROOT / "scripts" / "ready.yml")["sources"]
    told = (data / "LICENSES_SOURCES").read_text("utf8")
    assert all(source["title"] in told and source["licence"] in told for source in sources.values())
    assert len(nlp.vocab.strings) < 2000  # no words of the training data
    config = (data / "config.cfg").read_text("utf8")
    assert (data / "README.md").read_text("utf8") == CARD.read_text("utf8")
    assert re.search(r"(?m)^train = null$", config)


def test_commands_take_the_name(installed, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("Anna works in London.\n", encoding="utf8")
    code, output = run_command("annotate", installed, texts, tmp_path / "rows", "--quiet")
    assert code == 0, output
    [rows] = [path for path in (tmp_path / "rows").glob("*.jsonl") if "London" in path.read_text()]
    assert {row["text"] for row in srsly.read_jsonl(rows)} == {"Anna", "London"}
    code, output = run_command("explain", installed, "Anna works in London.")
    assert code == 0 and "London LOC" in output
    gold = tmp_path / "gold.jsonl"
    line = '{"text": "Anna works in London.", "spans": [[0, 4, "PER"], [14, 20, "LOC"]]}\n'
    gold.write_text(line, encoding="utf8")
    code, output = run_command("convert", gold, tmp_path / "gold.spacy")
    assert code == 0, output
    code, output = run_command("report", installed, tmp_path / "gold.spacy", tmp_path / "report")
    assert code == 0, output


def test_serve_takes_the_name(installed):
    from spacy_windowner.tools.pipelines import load_pipeline
    from spacy_windowner.tools.serve.app import Tagger

    nlp = load_pipeline(installed)
    assert Tagger(nlp, None, 1000) is not None and nlp.meta["name"] == "windowner_web"


def test_the_main_package_does_not_contain_it():
    """Neither its wheel nor its source distribution."""
    project = (ROOT / "pyproject.toml").read_text("utf8")
    assert 'include = ["spacy_windowner*"]' in project
    assert "models" not in (ROOT / "MANIFEST.in").read_text("utf8")


def test_readme_begins_with_it():
    readme = (ROOT / "README.md").read_text("utf8")
    [install] = re.findall(r"pip install \. (models\S+)", readme)
    assert (ROOT / install).resolve() == WHEEL
    first = re.findall(r"(?s)```python\n(.*?)```", readme)[0]
    assert f'spacy.load("{NAME}")' in first
    code = [line for line in first.splitlines() if line and not line.startswith("import")]
    assert len(code) <= 3
