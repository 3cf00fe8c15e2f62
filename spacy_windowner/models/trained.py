"""Trained pipelines from whose models another model takes what doesn't learn."""

from pathlib import Path

from spacy.pipeline import TrainablePipe
from spacy.util import is_package, load_model
from thinc.api import Model


def is_pipeline(source: str | Path) -> bool:
    """Whether this is the folder or the package of a pipeline, rather than another file or folder.

    source (Union[str, Path]): The path or the name.
    """
    path = Path(source)
    return (path / "meta.json").is_file() if path.exists() else is_package(str(source))


def models_of(pipeline: str | Path) -> list[Model]:
    """Load the models of a pipeline.

    pipeline (Union[str, Path]): The folder or the package.
    RETURNS (List[Model]): The models of its components, in order.
    RAISES (ValueError): If it can't be loaded. The message is only the reason, a part of a
        sentence, unless it has a code.
    """
    try:
        nlp = load_model(pipeline)
    except Exception as error:  # a package that isn't a pipeline may raise anything
        if str(error).startswith("[WN"):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"it can't be loaded as a pipeline ({reason})") from error
    return [pipe.model for _, pipe in nlp.components if isinstance(pipe, TrainablePipe)]
