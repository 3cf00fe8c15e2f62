"""Which predicted entities are right, as spaCy's scorer judges them."""

from collections.abc import Iterable, Iterator

from spacy.tokens import Doc, Span
from spacy.training import Example


def entities(docs: Iterable[Doc]) -> set[tuple[str, str]]:
    """The text and the label of each entity of the documents."""
    return {(ent.text, ent.label_) for doc in docs for ent in doc.ents}


def judge(eg: Example) -> Iterator[tuple[Span, Span, bool]]:
    """Whether predicted entities are right: exactly an entity of the true document, with its
    label. As in spaCy's scorer, one that has tokens without annotation is left out: it is neither
    right nor wrong.

    eg (Example): A predicted and a true document.
    YIELDS (Tuple[Span, Span, bool]): The entity, the same span in the true document, and whether
        it is right.
    """
    true = {(ent.start, ent.end, ent.label_) for ent in eg.reference.ents}
    for ent in eg.predicted.ents:
        span = span_in_reference(eg, ent)
        if span is not None and all(token.ent_iob != 0 for token in span):
            found = (span.start, span.end, ent.label_)
            yield ent, span, found in true
            # A second prediction of one entity, which two tokenizations allow, is wrong.
            true.discard(found)


def span_in_reference(eg: Example, span: Span) -> Span | None:
    """The tokens of the true document that a span of the predicted one covers.

    eg (Example): A predicted and a true document.
    span (Span): A span of the predicted one.
    RETURNS (Optional[Span]): The span in the true document. None if there is none.
    """
    indices = eg.alignment.x2y[span.start : span.end]
    if not len(indices):
        return None
    return eg.reference[int(indices[0]) : int(indices[-1]) + 1]
