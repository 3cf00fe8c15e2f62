"""A config and documents that the tests of curves share."""

import random

import spacy
from spacy.tokens import DocBin
from spacy.training import Example

from ...pipeline.util import make_nlp

NAMES = {"PER": ["Ann", "Bob", "Eve", "Max", "Sue"], "LOC": ["Rome", "Oslo", "Bonn", "Kiev"]}
RARE = ["Nif", "Zug", "Ulm", "Pau", "Hof", "Gap", "Ede", "Ath", "Bar", "Lens", "Mons", "Rust"]


def save_docs(path, n_docs, seed=0):
    """Save documents of an entity each, a person or a place."""
    rng, nlp = random.Random(seed), spacy.blank("xx")
    docs = []
    for number in range(n_docs):
        label = rng.choice(["PER", "LOC"])
        name = rng.choice([*NAMES[label], *RARE])
        start = rng.choice(["We like", "I saw", "It is"]) + " "
        ents = [(len(start), len(start) + len(name), label)]
        doc = nlp.make_doc(f"{start}{name} today {number}.")
        docs.append(Example.from_dict(doc, {"entities": ents}).reference)
        docs[-1].user_data["number"] = number
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


def save_config(path, **training):
    """Save the config of a small component, which is trained for a second."""
    config = make_nlp().config.copy()
    config["training"] |= {"max_steps": 30, "eval_frequency": 10, "patience": 0, **training}
    config["training"]["optimizer"] |= {"learn_rate": 0.02}
    config.to_disk(path)
    return path
