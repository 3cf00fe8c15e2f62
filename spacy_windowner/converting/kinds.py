"""Why something is left out, and what to do about it."""

from typing import NamedTuple


class Kind(NamedTuple):
    """Why something is left out.

    what (str): The rest of a sentence that begins with their number.
    fix (str): What to do about it, empty if it is as it should be.
    """

    what: str
    fix: str = ""


_OFFSETS = "Correct their offsets, which count characters from 0, or their texts."

REJECTED = Kind('documents that were rejected or ignored in annotation are left out ("answer")')
NOT_ANNOTATED = Kind(
    "documents without annotation are left out",
    "A document without entities has an empty list of spans; annotate the others.",
)
OTHER_ANNOTATIONS = Kind(
    "further annotations of a document that has one already are left out",
    "Choose one of them, as `ground_truth` in Label Studio.",
)
NO_JSON = Kind("lines that are no JSON are left out", "Mend them, one JSON value a line.")
NO_RECORD = Kind(
    "documents that can't be read are left out",
    'A document has "text" and "spans", or "tokens" and "ner_tags": see docs/convert.md.',
)
NO_UNICODE = Kind(
    "documents with half of a surrogate pair, which is no character, are left out",
    "Export them anew, with whole characters.",
)
EMPTY = Kind("documents without a word are left out", "Remove them.")
TOO_LONG = Kind(
    "documents are longer than spaCy takes, and are left out", "Split them into shorter ones."
)
NO_WORD = Kind("lines with a tag but no word are left out", "Remove them, or add the word.")
NO_ANN = Kind(
    "texts without an .ann file beside them are left out",
    "A text without entities has an empty .ann file.",
)
BAD_LINE = Kind("lines that can't be read are left out", "Correct them: see docs/convert.md.")
UNTOLD = "; the words there count as not annotated"
MISALIGNED = Kind(
    f"entities don't begin and end where words do{UNTOLD}",
    "Correct their offsets, or name the language by `--lang` if it isn't English.",
)
OVERLAPPING = Kind(
    f"entities overlap longer ones, and are left out{UNTOLD}",
    "An entity can't be in another: keep one of them.",
)
OUTSIDE = Kind(
    "entities are outside of their texts, or end where they begin, and are left out", _OFFSETS
)
BLANK = Kind("entities are white space alone, and are left out", "Remove them.")
OTHER_TEXT = Kind(f"entities have another text at their offsets{UNTOLD}", _OFFSETS)
NO_OFFSETS = Kind(
    "documents are left out, since an entity has no start, end or label",
    'An entity has a "start", an "end" and one "label".',
)
DISCONTINUOUS = Kind(
    f"entities of several pieces are left out{UNTOLD}",
    "An entity is one piece of text. Annotate it as a whole, or its pieces one by one.",
)
