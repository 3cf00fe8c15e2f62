"""Annotated entities that can't be learned, or not as they are meant."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from spacy.cli.debug_data import _compile_gold
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example

from ...decoding.tags import get_scheme
from ...pipeline.gold import MISALIGNED, ON_WHITESPACE, read_gold
from ...pipeline.partial import LABELS_KEY, annotation_of

TRIMMED = "begins or ends with whitespace"
CROSSING, OVERLAPPING = "crosses a sentence start", "overlaps another span"
PROBLEMS = (MISALIGNED, ON_WHITESPACE, TRIMMED, CROSSING, OVERLAPPING)


class Problem(NamedTuple):
    """A span with a problem.

    kind (str): One of PROBLEMS.
    doc (int): The number of its document.
    text (str): Its text.
    label (str): Its label.
    start (int): Its first character in the document.
    end (int): The character after its last one.
    """

    kind: str
    doc: int
    text: str
    label: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"document {self.doc}: {self.text!r} ({self.label}), {self.start}:{self.end}"


@dataclass(frozen=True)
class CorpusFacts:
    """What there is to know of annotated documents before training.

    documents (int): Their number.
    not_annotated (int): How many have no annotation of entities at all.
    partly_annotated (int): How many are annotated for some labels only.
    contradictions (List[str]): What is wrong with how documents say that, and which ones.
    texts (Set[str]): Their texts.
    words (Counter[str]): Their words.
    misaligned_words (int): Tokens of the pipeline that aren't tokens of the annotation.
    words_without_vector (int): How many words have no vector, if there are vectors.
    missing (int): Tokens without annotation, in documents that have some.
    labels (Counter[str]): The entities of each label.
    with_label (Counter[str]): The documents that have each label.
    lengths (Counter[int]): The entities of each length, in words.
    longest (Optional[Problem]): The longest entity, None if there is none.
    names (Counter[Tuple[str, str]]): The entities of each text and label.
    groups (Counter[str]): The spans under each key of `doc.spans`.
    problems (List[Problem]): Entities that can't be learned, or not as they are meant.
    """

    documents: int
    not_annotated: int
    partly_annotated: int
    contradictions: list[str]
    texts: set[str]
    words: Counter[str]
    misaligned_words: int
    words_without_vector: int
    missing: int
    labels: Counter[str]
    with_label: Counter[str]
    lengths: Counter[int]
    longest: Problem | None
    names: Counter[tuple[str, str]]
    groups: Counter[str]
    problems: list[Problem]

    @classmethod
    def of(
        cls, examples: Sequence[Example], nlp: Language, ignored_keys: Collection[str] = ()
    ) -> "CorpusFacts":
        """Read annotated documents.

        examples (Sequence[Example]): The documents.
        nlp (Language): The pipeline, with its vectors.
        ignored_keys (Collection[str]): Keys of `doc.spans` whose spans are no entities.
        """
        gold: dict[str, Any] = _compile_gold(examples, ["ner"], nlp, make_proj=False)
        docs = [example.reference for example in examples]
        ents = [(number, ent) for number, doc in enumerate(docs) for ent in doc.ents]
        annotated = [doc for doc in docs if doc.has_annotation("ENT_IOB")]
        longest = None
        if ents:
            number, ent = max(ents, key=lambda pair: len(pair[1]))
            longest = Problem("", number, ent.text, ent.label_, ent.start_char, ent.end_char)
        return cls(
            documents=len(docs),
            not_annotated=len(docs) - len(annotated),
            partly_annotated=sum(LABELS_KEY in doc.user_data for doc in docs),
            contradictions=_contradictions(docs),
            texts=gold["texts"],
            words=gold["words"],
            misaligned_words=gold["n_misaligned_words"],
            words_without_vector=sum(gold["words_missing_vectors"].values()),
            missing=sum(token.ent_iob == 0 for doc in annotated for token in doc),
            labels=Counter(ent.label_ for _, ent in ents),
            with_label=Counter(label for doc in docs for label in {e.label_ for e in doc.ents}),
            lengths=Counter(len(ent) for _, ent in ents),
            longest=longest,
            names=Counter((ent.text, ent.label_) for _, ent in ents),
            groups=Counter(
                {
                    key: sum(len(doc.spans.get(key, ())) for doc in docs)
                    for key in {key for doc in docs for key in doc.spans}
                    if key not in ignored_keys
                }
            ),
            problems=find_problems(examples, ignored_keys),
        )

    @property
    def entities(self) -> int:
        """RETURNS (int): The number of entities."""
        return self.labels.total()

    def longer_than(self, words: int) -> int:
        """The number of entities that have more words than these."""
        return sum(count for length, count in self.lengths.items() if length > words)


def find_problems(examples: Iterable[Example], ignored_keys: Collection[str]) -> list[Problem]:
    """Find entities that don't align with the tokens of the pipeline, that are whitespace, or begin
    or end with it, or that cross the start of a sentence; and, in `doc.spans`, spans that overlap
    with others, so that they can't all become entities. In `doc.ents` there are no overlaps: what
    would make them, an `Example` of a dictionary, is an error of spaCy's.

    examples (Iterable[Example]): The annotated documents.
    ignored_keys (Collection[str]): Keys of `doc.spans` whose spans are no entities.
    RETURNS (List[Problem]): The problems, in the order of the documents.
    """
    scheme = get_scheme("bio")
    problems = []
    for number, example in enumerate(examples):
        [notes] = read_gold([example], [], scheme).notes
        found = [(reason, ent) for ent, reason in notes.skipped]
        found += [(TRIMMED, ent) for ent in notes.trimmed]
        found += [(CROSSING, ent) for ent in example.reference.ents if _crosses(ent)]
        for key, group in example.reference.spans.items():
            if key not in ignored_keys:
                found += [(OVERLAPPING, span) for span in _overlapping(group)]
        problems += [
            Problem(kind, number, span.text, span.label_, span.start_char, span.end_char)
            for kind, span in found
        ]
    return problems


def _crosses(ent: Span) -> bool:
    return any(token.is_sent_start is True for token in ent[1:])


def _overlapping(group: Iterable[Span]) -> Iterator[Span]:
    """The spans that overlap with one before them."""
    end = 0
    different = {(span.start, span.end, span.label): span for span in group}
    for _, span in sorted(different.items()):
        if span.start < end:
            yield span
        end = max(end, span.end)


def _contradictions(docs: Sequence[Doc]) -> list[str]:
    """The errors that training would raise for what documents say of their annotation."""
    found = []
    for number, doc in enumerate(docs):
        try:
            annotation_of(doc, "window_ner")
        except ValueError as error:
            found.append(f"document {number}: {error}")
    return found
