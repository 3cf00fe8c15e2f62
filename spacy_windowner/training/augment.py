"""Augmentation of training data with copies in lower case or upper case."""

import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import accumulate
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.tokens.doc import DOCBIN_ALL_ATTRS
from spacy.training import Example
from spacy.util import registry

from ..errors import check_setting

# The annotation of tokens. ORTH changes, and most tokens have no NORM of their own.
_ATTRS: list[int | str] = [attr for attr in DOCBIN_ALL_ATTRS if attr not in ("ORTH", "NORM")]


@registry.augmenters("spacy-windowner.case.v1")
def case(
    lower: float = 0.1, upper: float = 0.05, keep: bool = True
) -> Callable[[Language, Example], Iterator[Example]]:
    """An `augmenter` for a corpus. It writes some documents in lower case, and others in upper
    case, so that a model copes without capitals. Tokens and annotation stay the same.

    The choice is random each time a document is read. `spacy train` reads it once, unless
    `max_epochs` is -1. Draws use Python's `random`.

    lower (float): Share of the documents to write in lower case.
    upper (float): Share of the documents to write in upper case.
    keep (bool): Whether to keep the original of each changed document.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (ValueError): If the shares are invalid.
    """
    check_setting(0.0 <= lower <= 1.0, "lower", lower, "A share is at least 0 and at most 1.")
    check_setting(
        0.0 <= upper <= 1.0 - lower,
        "upper",
        upper,
        f"A share is at least 0, and beside `lower` = {lower} at most the rest of 1.",
    )

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        chance = random.random()
        if chance < lower:
            changed = with_case(example, str.lower)
        elif chance < lower + upper:
            changed = with_case(example, str.upper)
        else:
            changed = example
        if keep or changed is example:
            yield example
        if changed is not example:
            yield changed

    return augment


def with_case(example: Example, change: Callable[[str], str]) -> Example:
    """Copy an example in lower or upper case, with the same tokens and the same annotation.

    example (Example): The example.
    change (Callable[[str], str]): `str.lower` or `str.upper`.
    RETURNS (Example): The copy, or the example itself if nothing changes.
    """
    docs = (example.predicted, example.reference)
    if all(change(doc.text) == doc.text for doc in docs):
        return example
    return Example(*(_with_case(doc, change) for doc in docs))


def _with_case(doc: Doc, change: Callable[[str], str]) -> Doc:
    # A letter may become several letters ("ß" is "SS"). Which ones may depend on its neighbours
    # ("Σ" differs at the end of a word), but their number doesn't. So tokens are cut out of the
    # changed text. Then two Docs with different tokens still have the same text.
    text = change(doc.text)
    places = [0, *accumulate(len(change(letter)) for letter in doc.text)]
    copy = Doc(
        doc.vocab,
        words=[text[places[token.idx] : places[token.idx + len(token)]] for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
    )
    annotation: Any = doc.to_array(_ATTRS)  # spaCy's types don't know numpy.ndarray
    copy.from_array(_ATTRS, annotation)
    for old, new in zip(doc, copy, strict=True):
        if old.norm != old.lex.norm:
            new.norm_ = old.norm_
    copy.has_unknown_spaces = doc.has_unknown_spaces
    copy.cats = deepcopy(doc.cats)
    copy.user_data = {
        _move_key(key, places): deepcopy(value) for key, value in doc.user_data.items()
    }
    for key, group in doc.spans.items():
        spans = [Span(copy, s.start, s.end, s.label, kb_id=s.kb_id, span_id=s.id) for s in group]
        attrs = deepcopy(group.attrs)
        copy.spans[key] = SpanGroup(copy, name=group.name, attrs=attrs, spans=spans)
    return copy


def _move_key(key: Any, places: list[int]) -> Any:
    """Change the character offsets that `user_data` keys of token and span attributes contain."""
    if isinstance(key, tuple) and len(key) == 4 and key[0] == "._.":
        return (*key[:2], *(None if place is None else places[place] for place in key[2:]))
    return key
