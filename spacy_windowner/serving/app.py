"""The page and what it asks for, as an ASGI application. It needs the extra `serve`."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from anyio import move_on_after
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import Errors
from ..pages.entities import colors_of
from ..pages.render_page import render_page
from .tagger import Tagger

_HERE = Path(__file__).parent
_PAGE = _HERE / "serve.html.jinja"
_FILES = {
    "page.css": _HERE.parent / "pages" / "page.css",
    "entities.css": _HERE.parent / "pages" / "entities.css",
    "explain.css": _HERE.parent / "confidence" / "explain.css",
    "serve.css": _HERE / "serve.css",
    "serve.js": _HERE / "serve.js",
}
_TYPES = {".css": "text/css", ".js": "text/javascript"}
# What a character takes at most in JSON, as two escaped halves, and the rest of the request.
_BYTES_A_CHAR, _MORE_BYTES = 12, 4096
_SECONDS_TO_READ = 1.0
"""After a refusal, for the sender to notice it."""

_HEADERS = {
    # No script and no style but the files above, and nothing from elsewhere. The lengths of bars
    # are attributes of style, which can run nothing.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def make_app(tagger: Tagger, model: str, hosts: Sequence[str]) -> Starlette:
    """Make the application.

    tagger (Tagger): Finds the entities.
    model (str): The model's name, for the page.
    hosts (Sequence[str]): The host names that requests may have, or "*" among them for any. Another
        name is that of a foreign page, which had it point here to read what is typed.
    RETURNS (Starlette): The application.
    """
    colors = colors_of(tagger.labels)
    page = render_page(_PAGE, {}, tagger=tagger, model=model, colors=colors)

    async def index(request: Request) -> Response:
        return HTMLResponse(page)

    async def entities(request: Request) -> Response:
        return await _answer(request, tagger.max_chars, {"text": str}, tagger.find)

    async def why(request: Request) -> Response:
        fields = {"text": str, "start": int, "end": int, "label": str}

        def explain(**question: Any) -> dict[str, Any]:
            return {"html": tagger.explain(**question)}

        return await _answer(request, tagger.max_chars, fields, explain)

    return Starlette(
        routes=[
            Route("/", index),
            *[Route(f"/{name}", _file(path)) for name, path in _FILES.items()],
            Route("/entities", entities, methods=["POST"]),
            Route("/why", why, methods=["POST"]),
        ],
        middleware=[
            Middleware(_CloseUnread),
            Middleware(_SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={ClientDisconnect: _gone},
    )


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # which nobody reads: a page that calls off a question


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
    """Answer a question in JSON, or say in JSON what is wrong with it."""
    # Browsers let foreign pages send this type only if we allow it, which we don't.
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
    except (ValueError, RecursionError):  # no JSON, or JSON nested without end
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
    """Adds the headers that keep a browser from what the page doesn't need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_safely)


class _CloseUnread:
    """Closes the connection after the answer to a request that isn't read to its end, so that
    nobody goes on with an upload that is refused. To close it at once could destroy the answer on
    its way: for a moment what still comes is thrown away."""

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
