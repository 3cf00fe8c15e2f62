"""The ASGI application of the command `serve`: the page, and the requests that the page and other
programs make. `openapi.json` describes these. It needs the extra `serve`."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ...pages.render_page import colors_of, render_page
from ..errors import Errors
from .corrections import MAX_ENTITIES, Corrections, is_entity, records_of
from .middleware import CloseUnread, SafeHeaders
from .tagger import Tagger
from .teacher import Busy, Teacher

_HERE = Path(__file__).parent
_PAGES = _HERE.parents[1] / "pages"
_PAGE = _HERE / "serve.html.jinja"
_SCRIPTS = ("serve.js", "ask.js", "text.js", "corrections.js", "export.js")
_FILES = {
    "page.css": _PAGES / "page.css",
    "entities.css": _PAGES / "entities.css",
    "explain.css": _HERE.parent / "explain" / "explain.css",
    "serve.css": _HERE / "serve.css",
    "openapi.json": _HERE / "openapi.json",
    **{name: _HERE / name for name in _SCRIPTS},
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
# The maximum size of a character in JSON, as two escaped surrogates, and of the other fields.
_BYTES_A_CHAR, _MORE_BYTES = 12, 4096
_BYTES_AN_ENTITY = 256


class Served(NamedTuple):
    """What is served.

    tagger (Tagger): Finds and explains entities.
    teacher (Teacher): Saves and teaches corrections.
    model (str): The model's name, shown on the page.
    samples (Sequence[str]): Texts to try.
    """

    tagger: Tagger
    teacher: Teacher
    model: str
    samples: Sequence[str] = ()

    @property
    def corrections(self) -> Corrections:
        """The corrections."""
        return self.teacher.corrections

    def describe(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): What a program may want to know before it asks."""
        path = self.corrections.path
        return {
            "model": self.model,
            "component": self.tagger.component,
            "labels": list(self.tagger.labels),
            "calibrated": self.tagger.is_calibrated,
            "max_chars": self.tagger.max_chars,
            "samples": list(self.samples),
            "corrections": len(self.corrections.read()),
            "corrections_file": None if path is None else path.name,
            "can_teach": self.teacher.can_teach,
            "version": self.tagger.version,
        }


def make_app(served: Served, hosts: Sequence[str]) -> Starlette:
    """Make the application.

    served (Served): What is served.
    hosts (Sequence[str]): The host names that requests may use, "*" for any. Requests with other
        names may come from a foreign site whose name was made to point to this machine.
    RETURNS (Starlette): The application.
    """
    tagger, teacher = served.tagger, served.teacher
    limit = tagger.max_chars
    span = {"text": str, "start": int, "end": int, "label": str}

    async def index(request: Request) -> Response:
        colors = colors_of(tagger.labels)
        return HTMLResponse(render_page(_PAGE, {}, served=served, tagger=tagger, colors=colors))

    def corrections() -> dict[str, Any]:
        return {"corrections": records_of(served.corrections.read())}

    return Starlette(
        routes=[
            Route("/", index),
            *[Route(f"/{name}", _file(path)) for name, path in _FILES.items()],
            _get("/model", served.describe),
            _get("/corrections", corrections),
            _post("/entities", limit, {"text": str}, tagger.find),
            _post("/why", limit, {**span, "versus": str}, tagger.explain),
            _post("/why-not", limit, span, tagger.explain_missing),
            _post("/corrections", limit, {"text": str, "entities": list}, teacher.save),
            _post("/teach", 0, {}, teacher.teach),
            _post("/forget", 0, {}, teacher.forget),
        ],
        middleware=[
            Middleware(CloseUnread),
            Middleware(SafeHeaders),
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


def _get(path: str, tell: Callable[[], dict[str, Any]]) -> Route:
    async def get(request: Request) -> Response:
        return await _answer(tell, {})

    return Route(path, get)


def _post(
    path: str, max_chars: int, fields: Mapping[str, type], ask: Callable[..., dict[str, Any]]
) -> Route:
    """A route that answers JSON with certain fields, and no others."""

    async def post(request: Request) -> Response:
        if not _is_from_here(request):
            return _error(Errors.WN134.format(fields=", ".join(fields) or "none"), 403)
        # Browsers let foreign pages send this type only with our permission, which they don't get.
        kind = request.headers.get("content-type", "").partition(";")[0].strip()
        if kind.lower() != "application/json":
            return _error(Errors.WN134.format(fields=", ".join(fields) or "none"), 415)
        most = _BYTES_A_CHAR * max_chars + _MORE_BYTES
        if "entities" in fields:
            most += MAX_ENTITIES * _BYTES_AN_ENTITY + _BYTES_A_CHAR * max_chars
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                return _error(Errors.WN132.format(n="too many", limit=max_chars), 413)
        try:
            question = json.loads(body)
        except (ValueError, RecursionError):  # invalid JSON, or JSON that is nested too deeply
            question = None
        if not _fits(question, fields):
            return _error(Errors.WN134.format(fields=", ".join(fields) or "none"), 400)
        if len(question.get("text", "")) > max_chars:
            return _error(Errors.WN132.format(n=len(question["text"]), limit=max_chars), 413)
        return await _answer(ask, question)

    return Route(path, post, methods=["POST"])


def _is_from_here(request: Request) -> bool:
    """Whether a request comes from this server's own page, or from no page at all."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _fits(question: Any, fields: Mapping[str, type]) -> bool:
    """Whether the fields of a question have the right types."""
    if not isinstance(question, dict) or {k: type(v) for k, v in question.items()} != fields:
        return False
    entities = question.get("entities", [])
    return len(entities) <= MAX_ENTITIES and all(map(is_entity, entities))


async def _answer(ask: Callable[..., dict[str, Any]], question: dict[str, Any]) -> Response:
    """Answer a question, or return its error as JSON."""
    try:
        return JSONResponse(await run_in_threadpool(ask, **question))
    except ValueError as error:
        if not str(error).startswith("[WN"):
            raise
        return _error(str(error), 409 if isinstance(error, Busy) else 422)


def _error(message: str, status: int) -> Response:
    return JSONResponse({"error": message}, status)
