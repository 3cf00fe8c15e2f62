from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy
from spacy.training import Example

from ..runtime.scorer import Scorer
from ..tagging.scheme import MISSING, O, Scheme
from ..tagging.spans import spans_by_doc
from .annotation import Entities
from .gold import gold_tags
from .prediction import Scored, score_docs


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
        scorer: Scorer,
        label_hashes: Sequence[int],
        scheme: Scheme,
        judged: Sequence[set[int]],
    ) -> "HeldOut":
        """Score the documents of examples, which stay as they are.

        examples (Sequence[Example]): The examples.
        scorer (Scorer): Scores the tags of tokens.
        label_hashes (Sequence[int]): The hash of each label, in the labels' order.
        scheme (Scheme): The scheme of the tags.
        judged (Sequence[Set[int]]): The numbers of the labels that each is annotated for.
        """
        tags, _ = gold_tags(examples, label_hashes, scheme)
        tokens = numpy.flatnonzero(tags > O)
        docs = [example.predicted for example in examples]
        lengths = numpy.array([len(doc) for doc in docs], dtype="int64")
        spans = spans_by_doc(lengths, *scheme.spans_from_tags(tokens, tags[tokens]))
        gold = [set(rows) for rows in spans]
        ends = numpy.cumsum(lengths).tolist()
        known = [tags[end - len(doc) : end] != MISSING for doc, end in zip(docs, ends, strict=True)]
        return cls(list(score_docs(docs, scorer, overwrite=True)), gold, known, list(judged))

    def judge(self, found: Sequence[Entities]) -> Iterator[tuple[tuple, bool]]:
        """Whether spans found in the documents are right: exactly an entity, with its label. Those
        found where annotation is missing aren't judged, nor those of labels that it lacks.

        found (Sequence[Entities]): The spans of each document.
        YIELDS (Tuple[Tuple, bool]): A judged span, and whether it is right.
        """
        # One by one: an untrained model finds so many that lists of them would occupy the garbage
        # collector.
        of_docs = zip(found, self.gold, self.known, self.judged, strict=True)
        for rows, gold, known, judged in of_docs:
            is_known = bool(known.all())
            for row in rows:
                if row[2] in judged and (is_known or known[row[0] : row[1]].all()):
                    yield row, row[:3] in gold
