"""What the server answers, to the page and to others."""

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.client import HTTPConnection

import pytest

from spacy_windowner.tools.serve import middleware
from spacy_windowner.tools.serve.corrections import Corrections
from spacy_windowner.tools.serve.tagger import Tagger
from spacy_windowner.tools.serve.teacher import Teacher

from .test_tagger import TEXT
from .util import Served, app, server


@pytest.fixture(scope="module")
def page(served):
    with Served(Tagger(served, max_chars=100)) as running:
        yield running


def test_the_page_needs_nothing_from_elsewhere(page):
    answer = page.request("GET", "/")
    assert answer.status == 200 and "Try my_model" in answer.text
    files = re.findall(r'(?:href|src)="([^"]*)"', answer.text)
    sheets = ["entities.css", "explain.css", "page.css", "serve.css"]
    assert sorted(files) == ["data:,", *sheets[:2], "openapi.json", *sheets[2:], "serve.js"]
    scripts = ["serve.js", *re.findall(r'from "./(.+)"', page.request("GET", "/serve.js").text)]
    assert len(scripts) == 5
    for files, kind in ((sheets, "text/css"), (scripts, "text/javascript")):
        for file in files:
            found = page.request("GET", f"/{file}")
            assert found.status == 200 and found.headers["content-type"].startswith(kind)
            assert not re.search(r"https?:|@import [^{]|url\(", found.text)
            assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", found.text)
    assert 'data-label="LOC"' in answer.text and "More probable entities" in answer.text
    assert "<style" not in answer.text and "onclick" not in answer.text


@pytest.mark.parametrize("method, path", [("GET", "/"), ("POST", "/entities"), ("GET", "/x")])
def test_headers(page, method, path):
    headers = page.request(method, path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none';") and "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy and "style-src 'self';" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


def test_entities(page, served):
    answer = page.ask("/entities", {"text": TEXT})
    assert answer.status == 200
    assert answer.json() == Tagger(served).find(TEXT)


def test_why(page, served):
    person, _ = Tagger(served).find(TEXT)["entities"]
    question = {"text": TEXT, **{key: person[key] for key in ("start", "end", "label")}}
    question["versus"] = ""
    answer = page.ask("/why", question)
    assert answer.status == 200 and "Shaka Khan" in answer.json()["html"]
    answer = page.ask("/why", {**question, "start": 0})
    assert answer.status == 422 and "WN133" in answer.json()["error"]
    answer = page.ask("/why", {**question, "versus": "none"})
    assert answer.status == 200 and "nothing here" in answer.json()["html"]
    answer = page.ask("/why", {**question, "versus": "CITY"})
    assert answer.status == 422 and "WN240" in answer.json()["error"]


def test_why_not(page):
    question = {"text": TEXT, "start": 0, "end": 3, "label": ""}
    answer = page.ask("/why-not", question)
    assert answer.status == 200 and "not found" in answer.json()["html"]
    for change, code in [
        ({"start": 3, "end": 4}, "WN241"),
        ({"start": 5, "end": 5}, "WN241"),
        ({"label": "CITY"}, "WN246"),
        ({"start": 7, "end": 17, "label": "PERSON"}, "WN244"),
    ]:
        answer = page.ask("/why-not", question | change)
        assert answer.status == 422 and code in answer.json()["error"]
    assert page.ask("/why-not", {"text": TEXT, "start": 3}).status == 400


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
def test_what_is_typed_is_never_html(page, evil):
    text = f"I like London and {evil}"
    [ent, *_] = page.ask("/entities", {"text": text}).json()["entities"]
    question = {"text": text, **{key: ent[key] for key in ("start", "end", "label")}}
    question["versus"] = ""
    html = page.ask("/why", question).json()["html"]
    assert "<script" not in html and "<img" not in html


def test_names_are_escaped(served):
    with Served(Tagger(served), model="<b>x</b>") as running:
        text = running.request("GET", "/").text
    assert "<b>x" not in text and "&lt;b&gt;x" in text


@pytest.mark.parametrize("path", ["/entities", "/why", "/why-not", "/corrections"])
def test_the_limit(page, path):
    more = {
        "/entities": {},
        "/why": {"start": 0, "end": 1, "label": "LOC", "versus": ""},
        "/why-not": {"start": 0, "end": 100, "label": ""},
        "/corrections": {"entities": []},
    }[path]
    for n, status in [(100, (200, 422)), (101, (413,)), (10_000, (413,)), (10_000_000, (413,))]:
        answer = page.ask(path, {"text": "x" * n, **more})
        assert answer.status in status
        if n > 100:
            assert "WN132" in answer.json()["error"] and "100 are allowed" in answer.json()["error"]
    # Escaped halves of characters count as one.
    assert page.ask("/entities", {"text": "😀" * 100}).status == 200


@pytest.mark.parametrize(
    "head, status",
    [
        ("POST /entities HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json", 413),
        ("POST /entities HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain", 415),
        ("POST /entities HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json", 400),
        ("POST / HTTP/1.1\r\nHost: localhost", 405),
        ("POST /nowhere HTTP/1.1\r\nHost: localhost", 404),
        ("GET / HTTP/1.1\r\nHost: localhost", 200),
    ],
)
@pytest.mark.parametrize("length", ["Content-Length: 1000000000", "Transfer-Encoding: chunked"])
def test_a_refused_upload_is_not_read_to_its_end(page, monkeypatch, head, status, length):
    """The answer comes at once, and then the connection is closed."""
    monkeypatch.setattr(middleware, "_SECONDS_TO_READ", 0.1)
    with socket.create_connection(page.listening.getsockname(), timeout=10) as connection:
        begin = b"FFFFFFF\r\n" if "chunked" in length else b""
        connection.sendall(f"{head}\r\n{length}\r\n\r\n".encode() + begin + b"x" * 10_000)
        answer = b""
        while received := connection.recv(100_000):
            answer += received
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("body, status", [(b'{"text": "x"}', 200), (b"{}", 400)])
def test_a_request_that_is_read_leaves_the_connection_open(page, body, status):
    connection = HTTPConnection(*page.listening.getsockname(), timeout=10)
    for _ in range(3):
        connection.request("POST", "/entities", body, {"Content-Type": "application/json"})
        used = connection.sock
        answer = connection.getresponse()
        assert answer.status == status and answer.read()
        assert connection.sock is used is not None
    connection.close()


def test_answers_are_not_held_back(page):
    """Nagle's algorithm, and acknowledgements that wait for it, take 40 ms of each request."""
    with socket.create_connection(page.listening.getsockname(), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100)
        [accepted] = page.server.server_state.connections
        sock = accepted.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_connections_are_bounded(page, monkeypatch, caplog):
    monkeypatch.setattr(server, "_MAX_CONNECTIONS", 5)
    opened = []
    try:
        for _ in range(50):
            opened.append(socket.create_connection(page.listening.getsockname(), timeout=10))
        for one in opened[5:]:
            with suppress(ConnectionResetError):
                assert one.recv(1) == b""
        assert len(page.server.server_state.connections) == 5
        opened[0].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert opened[0].recv(100).startswith(b"HTTP/1.1 200")
    finally:
        for one in opened:
            one.close()
    assert not caplog.records


def test_a_connection_on_which_nothing_is_asked_is_closed(page):
    page.server.config.timeout_keep_alive, before = 0.1, page.server.config.timeout_keep_alive
    try:
        with socket.create_connection(page.listening.getsockname(), timeout=10) as connection:
            assert connection.recv(1) == b""
    finally:
        page.server.config.timeout_keep_alive = before


@pytest.mark.slow  # it fails where 600 connections take longer than an idle one is kept
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_more_connections_than_files_may_be_open():
    """Nothing is logged, and the server goes on."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512))\n"
        "from starlette.applications import Starlette\n"
        "from spacy_windowner.tools.serve import server\n"
        "listening = server.listen('127.0.0.1', 0)\n"
        "print(listening.getsockname()[1], flush=True)\n"
        "server.run(Starlette(), listening, False)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    opened = []
    try:
        address = ("127.0.0.1", int(process.stdout.readline()))
        for _ in range(600):
            opened.append(socket.create_connection(address, timeout=10))
        for one in opened[-100:]:  # beyond the limit
            with suppress(ConnectionResetError):
                assert one.recv(1) == b""
        opened[0].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert opened[0].recv(100).startswith(b"HTTP/1.1 404")
    finally:
        for one in opened:
            one.close()
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=60)
    assert "accept" not in log and "OSError" not in log and "Too many" not in log


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"text": 1}', b'{"text": null}',
        b'{"text": "x", "more": 1}', b"\xff\xfe", b'{"text": "\xff"}', b"[" * 4000,
    ],
)  # fmt: skip
def test_other_questions(page, body):
    answer = page.request("POST", "/entities", body, Content_Type="application/json")
    assert answer.status == 400 and "WN134" in answer.json()["error"]


def test_other_questions_why(page):
    for change in (
        {"start": "0"},
        {"start": True},
        {"start": 0.0},
        {"label": None},
        {"versus": None},
    ):
        question = {"text": "London", "start": 0, "end": 1, "label": "LOC", "versus": ""} | change
        assert page.ask("/why", question).status == 400
    question = {"text": "London", "start": 10**30, "end": -1, "label": "LOC", "versus": ""}
    assert page.ask("/why", question).status == 422


@pytest.mark.parametrize("half", ["\ud800", "\udc00 x", "LOC\udfff"])
def test_a_label_with_half_a_character(page, half):
    question = {"text": f"London {half}", "start": 0, "end": 1, "label": half, "versus": ""}
    answer = page.ask("/why", question)
    assert answer.status == 422 and "WN133" in answer.json()["error"]
    assert "\ufffd" in answer.json()["error"]


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_foreign_pages_can_not_ask(page, kind):
    """Browsers send these types for any page, and ask first for others."""
    headers = {} if kind is None else {"Content_Type": kind}
    assert page.request("POST", "/entities", json.dumps({"text": "x"}), **headers).status == 415
    for path in ("/corrections", "/teach", "/forget"):
        assert page.request("POST", path, "{}", **headers).status == 415
    asked = page.request("OPTIONS", "/entities", Origin="http://evil.example")
    assert asked.status == 405 and "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize("origin, status", [
    ("http://evil.example", 403), ("null", 403), ("http://localhost:1", 403), (None, 200),
])  # fmt: skip
@pytest.mark.parametrize("path", ["/entities", "/forget"])
def test_pages_of_other_origins_can_not_ask(page, path, origin, status):
    """Even if a browser let them send JSON."""
    question = {"text": "x"} if path == "/entities" else {}
    named = {} if origin is None else {"Origin": origin}
    assert page.ask(path, question, **named).status == status
    own = page.url.rstrip("/")
    assert page.ask(path, question, Origin=own, Host=own.partition("//")[2]).status == 200


@pytest.mark.parametrize("kind", ["Application/JSON", "APPLICATION/JSON ; Charset=UTF-8"])
def test_media_types_have_no_case(page, kind):
    assert page.ask("/entities", {"text": "x"}, Content_Type=kind).status == 200


@pytest.mark.parametrize("path", ["/pyproject.toml", "/../app.py", "/%2e%2e/app.py", "/app.py"])
def test_no_other_files(page, path):
    assert page.request("GET", path).status == 404


def test_names_of_this_machine_only(page, served):
    for host in ("127.0.0.1:8000", "localhost:8000", "LOCALHOST", "LocalHost:80", "[::1]:8000"):
        assert page.request("GET", "/", Host=host).status == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", ""):
        assert page.request("GET", "/", Host=host).status == 400
        assert page.ask("/entities", {"text": "x"}, Host=host).status == 400
    with Served(Tagger(served), host="0.0.0.0") as running:
        assert running.request("GET", "/", Host="my.machine").status == 200


def test_local_hosts():
    assert all(map(server.is_local, ["127.0.0.1", "localhost", "LocalHost", "::1", "127.0.0.2"]))
    assert "*" not in server.allowed_hosts("LOCALHOST")
    assert not any(map(server.is_local, ["0.0.0.0", "::", "192.168.0.1", "my.machine"]))
    assert "127.0.0.2" in server.allowed_hosts("127.0.0.2")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_addresses_of_this_machine(host):
    try:
        listening = server.listen(host, 0)
    except ValueError as error:
        if host == "::1":
            pytest.skip(f"no IPv6 here: {error}")
        raise
    with listening:
        name = {"::1": "[::1]"}.get(host, "127.0.0.1")
        assert server.url_of(listening) == f"http://{name}:{listening.getsockname()[1]}/"


@pytest.mark.parametrize("wanted", [True, False])
def test_the_browser_is_opened(monkeypatch, wanted):
    opened = []
    served_at = []

    class Server:
        def run(self, sockets):
            served_at.extend(sockets)

    monkeypatch.setattr(server.webbrowser, "open", opened.append)
    monkeypatch.setattr(server, "make_server", lambda app: Server())
    before = set(threading.enumerate())
    with server.listen("127.0.0.1", 0) as listening:
        server.run(None, listening, open_browser=wanted)
        for thread in set(threading.enumerate()) - before:
            thread.join()
        assert served_at == [listening]
        assert opened == ([server.url_of(listening)] if wanted else [])


def test_a_page_that_calls_off_a_question(served):
    sent = []

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message["type"])

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/entities", "headers": headers}
    tagger = Tagger(served)
    made = app.make_app(app.Served(tagger, Teacher(tagger, Corrections()), "x"), ["localhost"])
    asyncio.run(made({**scope, "query_string": b""}, receive, send))
    assert sent[0] == "http.response.start"


def test_a_failure_is_told(served):
    tagger = Tagger(served)

    def fail(text):
        raise RuntimeError("no memory")

    tagger.find = fail
    with Served(tagger) as running:
        assert running.ask("/entities", {"text": "x"}).status == 500
