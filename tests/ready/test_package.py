"""The ready-made pipeline of this repository: everyday sentences, size, commands by name."""

import re
import shutil
import zipfile
from collections.abc import Iterator

import pytest
import spacy
import srsly
from ready import SENTENCES, find_problem
from spacy.language import Language

from spacy_windowner import __version__

from ..cli.util import run_command
from ..scripts import ROOT

NAME = "en_windowner_web"
PACKAGE = max((ROOT / "models").glob(f"{NAME}-*"), default=None)
if PACKAGE is None:
    pytest.skip("run `python -m spacy project run ready` first", allow_module_level=True)
DATA = PACKAGE / NAME / PACKAGE.name
MOST_BYTES = 12_000_000
CASES = list(srsly.read_jsonl(SENTENCES))


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.load(DATA)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Iterator[str]:
    """The package, as pip would install it."""
    site = tmp_path_factory.mktemp("site")
    (site / NAME).mkdir()
    (site / NAME / DATA.name).symlink_to(DATA, target_is_directory=True)
    shutil.copy(PACKAGE / NAME / "__init__.py", site / NAME)
    shutil.copy(PACKAGE / "meta.json", site / NAME)  # the package's setup.py does that
    version = PACKAGE.name.partition("-")[2]
    info = site / f"{NAME}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        yield NAME


def test_everyday_sentences(nlp):
    """Most are right, as a reader sees it. The card lists the others."""
    failed = [case["text"] for case in CASES if find_problem(nlp, case)]
    assert len(CASES) >= 40 and len(CASES) - len(failed) >= 0.8 * len(CASES), failed
    card = (PACKAGE / "README.md").read_text("utf8")
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


def test_size(tmp_path):
    """Of all files together in a wheel."""
    wheel = tmp_path / "package.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as file:
        for path in DATA.rglob("*"):
            file.write(path, path.relative_to(PACKAGE))
    assert wheel.stat().st_size <= MOST_BYTES


def test_metadata(nlp):
    meta = srsly.read_json(PACKAGE / "meta.json")
    assert f"{meta['lang']}_{meta['name']}-{meta['version']}" == PACKAGE.name
    assert meta["license"] == "CC BY-SA 4.0" and len(meta["sources"]) >= 6
    [need] = [need for need in meta["requirements"] if need.startswith("spacy-windowner")]
    assert __version__ in need
    sources = srsly.read_yaml(ROOT / "scripts" / "ready.yml")["sources"]
    told = (PACKAGE / "LICENSES_SOURCES").read_text("utf8")
    assert all(source["title"] in told and source["licence"] in told for source in sources.values())
    assert len(nlp.vocab.strings) < 2000  # no words of the training data
    config = (DATA / "config.cfg").read_text("utf8")
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
    assert (ROOT / install).resolve() == PACKAGE
    first = re.findall(r"(?s)```python\n(.*?)```", readme)[0]
    assert f'spacy.load("{NAME}")' in first
    code = [line for line in first.splitlines() if line and not line.startswith("import")]
    assert len(code) <= 3
