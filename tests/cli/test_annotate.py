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

from ..pipeline.util import make_examples, make_nlp, train
from ..tools.annotate.util import contents, make_texts, read_lines, write_jsonl, write_txt
from .util import BAR_AT_ONCE, run_command


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
    assert f"{n} entities in 50 documents" in output and "Skipped 1 file of" in output
    before = contents(out)
    code, output = run(model, corpus, out, "--shard-size", 500)
    assert code == 0 and "of the shards were already finished" in output
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


def heed_ctrl_c():
    """A shell makes what it runs in the background ignore the signal, and child processes inherit
    that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    "args",
    [
        pytest.param([signal.SIGINT, 130], id="interrupted"),
        pytest.param([signal.SIGTERM, 143], id="terminated", marks=pytest.mark.slow),
    ],
)
def test_a_command_that_is_stopped(model, tmp_path, args):
    number, code = args
    path, out = write_txt(tmp_path / "a.txt", make_texts(20_000)), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "spacy", "windowner", "annotate", model, path, out,
         "--shard-size", "2000", "-j", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=heed_ctrl_c,
    )  # fmt: skip
    while process.poll() is None and not (out / "finished.log").exists():
        time.sleep(0.01)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code
    assert "The same command continues" in " ".join(output.split())
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
        [sys.executable, "-c", BAR_AT_ONCE, "windowner", "annotate", model, path, tmp_path / "out",
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
    bars = shown.getvalue().decode("utf8")
    assert re.search(r"\d+%\|.*\| [\d,]+ words, [\d,]+/s \[00:\d\d, 00:\d\d left\]", bars)
    assert not bars.split("\r")[-1].strip()  # it is gone


def test_help_has_an_example():
    code, output = run("--help")
    assert code == 0 and "EXAMPLE: python -m spacy windowner annotate" in output


def start(*args, **settings):
    """The command in a process of its own, with pipes."""
    command = [sys.executable, "-m", "spacy", "windowner", "annotate", *map(str, args)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=env, **{
        "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings
    })  # fmt: skip


@pytest.mark.filterwarnings(r"always:\[WW110")
@pytest.mark.parametrize("n_process", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_standard_output(model, tmp_path, n_process):
    """Rows and nothing else, whatever the pipeline prints, here and in other processes."""
    file = write_jsonl(tmp_path / "a.jsonl", [{"text": text} for text in [*make_texts(50), 3]])
    code = tmp_path / "code.py"
    code.write_text("import os\nprint('noise')\nos.system('echo noise')\n")
    assert run(model, file, tmp_path / "out", "--shard-size", 500)[0] == 0
    rows = b"".join(path.read_bytes() for path in sorted((tmp_path / "out").glob("shard-*")))
    process = start(model, "-", "-", "--shard-size", 500, "-j", n_process, "--code", code,
                    cwd=tmp_path)  # fmt: skip
    found, messages = process.communicate(file.read_bytes())
    assert process.returncode == 0, messages
    assert found.replace(b"stdin:", b"a.jsonl:") == rows
    told = " ".join(messages.decode("utf8").split())
    assert "WW112" in told and "1 of 51" in told and "in 50 documents" in told
    # The second process may still be starting when the first has done all, and is ended.
    assert told.count("noise") in ([2] if n_process == 1 else [4, 5, 6])
    assert not (tmp_path / "-").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has other pipes")
@pytest.mark.parametrize("n_process", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_pipe_that_nobody_reads(model, tmp_path, n_process):
    """As `| head -1`."""
    file = write_txt(tmp_path / "a.txt", make_texts(20_000))
    process = start(model, file, "-", "--shard-size", 2000, "-j", n_process)
    assert b"doc_id" in process.stdout.readline()
    process.stdout.close()
    process.stdin.close()
    with process.stderr as messages:
        assert messages.read() == b""
    assert process.wait(timeout=60) == 141


@pytest.mark.skipif(sys.platform != "linux", reason="has no /dev/full")
@pytest.mark.slow
def test_standard_output_that_cant_be_written(model, tmp_path):
    file = write_txt(tmp_path / "a.txt", make_texts(50))
    with open("/dev/full", "wb") as full:
        process = start(model, file, "-", stdout=full)
    _, messages = process.communicate()
    assert process.returncode == 1
    assert b"WN123" in messages and b"No space left" in messages
    assert b"Traceback" not in messages and b"Exception" not in messages
    process = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "spacy", "windowner", "annotate",
         model, file, "-"], stderr=subprocess.PIPE, cwd=tmp_path,
    )  # fmt: skip
    assert process.returncode == 1 and b"Traceback" not in process.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_standard_output_that_is_stopped(model, tmp_path):
    settings = {} if sys.platform == "win32" else {"preexec_fn": heed_ctrl_c}
    process = start(model, "-", "-", "--shard-size", 100, "--input-format", "txt", **settings)
    lines = "".join(f"{text}\n" for text in make_texts(50)).encode()
    process.stdin.write(lines)
    process.stdin.flush()
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, messages = process.communicate()
    assert process.returncode == 130 and b"Stopped" in messages and b"goes on" not in messages
    assert [b"doc_id" in line for line in (first + rest).splitlines()]
    assert (first + rest).endswith(b"}\n") and b"Traceback" not in messages


def test_only_rows_go_to_standard_output(model, tmp_path):
    file = write_txt(tmp_path / "a.txt", make_texts(5))
    process = start(model, file, "-", "--format", "spacy")
    found, messages = process.communicate()
    assert process.returncode == 1 and found == b"" and b"WN001" in messages


@pytest.mark.filterwarnings(r"always:\[WW110")
def test_strict(model, tmp_path):
    entries = [{"text": text} if i % 2 else {"no": text} for i, text in enumerate(make_texts(50))]
    file, out = write_jsonl(tmp_path / "a.jsonl", entries), tmp_path / "out"
    code, output = run(model, file, out)
    assert code == 0 and "25 of 50 documents could not be read" in output
    assert "and 25 rejected" in output
    for folder in (out, tmp_path / "other"):  # finished before, or not
        code, output = run(model, file, folder, "--strict")
        assert code == 1 and "WN124" in output and "25 of 50" in output
    assert contents(out) == contents(tmp_path / "other")
    good = write_txt(tmp_path / "b.txt", make_texts(5))
    code, output = run(model, good, tmp_path / "good", "--strict")
    assert code == 0 and "rejected" not in output
