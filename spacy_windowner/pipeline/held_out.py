from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy
from spacy.training import Example

from ..decoding.lattice import Scored
from ..decoding.spans import Spans
from ..decoding.tags import MISSING, Scheme
from .gold import gold_tags


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
        gold, known = [], []
        for example in examples:
            tags, _ = gold_tags(example, label_hashes, scheme)
            gold.append(set(scheme.spans_from_tags(tags)))
            known.append(tags != MISSING)
        return cls(list(groups), gold, known, list(judged))

    def judge(self, found: Iterable[Spans]) -> list[list[tuple[tuple, bool]]]:
        """Whether spans found in the documents are right: exactly an entity, with its label. Those
        found where annotation is missing aren't judged, nor those of labels that it lacks.

        found (Iterable[Spans]): The spans of each group of documents.
        RETURNS (List[List[Tuple[Tuple, bool]]]): The judged spans of each, and whether they are
            right.
        """
        rows_of_docs = [
            rows
            for group, spans in zip(self.groups, found, strict=True)
            for rows in spans.by_doc(len(group.lengths))
        ]
        return [
            [
                (row, row[:3] in gold)
                for row in rows
                if row[2] in judged and known[row[0] : row[1]].all()
            ]
            for rows, gold, known, judged in zip(
                rows_of_docs, self.gold, self.known, self.judged, strict=True
            )
        ]
