import re
from xml.etree import ElementTree

import pytest

from spacy_windowner.training.learning_curve import (
    Evaluation,
    History,
    make_panels,
    render_learning_curve,
    save_learning_curve,
    spread,
    ticks,
)

SVG = "{http://www.w3.org/2000/svg}"


def evaluation(step, f=0.0, labels=("PER", "LOC"), **settings):
    values = {
        "losses": {"ner": 1.0 / (step + 1)},
        "score": f,
        "scores": {"ents_f": f},
        "label_f": dict.fromkeys(labels, f),
        "words_per_second": 1000.0,
        "violations": 0.5,
    }
    return Evaluation(step=step, **(values | settings))


def history(*evaluations):
    made = History(["ner"], ["ents_f"])
    made.evaluations.extend(evaluations)
    return made


def draw(*evaluations):
    return ElementTree.fromstring(render_learning_curve(history(*evaluations), "ner"))


def texts(svg):
    return ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]


def test_the_picture():
    svg = draw(evaluation(0), evaluation(100, 0.5), evaluation(200, 0.4, violations=0.25))
    shown = texts(svg)
    assert "Best score 50.00 at step 100 (dashed), of 200 steps. 1,000 words a second." in shown
    assert {"40.0 PER", "40.0 LOC", "40.0 ents_f", "25.0 "} <= set(shown)
    [loss, scores, per, loc, violations] = svg.iter(f"{SVG}polyline")
    # The best score is highest, in the middle.
    assert scores.get("points").split() == ["0.0,190.0", "165.0,0.0", "330.0,38.0"]
    assert len(violations.get("points").split()) == len(loss.get("points").split()) == 2
    assert [line.get("x1") for line in svg.iter(f"{SVG}line") if line.get("class") == "best"] == (
        ["165.0"] * 4
    )
    raw = render_learning_curve(history(evaluation(0)), "ner")
    assert "prefers-color-scheme: dark" in raw
    assert not re.search(r"(?<!xmlns=\")https?:|@import|url\(|<script", raw)


def test_one_evaluation_and_missing_values():
    one = evaluation(0, losses={}, scores={}, label_f={}, violations=None, words_per_second=None)
    assert [panel.title for panel in make_panels([one]) if panel.lines] == ["Scores"]
    assert "0 score" in texts(draw(one))
    gone = draw(evaluation(0), evaluation(1, float("nan")))
    assert "nan" not in "".join(line.get("points") for line in gone.iter(f"{SVG}polyline"))


def test_labels_come_late():
    late = draw(evaluation(0, labels=["PER"]), evaluation(10, 0.5, labels=["PER", "LOC"]))
    points = {line[0].text: line.get("points").split() for line in late.iter(f"{SVG}polyline")}
    assert len(points["PER"]) == 2 and len(points["LOC"]) == 1


def test_many_labels_make_room():
    labels = [f"LABEL_{i}" for i in range(40)]
    svg = draw(evaluation(0, labels=labels), evaluation(10, 0.5, labels=labels))
    names = [text for text in svg.iter(f"{SVG}text") if "LABEL" in "".join(text.itertext())]
    places = sorted(float(text.get("y")) for text in names[1:])
    assert len(names) == 41 - 1
    assert min(b - a for a, b in zip(places, places[1:], strict=False)) >= 13.9
    assert float(svg.get("height")) > places[-1]


@pytest.mark.parametrize("evil", ["<script>x</script>", 'a"b&c', "\x00\x1b", "x" * 100])
def test_all_names_are_safe(evil):
    curve = history(evaluation(0, labels=[evil], losses={evil: 1.0}))
    svg = ElementTree.fromstring(render_learning_curve(curve, evil))
    assert not list(svg.iter(f"{SVG}script"))


def test_the_file_is_whole_or_absent(tmp_path):
    path = tmp_path / "curve.svg"
    save_learning_curve(path, history(evaluation(0)), "ner")
    save_learning_curve(path, history(evaluation(0), evaluation(5)), "ner")
    assert ElementTree.parse(path)
    assert [file.name for file in tmp_path.iterdir()] == ["curve.svg"]
    with pytest.raises(OSError):
        save_learning_curve(tmp_path / "missing" / "curve.svg", history(evaluation(0)), "ner")


@pytest.mark.parametrize("top", [0.003, 0.99, 1, 1.4, 2.9, 3, 4.99, 5, 7, 9.99, 10, 100, 20000])
def test_ticks(top):
    found = ticks(top)
    assert found[0] == 0 and found[-1] <= top * (1 + 1e-9)
    assert 3 <= len(found) <= 6
    assert found == pytest.approx([i * found[1] for i in range(len(found))])


def test_spread():
    assert spread([10.0, 50.0], 10.0, 100.0) == [10.0, 50.0]
    assert spread([50.0, 50.0, 45.0], 10.0, 100.0) == [55.0, 65.0, 45.0]
    assert spread([100.0, 99.0, 0.0], 10.0, 100.0) == [100.0, 90.0, 0.0]
