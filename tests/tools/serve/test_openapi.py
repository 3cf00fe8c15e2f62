"""The description of the API, beside what the server really answers."""

import json
from typing import Any

import pytest

from spacy_windowner.tools.serve.tagger import Tagger

from .test_corrections import ACME, RAW, TEXT
from .util import Served

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "null": type(None),
}
LONDON = "I like London"
SPAN = {"text": LONDON, "start": 7, "end": 13, "label": "LOC"}
QUESTIONS: dict[str, list[tuple[Any, int]]] = {
    "/entities": [
        ({"text": LONDON}, 200), ({"text": ""}, 200), ({"text": "x" * 101}, 413), ({}, 400),
    ],
    "/why": [
        (SPAN | {"versus": ""}, 200), (SPAN | {"versus": "none"}, 200),
        (SPAN | {"versus": "CITY"}, 422), (SPAN, 400),
    ],
    "/why-not": [
        (SPAN | {"start": 0, "end": 1, "label": ""}, 200), (SPAN | {"label": "PERSON"}, 200),
        (SPAN, 422), (SPAN | {"versus": ""}, 400),
    ],
    "/corrections": [
        ({"text": TEXT, "entities": [ACME | {"text": "Acme"}]}, 200),
        ({"text": TEXT, "entities": [ACME]}, 200),
        ({"text": LONDON, "entities": []}, 200),
        ({"text": TEXT, "entities": [ACME, ACME]}, 422),
        ({"text": TEXT, "entities": [[10, 14, "LOC"]]}, 400),
        ({"text": TEXT, "entities": [{"start": 0, "end": 2}]}, 400),
    ],
    "/teach": [({}, 200), ({"text": ""}, 400)],
    "/forget": [({}, 200), ([], 400)],
}  # fmt: skip


@pytest.fixture(scope="module")
def running(served, tmp_path_factory):
    path = tmp_path_factory.mktemp("openapi") / "corrections.jsonl"
    with Served(Tagger(served, max_chars=100), path=path, texts=RAW, samples=RAW[:2]) as running:
        yield running
        running.teacher.forget()


@pytest.fixture(scope="module")
def described(running):
    answer = running.request("GET", "/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def check(value, schema, described, place="answer"):
    """Compare a value with the parts of JSON Schema that the description uses."""
    if "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        return check(value, described["components"]["schemas"][name], described, name)
    if "oneOf" in schema:
        kinds = [
            each for each in schema["oneOf"] if (each.get("type") == "null") == (value is None)
        ]
        return check(value, kinds[0], described, place)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    assert any(fits(value, kind) for kind in kinds), f"{place} is {value!r}, not {kinds}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        assert set(schema.get("required", [])) <= set(value), place
        for name, each in value.items():
            inner = known.get(name, schema["additionalProperties"])
            assert inner is not False, f"{place}.{name} isn't described"
            check(each, inner, described, f"{place}.{name}")
    if isinstance(value, list):
        assert schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9)
        for each in value:
            check(each, schema["items"], described, f"{place}[]")


def fits(value, kind):
    return isinstance(value, TYPES[kind]) and (not isinstance(value, bool) or kind == "boolean")


def schema_of(operation, status, described):
    answer = operation["responses"][str(status)]
    if "$ref" in answer:
        answer = described["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return answer["content"]["application/json"]["schema"]


def test_every_path_is_described_and_asked(described, running):
    routes = {
        (route.path, method)
        for route in running.app.routes
        for method in route.methods - {"HEAD"}
        if route.path == "/corrections" or "." not in route.path and route.path != "/"
    }
    assert routes == {
        (path, method.upper()) for path, found in described["paths"].items() for method in found
    }
    assert set(QUESTIONS) == {path for path, found in described["paths"].items() if "post" in found}


@pytest.mark.parametrize(
    "path, question, status", [(path, *each) for path in QUESTIONS for each in QUESTIONS[path]]
)
def test_answers_are_as_described(running, described, path, question, status):
    operation = described["paths"][path]["post"]
    answer = running.ask(path, question)
    assert answer.status == status, answer.text
    check(answer.json(), schema_of(operation, status, described), described)
    asked = operation["requestBody"]["content"]["application/json"]["schema"]
    if status == 400:  # what doesn't fit the description is what the server refuses
        with pytest.raises(AssertionError):
            check(question, asked, described)
    else:
        check(question, asked, described)


def test_refusals_are_as_described(running, described):
    for path in QUESTIONS:
        operation = described["paths"][path]["post"]
        for headers, status in [
            ({"Content_Type": "text/plain"}, 415),
            ({"Content_Type": "application/json", "Origin": "http://evil.example"}, 403),
        ]:
            answer = running.request("POST", path, "{}", **headers)
            assert answer.status == status
            check(answer.json(), schema_of(operation, status, described), described)
    running.teacher._busy.acquire()
    for path in ("/teach", "/forget"):
        answer = running.ask(path, {})
        assert answer.status == 409
        check(answer.json(), schema_of(described["paths"][path]["post"], 409, described), described)
    running.teacher._busy.release()


@pytest.mark.parametrize("path", ["/model", "/corrections"])
def test_what_can_be_read(running, described, path):
    running.ask("/corrections", QUESTIONS["/corrections"][0][0])
    operation = described["paths"][path]["get"]
    answer = running.request("GET", path)
    check(answer.json(), schema_of(operation, 200, described), described)
    before = running.teacher.corrections.path.read_text("utf8")
    lines = [json.loads(line) for line in before.splitlines()]
    if path == "/corrections":
        assert answer.json() == {"corrections": lines}
    else:
        assert answer.json()["corrections"] == len(lines) and answer.json()["samples"] == RAW[:2]
    running.teacher.corrections.path.write_text("damaged", "utf8")
    answer = running.request("GET", path)
    assert answer.status == 422
    check(answer.json(), schema_of(operation, 422, described), described)
    running.teacher.corrections.path.write_text(before, "utf8")


def test_the_description_is_sound(described):
    assert described["openapi"].startswith("3.1")
    text = json.dumps(described)
    for name in described["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text, f"{name} isn't used"
    assert text.count("#/components/schemas/") > 20
