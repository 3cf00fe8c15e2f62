import spacy
from spacy.tokens import Doc


def make_doc(text: str, *ents: tuple[str, str, float | None], lang: str = "xx") -> Doc:
    """A Doc with entities, given by their texts, labels and probabilities, in their order."""
    doc = spacy.blank(lang).make_doc(text)
    spans, end = [], 0
    for words, label, score in ents:
        start = text.index(words, end)
        end = start + len(words)
        span = doc.char_span(start, end, label=label, alignment_mode="expand")
        if score is not None:
            span._.ner_score = score
        spans.append(span)
    doc.ents = spans
    return doc
