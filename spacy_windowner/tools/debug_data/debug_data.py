"""Initializes the pipeline of a training config and collects facts about its data."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training.initialize import get_sourced_components
from spacy.util import load_config, registry, resolve_dot_names
from thinc.api import Config

from ...progress import Stage, Tell, silent
from ..errors import Errors
from ..pipelines import find_components, get_window_ner, load_pipeline_of, read_corpus
from ..reading import reason_of
from .corpus_facts import CorpusFacts

_LISTED = ("[WW001]", "[WW163]")  # warnings about entities that the report lists one by one
_COPIES = "spacy-windowner.case.v1"


@dataclass(frozen=True)
class ComponentFacts:
    """A `window_ner` component of the pipeline.

    name (str): The component's name.
    labels (List[str]): Its labels. Empty if it couldn't be initialized.
    window (Optional[int]): The number of words on either side of a window's centre. None if the
        model sees more than a window.
    frozen (bool): Whether the component is frozen.
    frozen_labels (List[str]): The frozen labels.
    """

    name: str
    labels: list[str]
    window: int | None
    frozen: bool
    frozen_labels: list[str]


@dataclass(frozen=True)
class DataCheck:
    """What `debug_data` finds.

    lang (str): The pipeline's language.
    pipeline (List[str]): The names of the components.
    sourced (List[str]): The components that come from other pipelines and aren't frozen.
    frozen (List[str]): The frozen components.
    vectors (int): The number of word vectors.
    components (List[ComponentFacts]): The `window_ner` components.
    train (CorpusFacts): The training data.
    dev (CorpusFacts): The dev data.
    problem (Optional[str]): Why the pipeline can't be initialized, None if it can.
    warnings (List[str]): The warnings during initialization and reading.
    """

    lang: str
    pipeline: list[str]
    sourced: list[str]
    frozen: list[str]
    vectors: int
    components: list[ComponentFacts]
    train: CorpusFacts
    dev: CorpusFacts
    problem: str | None
    warnings: list[str]

    @property
    def shared_texts(self) -> int:
        """RETURNS (int): The number of texts that are in both corpora."""
        return len(self.train.texts & self.dev.texts)

    @property
    def unseen(self) -> tuple[int, int]:
        """RETURNS (Tuple[int, int]): The number of dev entities that are unseen (no entity of the
        training data has the same text and label), and how many of them are different."""
        names = [name for name in self.dev.names if name not in self.train.names]
        return sum(self.dev.names[name] for name in names), len(names)


def debug_data(
    config_path: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    on_progress: Tell = silent,
) -> DataCheck:
    """Initialize the pipeline of a config as `spacy train` does, and check its data.

    config_path (Union[str, Path]): The config file.
    overrides (Optional[Mapping[str, Any]]): Config overrides, by dotted name.
    on_progress (Tell): Called with the progress.
    RETURNS (DataCheck): The facts about the data.
    RAISES (ValueError): If the pipeline can't be made or has no `window_ner`, or a corpus can't be
        read.
    """
    config = load_config(config_path, overrides=dict(overrides or {}))
    on_progress(Stage("Making the pipeline"))
    nlp = load_pipeline_of(config, config_path)
    names = find_components(nlp)
    if not names:
        found = ", ".join(nlp.pipe_names) or "no component"
        raise ValueError(Errors.WN095.format(config=config_path, names=found))
    interpolated = _without_copies(nlp.config.interpolate())
    T = registry.resolve(interpolated["training"], schema=ConfigSchemaTraining)
    dot_names = [T["train_corpus"], T["dev_corpus"]]
    try:
        corpora = resolve_dot_names(interpolated, dot_names)
    except ValueError as error:
        names_of_both = "`, `".join(dot_names)
        raise ValueError(
            Errors.WN096.format(name=names_of_both, reason=reason_of(error))
        ) from error
    sourced = get_sourced_components(config)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        on_progress(Stage("Initializing the pipeline"))
        problem = _initialize(nlp, corpora[0], [*T["frozen_components"], *sourced])
        on_progress(Stage("Reading both corpora"))
        train, dev = (
            read_corpus(nlp, corpus, name, interpolated)
            for corpus, name in zip(corpora, dot_names, strict=True)
        )
        keys = [get_window_ner(nlp, name).cfg["incorrect_spans_key"] for name in names]
        on_progress(Stage("Looking at both corpora"))
        facts = [CorpusFacts.of(examples, nlp, keys) for examples in (train, dev)]
    texts = dict.fromkeys(str(warning.message) for warning in caught)
    return DataCheck(
        lang=nlp.lang or "",
        pipeline=list(nlp.pipe_names),
        sourced=[name for name in sourced if name not in T["frozen_components"]],
        frozen=list(T["frozen_components"]),
        vectors=len(nlp.vocab.vectors),
        components=[_describe(nlp, name, T["frozen_components"]) for name in names],
        train=facts[0],
        dev=facts[1],
        problem=problem,
        warnings=[text for text in texts if not text.startswith(_LISTED)],
    )


def _without_copies(config: Config) -> Config:
    """Remove the case augmenter from the corpora, because documents are counted as they are in the
    files."""
    config = config.copy()
    for corpus in config["corpora"].values():
        augmenter = corpus.get("augmenter") if isinstance(corpus, dict) else None
        if isinstance(augmenter, dict) and augmenter.get("@augmenters") == _COPIES:
            corpus["augmenter"] = None
    return config


def _initialize(nlp: Language, corpus: Any, trained: list[str]) -> str | None:
    """Initialize a pipeline as `spacy train` does, without the components that are already trained.
    Returns the reason if that isn't possible."""
    try:
        nlp._link_components()
        with nlp.select_pipes(disable=trained):
            nlp.initialize(lambda: corpus(nlp))
    except Exception as error:  # any error of a component: the data is checked anyway
        return str(error) or type(error).__name__
    return None


def _describe(nlp: Language, name: str, frozen: list[str]) -> ComponentFacts:
    pipe = get_window_ner(nlp, name)
    windows = []
    if pipe.model.attrs.get("embedding") == "distinct words":
        windows = [node.attrs["window"] for node in pipe.model.walk() if "window" in node.attrs]
    return ComponentFacts(
        name,
        list(pipe.labels),
        max(windows, default=None),
        name in frozen,
        list(pipe.frozen_labels),
    )
