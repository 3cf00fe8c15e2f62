from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
import srsly
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model

from ..errors import Errors
from ..files import keep_collecting, unpack
from ..models.labels import set_added_labels
from ..models.output import is_initialized, set_output_width
from ..models.saved import NotFinite, is_finite, load_model, require_finite
from .checks import ALL, find_problem, require_labels
from .labels import GrowingPipe
from .vector_coverage import uses_vectors

_LABEL_SETTINGS = ("label_weights", "thresholds", "frozen_labels")


def require_finite_weights(name: str, model: Model) -> None:
    """Reject a model that would find nothing, before it is saved.

    name (str): The name of its component.
    model (Model): The model.
    RAISES (ValueError): If its weights aren't finite.
    """
    try:
        require_finite(model)
    except NotFinite as error:
        raise ValueError(Errors.WN161.format(name=name, act="saved", what=error)) from error


class SavedPipe(GrowingPipe):
    """A component that is saved and loaded only if it can predict: with settings that its
    constructor would take, and with a model whose parameters fit its layers and are finite.

    A subclass forgets in `_forget` what it made of the settings and the model that it had before.
    """

    _has_diverged = False

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Save the component to a bytestring.

        exclude (Iterable[str]): Names of parts not to save.
        RETURNS (bytes): The component.
        RAISES (ValueError): If its weights aren't finite.
        """
        self.require_finite()
        return super().to_bytes(exclude=exclude)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save the component to a directory.

        path (Union[str, Path]): The directory.
        exclude (Iterable[str]): Names of parts not to save.
        RAISES (ValueError): If its weights aren't finite. Then nothing is written.
        """
        self.require_finite()
        super().to_disk(path, exclude=exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "SavedPipe":
        """Load the component from a bytestring.

        bytes_data (bytes): What `to_bytes` returned.
        exclude (Iterable[str]): Names of parts not to load.
        RETURNS (SavedPipe): The component.
        RAISES (ValueError): If the data is damaged, or has settings that make no sense, or doesn't
            fit the model.
        """
        with self._loading("bytes"):
            saved = unpack(bytes_data)
            saved = {part: value for part, value in saved.items() if part not in exclude}
            if "vocab" in saved:
                self.vocab.from_bytes(saved["vocab"], exclude=exclude)
            self._load("bytes", saved)
        return self

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "SavedPipe":
        """Load the component from a directory.

        path (Union[str, Path]): The directory.
        exclude (Iterable[str]): Names of parts not to load.
        RETURNS (SavedPipe): The component.
        RAISES (ValueError): If a file is missing or damaged, or has settings that make no sense, or
            doesn't fit the model.
        """
        path = Path(path)
        files = [file for file in ("cfg", "model") if file not in exclude]
        for file in files:
            if not (path / file).is_file():
                raise ValueError(Errors.WN008.format(name=self.name, path=path, file=file))
        with self._loading(path):
            if "vocab" not in exclude:
                self.vocab.from_disk(path / "vocab", exclude=exclude)
            self._load(path, {file: (path / file).read_bytes() for file in files})
        return self

    @contextmanager
    def _loading(self, source: str | Path) -> Iterator[None]:
        """Turn what damaged data raises into an error that says so."""
        try:
            with keep_collecting():
                yield
        except NotFinite as error:
            act = f"loaded from {source}"
            raise ValueError(Errors.WN161.format(name=self.name, act=act, what=error)) from error
        except Exception as error:  # whatever is made of damaged data
            if str(error).startswith("[WN"):
                raise
            reason = str(error) or type(error).__name__
            raise ValueError(
                Errors.WN009.format(name=self.name, path=source, reason=reason)
            ) from error

    def _load(self, source: str | Path, saved: dict[str, bytes]) -> None:
        if not is_initialized(self.model):
            # The data says how many columns there are: labels may have been added later.
            set_output_width(self.model, None)
        if "cfg" in saved:
            self._load_cfg(source, srsly.json_loads(saved["cfg"]))
        if "model" in saved:
            load_model(self.model, saved["model"])
        for label in self.labels:
            self.vocab.strings.add(label)
        self._forget()
        self._validate_columns()
        if is_initialized(self.model):
            self._require_known_labels()
            self._try_model()

    def _load_cfg(self, source: str | Path, cfg: Any) -> None:
        """Take over saved settings, and give the model the added labels that they name."""
        if not isinstance(cfg, dict):
            raise ValueError(f"its cfg is a {type(cfg).__name__}, not a dictionary")
        problem = find_problem(cfg)
        if problem is not None:
            raise ValueError(Errors.WN160.format(name=self.name, path=source, **problem._asdict()))
        has_grown = bool(self.cfg["added_labels"])
        # What a cfg doesn't name it doesn't have.
        self.cfg.update(added_labels={}, label_biases={}, yields_to={}, frozen_labels=[])
        self.cfg.update(cfg)
        added = list(self.cfg["added_labels"].values())
        if added or has_grown:
            set_added_labels(self.model, added, len(self.scheme.kinds))

    def _require_known_labels(self) -> None:
        """Reject settings of labels that the component doesn't have."""
        for setting in _LABEL_SETTINGS:
            labels = self.cfg[setting]
            if labels != ALL:
                require_labels(setting, labels, self.labels, self.name)

    def _try_model(self) -> None:
        """Reject a model that can't score a text."""
        if uses_vectors(self.model) and not self.vocab.vectors.size:
            return  # they may come later
        vocab = Vocab()  # the component's own would keep the words
        vocab.vectors = self.vocab.vectors
        with numpy.errstate(all="ignore"):
            [scores] = self.model.predict([Doc(vocab, words=["a", "b"])])
        if scores.shape != (2, self.scheme.n_tags(len(self.labels))):
            raise ValueError(f"the scores of two words have the shape {scores.shape}")
        if not is_finite(scores):
            raise NotFinite("the scores of a text of two words")

    def _forget(self) -> None:
        """Forget what was made of another model."""
        self._has_diverged = False

    def require_finite(self) -> None:
        """Reject a model that would find nothing.

        RAISES (ValueError): If its weights aren't finite, or its training has diverged.
        """
        if self._has_diverged:
            what = "the scores of the last batch"
            raise ValueError(Errors.WN161.format(name=self.name, act="saved", what=what))
        require_finite_weights(self.name, self.model)
