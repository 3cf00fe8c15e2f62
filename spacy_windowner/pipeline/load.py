from configparser import Error as ConfigError
from pathlib import Path

from spacy.language import Language
from spacy.util import import_file, load_model

from ..errors import Errors


def load_pipeline(model: str | Path, code: str | Path | None = None) -> Language:
    """Load a pipeline, or say why it can't be loaded.

    model (Union[str, Path]): Its folder or package.
    code (Optional[Union[str, Path]]): Python file to import first, with functions that the pipeline
        is made of, as for `spacy train --code`.
    RETURNS (Language): The pipeline.
    RAISES (ValueError): If there is none, or its files are damaged, or the code can't be imported.
    """
    if code is not None:
        _import_code(code)
    try:
        return load_model(model)
    except (OSError, ValueError, KeyError, ConfigError) as error:
        if str(error).startswith("[WN"):
            raise
        reason = " ".join(str(error).split())
        raise ValueError(Errors.WN121.format(model=model, error=reason)) from error


def _import_code(path: str | Path) -> None:
    try:
        import_file("python_code", path)
    except Exception as error:  # whatever the file does
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(Errors.WN136.format(path=path, reason=reason)) from error
