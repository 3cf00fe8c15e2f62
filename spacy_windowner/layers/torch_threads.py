import os

from thinc.compat import torch

_process = os.getpid()


def use_one_thread_if_forked() -> None:
    """To be called before torch is. A forked process has none of the threads that its parent's
    torch has started, but torch would wait for them, forever."""
    global _process
    if _process != os.getpid():
        torch.set_num_threads(1)
        _process = os.getpid()
