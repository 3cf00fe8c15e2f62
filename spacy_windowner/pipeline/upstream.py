"""Finds the components that a `window_ner` listens to, such as a shared `tok2vec`."""

from collections.abc import Iterable, Iterator
from typing import Any

from spacy.language import Language
from spacy.pipeline.tok2vec import Tok2VecListener
from spacy.tokens import Doc
from thinc.api import Model

from ..errors import Errors

_ANY = "*"
"""As the upstream name of a listener: any component."""
_DEFAULT = "tok2vec"
"""What such a listener usually listens to, for error messages."""
_TRANSFORMER_DATA = "trf_data"
"""The extension attribute with the output of spacy-transformers or spacy-curated-transformers."""


def find_upstream(nlp: Language, name: str, model: Model) -> str | None:
    """Find the component of a pipeline that another one listens to.

    nlp (Language): The pipeline. Disabled components count as well.
    name (str): The name of the listening component.
    model (Model): The model of the listening component.
    RETURNS (Optional[str]): The name of the component that it listens to, or None if it doesn't
        listen to any.
    RAISES (ValueError): If there is no such component before the listening one.
    """
    names = nlp.component_names
    before = names[: names.index(name)] if name in names else names
    upstream = None
    for listener in _listeners(model):
        wanted = listener.upstream_name
        found = [
            other
            for other, pipe in nlp.components
            if other in before and hasattr(pipe, "find_listeners") and wanted in (_ANY, other)
        ]
        if not found:
            raise ValueError(Errors.WN151.format(
                component=name, upstream=_name(listener), names=", ".join(names)
            ))  # fmt: skip
        upstream = found[-1]
    return upstream


def require_upstream(model: Model, docs: Iterable[Doc], name: str) -> None:
    """Raise an error if the component that a model listens to hasn't processed the documents. The
    listening layer would take its missing output for zeros.

    model (Model): The model.
    docs (Iterable[Doc]): The documents.
    name (str): The name of the model's component.
    RAISES (ValueError): If the output of the other component is missing, or has the wrong shape.
    """
    for listener in _listeners(model):
        for doc in docs:
            problem = _problem(listener, doc) if len(doc) else None
            if problem is not None:
                upstream = _name(listener)
                raise ValueError(
                    Errors.WN163.format(name=name, upstream=upstream, why=problem, doc=doc.text)
                )


def _problem(listener: Any, doc: Doc) -> str | None:
    if isinstance(listener, Tok2VecListener):
        expected = (len(doc), listener.get_dim("nO"))
        if doc.tensor.size == 0:
            return "it has no `tensor`"
        if doc.tensor.shape != expected:
            return f"the shape of its `tensor` is {doc.tensor.shape}, not {expected}"
    elif Doc.has_extension(_TRANSFORMER_DATA) and doc._.get(_TRANSFORMER_DATA) is None:
        return f"its `._.{_TRANSFORMER_DATA}` is not set"
    return None


def _listeners(model: Model) -> Iterator[Any]:
    return (node for node in model.walk() if hasattr(node, "upstream_name"))


def _name(listener: Any) -> str:
    return _DEFAULT if listener.upstream_name == _ANY else listener.upstream_name
