import ipaddress
import socket
import threading
import webbrowser

import uvicorn
from starlette.types import ASGIApp

from ..errors import Errors

_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def is_local(host: str) -> bool:
    """Whether a host can be reached from this machine alone.

    host (str): A name or an address.
    RETURNS (bool): Whether it is.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def allowed_hosts(host: str) -> list[str]:
    """The host names that requests may have.

    host (str): Where the server listens.
    RETURNS (List[str]): Those of this machine if it listens there alone, else any.
    """
    return [*_LOCAL_NAMES, _in_url(host)] if is_local(host) else ["*"]


def listen(host: str, port: int) -> socket.socket:
    """Open a port.

    host (str): The name or address to listen at.
    port (int): The port, 0 for any free one.
    RETURNS (socket.socket): The socket, to which browsers can connect from now on.
    RAISES (ValueError): If that isn't possible.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ValueError(Errors.WN131.format(host=host, port=port, reason=error)) from None


def url_of(listening: socket.socket) -> str:
    """RETURNS (str): The address of what is served at a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{_in_url(host)}:{port}/"


def make_server(app: ASGIApp) -> uvicorn.Server:
    """Make the server of an application, which logs its failures alone."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
    )
    return uvicorn.Server(config)


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


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
