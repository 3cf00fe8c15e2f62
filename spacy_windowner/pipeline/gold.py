"""Reads gold annotation from Examples, for training, calibration and checks of the data."""

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE, IS_SPACE, ORTH
from spacy.tokens import Span
from spacy.training import Example

from ..decoding.tags import MISSING, Scheme
from ..decoding.words import ends_line, word_mask
from ..errors import Errors, Warnings
from ..losses.targets import Targets

MISALIGNED, ON_WHITESPACE = "not aligned with the tokens", "of whitespace only"
"""Why entities can't be used."""
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Soft hyphen, zero-width spaces and joiners, and the byte order mark. Tokenizers don't split them
off words, and annotators don't see them."""
_MAX_SHOWN = 3
_MAX_TEXT = 80
# Values of ENT_IOB.
_I, _B = numpy.uint64(1), numpy.uint64(3)


class Notes(NamedTuple):
    """What is special about the gold entities of a document.

    n_ents (int): The number of entities.
    skipped (List[Tuple[Span, str]]): The entities that can't be used, and why.
    trimmed (List[Span]): The entities that are used without the whitespace or invisible characters
        at their edges.
    crosses_lines (bool): Whether an entity continues after a line end.
    """

    n_ents: int
    skipped: list[tuple[Span, str]]
    trimmed: list[Span]
    crosses_lines: bool


class SkipReport:
    """Counts gold entities that can't be used, or only without the characters at their edges, to
    report them all at once."""

    def __init__(self) -> None:
        self.total = 0
        self.reasons: Counter[str] = Counter()
        self.shown: list[str] = []
        self.n_trimmed = 0
        self.shown_trimmed: list[str] = []

    def add(
        self,
        index: int,
        n_ents: int,
        skipped: Iterable[tuple[Span, str]],
        trimmed: Sequence[Span] = (),
    ) -> None:
        """Count the entities of a document.

        index (int): The document's number.
        n_ents (int): The number of its entities.
        skipped (Iterable[Tuple[Span, str]]): The entities that can't be used, and why.
        trimmed (Sequence[Span]): The entities that are used without the characters at their edges.
        """
        self.total += n_ents
        for ent, reason in skipped:
            self.reasons[reason] += 1
            if len(self.shown) < _MAX_SHOWN:
                self.shown.append(_show(index, ent))
        self.n_trimmed += len(trimmed)
        room = _MAX_SHOWN - len(self.shown_trimmed)
        self.shown_trimmed += [_show(index, ent) for ent in trimmed[:room]]

    def warn(self, name: str, source: str) -> bool:
        """Give one warning if entities were skipped, and one if entities were trimmed.

        name (str): The component's name.
        source (str): Where the documents come from, for the warning.
        RETURNS (bool): Whether there was a warning.
        """
        if self.n_trimmed:
            warnings.warn(Warnings.WW163.format(
                count=self.n_trimmed, total=self.total, source=source, name=name,
                shown="; ".join(self.shown_trimmed),
            ), stacklevel=2)  # fmt: skip
        if self.reasons:
            kinds = ", ".join(f"{count} {reason}" for reason, count in self.reasons.items())
            count = sum(self.reasons.values())
            warnings.warn(Warnings.WW001.format(
                count=count, total=self.total, source=source, name=name, kinds=kinds,
                shown="; ".join(self.shown),
            ), stacklevel=2)  # fmt: skip
        return bool(self.reasons) or self.n_trimmed > 0


def _show(index: int, ent: Span) -> str:
    text = ent.doc.text
    text = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
    return f"{ent.text!r} ({ent.label_}) in document {index}, {text!r}"


class Gold(NamedTuple):
    """The gold annotation of a batch, for the words of the predicted documents.

    tags (numpy.ndarray): int32, the tags. Words without annotation and words of entities that can't
        be used have MISSING. Shape (n_words,).
    lengths (numpy.ndarray): The number of words of each document. Shape (n_docs,).
    notes (List[Notes]): The notes on each document.
    """

    tags: numpy.ndarray
    lengths: numpy.ndarray
    notes: list[Notes]

    def report(self, report: SkipReport, first: int = 0) -> None:
        """Add the notes to a report.

        report (SkipReport): The report.
        first (int): The number of the first document.
        """
        for index, notes in enumerate(self.notes, start=first):
            report.add(index, notes.n_ents, notes.skipped, notes.trimmed)

    @property
    def crosses_lines(self) -> bool:
        """RETURNS (bool): Whether an entity continues after a line end."""
        return any(notes.crosses_lines for notes in self.notes)


def make_targets(
    examples: Sequence[Example],
    label_hashes: Sequence[int],
    label_weights: Sequence[float],
    scheme: Scheme,
    known_hashes: Sequence[int],
) -> tuple[Targets, Gold]:
    """Make the training targets of a batch.

    examples (Sequence[Example]): The examples.
    label_hashes (Sequence[int]): The hash of each label, in the labels' order.
    label_weights (Sequence[float]): The weight of each label. The weight of O is 1.
    scheme (Scheme): The scheme of the tags.
    known_hashes (Sequence[int]): The hashes of all labels that the component has. The tokens of
        entities with other labels count as not annotated.
    RETURNS (Tuple[Targets, Gold]): The targets for the words, and the gold annotation that they
        were made from.
    """
    gold = read_gold(examples, label_hashes, scheme, known_hashes)
    # O and missing tags have the label number -1, which is the last weight.
    weights = numpy.array([*label_weights, 1.0], dtype="float32")[scheme.label_of_tag(gold.tags)]
    return Targets(gold.tags, weights, gold.lengths, scheme), gold


def read_gold(
    examples: Sequence[Example],
    label_hashes: Sequence[int],
    scheme: Scheme,
    known_hashes: Sequence[int] | None = None,
) -> Gold:
    """Read the gold tags of the predicted documents' words, which are all tokens except whitespace.

    examples (Sequence[Example]): The examples.
    label_hashes (Sequence[int]): The hash of each label, in the labels' order.
    scheme (Scheme): The scheme of the tags.
    known_hashes (Optional[Sequence[int]]): The hashes of all labels that the component has. Words
        of entities with a label that is only among these have the tag O. Words of entities with any
        other label have MISSING. None means all existing labels.
    RETURNS (Gold): The gold annotation.
    """
    of_docs = [_read(example) for example in examples]
    masks = [example.predicted.to_array(IS_SPACE) == 0 for example in examples]
    # Process all documents together; it costs little more than one. A row without annotation
    # follows each document, so that no entity continues into the next one.
    gap, is_kept = numpy.zeros((1, 2), dtype="uint64"), numpy.ones(1, dtype=bool)
    lines = [gap, *(rows for iob_type, _, _ in of_docs for rows in (iob_type, gap))]
    kept = numpy.concatenate([is_kept, *(part for mask in masks for part in (mask, is_kept))])
    iob, types = _keep(numpy.vstack(lines), kept)
    tags = scheme.tags_from_iob(iob, types, label_hashes)
    if known_hashes is not None:
        known = numpy.array([0, *known_hashes], dtype="uint64")
        tags[~numpy.isin(types, known)] = MISSING
    lengths = numpy.array([numpy.count_nonzero(mask) for mask in masks], dtype="int32")
    gaps = numpy.cumsum([0, *(lengths + 1)])
    notes = [
        _note(example, ents, others, has_spaces=not mask.all())
        for example, (_, ents, others), mask in zip(examples, of_docs, masks, strict=True)
    ]
    return Gold(numpy.delete(tags, gaps), lengths, notes)


def _read(example: Example) -> tuple[numpy.ndarray, Sequence[Span], list[tuple[Span, Span | None]]]:
    """Read the gold entities of a predicted document.

    example (Example): The example.
    RETURNS (Tuple[numpy.ndarray, Sequence[Span], List[Tuple[Span, Optional[Span]]]]): ENT_IOB and
        ENT_TYPE of the tokens, shape (n_tokens, 2); the entities in the document; and the reference
        entities that don't align with its tokens, each with the span that has the same text without
        invisible characters at the edges, or None if there is no such span.
    """
    ents: Sequence[Span] = example.reference.ents
    if _same_tokens(example):
        return example.reference.to_array([ENT_IOB, ENT_TYPE]), ents, []
    lost = [ent for ent in ents if not example.get_aligned_spans_y2x([ent])]
    ents, _ = example.get_aligned_ents_and_ner()
    taken = {token.i for ent in ents for token in ent}
    others: list[tuple[Span, Span | None]] = []
    for ent in lost:
        span = _find(example, ent)
        if span is not None and taken.isdisjoint(range(span.start, span.end)):
            ents = [*ents, span]
            taken.update(range(span.start, span.end))
            others.append((ent, span))
        else:
            others.append((ent, None))
    return _aligned_iob(example, ents), ents, others


def _same_tokens(example: Example) -> bool:
    """Whether the predicted and the reference document have the same tokens."""
    predicted, reference = example.predicted, example.reference
    return len(predicted) == len(reference) and numpy.array_equal(
        predicted.to_array(ORTH), reference.to_array(ORTH)
    )


def _aligned_iob(example: Example, ents: Iterable[Span]) -> numpy.ndarray:
    """ENT_IOB and ENT_TYPE of the predicted document's tokens. Unaligned tokens have 0."""
    predicted = example.predicted
    iob_type = numpy.zeros((len(predicted), 2), dtype="uint64")
    if not example.reference.has_annotation("ENT_IOB"):
        return iob_type
    for i, iob in enumerate(example.get_aligned("ENT_IOB")):
        if iob == 2 or predicted[i].is_space:
            iob_type[i, 0] = 2
    for ent in ents:
        iob_type[ent.start : ent.end] = (1, ent.label)
        iob_type[ent.start, 0] = 3
    return iob_type


def _find(example: Example, ent: Span) -> Span | None:
    """The span of the predicted document that has the text of an entity, apart from whitespace and
    invisible characters at the edges."""
    tokens = example.alignment.y2x[ent.start : ent.end]
    if not len(tokens):
        return None
    span = Span(example.predicted, int(tokens[0]), int(tokens[-1]) + 1, ent.label)
    return span if _visible_part(span.text) == _visible_part(ent.text) != "" else None


def _visible_part(text: str) -> str:
    """A text without whitespace and invisible characters at its edges."""
    before = None
    while text != before:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text


def _keep(iob_type: numpy.ndarray, kept: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
    """ENT_IOB and ENT_TYPE of the tokens to keep. If the first token of an entity isn't kept, the
    entity begins with its next token."""
    iob, types = iob_type.T
    if kept.all():
        return iob, types
    entity = numpy.cumsum(iob == _B)[kept]
    iob = iob[kept]
    is_first = numpy.append(True, entity[1:] != entity[:-1])
    return numpy.where((iob == _I) & is_first, _B, iob), types[kept]


def _note(
    example: Example,
    ents: Sequence[Span],
    others: list[tuple[Span, Span | None]],
    has_spaces: bool,
) -> Notes:
    skipped = [(ent, MISALIGNED) for ent, span in others if span is None]
    trimmed = [ent for ent, span in others if span is not None]
    crosses_lines = False
    for ent in ents if has_spaces else ():
        if not any(token.is_space for token in ent):
            continue
        words = [token.i for token in ent if not token.is_space]
        if not words:
            skipped.append((ent, ON_WHITESPACE))
            continue
        if ent[0].is_space or ent[-1].is_space:
            trimmed.append(ent)
        inner = ent.doc[words[0] : words[-1]]
        crosses_lines |= any(token.is_space and ends_line(token.text) for token in inner)
    return Notes(len(example.reference.ents), skipped, trimmed, crosses_lines)


def incorrect_spans(
    examples: Sequence[Example], key: str, labels: Sequence[str], name: str
) -> list[tuple[int, int, int]]:
    """Read the spans of a batch that are known not to be entities with their label.

    examples (Sequence[Example]): The examples.
    key (str): The key of these spans in the reference documents' `spans`.
    labels (Sequence[str]): The component's labels. Spans with other labels are ignored.
    name (str): The component's name.
    RETURNS (List[Tuple[int, int, int]]): The start and the end of each span, as offsets in the
        predicted words of the whole batch, and the label's number.
    RAISES (ValueError): If a span is also an entity with this label.
    """
    spans = []
    words = numpy.cumsum(numpy.append(0, word_mask([example.predicted for example in examples])))
    offset = 0
    for example in examples:
        check_incorrect_spans(example, key, name)
        wrong = list(example.reference.spans.get(key, []))
        aligned = example.get_aligned_spans_y2x(wrong, allow_overlap=True)
        if len(aligned) < len(wrong):
            lost = next(s for s in wrong if not example.get_aligned_spans_y2x([s]))
            warnings.warn(Warnings.WW003.format(
                name=name, count=len(wrong) - len(aligned), key=key, text=lost.text,
                doc=example.reference.text,
            ), stacklevel=2)  # fmt: skip
        for span in aligned:
            start, end = words[[offset + span.start, offset + span.end]].tolist()
            if span.label_ in labels and start < end:
                spans.append((start, end, labels.index(span.label_)))
        offset += len(example.predicted)
    return spans


def check_incorrect_spans(example: Example, key: str | None, name: str) -> None:
    """Raise an error if the annotation of an example contradicts itself.

    example (Example): An example.
    key (Optional[str]): The key in the reference document's `spans` of the spans that are known not
        to be entities, or None.
    name (str): The component's name.
    RAISES (ValueError): If a span is an entity and, according to these spans, isn't one.
    """
    doc = example.reference
    ents = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
    for span in doc.spans.get(key, []) if key is not None else []:
        if (span.start, span.end, span.label_) in ents:
            raise ValueError(Errors.WN017.format(
                name=name, text=span.text, key=key, label=span.label_, doc=doc.text
            ))  # fmt: skip
