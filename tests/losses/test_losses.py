"""What holds for every loss of tag scores."""

from functools import partial

import numpy
import pytest
from spacy import registry

from spacy_windowner.decoding.tags import BILUO
from spacy_windowner.losses.cross_entropy import CrossEntropy
from spacy_windowner.losses.max_margin import MaxMargin

from ..util import check_gradient
from .util import (
    B0,
    B1,
    I0,
    I1,
    M,
    O,
    cross_entropy,
    make_scores,
    make_targets,
    max_margin,
)


def margin_case(corrupt_windows, pairwise_weight, pool_size=50, sequence_weight=0.0):
    settings = dict(
        corrupt_windows=corrupt_windows,
        pairwise_weight=pairwise_weight,
        pool_size=pool_size,
        sequence_weight=sequence_weight,
    )
    return MaxMargin(**settings), partial(max_margin, **settings)


LOSSES = {
    "max_margin pairwise": margin_case(5, 1.0),
    "max_margin pairwise, one corrupt window": margin_case(1, 0.5),
    "max_margin pairwise, small pool": margin_case(1, 1.0, pool_size=2),
    "max_margin pairwise, all of the pool": margin_case(2, 1.0, pool_size=2),
    "max_margin pairwise, all of the batch": margin_case(100, 1.0, pool_size=100),
    "max_margin sequence": margin_case(5, 0.0, sequence_weight=2.0),
    "max_margin": margin_case(5, 0.2, sequence_weight=1.0),
    "cross_entropy": (CrossEntropy(), cross_entropy),
}
TARGETS = {
    "entities": make_targets([O, B0, I0, O], [B1, I1], [], [B0]),
    "weights": make_targets([O, B0, I0, B1, O], weights=[0.5, 2.0, 0.0, 1.0, 3.0]),
    "missing": make_targets([M, B0, M, O], [M], [B1, M, I1]),
    "biluo": make_targets([O, 1, 2, 3, O], [8], [5, 7, M, 4], scheme=BILUO),
    "no entities": make_targets([O, O], [O]),
    "only one tag": make_targets([B0], [B0, B0]),
    "all missing": make_targets([M, M], [M]),
    "no tokens": make_targets([], []),
}
losses = pytest.mark.parametrize(("loss", "reference"), LOSSES.values(), ids=LOSSES)
all_targets = pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)


def seeded(function):
    """Let a random loss draw the same windows each time."""

    def wrapped(*args):
        numpy.random.seed(0)
        return function(*args)

    return wrapped


@losses
@all_targets
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loss_equals_the_plain_reference(loss, reference, targets, dtype):
    for seed in range(5):
        S = make_scores(len(targets.tags), targets.scheme.n_tags(2), seed).astype(dtype)
        before = S.copy()
        gradient, J = seeded(loss)(S, targets)
        assert isinstance(J, float)
        assert J == pytest.approx(seeded(reference)(S, targets), rel=1e-5, abs=1e-6)
        assert gradient.dtype == S.dtype
        numpy.testing.assert_array_equal(S, before)


@losses
@all_targets
def test_gradient_equals_finite_differences(loss, reference, targets):
    S = make_scores(len(targets.tags), targets.scheme.n_tags(2))
    gradient, _ = seeded(loss)(S, targets)
    # So short a step crosses no kink of these scores, and moves no window among the hardest.
    check_gradient(lambda S: seeded(loss)(S, targets)[1], S, gradient, eps=1e-6, rtol=1e-6)


@losses
def test_tokens_without_annotation_have_no_gradient(loss, reference):
    targets = TARGETS["missing"]
    missing = targets.tags == M
    S = make_scores(len(missing))
    S[missing] += 100.0  # tempting corrupt windows
    gradient, J = seeded(loss)(S, targets)
    assert not gradient[missing].any()
    assert gradient[~missing].any()
    S[missing] = -7.0
    assert seeded(loss)(S, targets)[1] == J  # nor do their scores count


@losses
@pytest.mark.parametrize("name", ["all missing", "no tokens"])
def test_nothing_annotated(loss, reference, name):
    targets = TARGETS[name]
    gradient, J = loss(make_scores(len(targets.tags)), targets)
    assert J == 0.0
    assert not gradient.any()


@losses
def test_a_single_tag_is_always_right(loss, reference):
    gradient, J = loss(make_scores(3, n_tags=1), make_targets([O, O, O]))
    assert J == 0.0
    assert not gradient.any()


@losses
def test_weights_multiply_the_loss_of_their_tokens(loss, reference):
    if getattr(loss, "sequence_weight", 0.0):
        pytest.skip("in the sequence term they multiply odds, see test_softmax_margin.py")
    S = make_scores(8)
    docs = [B0, I0, O, B1], [O, B1, I1, O]
    plain = seeded(loss)(S, make_targets(*docs))
    tripled = seeded(loss)(S, make_targets(*docs, weights=numpy.full(8, 3.0)))
    off = seeded(loss)(S, make_targets(*docs, weights=numpy.zeros(8)))
    assert tripled[1] == pytest.approx(3 * plain[1])
    numpy.testing.assert_allclose(tripled[0], 3 * plain[0])
    assert off[1] == 0.0
    assert not off[0].any()


@losses
def test_large_scores_do_not_overflow(loss, reference):
    targets = TARGETS["entities"]
    S = 1e4 * make_scores(len(targets.tags)).astype("float32")
    gradient, J = loss(S, targets)
    assert 0.0 < J < 1e6
    assert numpy.isfinite(gradient).all()


@losses
def test_a_seed_repeats_the_loss(loss, reference):
    targets = make_targets([O] * 30 + [B0, B1] * 5)
    S = make_scores(40)
    first, second = seeded(loss)(S, targets), seeded(loss)(S, targets)
    assert first[1] == second[1]
    numpy.testing.assert_array_equal(first[0], second[0])


@losses
def test_a_step_along_the_gradient_lowers_the_loss(loss, reference):
    targets = TARGETS["entities"]
    S = make_scores(len(targets.tags))
    gradient, J = seeded(loss)(S, targets)
    assert seeded(loss)(S - 1e-3 * gradient, targets)[1] < J


def torch_pairwise(torch, S, tags):
    """With at least as many corrupt windows as there are, every one of them is paired once."""
    S, tags = S[tags != M], tags[tags != M]
    J = 0.0 * S.sum()
    for tag in tags[tags > O].unique():
        true, corrupt = S[tags == tag, tag], S[tags != tag, tag]
        if not len(corrupt):
            continue
        first, second = torch.broadcast_tensors(true[:, None], corrupt)
        pairs = torch.nn.functional.margin_ranking_loss(
            first, second, torch.ones_like(first), margin=1.0, reduction="none"
        )
        J = J + pairs.mean(dim=1).sum()
    return J / len(tags)


def torch_cross_entropy(torch, S, tags):
    return torch.nn.functional.cross_entropy(S, tags, ignore_index=M)


@pytest.mark.parametrize(
    ("loss", "oracle"),
    [
        (MaxMargin(100, pairwise_weight=1.0, sequence_weight=0.0), torch_pairwise),
        (CrossEntropy(), torch_cross_entropy),
    ],
    ids=["pairwise", "cross_entropy"],
)
@pytest.mark.parametrize("name", ["entities", "missing", "only one tag", "biluo"])
def test_gradient_equals_autograd(loss, oracle, name):
    torch = pytest.importorskip("torch")
    targets = TARGETS[name]
    S = make_scores(len(targets.tags), targets.scheme.n_tags(2))
    gradient, J = loss(S, targets)
    scores = torch.tensor(S, requires_grad=True)
    expected = oracle(torch, scores, torch.tensor(targets.tags, dtype=torch.long))
    assert J == pytest.approx(expected.item())
    expected.backward()
    numpy.testing.assert_allclose(gradient, scores.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", ["MaxMargin", "CrossEntropy"])
def test_losses_are_registered(name):
    loss = registry.resolve({"loss": {"@losses": f"spacy-windowner.{name}.v1"}})["loss"]
    targets = TARGETS["entities"]
    assert loss(make_scores(len(targets.tags)), targets)[1] > 0.0
