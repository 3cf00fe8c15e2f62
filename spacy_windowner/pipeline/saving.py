"""Saving and loading the component, with checks that it can predict."""

from abc import abstractmethod
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
from .coverage import uses_vectors
from .labels import GrowingPipe

_LABEL_SETTINGS = ("label_weights", "thresholds", "frozen_labels")
"""The settings that contain labels."""


class SavedPipe(GrowingPipe):
    """Saves and loads the component. Refuses if it couldn't predict: if the constructor wouldn't
    accept the settings, or the parameters of the model don't fit its layers or aren't finite.

    A subclass sets `_has_diverged`, which is True if the training has diverged.
    """

    _has_diverged: bool

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Serialize the component to a bytestring.

        exclude (Iterable[str]): The parts to leave out: "cfg", "model", "vocab".
        RETURNS (bytes): The serialized component.
        RAISES (ValueError): If the weights aren't finite, or the training has diverged.
        """
        self.require_finite()
        self.cfg.update(_as_json(self.cfg))
        return super().to_bytes(exclude=exclude)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save the component to a directory.

        path (Union[str, Path]): The directory. It is created if it doesn't exist.
        exclude (Iterable[str]): The parts to leave out: "cfg", "model", "vocab".
        RAISES (ValueError): If the weights aren't finite, or the training has diverged. In this
            case, nothing is written.
        """
        self.require_finite()
        self.cfg.update(_as_json(self.cfg))
        super().to_disk(path, exclude=exclude)

    def require_finite(self) -> None:
        """Raise an error if the model can't find entities because its training has diverged.

        RAISES (ValueError): If the weights aren't finite, or the training has diverged.
        """
        if self._has_diverged:
            what = "the scores of the last batch"
            raise ValueError(Errors.WN161.format(name=self.name, act="saved", what=what))
        require_finite_weights(self.name, self.model)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "SavedPipe":
        """Load the component from a bytestring.

        bytes_data (bytes): The result of `to_bytes`.
        exclude (Iterable[str]): The parts not to load: "cfg", "model", "vocab".
        RETURNS (SavedPipe): The component.
        RAISES (ValueError): If the data is damaged, contains invalid settings, or doesn't fit the
            model.
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
        exclude (Iterable[str]): The parts not to load: "cfg", "model", "vocab".
        RETURNS (SavedPipe): The component.
        RAISES (ValueError): If a file is missing or damaged, contains invalid settings, or doesn't
            fit the model.
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
        """Turn exceptions that damaged data causes into an error that names the cause. After an
        error, the component is as before."""
        cfg = {**self.cfg}
        model = self.model.to_bytes() if is_initialized(self.model) else None
        try:
            with keep_collecting():
                yield
        except Exception as error:  # damaged data may raise anything
            self._restore(cfg, model)
            if isinstance(error, NotFinite):
                act = f"loaded from {source}"
                text = Errors.WN161.format(name=self.name, act=act, what=error)
                raise ValueError(text) from error
            if str(error).startswith("[WN"):
                raise
            reason = str(error) or type(error).__name__
            raise ValueError(
                Errors.WN009.format(name=self.name, path=source, reason=reason)
            ) from error

    def _restore(self, cfg: dict[str, Any], model: bytes | None) -> None:
        """Use earlier settings and the model that had them. None for an uninitialized model."""
        has_grown = self.cfg["added_labels"] or cfg["added_labels"]
        self.cfg.clear()
        self.cfg.update(cfg)
        if has_grown:
            set_added_labels(self.model, [*cfg["added_labels"].values()], len(self.scheme.kinds))
        if model is not None:
            load_model(self.model, model)
        self._forget()

    def _load(self, source: str | Path, saved: dict[str, bytes]) -> None:
        if not is_initialized(self.model):
            # The number of columns follows from the data: labels may have been added later.
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
        """Use saved settings, and give the model the added labels that they contain."""
        if not isinstance(cfg, dict):
            raise ValueError(f"its cfg is a {type(cfg).__name__}, not a dictionary")
        # A cfg without these keys has no added or frozen labels.
        absent: dict[str, Any] = {
            "added_labels": {}, "label_biases": {}, "yields_to": {}, "frozen_labels": [],
            "untrained_labels": [],
        }  # fmt: skip
        cfg = {**self.cfg, **absent, **cfg}
        problem = find_problem(cfg)
        if problem is not None:
            raise ValueError(Errors.WN160.format(name=self.name, path=source, **problem._asdict()))
        has_grown = bool(self.cfg["added_labels"])
        self.cfg.update(cfg)
        added = list(self.cfg["added_labels"].values())
        if added or has_grown:
            set_added_labels(self.model, added, len(self.scheme.kinds))

    def _require_known_labels(self) -> None:
        """Raise an error if a setting contains labels that the component doesn't have."""
        for setting in _LABEL_SETTINGS:
            labels = self.cfg[setting]
            if labels != ALL:
                require_labels(setting, labels, self.labels, self.name)

    def _try_model(self) -> None:
        """Raise an error if the model can't score a text of two words."""
        if uses_vectors(self.model) and not self.vocab.vectors.size:
            return  # they may be added later
        vocab = Vocab()  # the component's own would store the words
        vocab.vectors = self.vocab.vectors
        with numpy.errstate(all="ignore"):
            [scores] = self.model.predict([Doc(vocab, words=["a", "b"])])
        if scores.shape != (2, self.scheme.n_tags(len(self.labels))):
            raise ValueError(f"the scores of two words have the shape {scores.shape}")
        if not is_finite(scores):
            raise NotFinite("the scores of a text of two words")

    @abstractmethod
    def _forget(self) -> None:
        """Drop everything that was derived from the previous settings and model."""


def _as_json(value: Any) -> Any:
    """Settings with Python's numbers instead of numpy's, which JSON doesn't have."""
    if isinstance(value, dict):
        return {name: _as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return value.item() if isinstance(value, numpy.generic) else value


def require_finite_weights(name: str, model: Model) -> None:
    """Raise an error if a model can't be saved because its weights aren't finite.

    name (str): The name of the model's component.
    model (Model): The model.
    RAISES (ValueError): If the weights aren't finite.
    """
    try:
        require_finite(model)
    except NotFinite as error:
        raise ValueError(Errors.WN161.format(name=name, act="saved", what=error)) from error
