"""The component in pipelines made of configs, as users train them."""

import pytest
import spacy
import srsly
from spacy.cli._util import app
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import fix_random_seed, load_config, load_model_from_config
from thinc.api import Config
from typer.testing import CliRunner

from .util import ENTITIES, TRAIN_DATA, ents_of, make_examples


def run(*args) -> None:
    """Run a command of `python -m spacy`."""
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output


@pytest.fixture
def project(tmp_path):
    """A directory with a corpus, and a config as `spacy init config` writes it."""
    nlp = spacy.blank("xx")
    DocBin(docs=[eg.reference for eg in make_examples(nlp)]).to_disk(tmp_path / "corpus.spacy")
    run("init", "config", tmp_path / "config.cfg", "-p", "window_ner", "-l", "xx")
    return tmp_path


def overrides(project, **more) -> dict:
    corpus = str(project / "corpus.spacy")
    return {"paths.train": corpus, "paths.dev": corpus, **more}


def test_init_config_trains(project):
    config = Config().from_disk(project / "config.cfg", interpolate=False)
    assert config["nlp"]["pipeline"] == ["window_ner"]
    assert config["components"]["window_ner"]["factory"] == "window_ner"
    assert config["training"]["score_weights"]["ents_f"] == 1.0
    corpus = project / "corpus.spacy"
    settings = {"paths.train": corpus, "paths.dev": corpus, "training.max_steps": 2}
    settings["training.eval_frequency"] = 1
    args = [arg for key, value in settings.items() for arg in (f"--{key}", value)]
    run("train", project / "config.cfg", "--output", project / "output", *args)
    nlp = spacy.load(project / "output" / "model-last")
    assert nlp.get_pipe("window_ner").labels == ("PERSON", "LOC")
    assert set(nlp.meta["performance"]) >= {"ents_p", "ents_r", "ents_f", "ents_per_type"}


def test_debug_model(project):
    corpus = project / "corpus.spacy"
    args = ["--paths.train", corpus, "--paths.dev", corpus]
    run("debug", "model", project / "config.cfg", "window_ner", "-P0", "-P1", "-P2", "-P3", *args)


def test_assemble(project, trained):
    trained.to_disk(project / "source")
    config = Config().from_disk(project / "config.cfg", interpolate=False)
    config["components"]["window_ner"] = {"source": str(project / "source")}
    config.to_disk(project / "config.cfg")
    run("assemble", project / "config.cfg", project / "assembled")
    nlp = spacy.load(project / "assembled")
    assert [ents_of(nlp(text)) for text, _ in TRAIN_DATA] == ENTITIES


def test_init_labels_round_trip(project):
    args = [f"--paths.{name}={project / 'corpus.spacy'}" for name in ("train", "dev")]
    run("init", "labels", project / "config.cfg", project / "labels", *args)
    path = project / "labels" / "window_ner.json"
    assert srsly.read_json(path) == ["PERSON", "LOC"]
    srsly.write_json(path, ["LOC", "PERSON", "ORG"])
    config = load_config(project / "config.cfg", overrides=overrides(project), interpolate=False)
    block = {"@readers": "spacy.read_labels.v1", "path": str(path)}
    config["initialize"]["components"]["window_ner"] = {"labels": block}
    nlp = init_nlp(config)
    assert nlp.get_pipe("window_ner").labels == ("LOC", "PERSON", "ORG")


def test_frozen_component(project):
    config = load_config(project / "config.cfg", overrides=overrides(project), interpolate=False)
    nlp = init_nlp(config)
    nlp.to_disk(project / "source")
    config["components"]["window_ner"] = {"source": str(project / "source")}
    config["training"]["frozen_components"] = ["window_ner"]
    frozen = init_nlp(config)
    component = frozen.get_pipe("window_ner")
    assert component.model.to_bytes() == nlp.get_pipe("window_ner").model.to_bytes()


def test_score_weights():
    nlp = spacy.blank("xx")
    nlp.add_pipe("window_ner")
    weights = nlp.config["training"]["score_weights"]
    assert weights == {"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None}
    meta = nlp.get_pipe_meta("window_ner")
    assert set(meta.assigns) == {
        "doc.ents", "token.ent_iob", "token.ent_type", "span._.ner_score",
    }  # fmt: skip


SHARED_TOK2VEC = """
[nlp]
lang = "xx"
pipeline = ["tok2vec", "tagger", "window_ner"]

[components]

[components.tok2vec]
factory = "tok2vec"

[components.tok2vec.model]
@architectures = "spacy.HashEmbedCNN.v2"
width = 32
depth = 1
embed_size = 200
window_size = 1
maxout_pieces = 2
subword_features = true
pretrained_vectors = null

[components.tagger]
factory = "tagger"

[components.tagger.model]
@architectures = "spacy.Tagger.v2"

[components.tagger.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 32
upstream = "tok2vec"

[components.window_ner]
factory = "window_ner"

[components.window_ner.model]
@architectures = "spacy-windowner.WindowClassifier.v1"
window = 2
hidden_width = 32

[components.window_ner.model.embed]
@architectures = "spacy.Tok2VecListener.v1"
width = 32
upstream = "tok2vec"
"""


def test_shared_tok2vec(tmp_path):
    fix_random_seed(0)
    nlp = load_model_from_config(Config().from_str(SHARED_TOK2VEC), auto_fill=True)
    assert nlp.get_pipe("window_ner").model.attrs["embedding"] == "all tokens"
    assert nlp.get_pipe("tok2vec").listening_components == ["tagger", "window_ner"]
    examples = make_examples(nlp, [*TRAIN_DATA, ("", {"entities": []})])
    for eg in examples:
        for token in eg.reference:
            token.tag_ = "NAME" if token.is_title else "OTHER"
    optimizer = nlp.initialize(lambda: examples)
    before = nlp.get_pipe("tok2vec").model.to_bytes()
    for _ in range(60):
        losses = {}
        nlp.update(examples, sgd=optimizer, losses=losses)
    assert losses["window_ner"] < 0.01
    assert nlp.get_pipe("tok2vec").model.to_bytes() != before
    texts = [text for text, _ in TRAIN_DATA] + ["", "Berlin"]
    expected = [ents_of(nlp(text)) for text in texts]
    assert expected[:2] == ENTITIES
    assert [token.tag_ for token in nlp(texts[1])][2] == "NAME"
    assert [ents_of(doc) for doc in nlp.pipe(texts)] == expected
    nlp.to_disk(tmp_path)
    assert [ents_of(spacy.load(tmp_path)(text)) for text in texts] == expected
    other = load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert [ents_of(other(text)) for text in texts] == expected
    # With a copy of the shared layer of its own.
    nlp.replace_listeners("tok2vec", "window_ner", ["model.embed"])
    assert [ents_of(nlp(text)) for text in texts] == expected
