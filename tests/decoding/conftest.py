from collections.abc import Iterator

import pytest

from spacy_windowner.decoding import lattice, plain

from ..util import compiled_module


@pytest.fixture(scope="module", params=["compiled", "plain"])
def core(request) -> Iterator:
    """The dynamic programs, compiled or plain, that a module's tests run with."""
    module = plain if request.param == "plain" else compiled_module("decoding.core")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lattice, "core", module)
        yield module
