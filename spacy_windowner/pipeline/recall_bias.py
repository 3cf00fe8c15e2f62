"""The operating point: how much the decision leans to entities, chosen on held-out documents."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy
from spacy.language import Language
from spacy.training import Corpus
from spacy.util import registry

from ..tagging.lattice import Lattice
from ..tagging.scheme import MISSING, Scheme
from .annotation import Entities
from .prediction import Scored, find_entities

_BIASES = numpy.arange(-2.0, 4.01, 0.25)


@registry.callbacks("spacy-windowner.tune_recall_bias.v1")
def tune_recall_bias(path: Path | None = None) -> Callable[[Language], Language]:
    """A callback for `[training.before_to_disk]`: each time the pipeline is saved, it chooses the
    `recall_bias` of every `window_ner` in it on a corpus, as a rule that of `paths.dev`.

    path (Optional[Path]): The corpus, as `spacy.Corpus.v1` reads it. None leaves all as it is.
    RETURNS (Callable[[Language], Language]): The callback. It returns the same pipeline.
    """

    def tune(nlp: Language) -> Language:
        if path is None:
            return nlp
        for place, (_, pipe) in enumerate(nlp.pipeline):
            choose: Any = getattr(pipe, "tune_recall_bias", None)
            if choose is not None:
                examples = list(Corpus(path)(nlp))
                for _, before in nlp.pipeline[:place]:
                    for example in examples:
                        example.predicted = before(example.predicted)
                choose(examples)
        return nlp

    return tune


def best_recall_bias(
    groups: Sequence[Scored],
    gold_tags: Sequence[numpy.ndarray],
    search: Callable[[Lattice], numpy.ndarray],
    scheme: Scheme,
) -> float:
    """The bias with the best F1. The scores of neighbouring biases count in, so that chance has
    less of a say, and of equally good ones the one nearest to zero is taken.

    groups (Sequence[Scored]): Scored documents.
    gold_tags (Sequence[numpy.ndarray]): The tags of each document's tokens, MISSING where unknown.
    search (Callable[[Lattice], numpy.ndarray]): Chooses tags.
    scheme (Scheme): The scheme of the tags.
    RETURNS (float): The bias, between -2 and 4.
    """
    known = [tags != MISSING for tags in gold_tags]
    gold = list(_gold_entities(gold_tags, scheme))
    f1 = numpy.zeros(len(_BIASES))
    for i, bias in enumerate(_BIASES.tolist()):
        found = (ents for group in groups for ents in find_entities(group, search, scheme, bias))
        f1[i] = _f1(found, gold, known)
    padded = numpy.pad(f1, 1, mode="edge")
    smooth = numpy.round((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 6)
    best = numpy.flatnonzero(smooth == smooth.max())
    return float(_BIASES[best[numpy.abs(_BIASES[best]).argmin()]])


def _gold_entities(gold_tags: Sequence[numpy.ndarray], scheme: Scheme) -> Iterable[Entities]:
    for tags in gold_tags:
        tokens = numpy.flatnonzero(tags > 0)
        yield scheme.spans_from_tags(tokens, tags[tokens], numpy.array([len(tags)]))[0]


def _f1(
    found: Iterable[Entities], gold: Sequence[Entities], known: Sequence[numpy.ndarray]
) -> float:
    """F1 of entities, but for those found where annotation is missing."""
    n_right = n_found = n_gold = 0
    for entities, right, is_known in zip(found, gold, known, strict=True):
        judged = [(s, e, label) for s, e, label in entities if is_known[s:e].all()]
        n_right += len(set(judged).intersection(right))
        n_found += len(judged)
        n_gold += len(right)
    return 2 * n_right / (n_found + n_gold) if n_found + n_gold else 0.0
