"""Loads pipelines and the corpora of their configs, finds the `window_ner` components in them, and
runs what comes before one."""

from collections.abc import Iterable, Iterator
from configparser import Error as ConfigError
from pathlib import Path
from typing import Any, cast

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import (
    dot_to_object,
    import_file,
    load_model,
    load_model_from_config,
    minibatch,
)
from thinc.api import Config, ConfigValidationError

from ..decoding.lattice import Scored
from ..models.output import lacks_weights
from ..pipeline.window_ner import WindowNER
from .errors import Errors
from .examples import read_examples
from .reading import reason_of

_FACTORY = "window_ner"


def load_pipeline(model: str | Path, code: str | Path | None = None) -> Language:
    """Load a pipeline.

    model (Union[str, Path]): The folder or the package of the pipeline.
    code (Optional[Union[str, Path]]): A Python file to import first, with functions that the
        pipeline needs, as for `spacy train --code`.
    RETURNS (Language): The pipeline.
    RAISES (ValueError): If there is no such pipeline, its files are damaged, the code can't be
        imported, or a `window_ner` isn't trained.
    """
    if code is not None:
        import_code(code)
    try:
        nlp = load_model(model)
    except (OSError, ValueError, KeyError, ConfigError) as error:
        if str(error).startswith("[WN"):
            raise
        reason = " ".join(str(error).split())
        raise ValueError(Errors.WN121.format(model=model, error=reason)) from error
    for name in find_components(nlp):
        if lacks_weights(get_window_ner(nlp, name).model):
            raise ValueError(Errors.WN098.format(name=name, model=model))
    return nlp


def import_code(path: str | Path) -> None:
    """Import a Python file with functions that pipelines need, as `spacy train --code` does.

    path (Union[str, Path]): The file.
    RAISES (ValueError): If it can't be imported.
    """
    try:
        import_file("python_code", path)
    except Exception as error:  # the file may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(Errors.WN136.format(path=path, reason=reason)) from error


def load_pipeline_of(config: Config, path: str | Path) -> Language:
    """Make the pipeline of a config.

    config (Config): The config.
    path (Union[str, Path]): The path of the config, for errors.
    RETURNS (Language): The uninitialized pipeline, with a complete config.
    RAISES (ValueError): If the pipeline can't be made.
    """
    try:
        return load_model_from_config(config)
    except ConfigValidationError:
        raise  # more informative as it is
    except (ValueError, OSError) as error:
        raise ValueError(Errors.WN097.format(config=path, reason=reason_of(error))) from error


def read_corpus(nlp: Language, corpus: Any, name: str, config: Config) -> list[Example]:
    """Read a corpus of a config.

    nlp (Language): The pipeline.
    corpus (Callable[[Language], Iterable[Example]]): The reader.
    name (str): The dotted name of the corpus.
    config (Config): The config, interpolated.
    RETURNS (List[Example]): The examples.
    RAISES (ValueError): If the corpus can't be read.
    """
    try:
        return list(corpus(nlp))
    except Exception as error:  # each layer of the format raises its own errors
        path = dot_to_object(config, name).get("path")
        if isinstance(path, str | Path) and Path(path).exists():
            read_examples(path, nlp)  # names the damaged file
        raise ValueError(Errors.WN096.format(name=name, reason=reason_of(error))) from error


def find_components(nlp: Language) -> list[str]:
    """The names of all `window_ner` components of a pipeline, in order."""
    return [pipe for pipe in nlp.pipe_names if nlp.get_pipe_meta(pipe).factory == _FACTORY]


def choose_component(nlp: Language, name: str | None) -> str:
    """Choose a `window_ner` component of a pipeline.

    nlp (Language): The pipeline.
    name (Optional[str]): The name of the component. None means the only one in the pipeline.
    RETURNS (str): The name of the component.
    RAISES (ValueError): If there is no such component, or there are several.
    """
    found = find_components(nlp)
    chosen = [pipe for pipe in found if name in (None, pipe)]
    if len(chosen) != 1:
        names = ", ".join(found or nlp.pipe_names) or "no component"
        wanted = f"one `{_FACTORY}`" if name is None else f"a `{_FACTORY}` named '{name}'"
        raise ValueError(Errors.WN050.format(wanted=wanted, names=names))
    return chosen[0]


def get_window_ner(nlp: Language, name: str) -> WindowNER:
    """Get a component of a pipeline.

    nlp (Language): The pipeline.
    name (str): The name of a `window_ner`, as `choose_component` returns it.
    RETURNS (WindowNER): The component.
    """
    return cast(WindowNER, nlp.get_pipe(name))


def score_texts(
    nlp: Language, name: str, docs: Iterable[Doc], batch_size: int
) -> Iterator[tuple[list[Doc], Scored]]:
    """Run the components before a `window_ner` on documents, and score the tags of their words.

    nlp (Language): The pipeline.
    name (str): The name of the component.
    docs (Iterable[Doc]): The documents, as the tokenizer makes them.
    batch_size (int): The number of documents to process at a time.
    YIELDS (Tuple[List[Doc], Scored]): A group of consecutive documents, and the scores of their
        tags.
    """
    ner = get_window_ner(nlp, name)
    later = nlp.pipe_names[nlp.pipe_names.index(name) :]
    for batch in minibatch(nlp.pipe(docs, disable=later, batch_size=batch_size), batch_size):
        n_done = 0
        for scored in ner.score_docs(batch, ner.cfg["overwrite"]):
            group = batch[n_done : n_done + len(scored.lengths)]
            n_done += len(group)
            yield group, scored
