from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy
from spacy.training import Example

from ..decoding.lattice import Scored
from ..decoding.spans import Spans
from ..decoding.tags import MISSING, Scheme
from ..decoding.words import word_mask
from .gold import read_gold


class HeldOut(NamedTuple):
    """Documents that the model was not trained on, scored, and their gold standard.

    groups (List[Scored]): The scored documents.
    gold (List[Set[Tuple[int, int, int]]]): The entities of each document.
    known (List[numpy.ndarray]): Which tokens of each document are annotated.
    judged (List[Set[int]]): The numbers of the labels that each document is annotated for.
    """

    groups: list[Scored]
    gold: list[set[tuple]]
    known: list[numpy.ndarray]
    judged: list[set[int]]

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        groups: Iterable[Scored],
        label_hashes: Sequence[int],
        scheme: Scheme,
        judged: Sequence[set[int]],
    ) -> "HeldOut":
        """What is known of examples, and what a model makes of them.

        examples (Sequence[Example]): The examples.
        groups (Iterable[Scored]): Their predicted documents, scored.
        label_hashes (Sequence[int]): The hash of each label, in the labels' order.
        scheme (Scheme): The scheme of the tags.
        judged (Sequence[Set[int]]): The numbers of the labels that each is annotated for.
        """
        read = read_gold(examples, label_hashes, scheme)
        stops = numpy.cumsum(read.lengths)[:-1]
        of_docs = numpy.split(read.tags, stops) if len(examples) else []
        masks = [word_mask([example.predicted]) for example in examples]
        gold, known = [], []
        for doc_tags, is_word in zip(of_docs, masks, strict=True):
            tokens = numpy.flatnonzero(is_word).tolist()
            spans = scheme.spans_from_tags(doc_tags)
            gold.append(
                {(tokens[start], tokens[end - 1] + 1, label) for start, end, label in spans}
            )
            of_tokens = numpy.ones(len(is_word), dtype=bool)
            of_tokens[is_word] = doc_tags != MISSING
            known.append(of_tokens)
        return cls(list(groups), gold, known, list(judged))

    def judge(self, found: Iterable[Spans]) -> Iterator[tuple[tuple, bool]]:
        """Whether spans found in the documents are right: exactly an entity, with its label. Those
        found where annotation is missing aren't judged, nor those of labels that it lacks.

        found (Iterable[Spans]): The spans of each group of documents.
        YIELDS (Tuple[Tuple, bool]): A judged span, and whether it is right.
        """
        # One by one: an untrained model finds so many that lists of them would occupy the garbage
        # collector.
        of_docs = (
            rows
            for group, spans in zip(self.groups, found, strict=True)
            for rows in spans.by_doc(len(group.lengths))
        )
        for rows, gold, known, judged in zip(
            of_docs, self.gold, self.known, self.judged, strict=True
        ):
            is_known = bool(known.all())
            for row in rows:
                if row[2] in judged and (is_known or known[row[0] : row[1]].all()):
                    yield row, row[:3] in gold
