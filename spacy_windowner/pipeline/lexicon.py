"""The component's lexicon: reading it before training, and replacing it afterwards."""

from collections.abc import Callable
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import Errors
from ..layers.lexicon_features import find_lexicon
from ..models.lexicon_file import read_lexicon
from ..models.output import is_initialized
from .saving import SavedPipe


class LexiconPipe(SavedPipe):
    """A component whose model may have a lexicon, see `LexiconEmbed`."""

    def set_lexicon(
        self, path: str | Path, *, tokenizer: Callable[[str], Doc] | None = None
    ) -> None:
        """Replace the lexicon of a trained component. Nothing has to be trained again, because the
        model has learned the classes and not the phrases. The new lexicon is saved with the
        component.

        path (Union[str, Path]): The lexicon, a file or a folder of files as for
            `spacy-windowner.LexiconEmbed.v1`. Its classes must be among those that the model was
            trained with.
        tokenizer (Optional[Callable[[str], Doc]]): Splits phrases into words, e.g.
            `nlp.tokenizer`. It is only needed if the pipeline has a tokenizer of its own. None
            means the default tokenizer of the language.
        RAISES (ValueError): If the model has no lexicon or isn't trained, a file can't be read, or
            a line can't be used. Then the lexicon stays as it was.
        """
        layer = find_lexicon(self.model)
        if layer is None:
            raise ValueError(Errors.WN233.format(name=self.name))
        old = layer.attrs["lexicon"]
        if not is_initialized(self.model) or not old.classes:
            raise ValueError(Errors.WN234.format(name=self.name))
        layer.attrs["lexicon"] = read_lexicon(
            Path(path), old.attr, self.vocab, tokenizer=tokenizer, classes=old.classes
        )

    def _read_lexicon(self, nlp: Language | None) -> None:
        """Read the lexicon that the config names, with the pipeline's tokenizer."""
        layer = find_lexicon(self.model)
        if layer is not None:
            tokenizer = None if nlp is None else nlp.tokenizer
            layer.attrs["lexicon"] = layer.attrs["read"](self.vocab, tokenizer=tokenizer)
