"""Word clusters in files, and in spaCy's package."""

import gzip

import pytest
import spacy
from spacy.tokens import Doc

from spacy_windowner.models import clusters_file
from spacy_windowner.models.clusters_file import PACKAGE, read_clusters

from ..layers.test_clusters import make_clusters

TEXT = "1011\tParis\t12\n1010\tlondon\n0110\truns\t7\n\n0111\tRuns\t1\n000\tx\n001\ty\n"
WORDS = ["Paris", "London", "runs", "Runs", "x", "y", "z"]


@pytest.fixture(scope="module")
def vocab():
    return spacy.blank("en").vocab


def rows_of(clusters, vocab):
    return clusters.find(Doc(vocab, words=WORDS)).tolist()


def read(path, vocab, data, prefixes=(1, 2, 4)):
    path.write_bytes(data)
    return read_clusters(path, prefixes, vocab)


def test_a_file_of_paths(vocab, tmp_path):
    clusters = read(tmp_path / "paths", vocab, TEXT.encode())
    Paris, London, runs, Runs, x, y, z = rows_of(clusters, vocab)
    assert Paris[:2] == London[:2] and Paris[2] != London[2]
    assert runs[:2] == Runs[:2] and runs[2] != Runs[2]
    assert x[:2] == y[:2] and x[2] != y[2]
    assert x[0] == runs[0] != Paris[0] and x[1] != runs[1] and z == [0, 0, 0]
    assert rows_of(read(tmp_path / "bom", vocab, b"\xef\xbb\xbf" + TEXT.encode()), vocab) == (
        rows_of(clusters, vocab)
    )
    zipped = read(tmp_path / "paths.gz", vocab, gzip.compress(TEXT.replace("\n", "\r\n").encode()))
    assert zipped.to_bytes() == clusters.to_bytes()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"01\ta\n012\tb", "line 2 .*'012' is no path"),
        (b"0" * 31 + b"\ta", "line 1 .* no path of up to 30"),
        (b"\ta", "line 1 .*'' is no path"),
        (b"01 a", "line 1 .*no word after a path and a tab"),
        (b"01\t", "line 1 .*no word after"),
        (b"\t\t", "line 1 .*no word after"),
        (b"01\tNew York\t3", "line 1 .*'New York' is not one word"),
        (b"01\ta\r11\tb", "line 1 .*is not one word"),
        (b"01\ta\n01\ta\n11\ta\n", "line 3 .*'a' has another path"),
        (b"01\ta\n01\t\xff\n", "line 2 .*isn't UTF-8"),
        (b"01\t" + b"a" * 100_001, "line 1 .*longer than 100,000 bytes"),
    ],
)
def test_lines_that_can_not_be_used(vocab, tmp_path, data, message):
    with pytest.raises(ValueError, match=f"WN236.*{message}"):
        read(tmp_path / "paths", vocab, data)


def test_files_that_can_not_be_read(vocab, tmp_path):
    with pytest.raises(ValueError, match="WN235.*no words in it"):
        read(tmp_path / "paths", vocab, b"\n\n")
    with pytest.raises(ValueError, match="WN235.*none.*No such file"):
        read_clusters(tmp_path / "none", [4], vocab)
    with pytest.raises(ValueError, match="WN235.*numpy: it can't be loaded as a pipeline"):
        read_clusters("numpy", [4], vocab)
    with pytest.raises(ValueError, match="WN235.*the path 0110 goes on from 01,"):
        read(tmp_path / "paths", vocab, b"0110\ta\n00\tb\n01\tc\n")
    with pytest.raises(ValueError, match="WN235.*end-of-stream"):
        read(tmp_path / "paths.gz", vocab, gzip.compress(TEXT.encode())[:-9])
    with pytest.raises(ValueError, match="WN235.*can't be loaded as a pipeline"):
        read_clusters(tmp_path, [4], vocab)


def test_those_of_a_trained_pipeline(vocab, tmp_path):
    (tmp_path / "paths").write_text(TEXT)
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "without")
    with pytest.raises(ValueError, match="WN235.*without.*this pipeline has none"):
        read_clusters(tmp_path / "without", [4], vocab)
    clusters = {
        "@architectures": "spacy-windowner.ClusterEmbed.v1",
        "source": str(tmp_path / "paths"),
    }
    ner = nlp.add_pipe("window_ner", config={"model": {"embed": {"clusters": clusters}}})
    ner.add_label("LOC")
    nlp.initialize()
    nlp.to_disk(tmp_path / "model")
    found = read_clusters(tmp_path / "model", [1, 4], vocab)
    assert found.to_bytes() == read_clusters(tmp_path / "paths", [1, 4], vocab).to_bytes()


@pytest.fixture
def package(monkeypatch):
    """Stands for the package, which takes 100 MB, with clusters for one language."""
    table = {"Paris": 0b1101, "london": 0b0101, "runs": 0b0110, "Runs": 0b10110, "x": 1, "y": 0}
    monkeypatch.setattr(clusters_file, "find_spec", lambda name: name == "spacy_lookups_data")
    found = {"en": {"lexeme_cluster": table, "lexeme_norm": {}}, "da": {"lexeme_norm": {}}}

    class Registry:
        get = found.get
        get_all = found.copy

        def __contains__(self, lang):
            return lang in found

    monkeypatch.setattr("spacy.util.registry.lookups", Registry())
    monkeypatch.setattr("spacy.lookups.load_language_data", lambda data: data)


def test_the_package(package, vocab):
    """Words whose number is 0 are in no cluster."""
    for source in (PACKAGE, "spacy_lookups_data"):
        clusters = read_clusters(source, [1, 2, 4], vocab)
        assert clusters.to_bytes() == make_clusters().to_bytes()


def test_a_language_without_clusters(package):
    with pytest.raises(ValueError, match="WN235.*none for the language 'da', only for en"):
        read_clusters(PACKAGE, [4], spacy.blank("da").vocab)


def test_without_the_package(vocab, monkeypatch):
    monkeypatch.setattr(clusters_file, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="WN235.*pip install spacy-lookups-data"):
        read_clusters(PACKAGE, [4], vocab)
