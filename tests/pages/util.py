import spacy
from spacy.tokens import Doc


def make_doc(text: str, *ents: tuple[str, str, float | None], lang: str = "xx") -> Doc:
    """Make a Doc with entities, which are given in order by text, label and probability."""
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
