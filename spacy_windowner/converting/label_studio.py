"""Tasks of Label Studio, as it exports them in JSON."""

from collections.abc import Iterator
from typing import Any

from .fields import text_record
from .json_values import quote
from .kinds import NO_RECORD, NOT_ANNOTATED, OTHER_ANNOTATIONS
from .records import Record, Skip

_ANNOTATIONS = ("annotations", "completions")  # the latter up to version 1.0


def is_task(value: Any) -> bool:
    """Whether it is a task with annotations."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("data"), dict)
        and any(isinstance(value.get(key), list) for key in _ANNOTATIONS)
    )


def read_task(value: Any, line: int) -> Iterator[Record]:
    """Read a task. Of several annotations the ground truth is taken or, without one, the first;
    cancelled ones aren't.

    value (Any): The task.
    line (int): Its line.
    YIELDS (Record): The document, or why it was left out.
    """
    text = _text(value["data"]) if is_task(value) else None
    if text is None:
        yield Skip(line, NO_RECORD, f"no text in its data: {quote(str(value))}")
        return
    found = next(value[key] for key in _ANNOTATIONS if isinstance(value.get(key), list))
    usable = [one for one in found if isinstance(one, dict) and not one.get("was_cancelled")]
    if not usable:
        yield Skip(line, NOT_ANNOTATED, quote(text))
        return
    usable.sort(key=lambda one: not one.get("ground_truth"))
    for _ in usable[1:]:
        yield Skip(line, OTHER_ANNOTATIONS, quote(text))
    results = usable[0].get("result")
    values = [
        result.get("value")
        for result in (results if isinstance(results, list) else [])
        if isinstance(result, dict)
        and result.get("type", "labels") in ("labels", "hypertextlabels")
    ]
    yield text_record(text, values, line)


def _text(data: dict[str, Any]) -> str | None:
    """Its text, which may have another name if there is no other one."""
    if isinstance(data.get("text"), str):
        return data["text"]
    texts = [value for value in data.values() if isinstance(value, str)]
    return texts[0] if len(texts) == 1 else None
