"""Reading word clusters from a file, from spaCy's package of lookup tables, or from a trained
pipeline."""

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy
from spacy.lookups import load_lookups
from spacy.strings import get_string_id
from spacy.util import is_package, registry
from spacy.vocab import Vocab

from ..errors import Errors
from ..files import DAMAGE, UnusableLine, read_text_lines
from ..layers.cluster_features import cluster_layers
from ..layers.clusters import MAX_DEPTH, Clusters
from .trained import models_of

PACKAGE = "spacy-lookups-data"
"""The package with spaCy's clusters, as a source."""
_TABLE = "lexeme_cluster"
_PATH = re.compile(rf"[01]{{1,{MAX_DEPTH - 1}}}")


def read_clusters(source: str | Path, prefixes: Sequence[int], vocab: Vocab) -> Clusters:
    """Read word clusters.

    source (Union[str, Path]): A file, PACKAGE or a pipeline, see `ClusterEmbed`.
    prefixes (Sequence[int]): See `Clusters`.
    vocab (Vocab): A vocabulary of the language. It doesn't change.
    RETURNS (Clusters): The clusters.
    RAISES (ValueError): If there are none, the file can't be read, or a line can't be used.
    """
    if is_lookups(source):
        paths = _read_package(vocab.lang)
    elif Path(source).is_dir() or is_package(str(source)):
        found = _clusters_of(source)
        return Clusters(prefixes, found.words, found.paths)
    else:
        try:
            paths = _read_file(Path(source))
        except UnusableLine as error:
            raise ValueError(
                Errors.WN236.format(path=source, line=error.line, why=error.why)
            ) from error
        except (OSError, *DAMAGE) as error:
            raise _unreadable(source, str(error)) from error
    if not paths:
        raise _unreadable(source, "there are no words in it")
    words = numpy.array(list(paths), dtype="uint64")
    order = numpy.argsort(words)
    values = numpy.array(list(paths.values()), dtype="uint32")
    return Clusters(prefixes, words[order], values[order])


def check_source(source: str | Path, lang: str) -> None:
    """Check that a source of clusters is there, without reading it.

    source (Union[str, Path]): The source, see `ClusterEmbed`.
    lang (str): The language code.
    RAISES (ValueError): If there is no such file, folder or package, or the package of spaCy has no
        clusters for the language.
    """
    if is_lookups(source):
        _require_lookups(lang)
    elif not Path(source).exists() and not is_package(str(source)):
        raise _unreadable(source, "there is no such file, and no package with this name")


def is_lookups(source: str | Path) -> bool:
    """Whether a source of clusters is PACKAGE, also by the name that Python imports it by."""
    return str(source).replace("_", "-") == PACKAGE


def _clusters_of(pipeline: str | Path) -> Clusters:
    """The clusters of a trained pipeline."""
    try:
        models = models_of(pipeline)
    except ValueError as error:
        if str(error).startswith("[WN"):
            raise
        raise _unreadable(pipeline, str(error)) from error
    found = [layer.attrs["clusters"] for model in models for layer in cluster_layers(model)]
    if not found:
        raise _unreadable(pipeline, "this pipeline has none")
    return cast(Clusters, found[0])


def _require_lookups(lang: str) -> None:
    if find_spec(PACKAGE.replace("-", "_")) is None:
        raise _unreadable(PACKAGE, f"it isn't installed (`pip install {PACKAGE}`)")
    languages = sorted(each for each, data in registry.lookups.get_all().items() if _TABLE in data)
    if lang not in languages:
        why = f"it has none for the language {lang!r}, only for {', '.join(languages)}"
        raise _unreadable(PACKAGE, why)


def _read_package(lang: str) -> dict[int, int]:
    """The path of each word in the lookup tables of a language, by its hash."""
    _require_lookups(lang)
    table = load_lookups(lang, [_TABLE]).get_table(_TABLE)
    # Most of its words are in no cluster.
    return {word: path for word, path in table.items() if path}


def _read_file(path: Path) -> dict[int, int]:
    """The path of each word in a file, by its hash."""
    paths: dict[int, int] = {}
    leaves = set()
    for number, word, branches in _read_lines(path):
        leaves.add(branches)
        # The 1 after the last branch is there because 0 is no path.
        value = int(f"1{branches[::-1]}", base=2)
        if paths.setdefault(get_string_id(word), value) != value:
            raise UnusableLine(number, f"the word {word!r} has another path in an earlier line")
    for one, other in pairwise(sorted(leaves)):
        if other.startswith(one):
            why = f"the path {other} goes on from {one}, so they aren't the leaves of one tree"
            raise _unreadable(path, why)
    return paths


def _read_lines(path: Path) -> Iterator[tuple[int, str, str]]:
    """The number, the word and the path of each line."""
    for number, text in read_text_lines(path):
        if not text.strip(" "):
            continue
        branches, *rest = text.split("\t")
        if not rest or not rest[0]:
            raise UnusableLine(number, "there is no word after a path and a tab")
        if rest[0].split() != [rest[0]]:
            raise UnusableLine(number, f"{rest[0]!r:.50} is not one word")
        if not _PATH.fullmatch(branches):
            why = f"{branches!r:.50} is no path of up to {MAX_DEPTH - 1} times 0 or 1"
            raise UnusableLine(number, why)
        yield number, rest[0], branches


def _unreadable(source: str | Path, why: str) -> ValueError:
    return ValueError(Errors.WN235.format(source=source, why=why))
