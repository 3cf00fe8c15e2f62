"""The example that teaches a pipeline corrections."""

import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc, DocBin

from .pipeline.util import ENTITIES, TRAIN_DATA, ents_of, make_nlp, train

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "examples"))

from corrections import correct, entities, without_entities  # noqa: E402

RAW = [text for text, _ in TRAIN_DATA]


def trained():
    nlp = make_nlp()
    train(nlp)
    return nlp


def corrected_docs(nlp, ents=("O", "O", "B-LOC", "O")):
    return [Doc(nlp.vocab, words=["We", "joined", "Acme", "?"], ents=list(ents))]


def test_corrections_stick_and_the_rest_stays():
    nlp = trained()
    docs = corrected_docs(nlp)
    assert entities(nlp(without_entities(docs[0]))) != entities(docs[0])
    assert correct(nlp, docs, [nlp.make_doc(text) for text in RAW], learn_rate=0.005) == []
    assert entities(nlp(without_entities(docs[0]))) == {(2, 3, "LOC")}
    assert [ents_of(nlp(text)) for text in RAW] == ENTITIES
    assert ents_of(docs[0]) == [("Acme", "LOC")]


def test_what_does_not_stick_is_returned():
    nlp = trained()
    contradiction = [*corrected_docs(nlp), *corrected_docs(nlp, ["O"] * 4)]
    assert len(correct(nlp, contradiction, [], max_steps=5)) in (1, 2)


def test_other_components_stay_as_they_are():
    nlp = trained()
    nlp.add_pipe("entity_ruler", first=True).add_patterns([{"label": "X", "pattern": "zebra"}])
    correct(nlp, corrected_docs(nlp), [], max_steps=1)
    assert nlp.pipe_names == ["entity_ruler", "window_ner"]


@pytest.mark.parametrize("rate", [0.0, 0.005])
def test_the_command(tmp_path, rate):
    nlp = trained()
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=corrected_docs(nlp)).to_disk(tmp_path / "corrected.spacy")
    (tmp_path / "raw.txt").write_text("\n".join(RAW), encoding="utf8")
    names = ["model", "corrected.spacy", "raw.txt", "output"]
    paths = [str(tmp_path / name) for name in names]
    command = [sys.executable, str(ROOT / "examples/corrections.py"), *paths]
    command += ["--learn-rate", str(rate)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    n_stick = int(rate > 0.0)
    assert f"{n_stick} of 1 corrections stick" in done.stdout
    assert ("Doesn't stick" in done.stdout) == (not n_stick)
    found = entities(spacy.load(tmp_path / "output")(corrected_docs(nlp, [""] * 4)[0]))
    assert ((2, 3, "LOC") in found) == bool(n_stick)
