"""Reading a lexicon from files of phrases, or from a trained pipeline."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import srsly
from spacy.attrs import IS_SPACE
from spacy.tokens import Doc
from spacy.util import get_lang_class
from spacy.vocab import Vocab

from ..errors import Errors
from ..files import DAMAGE, UnusableLine, read_text_lines
from ..layers.lexicon import ATTRS, MAX_CLASSES, MAX_WORDS, Lexicon, LexiconBuilder
from ..layers.lexicon_features import find_lexicon
from .trained import is_pipeline, models_of

_CHUNK = 5000  # phrases
_KINDS = (".jsonl", ".txt")


class _Phrase(NamedTuple):
    """A line of a lexicon: its file, its number from 1, its class and its text."""

    path: Path
    line: int
    label: str
    text: str


def load_lexicon(
    path: Path, attr: str, vocab: Vocab, *, tokenizer: Callable[[str], Doc] | None = None
) -> Lexicon:
    """Read a lexicon from files, or take that of a trained pipeline.

    path (Path): The files, see `read_lexicon`, or the folder or the package of a pipeline.
    attr (str): The attribute by which words are compared.
    vocab (Vocab): A vocabulary of the language. It doesn't change.
    tokenizer (Optional[Callable[[str], Doc]]): Splits the phrases of files into words. None means
        the default tokenizer of the language.
    RETURNS (Lexicon): The lexicon.
    RAISES (ValueError): If a file can't be read, a line can't be used, or the pipeline has no such
        lexicon.
    """
    if is_pipeline(path):
        return _lexicon_of(path, attr)
    return read_lexicon(path, attr, vocab, tokenizer=tokenizer)


def _lexicon_of(pipeline: Path, attr: str) -> Lexicon:
    """The lexicon of a trained pipeline."""
    try:
        models = models_of(str(pipeline))  # only the name of a package is a string
    except ValueError as error:
        if str(error).startswith("[WN"):
            raise
        raise ValueError(Errors.WN230.format(path=pipeline, why=error)) from error
    layers = [layer for layer in map(find_lexicon, models) if layer is not None]
    if not layers:
        raise ValueError(Errors.WN230.format(path=pipeline, why="this pipeline has none"))
    found: Lexicon = layers[0].attrs["lexicon"]
    if found.attr != attr:
        why = f"it compares words by {found.attr}, and `attr` is {attr}"
        raise ValueError(Errors.WN230.format(path=pipeline, why=why))
    return found


def read_lexicon(
    path: Path,
    attr: str,
    vocab: Vocab,
    *,
    tokenizer: Callable[[str], Doc] | None = None,
    classes: tuple[str, ...] | None = None,
) -> Lexicon:
    """Read a lexicon. The words of its phrases take memory only for a few thousand lines at a time.

    path (Path): A .jsonl file, a .txt file, or a folder of such files, see `LexiconEmbed`.
    attr (str): The attribute by which words are compared.
    vocab (Vocab): A vocabulary of the language. It doesn't change.
    tokenizer (Optional[Callable[[str], Doc]]): Splits phrases into words. None means the default
        tokenizer of the language.
    classes (Optional[Tuple[str, ...]]): The classes that the lexicon may have. None means any.
    RETURNS (Lexicon): The lexicon. Its classes are `classes` or else those of the files, in order.
    RAISES (ValueError): If a file can't be read, or a line can't be used.
    """
    if tokenizer is None:
        tokenizer = get_lang_class(vocab.lang or "xx")().tokenizer
    numbers = {} if classes is None else {each: number for number, each in enumerate(classes)}
    builder = LexiconBuilder(attr)
    phrases = _read_phrases(path)
    while chunk := list(islice(phrases, _CHUNK)):
        for phrase in chunk:
            if phrase.label not in numbers:
                if classes is not None:
                    known = ", ".join(classes)
                    raise ValueError(Errors.WN232.format(
                        path=phrase.path, line=phrase.line, found=phrase.label, classes=known
                    ))  # fmt: skip
                if len(numbers) == MAX_CLASSES:
                    raise _unusable(phrase, f"there are more than {MAX_CLASSES} classes")
                numbers[phrase.label] = len(numbers)
        words = _words_of(chunk, attr, tokenizer)
        builder.add(words, [numbers[phrase.label] for phrase in chunk])
    if not builder.n_phrases:
        raise ValueError(Errors.WN230.format(path=path, why="there are no phrases in it"))
    return builder.build(tuple(numbers))


def _words_of(
    phrases: list[_Phrase], attr: str, tokenizer: Callable[[str], Doc]
) -> list[numpy.ndarray]:
    """The hashes of the words of phrases, without whitespace."""
    vocab: Any = getattr(tokenizer, "vocab", None)
    is_transient = vocab is not None and not vocab.in_memory_zone
    found = []
    with vocab.memory_zone() if is_transient else nullcontext():
        for phrase in phrases:
            table = tokenizer(phrase.text).to_array([ATTRS[attr], IS_SPACE])
            words = table[table[:, 1] == 0, 0]
            if not len(words):
                raise _unusable(phrase, "the phrase is empty")
            if len(words) > MAX_WORDS:
                raise _unusable(phrase, f"the phrase has more than {MAX_WORDS} words")
            found.append(words)
    return found


def _unusable(phrase: _Phrase, why: str) -> ValueError:
    return ValueError(Errors.WN231.format(path=phrase.path, line=phrase.line, why=why))


def _read_phrases(path: Path) -> Iterator[_Phrase]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if _kind_of(file) in _KINDS)
        if not files:
            why = "there is no .jsonl or .txt file in the folder"
            raise ValueError(Errors.WN230.format(path=path, why=why))
    else:
        files = [path]
        if _kind_of(path) not in _KINDS:
            raise ValueError(Errors.WN230.format(path=path, why="its name has another ending"))
    for file in files:
        try:
            yield from _read_file(file)
        except UnusableLine as error:
            raise ValueError(
                Errors.WN231.format(path=file, line=error.line, why=error.why)
            ) from error
        except (OSError, *DAMAGE) as error:
            raise ValueError(Errors.WN230.format(path=file, why=error)) from error


def _kind_of(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix


def _read_file(path: Path) -> Iterator[_Phrase]:
    kind = _kind_of(path)
    label = Path(path.name.removesuffix(".gz")).stem
    for number, line in read_text_lines(path):
        text = line.strip()
        if text:
            phrase = _Phrase(path, number, label, text)
            yield phrase if kind == ".txt" else _from_json(phrase)


def _from_json(place: _Phrase) -> _Phrase:
    try:
        record = srsly.json_loads(place.text)
    except ValueError as error:
        raise UnusableLine(place.line, f"it isn't JSON ({error})") from error
    if not isinstance(record, dict):
        raise UnusableLine(place.line, "it isn't a JSON object")
    for name in ("label", "pattern"):
        if not isinstance(record.get(name), str):
            raise UnusableLine(place.line, f'its "{name}" isn\'t a string')
    if not record["label"].strip():
        raise UnusableLine(place.line, 'its "label" is empty')
    return place._replace(label=record["label"], text=record["pattern"])
