import numpy
import pytest

from spacy_windowner.training.copy_weights import copy_weights

from ..pipeline.util import TRAIN_DATA, make_examples, make_nlp, train

HIDES = {"features": {"attr_dropout": 0.1}}


def scores_of(nlp):
    texts = [text for text, _ in TRAIN_DATA] + ["Unheard-of words of Wyoming"]
    ner = nlp.get_pipe("window_ner")
    return numpy.vstack(ner.model.predict([nlp.make_doc(text) for text in texts]))


@pytest.fixture(scope="module")
def base():
    nlp = make_nlp(model={"embed": HIDES})
    train(nlp, steps=5)
    return nlp


def start_from(nlp, base, tmp_path):
    base.to_disk(tmp_path)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    return copy_weights(str(tmp_path))(nlp)


def test_the_new_component_knows_the_same_words(base, tmp_path):
    nlp = start_from(make_nlp(model={"embed": HIDES}), base, tmp_path)
    numpy.testing.assert_array_equal(scores_of(nlp), scores_of(base))


@pytest.mark.parametrize(
    "features",
    [
        {"attr_dropout": 0.0},
        {"attr_dropout": 0.1, "attrs": ["NORM", "SUFFIX", "PREFIX", "SHAPE"]},
    ],
    ids=str,
)
def test_it_must_read_words_in_the_same_way(base, tmp_path, features):
    with pytest.raises(ValueError, match="WN261.*it reads the words' attributes with"):
        start_from(make_nlp(model={"embed": {"features": features}}), base, tmp_path)


def test_it_must_have_the_same_clusters(tmp_path):
    """The rows of the layer belong to them."""
    words = [word for text, _ in TRAIN_DATA for word in text.split()]
    pipelines = []
    for name in ("base", "same", "other"):
        lines = [f"{number:04b}\t{word}\n" for number, word in enumerate(words)]
        (tmp_path / name).write_text("".join(lines))
        clusters = {
            "@architectures": "spacy-windowner.ClusterEmbed.v1",
            "source": str(tmp_path / name),
        }
        pipelines.append(make_nlp(model={"embed": {"clusters": clusters}}))
        if name == "same":
            words.reverse()
    base, same, other = pipelines
    train(base, steps=5)
    start_from(same, base, tmp_path / "model")
    numpy.testing.assert_array_equal(scores_of(same), scores_of(base))
    with pytest.raises(ValueError, match="WN261.*its word clusters are those of 9 words .*, and"):
        start_from(other, base, tmp_path / "model")


def test_its_lexicon_must_have_the_same_classes(tmp_path):
    """In the same order, because the rows of the layer belong to them."""
    pipelines = []
    for names in (["A", "B"], ["B", "A"]):
        path = tmp_path / f"{names[0]}.jsonl"
        path.write_text("".join(f'{{"label": "{name}", "pattern": "x"}}\n' for name in names))
        lexicon = {"@architectures": "spacy-windowner.LexiconEmbed.v1", "path": str(path)}
        pipelines.append(make_nlp(model={"embed": {"lexicon": lexicon}}))
    base, other = pipelines
    train(base, steps=1)
    with pytest.raises(ValueError, match="WN261.*lexicon's classes are A, B, and .* B, A"):
        start_from(other, base, tmp_path / "model")
