"""Teaches corrections to the model that is served."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

from spacy.tokens import Doc

from ..convert.make_docs import is_blank
from ..correct import correct, own_embedding
from ..errors import Errors
from .corrections import Corrections
from .tagger import Tagger, whole

_REHEARSED_CHARS = 2_000
"""How much of a text is rehearsed. The time to learn depends on it."""


class Busy(ValueError):
    """The model is learning."""


class Teacher:
    """Checks corrections of texts, and teaches them to the model that is served. It always starts
    from the model as it was loaded, so only the corrections matter, and not their history.

    tagger (Tagger): Has the pipeline.
    corrections (Corrections): The corrections.
    texts (Sequence[str]): Typical texts, which the model rehearses. See `correct`.
    """

    def __init__(self, tagger: Tagger, corrections: Corrections, texts: Sequence[str] = ()) -> None:
        self.corrections = corrections
        self._tagger = tagger
        self._raw = [tagger.nlp.make_doc(text[:_REHEARSED_CHARS]) for text in texts]
        self._original: bytes | None = None
        self._busy = Lock()

    @property
    def can_teach(self) -> bool:
        """RETURNS (bool): Whether there are texts to rehearse."""
        return bool(self._raw)

    def save(self, text: str, entities: list[dict[str, Any]]) -> dict[str, Any]:
        """Save a correction.

        text (str): The text.
        entities (List[Dict[str, Any]]): All of its entities: offsets in characters, the label and,
            if the text may have changed, the entity's text.
        RETURNS (Dict[str, Any]): The number of corrected texts, `saved`.
        RAISES (ValueError): If the text has no words, an entity isn't possible, or the correction
            can't be saved.
        """
        text = self._tagger.checked(text)
        if all(map(is_blank, text.split())):
            raise ValueError(Errors.WN290)
        with self._tagger.lock, self._tagger.nlp.memory_zone():
            doc = self._tagger.nlp(text)
            found = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
            spans = [self._check(doc, entity, found) for entity in entities]
        spans.sort(key=lambda span: (span["start"], span["end"]))
        for one, other in zip(spans, spans[1:], strict=False):
            if other["start"] < one["end"]:
                names = {"one": _text_of(text, one), "other": _text_of(text, other)}
                raise ValueError(Errors.WN284.format(
                    first=one["label"], second=other["label"], **names
                ))  # fmt: skip
        return {"saved": self.corrections.save(text, spans)}

    def _check(
        self, doc: Doc, entity: dict[str, Any], found: set[tuple[int, int, str]]
    ) -> dict[str, Any]:
        """Check an entity of a correction. Labels of other components are possible where these
        find them."""
        start, end, label = entity["start"], entity["end"], whole(entity["label"])
        text, n = doc.text, len(doc.text)
        words = [word for word in doc if not word.is_space]
        inside = [word for word in words if word.idx < end and word.idx + len(word) > start]
        if not (0 <= start < end <= n and inside):
            raise ValueError(Errors.WN241.format(start=start, end=end, n=n, example=""))
        expected = whole(entity.get("text", text[start:end]))
        if expected != text[start:end]:
            raise ValueError(Errors.WN285.format(
                expected=expected, start=start, end=end, found=text[start:end]
            ))  # fmt: skip
        near = doc[inside[0].i : inside[-1].i + 1]
        if (near.start_char, near.end_char) != (start, end):
            raise ValueError(Errors.WN242.format(
                start=start, end=end, text=text[start:end],
                near=f"{near.start_char}:{near.end_char}", near_text=near.text,
            ))  # fmt: skip
        labels = self._tagger.labels
        if label not in labels and (start, end, label) not in found:
            raise ValueError(Errors.WN246.format(
                name=self._tagger.component, label=label, labels=", ".join(labels)
            ))  # fmt: skip
        return {"start": start, "end": end, "label": label}

    def teach(self) -> dict[str, Any]:
        """Teach all corrections to the model.

        RETURNS (Dict[str, Any]): How many of them the model has learned, `learned`; the texts in
            which it still finds other entities, `left`; and the `version` of the model.
        RAISES (Busy): If the model is learning already.
        RAISES (ValueError): If there are no corrections or no texts to rehearse, or if the model
            can't learn them. Then it stays as it was.
        """
        if not self.can_teach:
            raise ValueError(Errors.WN288.format(
                why="there are no typical texts to rehearse, and without them it would get worse "
                "elsewhere.",
                fix="Start the server with `--texts raw.txt`, a file with one text per line.",
            ))  # fmt: skip
        with _only(self._busy):
            everything = self.corrections.read()
            if not everything:
                raise ValueError(Errors.WN288.format(
                    why="there are no corrections.", fix="Save one first."
                ))  # fmt: skip
            with self._tagger.lock:
                docs = [self._make_doc(*each) for each in everything.items()]
                left = self._learn(docs)
            texts = [doc.text for doc in left]
            return {
                "learned": len(docs) - len(left), "left": texts, "version": self._tagger.version
            }  # fmt: skip

    def _make_doc(self, text: str, spans: list[dict[str, Any]]) -> Doc:
        doc = self._tagger.nlp.make_doc(text)
        try:
            found = [doc.char_span(span["start"], span["end"], span["label"]) for span in spans]
            ents = [ent for ent in found if ent is not None]
            if len(ents) < len(spans):
                raise ValueError("not at the bounds of words")
            doc.set_ents(ents, default="outside")
        except (ValueError, OverflowError) as error:  # the file was edited
            raise ValueError(Errors.WN288.format(
                why=f"the entities of {text!r:.100} overlap, or begin or end within a word.",
                fix="Correct this text again.",
            )) from error  # fmt: skip
        return doc

    def _learn(self, docs: list[Doc]) -> list[Doc]:
        nlp, ner, name = self._tagger.nlp, self._tagger.ner, self._tagger.component
        own_embedding(nlp, name)
        before = ner.to_bytes(exclude=["vocab"])
        if self._original is None:
            self._original = before
        try:
            ner.from_bytes(self._original, exclude=["vocab"])
            left = correct(nlp, docs, self._raw, component=name)
        except BaseException:
            ner.from_bytes(before, exclude=["vocab"])
            raise
        self._tagger.version += 1
        return left

    def forget(self) -> dict[str, Any]:
        """Restore the model as it was loaded. The corrections stay saved.

        RETURNS (Dict[str, Any]): The `version` of the model.
        RAISES (Busy): If the model is learning.
        """
        with _only(self._busy), self._tagger.lock:
            if self._original is not None:
                self._tagger.ner.from_bytes(self._original, exclude=["vocab"])
                self._original = None
                self._tagger.version += 1
            return {"version": self._tagger.version}


@contextmanager
def _only(lock: Lock) -> Iterator[None]:
    """Hold a lock, or raise an error if another request holds it."""
    if not lock.acquire(blocking=False):
        raise Busy(Errors.WN288.format(
            why="it is learning, perhaps for another page.", fix="Wait until it has finished."
        ))  # fmt: skip
    try:
        yield
    finally:
        lock.release()


def _text_of(text: str, span: dict[str, Any]) -> str:
    return text[span["start"] : span["end"]]
