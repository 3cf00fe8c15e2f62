from functools import cache

import pytest

from spacy_windowner.tools.convert import convert


@pytest.fixture(scope="package", autouse=True)
def tokenizers():
    """Each language's tokenizer is made once, which takes longer than what is converted here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "blank_pipeline", cache(convert.blank_pipeline))
        yield
