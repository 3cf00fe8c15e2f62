"""Without torch the package can be imported, and what needs torch raises an error when it is
built."""

import subprocess
import sys

import pytest

from spacy_windowner.layers import torch_module
from spacy_windowner.models.torch_classifier import TorchScorer, TorchWindowClassifier

from .util import hash_embed

SCRIPT = """
import sys

sys.modules["torch"] = None  # as if torch weren't installed
import spacy
from spacy.util import load_config, registry

assert "spacy-windowner.TorchWindowClassifier.v1" in registry.architectures.get_all()
spacy.blank("en").add_pipe("window_ner")
model = load_config(sys.argv[1])["components"]["window_ner"]["model"]
try:
    spacy.blank("en").add_pipe("window_ner", config={"model": model})
except ImportError as error:
    print(error)
"""


def test_torch_is_not_installed(pytestconfig):
    config = pytestconfig.rootpath / "configs" / "torch.cfg"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(config)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[WN020]")
    assert 'pip install "spacy-windowner[torch]"' in done.stdout


@pytest.mark.parametrize(
    "build", [lambda: TorchScorer(), lambda: TorchWindowClassifier(hash_embed(), scorer=list)]
)
def test_building_needs_torch(monkeypatch, build):
    monkeypatch.setattr(torch_module, "has_torch", False)
    with pytest.raises(ImportError, match=r"WN020.*spacy-windowner\[torch\]"):
        build()
