"""What measurements depend on: threads, processor and versions."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from speed_worker import THREADS
from thinc.compat import has_torch, torch

PACKAGES = ["spacy-windowner", "spacy", "thinc", "numpy", "torch"]


def use_one_thread() -> None:
    """Start over with one thread, for libraries read these variables when they are loaded."""
    if any(os.environ.get(name) != "1" for name in THREADS):
        sys.stdout.flush()
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **dict.fromkeys(THREADS, "1")})
    if has_torch:
        torch.set_num_threads(1)


def describe_machine(packages: list[str] = PACKAGES) -> dict[str, Any]:
    """What the numbers depend on.

    packages (List[str]): Packages whose versions to name, if they are installed.
    RETURNS (Dict[str, Any]): The processor, its cores, the system and the versions.
    """
    versions = {"Python": platform.python_version()}
    for name in packages:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.system(),
            "versions": versions}  # fmt: skip


def _cpu() -> str:
    """The name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def bytes_on_disk(path: Path) -> int:
    """The size of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
