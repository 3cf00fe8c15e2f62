"""The benchmark of the recall promise, on a small model."""

import json

import pytest
import recall
import spacy
from spacy.tokens import DocBin

from ..pipeline.util import TRAIN_DATA, make_examples, make_nlp, train

pytestmark = pytest.mark.filterwarnings("ignore:.*WW06[02]")  # it is calibrated on a few entities


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recall")
    nlp = make_nlp()
    train(nlp)
    nlp.to_disk(folder / "model")
    wrong = [("I like London.", {"entities": [(7, 13, "PERSON")]})]
    for part, data in (("dev", TRAIN_DATA * 20), ("test", TRAIN_DATA * 20 + wrong * 3)):
        docs = [eg.reference for eg in make_examples(nlp, data)]
        DocBin(docs=docs).to_disk(folder / f"{part}.spacy")
    return folder


def test_tables(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(recall, "PROMISES", (0.8, 0.999))
    docs = tmp_path / "page.md"
    docs.write_text(
        "<!-- recall-table --><!-- /recall-table -->\n<!-- doubt-table --><!-- /doubt-table -->"
    )
    arguments = [f"tiny={corpus / 'model'}:{corpus}"]
    recall.main(arguments, output=tmp_path / "results.json", draws=3, docs=docs)
    [kept, refused] = json.loads((tmp_path / "results.json").read_text())["tiny"]["recall"]
    assert kept["draws"] == 3 and kept["mean"]["each_recall"] >= 0.8
    assert kept["mean"]["each_offered"] >= kept["mean"]["each_places"] > 0.5
    assert refused["draws"] == 0
    page = docs.read_text()
    assert "| tiny | 80 % | 3 |" in page and "| tiny | 100 % | 0 | refused |" in page
    assert "| tiny | at random |" in page
    recall.main(arguments, output=tmp_path / "results.json", draws=3, docs=docs)  # no new draws
    assert docs.read_text() == page


def test_what_is_counted_is_what_the_component_offers(corpus):
    found = recall.find(corpus / "model", [corpus / "dev.spacy"])
    nlp = spacy.load(corpus / "model")
    ner = nlp.get_pipe("window_ner")
    ner.cfg.update(spans_key="sc", candidates=True)
    gold = list(DocBin().from_disk(corpus / "dev.spacy").get_docs(nlp.vocab))
    docs = list(nlp.pipe(doc.text for doc in gold))
    near = [(n, span.label_) for n, doc in enumerate(docs) for span in doc.spans["sc_candidates"]]
    reached = found.spans["margin"] >= -5.0
    counted = zip(found.spans["doc"][reached], found.spans["label"][reached], strict=True)
    assert sorted(near) == sorted((int(doc), found.labels[label]) for doc, label in counted)
    assert int(found.spans["right"].sum()) == sum(len(doc.ents) for doc in gold)
