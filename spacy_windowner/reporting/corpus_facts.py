from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.cli.debug_data import _compile_gold
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..pipeline.partial import LABELS_KEY, annotation_of
from .entity_problems import Problem, find_problems


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


def _contradictions(docs: Sequence[Doc]) -> list[str]:
    """The errors that training would raise for what documents say of their annotation."""
    found = []
    for number, doc in enumerate(docs):
        try:
            annotation_of(doc, "window_ner")
        except ValueError as error:
            found.append(f"document {number}: {error}")
    return found
