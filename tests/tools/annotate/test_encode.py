import json

import numpy
import pytest

from spacy_windowner.tools.annotate.records import Row
from spacy_windowner.tools.annotate.tagger import write_jsonl

TEXTS = ["London", "", 'a "b" \\ c', "\x00\x1f\x7f\u2028\n\t", "naïve 東京 🙂", "</script>"]


@pytest.mark.parametrize("score", [None, 0.0, 1.0, 1 / 3, 1e-17, numpy.float64(0.1)])
def test_lines_are_those_of_the_json_module(score):
    rows = [Row(f"{text}:{i}", i, i + 7, text, text, score) for i, text in enumerate(TEXTS)]
    lines = [f"{json.dumps(row._asdict(), ensure_ascii=False)}\n" for row in rows]
    assert write_jsonl(rows).decode("utf8") == "".join(lines)
    assert write_jsonl([]) == b""
