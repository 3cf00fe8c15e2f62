"""In a process with this folder in PYTHONPATH, PyTorch can't be imported: see `light_processes`."""

import sys

sys.modules["torch"] = None  # type: ignore[assignment]
