"""The gold tags of documents whose predicted and gold tokens differ."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.lang.xx import MultiLanguage
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_windowner.decoding.tags import BILUO, BIO, MISSING
from spacy_windowner.pipeline.gold import read_gold

TEXT = "abcdefghijkl"
LABELS = ["A", "B"]
VOCAB = MultiLanguage().vocab


@st.composite
def docs(draw) -> Doc:
    """The text in tokens of any lengths."""
    cuts = draw(st.sets(st.integers(1, len(TEXT) - 1)))
    edges = [0, *sorted(cuts), len(TEXT)]
    words = [TEXT[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    return Doc(VOCAB, words=words, spaces=[False] * len(words))


@st.composite
def examples(draw) -> Example:
    """Any tokens, and gold entities with tokens between them that may be known or unknown."""
    gold = draw(docs())
    ents, missing, place = [], [], 0
    while place < len(gold):
        end = draw(st.integers(place + 1, len(gold)))
        kind = draw(st.sampled_from(["outside", "missing", *LABELS]))
        if kind in LABELS:
            ents.append(Span(gold, place, end, label=kind))
        elif kind == "missing":
            missing.append(gold[place:end])
        place = end
    gold.set_ents(ents, missing=missing)
    predicted = draw(st.one_of(docs(), st.just(gold.copy())))
    return Example(predicted, gold)


@pytest.mark.parametrize("scheme", [BIO, BILUO], ids=["bio", "biluo"])
@settings(max_examples=200)
@given(eg=examples())
def test_gold_tags_are_those_of_spacy(scheme, eg: Example):
    hashes = [VOCAB.strings[label] for label in LABELS]
    names = scheme.tag_names(LABELS)
    tags = eg.get_aligned_ner()  # in BILUO
    if scheme is BIO:
        tags = [tag and tag.replace("U-", "B-").replace("L-", "I-") for tag in tags]
    expected = [MISSING if tag is None else names.index(tag) for tag in tags]
    assert read_gold([eg, eg], hashes, scheme).tags.tolist() == 2 * expected


@settings(max_examples=200)
@given(examples())
def test_unusable_entities_are_those_without_tokens_of_their_own(eg: Example):
    edges = {token.idx for token in eg.predicted} | {len(TEXT)}
    cut = [
        ent for ent in eg.reference.ents if ent.start_char not in edges or ent.end_char not in edges
    ]
    tags, _, [notes] = read_gold([eg], [VOCAB.strings[label] for label in LABELS], BIO)
    assert [ent for ent, _ in notes.skipped] == cut
    begins = numpy.flatnonzero(tags % 2 == 1)
    assert len(begins[tags[begins] > 0]) == len(eg.reference.ents) - len(cut)
