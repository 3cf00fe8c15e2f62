"""The completion that docs/commands.md shows, in a real Bash."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "commands.md"


@pytest.fixture(scope="module")
def script():
    if shutil.which("bash") is None or sys.platform == "win32":
        pytest.skip("there is no Bash")
    shown = DOCS.read_text("utf8").partition("<!-- completion -->")[2]
    return shown.partition("```bash\n")[2].partition("```")[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["spacy", "windowner", "rep"], {"report"}),
        (["spacy", "windowner", "train-curve", "--se"], {"--seeds"}),
    ],
    ids=str,
)
@pytest.mark.slow
def test_words_are_completed(script, words, expected, tmp_path):
    program = tmp_path / "spacy"  # that of the environment that runs the tests
    program.write_text(f"#!{sys.executable}\nfrom spacy.cli import setup_cli\nsetup_cli()\n")
    program.chmod(0o755)
    ask = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _spacy_completion"
    done = subprocess.run(
        ["bash", "-c", f'{script}\n{ask}\nprintf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert set(done.stdout.split()) == expected, done.stderr
