import io
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
import spacy

from ..annotating.util import contents, make_texts, read_lines, write_jsonl, write_txt
from ..pipeline.util import make_examples, make_nlp, train
from .util import run_command


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    nlp = make_nlp()
    train(nlp)
    nlp.get_pipe("window_ner").calibrate(make_examples(nlp) * 30)
    path = tmp_path_factory.mktemp("annotate") / "model"
    nlp.to_disk(path)
    return path


run = partial(run_command, "annotate")


def test_annotates_and_goes_on(model, tmp_path):
    corpus, out = tmp_path / "corpus", tmp_path / "out"
    write_txt(corpus / "a.txt", make_texts(50))
    write_txt(corpus / "notes.md", ["no corpus"])
    code, output = run(model, corpus, out, "--shard-size", 500)
    assert code == 0, output
    n = len(read_lines(out))
    assert f"{n} entities in 50 documents" in output and "Left out 1 file of" in output
    before = contents(out)
    code, output = run(model, corpus, out, "--shard-size", 500)
    assert code == 0 and "of the shards were there already" in output
    assert "This run: 0 words" in output
    assert contents(out) == before
    code, output = run(model, corpus, out)
    assert code == 1 and "WN112" in output


def test_standard_input(model, tmp_path):
    texts = make_texts(50)
    file = write_jsonl(
        tmp_path / "a.jsonl", [{"text": text, "id": i} for i, text in enumerate(texts)]
    )
    assert run(model, file, tmp_path / "file", "--shard-size", 500)[0] == 0
    data = file.read_bytes()
    out = tmp_path / "stdin"
    # The first half is all that comes, and then it begins anew.
    code, output = run(model, "-", out, "--shard-size", 500, input=data)
    assert code == 0, output
    assert contents(out) == contents(tmp_path / "file")
    (out / "shard-000001.jsonl").unlink()
    code, output = run(model, "-", out, "--shard-size", 500, input=data)
    assert code == 0 and contents(out) == contents(tmp_path / "file")
    code, output = run(model, "-", out, "--shard-size", 500, input=data[100:])
    assert code == 1 and "WN114" in output
    plain = "".join(f"{text}\n" for text in texts).encode()
    code, output = run(model, "-", tmp_path / "plain", input=plain)
    assert code == 1 and "WN113" in output and "--input-format" in output
    assert run(model, "-", tmp_path / "plain", "--input-format", "txt", input=plain)[0] == 0
    assert read_lines(tmp_path / "plain")[0]["doc_id"] == "stdin:1"


def test_errors_are_told_without_a_traceback(model, tmp_path):
    path = write_txt(tmp_path / "a.txt", make_texts(5))
    spacy.blank("en").to_disk(tmp_path / "blank")
    out = tmp_path / "out"
    for code, args in {
        "WN050": (tmp_path / "blank", path, out),
        "WN110": (model, tmp_path / "nowhere", out),
        "WN111": (model, path, tmp_path / "out.jsonl"),
        "WN121": ("en_no_such_package", path, out),
        "WN001": (model, path, out, "--format", "csv"),
    }.items():
        exit_code, output = run(*args)
        assert exit_code == 1 and code in output, output
    assert not out.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_cant_be_written_whole(model, tmp_path):
    """As on a full disk: the system refuses to write more than 4 kB to a file."""
    lines = make_texts(2000)
    path, out = write_txt(tmp_path / "a.txt", lines), tmp_path / "out"
    begin = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); "
        "from spacy.cli import setup_cli; setup_cli()"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", begin, "windowner", "annotate", model, path, out],
        capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "WN115" in done.stdout and "Traceback" not in done.stdout + done.stderr
    assert [file.name for file in out.iterdir()] == ["manifest.json"]
    assert run(model, path, out)[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    "args", [[signal.SIGINT, 130], [signal.SIGTERM, 143]], ids=["interrupted", "terminated"]
)
def test_a_command_that_is_stopped(model, tmp_path, args):
    number, code = args
    path, out = write_txt(tmp_path / "a.txt", make_texts(20_000)), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "spacy", "windowner", "annotate", model, path, out,
         "--shard-size", "2000", "-n", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    while process.poll() is None and not (out / "finished.log").exists():
        time.sleep(0.01)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert "The same command goes on" in " ".join(output.split())
    assert "Traceback" not in output and "leaked" not in output
    assert not list(out.glob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_bar(model, tmp_path):
    import fcntl
    import pty
    import struct
    import termios

    path = write_txt(tmp_path / "a.txt", make_texts(500))
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "spacy", "windowner", "annotate", model, path, tmp_path / "out",
         "--shard-size", "1000"], stderr=terminal, stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    os.close(terminal)
    shown = io.BytesIO()
    while True:
        try:
            shown.write(os.read(master, 4096))
        except OSError:  # its other end is closed
            break
    os.close(master)
    assert process.wait() == 0
    last = shown.getvalue().decode("utf8").split("\r")[-2:]
    assert re.search(r"100%\|.*\| [\d,]+ words, [\d,]+/s \[00:\d\d, 00:00 left\]", "".join(last))


def test_help_has_an_example():
    code, output = run("--help")
    assert code == 0 and "EXAMPLE: python -m spacy windowner annotate" in output
