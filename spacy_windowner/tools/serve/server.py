import asyncio
import ipaddress
import socket
import threading
import webbrowser

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ...errors import Errors

_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
_MAX_CONNECTIONS = 100
"""At a time. A browser has six. For a moment some 300 more are open, before they are closed."""


def is_local(host: str) -> bool:
    """Whether a host can be reached from this machine alone.

    host (str): A name or an address.
    RETURNS (bool): Whether it is.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def allowed_hosts(host: str) -> list[str]:
    """The host names that requests may have.

    host (str): Where the server listens.
    RETURNS (List[str]): Those of this machine if it listens there alone, else any.
    """
    return [*_LOCAL_NAMES, _in_url(host).lower()] if is_local(host) else ["*"]


def listen(host: str, port: int) -> socket.socket:
    """Open a port.

    host (str): The name or address to listen at.
    port (int): The port, 0 for any free one.
    RETURNS (socket.socket): The socket, to which browsers can connect from now on.
    RAISES (ValueError): If that isn't possible.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ValueError(Errors.WN131.format(host=host, port=port, reason=error)) from None
    # Connections inherit it. Without it the system holds back the second part of an answer until
    # the other side has acknowledged the first, which takes it 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url_of(listening: socket.socket) -> str:
    """RETURNS (str): The address of what is served at a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{_in_url(host)}:{port}/"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def run(app: ASGIApp, listening: socket.socket, open_browser: bool) -> None:
    """Serve an application until the process is interrupted.

    app (ASGIApp): The application.
    listening (socket.socket): See `listen`.
    open_browser (bool): Whether to open it in the user's browser.
    """
    if open_browser:
        # Some browsers run in the terminal until they are closed.
        threading.Thread(target=webbrowser.open, args=[url_of(listening)], daemon=True).start()
    make_server(app).run(sockets=[listening])


class _BoundedProtocol(H11Protocol):
    """HTTP on a bounded number of connections. One more, and one on which nothing is asked, is
    closed. Without a bound the server runs out of open files, and writes that to the log each
    second."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MAX_CONNECTIONS:
            transport.abort()
            return
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Make the server of an application, which logs its own failures, but not what others send."""
    config = uvicorn.Config(
        app,
        http=_BoundedProtocol,
        backlog=_MAX_CONNECTIONS,  # so many are accepted before the first is closed
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
    )
    return uvicorn.Server(config)
