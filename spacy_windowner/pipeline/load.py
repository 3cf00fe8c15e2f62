from configparser import Error as ConfigError
from pathlib import Path

from spacy.language import Language
from spacy.util import load_model

from ..errors import Errors


def load_pipeline(model: str | Path) -> Language:
    """Load a pipeline, or say why it can't be loaded.

    model (Union[str, Path]): Its folder or package.
    RETURNS (Language): The pipeline.
    RAISES (ValueError): If there is none, or its files are damaged.
    """
    try:
        return load_model(model)
    except (OSError, ValueError, KeyError, ConfigError) as error:
        if str(error).startswith("[WN"):
            raise
        reason = " ".join(str(error).split())
        raise ValueError(Errors.WN121.format(model=model, error=reason)) from error
