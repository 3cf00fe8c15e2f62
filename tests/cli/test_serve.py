import json
import re
import signal
import subprocess
import sys
import urllib.request
from functools import partial
from socket import create_server

import pytest
import spacy

from .util import run_command

run = partial(run_command, "serve")


def test_help_has_an_example():
    code, output = run("--help")
    assert code == 0 and "EXAMPLE: python -m spacy windowner serve model/model-best" in output


def test_without_the_extra(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setitem(sys.modules, "starlette", None)
    for name in ("app", "server"):
        monkeypatch.delitem(sys.modules, f"spacy_windowner.tools.serve.{name}", raising=False)
        monkeypatch.delattr(f"spacy_windowner.tools.serve.{name}", raising=False)
    code, output = run(folder)
    assert code == 1 and "WN130" in output and "spacy-windowner[serve]" in output


class TestWithTheExtra:
    @pytest.fixture(autouse=True)
    def extra(self):
        pytest.importorskip("starlette", reason="the extra `serve` isn't installed")
        pytest.importorskip("uvicorn", reason="the extra `serve` isn't installed")

    def test_wrong_models(self, folder, tmp_path):
        spacy.blank("en").to_disk(tmp_path / "blank")
        code, output = run(tmp_path / "blank")
        assert code == 1 and "WN050" in output
        code, output = run(folder, "--component", "other")
        assert code == 1 and "WN050" in output
        code, output = run(tmp_path / "missing")
        assert code == 1 and "Can't load the pipeline" in output

    def test_ports_and_hosts(self, folder):
        with create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            code, output = run(folder, "--port", port, "--no-open")
            assert code == 1 and "WN131" in output and str(port) in output
        code, output = run(folder, "--host", "203.0.113.1", "--port", 0, "--no-open")
        assert code == 1 and "WN131" in output
        for args in (["--port", "70000"], ["--port", "x"], ["--max-chars", "0"]):
            assert run(folder, *args)[0] == 2

    def test_files(self, folder, tmp_path):
        (tmp_path / "blank.txt").write_text("\n")
        (tmp_path / "bad.jsonl").write_text("{")
        for args, message in [
            (["--texts", tmp_path / "blank.txt"], "WN041"),
            (["--corrections", tmp_path / "bad.jsonl"], "WN286"),
            (["--corrections", tmp_path / "no" / "x.jsonl"], "WN287"),
        ]:
            code, output = run(folder, "--port", 0, "--no-open", *args)
            assert code == 1 and message in output and "Traceback" not in output
        assert run(folder, "--texts", tmp_path / "missing.txt")[0] == 2

    @pytest.mark.parametrize("learns", [False, True])
    def test_what_was_learned_is_gone(self, folder, tmp_path, monkeypatch, learns):
        from spacy_windowner.tools.serve import app, server

        def serve(made, listening, open_browser):
            served[0].tagger.version += learns
            listening.close()

        served = []
        make = app.make_app
        monkeypatch.setattr(
            app, "make_app", lambda one, hosts: served.append(one) or make(one, hosts)
        )
        monkeypatch.setattr(server, "run", serve)
        file = tmp_path / "kept.jsonl"
        code, output = run(folder, "--port", 0, "--no-open", "--corrections", file)
        assert code == 0 and file.read_text() == ""
        assert ("WW191" in output and str(file) in output) == learns

    @pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
    def test_as_users_call_it(self, folder, host):
        command = [sys.executable, "-m", "spacy", "windowner", "serve", str(folder)]
        command += ["--no-open", "--port", "0", "--host", host]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                output = ""
                while "http" not in output:
                    line = process.stdout.readline()
                    assert line, output
                    output += line
                url = re.search(r"http://[\d.]+:\d+/", output)[0].replace("0.0.0.0", "127.0.0.1")
                assert ("WW131" in output) == (host == "0.0.0.0")
                question = urllib.request.Request(
                    f"{url}entities",
                    json.dumps({"text": "I like London."}).encode(),
                    {"Content-Type": "application/json"},
                )
                with urllib.request.urlopen(question) as answer:
                    assert len(json.load(answer)["entities"]) == 1
            finally:
                process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
        assert process.returncode == 0 and "Stopped" in rest
