"""Counts what is in an annotated corpus, and finds entities that can't be learned as annotated."""

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
    doc (int): The index of the document.
    text (str): The span's text.
    label (str): The span's label.
    start (int): The span's first character in the document.
    end (int): The character after the last one.
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
    """Facts about annotated documents.

    documents (int): The number of documents.
    not_annotated (int): The number of documents without any entity annotation.
    partly_annotated (int): The number of documents that are annotated for some labels only.
    contradictions (List[str]): Documents whose `user_data` contradicts their annotation, and how.
    texts (Set[str]): The texts of the documents.
    words (Counter[str]): The words and how often they occur.
    misaligned_words (int): The number of the pipeline's tokens that don't align with the tokens of
        the annotation.
    words_without_vector (int): The number of words without a vector, if there are vectors.
    missing (int): The number of unannotated tokens in documents with some annotation.
    labels (Counter[str]): The number of entities per label.
    with_label (Counter[str]): The number of documents per label that have it.
    lengths (Counter[int]): The number of entities per length in words.
    longest (Optional[Problem]): The longest entity, None if there are no entities.
    names (Counter[Tuple[str, str]]): The number of entities per text and label.
    groups (Counter[str]): The number of spans per key of `doc.spans`.
    problems (List[Problem]): Entities that can't be learned as annotated.
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
        """Collect the facts about annotated documents.

        examples (Sequence[Example]): The documents.
        nlp (Language): The pipeline, with its vectors.
        ignored_keys (Collection[str]): Keys of `doc.spans` whose spans aren't entities.
        RETURNS (CorpusFacts): The facts.
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
        """The number of entities with more than this number of words."""
        return sum(count for length, count in self.lengths.items() if length > words)


def find_problems(examples: Iterable[Example], ignored_keys: Collection[str]) -> list[Problem]:
    """Find entities that don't align with the pipeline's tokens, that are, begin or end with
    whitespace, or that cross a sentence start. In `doc.spans`, find spans that overlap others and
    so can't all become entities. `doc.ents` can't overlap: spaCy rejects such examples.

    examples (Iterable[Example]): The annotated documents.
    ignored_keys (Collection[str]): Keys of `doc.spans` whose spans aren't entities.
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
    """The spans that overlap an earlier one."""
    end = 0
    different = {(span.start, span.end, span.label): span for span in group}
    for _, span in sorted(different.items()):
        if span.start < end:
            yield span
        end = max(end, span.end)


def _contradictions(docs: Sequence[Doc]) -> list[str]:
    """The errors that training would raise for contradictory `user_data`."""
    found = []
    for number, doc in enumerate(docs):
        try:
            annotation_of(doc, "window_ner")
        except ValueError as error:
            found.append(f"document {number}: {error}")
    return found
