"""What the tests of annotating share."""

import gzip
import json
from pathlib import Path

TEXTS = [
    "Who is Shaka Khan?",
    "I like London and Berlin.",
    "Nothing here.",
    "Berlin is not London.",
    "Shaka Khan likes Berlin.",
]


def make_texts(n: int) -> list[str]:
    """Texts that all differ."""
    return [f"{TEXTS[i % len(TEXTS)]} Number {i}." for i in range(n)]


def write_txt(path: Path, texts: list[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{text}\n" for text in texts).encode("utf8")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_jsonl(path: Path, entries: list) -> Path:
    return write_txt(path, [json.dumps(entry) for entry in entries])


def read_lines(folder: Path, pattern: str = "shard-*.jsonl") -> list[dict]:
    """The lines of all files, in their order."""
    return [
        json.loads(line)
        for path in sorted(folder.glob(pattern))
        for line in path.read_text("utf8").splitlines()
    ]


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the log, whose lines are in the order in which shards were finished."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "finished.log"
    }


def log_lines(folder: Path) -> list[str]:
    return sorted((folder / "finished.log").read_text("utf8").splitlines())
