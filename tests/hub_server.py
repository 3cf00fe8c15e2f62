"""A server with the part of the Hugging Face Hub's interface that pushing and loading need. It
keeps the files of a commit in memory. The real Hub takes large files in another way (LFS)."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.created: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()
        self.files: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub, path = self.server, self.path
        hub.tokens.add(self.headers.get("Authorization"))
        if path == "/api/repos/create":
            hub.created.append(json.loads(body))
            self._answer({"url": f"{hub.url}/me/xx_demo"})
        elif path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif path == "/api/models/me/xx_demo/preupload/main":
            names = [file["path"] for file in json.loads(body)["files"]]
            modes = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            self._answer({"files": [{"path": name, **modes} for name in names]})
        elif path == "/api/models/me/xx_demo/commit/main":
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    value = line["value"]
                    hub.files[value["path"]] = base64.b64decode(value["content"])
            url = f"{hub.url}/me/xx_demo/commit/{COMMIT}"
            self._answer({"commitUrl": url, "commitOid": COMMIT, "pullRequestUrl": None})
        else:
            self._fail()

    def do_GET(self) -> None:
        files, resolve = self.server.files, f"/me/xx_demo/resolve/{COMMIT}/"
        name = self.path.removeprefix(resolve)
        if self.path.startswith("/api/models/me/xx_demo/revision/main"):
            siblings = [{"rfilename": name} for name in files]
            self._answer({"id": "me/xx_demo", "sha": COMMIT, "siblings": siblings})
        elif name in files:
            etag = hashlib.sha1(files[name]).hexdigest()
            self._send(files[name], {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})
        else:
            self._fail()

    do_HEAD = do_GET

    def _answer(self, value: Any) -> None:
        self._send(json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _fail(self) -> None:
        self._send(self.path.encode(), {}, 404)

    def _send(self, content: bytes, headers: dict[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def running_hub() -> Iterator[Hub]:
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        yield hub
        hub.shutdown()
        thread.join()
