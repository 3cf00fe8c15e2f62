"""What the component reads from Examples when it learns."""

import warnings
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE, ORTH
from spacy.tokens import Span
from spacy.training import Example

from ..decoding.tags import MISSING, Scheme
from ..errors import Errors, Warnings
from ..losses.targets import Targets
from .skip_report import SkipReport

MISALIGNED, ON_WHITESPACE = "not aligned with the tokens", "on whitespace"
"""Why entities can't be used."""


def make_targets(
    examples: Sequence[Example],
    label_hashes: Sequence[int],
    label_weights: Sequence[float],
    scheme: Scheme,
    known_hashes: Sequence[int],
) -> tuple[Targets, SkipReport]:
    """The gold standard of a batch.

    examples (Sequence[Example]): The examples.
    label_hashes (Sequence[int]): The hash of each label, in the labels' order.
    label_weights (Sequence[float]): The weight of each label. That of O is 1.
    scheme (Scheme): The scheme of the tags.
    known_hashes (Sequence[int]): The hashes of all labels that the component has. Tokens of others
        count as not annotated.
    RETURNS (Tuple[Targets, SkipReport]): The targets, and the entities that can't be used.
    """
    tags, skipped = gold_tags(examples, label_hashes, scheme, known_hashes)
    report = SkipReport()
    for index, (example, of_doc) in enumerate(zip(examples, skipped, strict=True)):
        report.add(index, len(example.reference.ents), of_doc)
    # Label number -1, that of O and of missing tags, is the last one.
    weights = numpy.array([*label_weights, 1.0], dtype="float32")[scheme.label_of_tag(tags)]
    lengths = numpy.array([len(example.predicted) for example in examples])
    return Targets(tags, weights, lengths, scheme), report


def gold_tags(
    examples: Sequence[Example],
    label_hashes: Sequence[int],
    scheme: Scheme,
    known_hashes: Sequence[int] | None = None,
) -> tuple[numpy.ndarray, list[list[tuple[Span, str]]]]:
    """The gold tags of the predicted documents' tokens.

    examples (Sequence[Example]): The examples.
    label_hashes (Sequence[int]): The hash of each label, in the labels' order.
    scheme (Scheme): The scheme of the tags.
    known_hashes (Optional[Sequence[int]]): The hashes of these and of labels that are none of them
        here, but O. Tokens of entities with others are MISSING. None for all labels there are.
    RETURNS (Tuple[numpy.ndarray, List[List[Tuple[Span, str]]]]): int32 tags of all tokens, shape
        (n_tokens,), MISSING for those that are not annotated; and, for each example, the
        reference's entities that can't be used, with the reason, whose tokens are MISSING, too.
    """
    gold = [_read(example) for example in examples]
    # All at once, which takes hardly longer than a single document. Tokens that are not annotated
    # lie around each of them, so that no entity goes on into the next one.
    gap = numpy.zeros((1, 2), dtype="uint64")
    lines = [gap, *(rows for each in gold for rows in (each.iob_type, gap))]
    gaps = numpy.cumsum([0, *(len(each.iob_type) + 1 for each in gold)])
    iob, types = numpy.vstack(lines).T
    tags = scheme.tags_from_iob(iob, types, label_hashes)
    if known_hashes is not None:
        known = numpy.array([0, *known_hashes], dtype="uint64")
        tags[~numpy.isin(types, known)] = MISSING
    tags = numpy.delete(tags, gaps)
    offset = 0
    for iob_type, ents, skipped in gold:
        for ent in ents:
            if ent[0].is_space or ent[-1].is_space:
                tags[offset + ent.start : offset + ent.end] = MISSING
                skipped.append((ent, ON_WHITESPACE))
        offset += len(iob_type)
    return tags, [each.skipped for each in gold]


class _Gold(NamedTuple):
    """The gold standard of an example, in the tokens of its predicted document.

    iob_type (numpy.ndarray): ENT_IOB and ENT_TYPE of each token. Shape (n_tokens, 2).
    ents (Sequence[Span]): The entities.
    skipped (List[Tuple[Span, str]]): The entities that can't be used, and why.
    """

    iob_type: numpy.ndarray
    ents: Sequence[Span]
    skipped: list[tuple[Span, str]]


def _read(example: Example) -> _Gold:
    ents: Sequence[Span] = example.reference.ents
    if same_tokens(example):
        return _Gold(example.reference.to_array([ENT_IOB, ENT_TYPE]), ents, [])
    skipped = [(ent, MISALIGNED) for ent in ents if not example.get_aligned_spans_y2x([ent])]
    ents, _ = example.get_aligned_ents_and_ner()
    return _Gold(_aligned_iob(example, ents), ents, skipped)


def same_tokens(example: Example) -> bool:
    """Whether the predicted and the reference document have the same tokens."""
    predicted, reference = example.predicted, example.reference
    return len(predicted) == len(reference) and numpy.array_equal(
        predicted.to_array(ORTH), reference.to_array(ORTH)
    )


def _aligned_iob(example: Example, ents: Iterable[Span]) -> numpy.ndarray:
    """ENT_IOB and ENT_TYPE of the predicted document's tokens. Unaligned ones have 0."""
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


def incorrect_spans(
    examples: Sequence[Example], key: str, labels: Sequence[str], name: str
) -> list[tuple[int, int, int]]:
    """The spans of a batch that are known not to be entities of their label.

    examples (Sequence[Example]): The examples.
    key (str): The key of these spans in the reference documents' `spans`.
    labels (Sequence[str]): The component's labels. Spans with other labels are left out.
    name (str): The component's name.
    RETURNS (List[Tuple[int, int, int]]): Start and end, as offsets in the whole batch's predicted
        tokens, and the label's number.
    RAISES (ValueError): If a span is an entity at the same time.
    """
    spans = []
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
            if span.label_ in labels:
                number = labels.index(span.label_)
                spans.append((span.start + offset, span.end + offset, number))
        offset += len(example.predicted)
    return spans


def check_incorrect_spans(example: Example, key: str | None, name: str) -> None:
    """Reject annotation that contradicts itself.

    example (Example): An example.
    key (Optional[str]): The key of the spans known not to be entities in the reference's `spans`,
        if there are any.
    name (str): The component's name.
    RAISES (ValueError): If a span is both an entity and known not to be one.
    """
    doc = example.reference
    ents = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
    for span in doc.spans.get(key, []) if key is not None else []:
        if (span.start, span.end, span.label_) in ents:
            raise ValueError(Errors.WN017.format(
                name=name, text=span.text, key=key, label=span.label_, doc=doc.text
            ))  # fmt: skip


def is_label_list(labels: object) -> bool:
    """Whether something is a collection of labels: of strings, and no string itself."""
    if isinstance(labels, str) or not isinstance(labels, Collection):
        return False
    return all(isinstance(label, str) for label in labels)


def require_labels(setting: str, named: Iterable[str], labels: Sequence[str], name: str) -> None:
    """Reject labels that the component doesn't have.

    setting (str): The setting that names labels.
    named (Iterable[str]): The labels that it names.
    labels (Sequence[str]): The component's labels.
    name (str): The component's name.
    """
    for label in named:
        if label not in labels:
            known = ", ".join(labels)
            raise ValueError(Errors.WN011.format(
                setting=setting, name=name, label=label, labels=known
            ))  # fmt: skip
