"""Checks settings before anything is read."""

from collections.abc import Sequence

import spacy
from spacy.language import Language

from ..errors import Errors, check_setting
from .options import AUTO
from .recognize import FORMATS
from .schemes import SCHEMES, is_tag


def check_settings(
    format: str,
    scheme: str,
    encoding: str | None,
    word_column: int | None,
    tag_column: int | None,
    tag_names: Sequence[str],
) -> None:
    """RAISES (ValueError): If a setting of `convert` can't be used."""
    formats, schemes = (AUTO, *FORMATS), (AUTO, *SCHEMES)
    check_setting(format in formats, "format", format, f"Expected one of {', '.join(formats)}.")
    check_setting(scheme in schemes, "scheme", scheme, f"Expected one of {', '.join(schemes)}.")
    for name, column in (("word_column", word_column), ("tag_column", tag_column)):
        why = "Columns are counted from 1, or from -1 at the end."
        check_setting(column != 0, name, column, why)
    wrong = next((tag for tag in tag_names if not is_tag(tag)), None)
    check_setting(wrong is None, "tag_names", wrong, "Expected tags, such as O,B-PER,I-PER.")
    if encoding is not None:
        try:
            is_text = "".encode(encoding) is not None
        except LookupError:
            is_text = False
        why = "Expected an encoding that Python knows, such as latin-1 or utf-16."
        check_setting(is_text, "encoding", encoding, why)


def blank_pipeline(lang: str) -> Language:
    """A pipeline with the tokenizer of a language.

    lang (str): Its code.
    RETURNS (Language): The pipeline.
    RAISES (ValueError): If there is none, or its tokenizer needs what is not installed.
    """
    try:
        return spacy.blank(lang)
    except (ImportError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(Errors.WN194.format(lang=lang, reason=reason)) from error


def parse_names(names: str) -> list[str]:
    """Names of tags, with commas between."""
    return [name.strip() for name in names.split(",") if name.strip()]


def parse_renames(renames: Sequence[str]) -> dict[str, str]:
    """New names of labels, each as OLD=NEW.

    RAISES (ValueError): If one isn't.
    """
    pairs = [rename.rpartition("=") for rename in renames]
    for rename, (_, mark, new) in zip(renames, pairs, strict=True):
        check_setting(bool(mark and new), "rename", rename, "Expected OLD=NEW, e.g. PERSON=PER.")
    return {old: new for old, _, new in pairs}
