"""The ASGI application of the command `serve`: the page, and the requests that the page makes. It
needs the extra `serve`."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from anyio import move_on_after
from spacy.language import Language
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...pages.render_page import colors_of, pieces_of, render_page
from ..errors import Errors
from ..explain.explain import explain
from ..explain.render_html import entity_to_html
from ..pipelines import choose_component, get_window_ner

_HERE = Path(__file__).parent
_PAGES = _HERE.parents[1] / "pages"
_PAGE = _HERE / "serve.html.jinja"
_FILES = {
    "page.css": _PAGES / "page.css",
    "entities.css": _PAGES / "entities.css",
    "explain.css": _HERE.parent / "explain" / "explain.css",
    "serve.css": _HERE / "serve.css",
    "serve.js": _HERE / "serve.js",
}
_TYPES = {".css": "text/css", ".js": "text/javascript"}
# The maximum size of a character in JSON, as two escaped surrogates, and of the other fields.
_BYTES_A_CHAR, _MORE_BYTES = 12, 4096
_SECONDS_TO_READ = 1.0
"""How long to read on after a rejection, to let the sender notice it."""
_HEADERS = {
    # Only the scripts and styles above, and nothing from other servers. Style attributes, which
    # can't run anything, set the lengths of bars.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Tagger:
    """Finds and explains the entities of texts for the page, one text at a time.

    nlp (Language): The pipeline. Nothing else may use it at the same time.
    component (Optional[str]): The name of the `window_ner` to explain. Needed if there are several.
    max_chars (int): The maximum length of a text, in characters.
    RAISES (ValueError): If there is no such component, or if there are several.
    """

    def __init__(self, nlp: Language, component: str | None = None, max_chars: int = 10_000):
        self.component = choose_component(nlp, component)
        self.max_chars = max_chars
        self._nlp = nlp
        nlp.max_length = max(nlp.max_length, max_chars)
        self._ner = get_window_ner(nlp, self.component)
        self._lock = Lock()

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (Tuple[str, ...]): The component's labels."""
        return self._ner.labels

    @property
    def is_calibrated(self) -> bool:
        """RETURNS (bool): Whether entities have probabilities."""
        return self._ner.calibration is not None

    def find(self, text: str) -> dict[str, Any]:
        """Find the entities of a text.

        text (str): The text.
        RETURNS (Dict[str, Any]): The text as `pieces`, see `pieces_of`, and the number of `words`
            and `entities`.
        RAISES (ValueError): If the text is too long.
        """
        text = self._checked(text)
        with self._lock, self._nlp.memory_zone():
            doc = self._nlp(text)
            words = sum(not token.is_space for token in doc)
            pieces = pieces_of(doc)
            return {"pieces": pieces, "words": words, "entities": len(doc.ents)}

    def explain(self, text: str, start: int, end: int, label: str, versus: str) -> str:
        """Explain an entity of a text.

        text (str): The text.
        start (int): The entity's first token.
        end (int): The token after the last one.
        label (str): The entity's label.
        versus (str): What to compare with: a label, "none" for no entity, or "" for the best
            alternative.
        RETURNS (str): The HTML, see `entity_to_html`.
        RAISES (ValueError): If the text is too long, the component doesn't find the entity, its
            model can't be explained, or it can't be compared with `versus`.
        """
        text, label = self._checked(text), _whole(label)
        with self._lock, self._nlp.memory_zone():
            doc = self._nlp.make_doc(text)
            if 0 <= start < end <= len(doc):
                span = doc[start:end]
                within = span.start_char, span.end_char
                found = explain(
                    self._nlp, doc, name=self.component, within=within, versus=versus or None
                )
                for entity in found.entities:
                    if (entity.start, entity.end, entity.label) == (*within, label):
                        return entity_to_html(entity, found)
        raise ValueError(Errors.WN133.format(name=self.component, label=label))

    def explain_missing(self, text: str, start: int, end: int) -> str:
        """Explain why a part of a text isn't an entity, or not another one.

        text (str): The text.
        start (int): The offset of its first character. It is extended to whole tokens.
        end (int): The offset after its last character.
        RETURNS (str): The HTML, see `entity_to_html`.
        RAISES (ValueError): If the text is too long, its model can't be explained, or this part
            can't be an entity.
        """
        text = self._checked(text)
        with self._lock, self._nlp.memory_zone():
            doc = self._nlp.make_doc(text)
            if 0 <= start < end <= len(text):
                span = doc.char_span(start, end, alignment_mode="expand")
                if span is not None:
                    start, end = span.start_char, span.end_char
            found = explain(self._nlp, doc, name=self.component, versus=(start, end))
            return entity_to_html(found.entities[0], found)

    def _checked(self, text: str) -> str:
        if len(text) > self.max_chars:
            raise ValueError(Errors.WN132.format(n=len(text), limit=self.max_chars))
        return _whole(text)


def _whole(text: str) -> str:
    """Replace lone surrogates, which JSON can hold and UTF-8 can't."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def make_app(tagger: Tagger, model: str, hosts: Sequence[str]) -> Starlette:
    """Make the application.

    tagger (Tagger): Finds and explains the entities.
    model (str): The model's name, shown on the page.
    hosts (Sequence[str]): The host names that requests may use, "*" for any. Requests with other
        names may come from a foreign site whose name was made to point to this machine.
    RETURNS (Starlette): The application.
    """
    colors = colors_of(tagger.labels)
    page = render_page(_PAGE, {}, tagger=tagger, model=model, colors=colors)

    async def index(request: Request) -> Response:
        return HTMLResponse(page)

    async def entities(request: Request) -> Response:
        return await _answer(request, tagger.max_chars, {"text": str}, tagger.find)

    async def why(request: Request) -> Response:
        fields = {"text": str, "start": int, "end": int, "label": str, "versus": str}

        def explain(**question: Any) -> dict[str, Any]:
            return {"html": tagger.explain(**question)}

        return await _answer(request, tagger.max_chars, fields, explain)

    async def why_not(request: Request) -> Response:
        fields = {"text": str, "start": int, "end": int}

        def explain(**question: Any) -> dict[str, Any]:
            return {"html": tagger.explain_missing(**question)}

        return await _answer(request, tagger.max_chars, fields, explain)

    return Starlette(
        routes=[
            Route("/", index),
            *[Route(f"/{name}", _file(path)) for name, path in _FILES.items()],
            Route("/entities", entities, methods=["POST"]),
            Route("/why", why, methods=["POST"]),
            Route("/why-not", why_not, methods=["POST"]),
        ],
        middleware=[
            Middleware(_CloseUnread),
            Middleware(_SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={ClientDisconnect: _gone},
    )


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it: the page has cancelled the request


def _file(path: Path) -> Callable[[Request], Awaitable[Response]]:
    async def file(request: Request) -> Response:
        return Response(path.read_bytes(), media_type=_TYPES[path.suffix])

    return file


async def _answer(
    request: Request,
    max_chars: int,
    fields: Mapping[str, type],
    ask: Callable[..., dict[str, Any]],
) -> Response:
    """Answer a JSON request, or return its error as JSON."""
    # Browsers let foreign pages send this type only with our permission, which they don't get.
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind.lower() != "application/json":
        return _error(Errors.WN134.format(fields=", ".join(fields)), 415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BYTES_A_CHAR * max_chars + _MORE_BYTES:
            return _error(Errors.WN132.format(n="too many", limit=max_chars), 413)
    try:
        question = json.loads(body)
    except (ValueError, RecursionError):  # invalid JSON, or JSON that is nested too deeply
        question = None
    if not isinstance(question, dict) or {k: type(v) for k, v in question.items()} != fields:
        return _error(Errors.WN134.format(fields=", ".join(fields)), 400)
    if len(question["text"]) > max_chars:
        return _error(Errors.WN132.format(n=len(question["text"]), limit=max_chars), 413)
    try:
        return JSONResponse(await run_in_threadpool(ask, **question))
    except ValueError as error:
        if not str(error).startswith("[WN"):
            raise
        return _error(str(error), 422)


def _error(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status)


class _SafeHeaders:
    """Adds the headers that forbid the browser everything the page doesn't need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_safely)


class _CloseUnread:
    """Closes the connection after the answer to a request that wasn't read completely, to stop
    uploads that were rejected. If it closed immediately, the answer could get lost. Therefore it
    first reads and discards input for a moment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        is_unread = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

        async def read() -> Message:
            nonlocal is_unread
            message = await receive()
            is_unread = is_unread and message.get("more_body", False)
            return message

        async def answer(message: Message) -> None:
            if is_unread and message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Connection"] = "close"
            elif is_unread and not message.get("more_body", False):
                await send({**message, "more_body": True})
                with move_on_after(_SECONDS_TO_READ):
                    while is_unread:
                        await read()
                message = {"type": "http.response.body"}
            await send(message)

        await self._app(scope, read, answer)
