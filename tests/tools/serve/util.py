"""The real server in a thread, and a client that sends it what browsers never would."""

import json
import threading
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

pytest.importorskip("starlette", reason="the extra `serve` isn't installed")
pytest.importorskip("uvicorn", reason="the extra `serve` isn't installed")

from spacy_windowner.tools.serve import app, server
from spacy_windowner.tools.serve.corrections import Corrections
from spacy_windowner.tools.serve.teacher import Teacher


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class Served:
    """A server of a tagger. It listens at this machine, whatever `host` its requests are for."""

    def __init__(self, tagger, model="my_model", host="127.0.0.1", path=None, texts=(), samples=()):
        self.listening = server.listen("127.0.0.1", 0)
        self.url = server.url_of(self.listening)
        self.teacher = Teacher(tagger, Corrections(path), texts)
        served = app.Served(tagger, self.teacher, model, samples)
        self.app = app.make_app(served, server.allowed_hosts(host))
        self.server = server.make_server(self.app)
        self.thread = threading.Thread(target=self.server.run, args=[[self.listening]])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.should_exit = True
        self.thread.join()
        self.listening.close()

    def request(self, method, path, body=None, **headers) -> Answer:
        """Send a request as it is. `_` in the name of a header stands for `-`."""
        connection = HTTPConnection(*self.listening.getsockname(), timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            found = connection.getresponse()
            answers = {name.lower(): value for name, value in found.getheaders()}
            return Answer(found.status, answers, found.read().decode())
        finally:
            connection.close()

    def ask(self, path, question, **headers) -> Answer:
        """Ask a question as the page does."""
        body = json.dumps(question)
        return self.request("POST", path, body, **{"Content_Type": "application/json", **headers})
