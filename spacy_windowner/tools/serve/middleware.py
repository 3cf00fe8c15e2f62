"""What the server does to all requests and answers."""

from anyio import move_on_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class SafeHeaders:
    """Adds the headers that forbid the browser everything the page doesn't need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_safely)


class CloseUnread:
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
