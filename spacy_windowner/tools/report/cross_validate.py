"""Cross-validation: scores for data that is too small to hold out a test part."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import load_config, set_dot_to_object
from spacy.vocab import Vocab
from thinc.api import Config

from ...errors import check_setting
from ...progress import Stage, Tell, silent
from ..convert.convert import Conversion, convert
from ..convert.output import assign, key_of
from ..errors import Errors
from ..examples import read_examples
from ..init.make_config import make_config
from ..pipelines import load_pipeline_of
from ..quiet_training import train_quietly
from ..reading import reason_of
from .matching import Counts, compare, count_labels, entities, seen_counts
from .mistakes import choose_mistakes
from .predict import predict
from .report import EXAMPLES, describe, evaluate, total_of
from .results import Fold, Report

_SHARES = 2
"""Parts of a fold. The next fold's first part is the dev data, which has half a fold's size."""
_CORPORA = ("train", "dev")


def cross_validate(
    data: str | Path,
    *,
    folds: int = 5,
    config: str | Path | None = None,
    seed: int = 0,
    examples: int = EXAMPLES,
    on_progress: Tell = silent,
    on_converted: Callable[[Conversion], None] | None = None,
) -> Report:
    """Evaluate a recipe on all documents, each predicted by a pipeline that wasn't trained on it.

    The documents are split at random into folds of the same size, near-duplicates into the same
    one. For each fold a pipeline is trained as `windowner train` does. It is trained on the other
    folds, without a part of half a fold that selects the best pipeline and calibrates it. The
    report shows all predictions together. No pipeline is kept.

    data (Union[str, Path]): An annotated file or folder, in any format that `convert` reads.
    folds (int): The number of folds, at least 2.
    config (Optional[Union[str, Path]]): A training config, e.g. that of `windowner train`. By
        default, the config that `windowner train` makes for English.
    seed (int): The random seed of the split.
    examples (int): The maximum number of errors to show in context.
    on_progress (Tell): Called with the progress.
    on_converted (Optional[Callable[[Conversion], None]]): Called with what was converted.
    RETURNS (Report): The report, with the scores of each fold.
    RAISES (ValueError): If the data or the config can't be read, there are too few documents for so
        many folds, or a part of a fold has no entities.
    """
    check_setting(folds >= 2, "folds", folds, "It must be at least 2.")
    given = None if config is None else _load(config)
    lang = "en" if given is None else given["nlp"]["lang"]
    judged: dict[int, Example] = {}
    results: list[Fold] = []
    seen = {"seen": Counts(), "unseen": Counts()}
    with TemporaryDirectory() as name:
        folder = Path(name)
        docs = _read(data, folder / "all.spacy", lang, on_progress, on_converted)
        parts = _split(docs, folds, seed, data)
        for fold in range(folds):
            stage = Stage(f"Fold {fold + 1} of {folds}", fold, folds)
            on_progress(stage)
            chosen = _choose(parts, fold)
            paths = _write(docs, chosen, folder / str(fold))
            n_words = sum(not word.is_space for i in chosen["train"] for word in docs[i])
            made = make_config(lang, n_words=n_words) if given is None else given
            made = _with_paths(made, paths, config or "the recipe")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # some labels may be missing
                nlp = train_quietly(
                    made, folder / str(fold) / "model", tick=partial(on_progress, stage)
                )
            found = predict(nlp, read_examples(paths["test"], nlp), str(data))
            judged.update(zip(chosen["test"], found, strict=True))
            known = entities(docs[i] for i in chosen["train"])
            for kind, counts in seen_counts(found, known).items():
                seen[kind] = seen[kind].plus(counts)
            total = total_of(count_labels(compare(found)))
            results.append(Fold(len(found), len(chosen["train"]), total))
    on_progress(Stage("Choosing errors to show"))
    everything = [judged[number] for number in sorted(judged)]
    title = f"{folds}-fold cross-validation"
    model, compared = evaluate(everything, title, str(config or ""), nlp.pipe_names, seen)
    mistakes, total_mistakes = choose_mistakes([compared], examples)
    about = describe(everything, data, data)
    return Report(about, [model], mistakes, total_mistakes, results)


def _load(path: str | Path) -> Config:
    """Load a config, and make its pipeline once, before hours of training are lost."""
    try:
        config = load_config(path)
    except Exception as error:  # each layer of the format raises its own errors
        raise ValueError(Errors.WN097.format(config=path, reason=reason_of(error))) from error
    if not isinstance(config.get("nlp", {}).get("lang"), str):
        raise ValueError(Errors.WN097.format(config=path, reason="its [nlp] has no lang."))
    load_pipeline_of(config, path)
    return config


def _read(
    data: str | Path,
    path: Path,
    lang: str,
    tell: Tell,
    on_converted: Callable[[Conversion], None] | None,
) -> list[Doc]:
    done = convert([data], path, lang=lang, on_progress=tell)
    if on_converted is not None:
        on_converted(done)
    return list(DocBin().from_disk(path).get_docs(Vocab()))


def _split(docs: Sequence[Doc], folds: int, seed: int, data: str | Path) -> list[list[int]]:
    """The numbers of the documents in each part."""
    keys = [key_of(doc.text) for doc in docs]
    n_different = len(set(keys))
    if n_different < _SHARES * folds:
        raise ValueError(Errors.WN280.format(folds=folds, path=data, n=n_different))
    parts: list[list[int]] = [[] for _ in range(_SHARES * folds)]
    for number, part in enumerate(assign(keys, [1] * len(parts), seed)):
        parts[part].append(number)
    for fold in range(folds):
        for name, numbers in _choose(parts, fold).items():
            if name in _CORPORA and not any(docs[number].ents for number in numbers):
                raise ValueError(Errors.WN281.format(fold=fold + 1, part=name, n=len(numbers)))
    return parts


def _choose(parts: Sequence[list[int]], fold: int) -> dict[str, list[int]]:
    """The documents for one training."""
    test = [_SHARES * fold + i for i in range(_SHARES)]
    dev = (test[-1] + 1) % len(parts)
    chosen = {"test": test, "dev": [dev]}
    chosen["train"] = [i for i in range(len(parts)) if i not in (*test, dev)]
    return {name: sorted(n for i in places for n in parts[i]) for name, places in chosen.items()}


def _write(docs: Sequence[Doc], chosen: dict[str, list[int]], folder: Path) -> dict[str, Path]:
    """Write the documents for one training. Returns the files."""
    folder.mkdir()
    paths = {part: folder / f"{part}.spacy" for part in chosen}
    for part, numbers in chosen.items():
        DocBin(docs=[docs[i] for i in numbers], store_user_data=True).to_disk(paths[part])
    return paths


def _with_paths(config: Config, paths: dict[str, Path], origin: str | Path) -> Config:
    """A config with the data of a fold, for the corpora and for callbacks, which calibrate."""
    filled = load_pipeline_of(config, origin).config
    config = Config().from_str(config.to_str(), interpolate=False)
    for name in _CORPORA:
        corpus = filled["training"][f"{name}_corpus"]
        set_dot_to_object(config, f"{corpus}.path", str(paths[name]))
        config.setdefault("paths", {})[name] = str(paths[name])
    return config
