"""The rows of the benchmark of accuracy: their configs, training and scores."""

import accuracy_rows
import pytest
import spacy
from accuracy_data import find_corpus, find_vectors, prepare
from accuracy_rows import CRF, PEERS, VARIANTS, Job, make_config, run, seconds_to_reach
from spacy.training.initialize import init_nlp

from .util import write_corpus

# The corpora are tiny, and copies in upper case have no word vectors.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(r"ignore:\[WW060\]"),
    pytest.mark.filterwarnings(r"ignore:\[WW004\]"),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    prepare(find_corpus(write_corpus(folder / "in")), "en", folder / "data" / "tiny")
    return folder / "data" / "tiny"


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    path = tmp_path_factory.mktemp("vectors") / "tiny.txt"
    path.write_text("Anna 1 0 0 1\nRome 0 1 0 0\nin 0 0 1 0\nis 0 1 1 0\n", encoding="utf8")
    return find_vectors(path, "en", path.parent)


def test_key_and_folder(tmp_path, vectors):
    job = Job("ner accuracy", tmp_path / "data" / "btc", tmp_path, 2, vectors)
    assert job.key == {"corpus": "btc", "row": "ner accuracy", "vectors": "tiny", "seed": 2}
    assert job.folder == tmp_path / "btc-ner-accuracy-tiny-2"
    assert job._replace(vectors=None).folder == tmp_path / "btc-ner-accuracy-2"


@pytest.mark.parametrize("row", [*PEERS, *VARIANTS])
@pytest.mark.parametrize("with_vectors", [False, True])
def test_every_row_is_as_its_name_says(corpus, tmp_path, vectors, row, with_vectors):
    path = vectors if with_vectors else None
    nlp = init_nlp(make_config(Job(row, corpus, tmp_path, 7, path)))
    assert nlp.config["system"]["seed"] == 7
    assert nlp.vocab.vectors.shape == ((4, 4) if with_vectors else (0, 0))
    static = [node for node in nlp.get_pipe(nlp.pipe_names[0]).model.walk()
              if node.name == "static_vectors"]  # fmt: skip
    assert len(static) == with_vectors
    config = nlp.config["components"]
    if row in PEERS:
        encode = config["tok2vec"]["model"]["encode"]
        assert (encode["width"], encode["depth"]) == (
            (96, 4) if row == "ner efficiency" else (256, 8)
        )
    else:
        # That VARIANTS names what there is shows in that the config is valid.
        assert static == [] or static[0].get_dim("nO") == 96
        default = make_config(Job("window_ner", corpus, tmp_path, 7, path))
        assert (make_config(Job(row, corpus, tmp_path, 7, path)) == default) == (
            row == "window_ner"
        )


def test_another_language(corpus, tmp_path):
    for row in ("ner efficiency", "window_ner"):
        assert make_config(Job(row, corpus, tmp_path, lang="de"))["nlp"]["lang"] == "de"
    # Vietnamese has a tokenizer of its own.
    config = make_config(Job("window_ner", corpus, tmp_path, lang="vi"))
    assert config["nlp"]["tokenizer"]["@tokenizers"] == "spacy.vi.VietnameseTokenizer"


@pytest.mark.parametrize("row", [CRF, "ner efficiency", "window_ner"])
def test_a_row_is_trained_and_tested(corpus, tmp_path, short, row):
    if row == CRF:
        pytest.importorskip("pycrfsuite", reason="python-crfsuite is an extra: benchmarks")
    result = run(Job(row, corpus, tmp_path))
    assert result["row"] == row and result["corpus"] == "tiny"
    assert 0 <= result["test"]["all"]["f"] <= 100
    # Anna and, as a place, Rome; Rome as a person, and Oslo.
    assert result["test"]["seen"]["true"] == 2
    assert result["test"]["unseen"]["true"] == 2
    assert result["dev_f"] == max(f for _, f in result["curve"]) or row == CRF
    assert 0 < result["seconds_to_best"] <= result["seconds"]
    assert all(rate > 0 for rate in result["tokens_per_second"].values())
    # What was scored is what was saved.
    nlp = spacy.load(tmp_path / f"tiny-{row.replace(' ', '-')}-0" / "model-best")
    dev = accuracy_rows.evaluate(nlp, corpus / "dev.spacy", set())
    assert dev["all"] == result["dev"]["all"]
    assert result["dev_f"] == pytest.approx(dev["all"]["f"])
    assert result["bytes"] > 1000


def test_seeds_matter(corpus, tmp_path, short):
    one, other = (
        accuracy_rows.train_row(Job("window_ner", corpus, tmp_path, seed)) for seed in (0, 1)
    )
    weights = [(path / "window_ner" / "model").read_bytes() for path in (one, other)]
    assert weights[0] != weights[1]


def test_seconds_to_reach():
    curve = [(1.0, 0.0), (2.0, 50.0), (3.0, 40.0), (4.0, 60.0)]
    assert [seconds_to_reach(curve, f) for f in (0, 45, 50, 51, 61)] == [1.0, 2.0, 2.0, 4.0, None]
