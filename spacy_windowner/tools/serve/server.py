"""The web server of the command `serve`: listens on a port and runs the application on Uvicorn."""

import asyncio
import ipaddress
import socket
import threading
import webbrowser

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import Errors

_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
_MAX_CONNECTIONS = 100
"""The maximum number of connections at a time. A browser opens six. About 300 more can be open for
a moment before they are closed."""


def is_local(host: str) -> bool:
    """Whether a host can be reached only from this machine.

    host (str): A name or address.
    RETURNS (bool): Whether it is local.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def allowed_hosts(host: str) -> list[str]:
    """The host names that requests may use.

    host (str): The name or address that the server listens on.
    RETURNS (List[str]): The names of this machine if the address is local, otherwise "*".
    """
    return [*_LOCAL_NAMES, _in_url(host).lower()] if is_local(host) else ["*"]


def listen(host: str, port: int) -> socket.socket:
    """Open a port.

    host (str): The name or address to listen on.
    port (int): The port, 0 for any free one.
    RETURNS (socket.socket): The socket. Browsers can connect to it from now on.
    RAISES (ValueError): If the port can't be opened.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ValueError(Errors.WN131.format(host=host, port=port, reason=error)) from None
    # Connections inherit this option. Without it, the system delays the second part of an answer
    # until the other side has acknowledged the first, which takes 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def url_of(listening: socket.socket) -> str:
    """The URL of a listening socket."""
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
    """HTTP with a limited number of connections. Further connections are closed, and so are
    connections that send no request. Without a limit, the server runs out of open files and logs an
    error every second."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _MAX_CONNECTIONS:
            transport.abort()
            return
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Make the server of an application. It logs its own failures, but not the requests."""
    config = uvicorn.Config(
        app,
        http=_BoundedProtocol,
        backlog=_MAX_CONNECTIONS,  # accepted before the first one is closed
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
    )
    return uvicorn.Server(config)
