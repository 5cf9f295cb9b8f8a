"""Smallest perturbations against their closed form, and against attacks that lie."""

import eagerpy
import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize
from torch import nn

from neurobust.evaluation.perturbations import (
    NORMS,
    Norm,
    perturb,
    verify,
)
from neurobust.evaluation.pixels import NO_ANSWER, PixelClassifier
from neurobust.images.pictures import Standard

STANDARD = Standard(0.4, 0.2)
SHAPE = (1, 12, 10)
ORDER = {"linf": np.inf, "l2": 2}
DUAL = {"linf": 1, "l2": 2}


class Linear(nn.Module):
    """Scores classes by linear functions of the standardised image."""

    def __init__(self, n_classes=4, seed=0):
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.weight = nn.Parameter(torch.randn((n_classes, *SHAPE), generator=random))

    def classify(self, images):
        return (self.weight * images[:, None]).sum((2, 3, 4))


class From(nn.Module):
    """Classifies with a function."""

    def __init__(self, classify):
        super().__init__()
        self.classify = classify


def draw(n, seed=0):
    """Return images around 0.5, so that perturbations stay away from 0 and 1."""
    return 0.5 + 0.1 * torch.rand((n, *SHAPE), generator=torch.Generator().manual_seed(seed))


def attack(network, images, targets, norm, *, steps=100, starts=None):
    classifier = PixelClassifier(network, STANDARD)
    starts = [images] if starts is None else starts
    return perturb(classifier, images, targets, norm, steps=steps, starts=starts)


def measure_boundary(network, images, name):
    """Return the answers of a network of two classes, and how far their boundary is.

    The distance to a hyperplane is the margin over the dual norm of its normal.
    """
    with torch.no_grad():
        logits = network.classify((images - STANDARD.mean) / STANDARD.std).double()
        normal = ((network.weight[0] - network.weight[1]) / STANDARD.std).flatten().double()
    margin = (logits[:, 0] - logits[:, 1]).abs()
    return logits.argmax(1), margin / torch.linalg.vector_norm(normal, ord=DUAL[name])


@pytest.mark.parametrize("name", ["linf", "l2"])
@pytest.mark.parametrize("n_images", [1, 50])
def test_the_boundary_between_two_classes_is_as_far_as_the_margin_says(name, n_images):
    network, images = Linear(n_classes=2), draw(n_images)
    answers, expected = measure_boundary(network, images, name)
    perturbed, sizes = attack(network, images, 1 - answers, NORMS[name])
    assert ((perturbed > 0) & (perturbed < 1)).all()  # the box is no matter
    ratio = (sizes / expected).numpy()
    # No attack can beat the closed form, but for float32; these aim 0.3 % beyond it.
    assert (ratio > 1 - 1e-4).all()
    assert (ratio < 1 + 3e-3).all()


def solve_linf(image, normals, offsets):
    """Solve for the smallest Linf perturbation as a linear programme over (perturbation, size)."""
    n = image.size
    eye, ones = np.eye(n), np.ones((n, 1))
    result = linprog(
        [*np.zeros(n), 1],
        A_ub=np.block([[normals, np.zeros((len(normals), 1))], [eye, -ones], [-eye, -ones]]),
        b_ub=np.r_[offsets, np.zeros(2 * n)],
        bounds=[*zip(-image, 1 - image, strict=True), (0, None)],
    )
    return result.fun


def solve_l2(image, normals, offsets):
    """Solve for the smallest L2 perturbation as a quadratic programme."""
    result = minimize(
        lambda moved: moved @ moved,
        np.zeros(image.size),
        jac=lambda moved: 2 * moved,
        bounds=list(zip(-image, 1 - image, strict=True)),
        constraints={
            "type": "ineq",
            "fun": lambda x: offsets - normals @ x,
            "jac": lambda x: -normals,
        },
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert result.success
    return np.sqrt(result.fun)


@pytest.mark.parametrize(("name", "solve"), [("linf", solve_linf), ("l2", solve_l2)])
def test_among_many_classes_in_the_box_it_is_what_an_exact_solver_finds(name, solve):
    network = Linear(n_classes=5)
    images = torch.rand((12, *SHAPE), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        logits = network.classify((images - STANDARD.mean) / STANDARD.std).double().numpy()
    targets = (logits.argmax(1) + 1 + np.arange(12) % 4) % 5
    _, sizes = attack(network, images, torch.from_numpy(targets), NORMS[name])
    slopes = (network.weight / STANDARD.std).detach().double().flatten(1).numpy()
    expected = []
    for image, scores, target in zip(
        images.double().flatten(1).numpy(), logits, targets, strict=True
    ):
        others = np.arange(5) != target  # the target is to outdo every other class
        normals = slopes[others] - slopes[target]
        expected.append(solve(image, normals, scores[target] - scores[others]))
    ratio = sizes.numpy() / expected
    # Nothing is smaller, but for float32; at corners between classes the attacks come within 1 %.
    assert (ratio > 1 - 1e-4).all()
    assert (ratio < 1.01).all()


@pytest.mark.parametrize("name", ["linf", "l2"])
def test_sizes_are_those_of_the_perturbed_images(name):
    network = Linear(n_classes=3)
    # Half of the pixels are black or white: the box is in the way.
    images = torch.rand((40, *SHAPE), generator=torch.Generator().manual_seed(0))
    images = (2 * images - 0.5).clamp(0, 1)
    with torch.no_grad():
        answers = network.classify((images - STANDARD.mean) / STANDARD.std).argmax(1)
    targets = torch.where(torch.arange(40) < 39, (answers + 1) % 3, answers)
    perturbed, sizes = attack(network, images, targets, NORMS[name])
    assert perturbed.min() >= 0
    assert perturbed.max() <= 1
    assert sizes[39] == 0
    assert torch.isfinite(sizes).all()
    with torch.no_grad():
        reached = network.classify((perturbed - STANDARD.mean) / STANDARD.std).argmax(1)
    np.testing.assert_array_equal(reached, targets)
    for image, changed, size in zip(images, perturbed, sizes, strict=True):
        measured = np.linalg.norm((changed - image).numpy().ravel(), ORDER[name])
        assert measured == pytest.approx(size.item(), rel=1e-5)  # in float32 and float64


@pytest.mark.parametrize("name", ["linf", "l2"])
def test_an_attack_that_begins_beside_the_image_ends_near_the_image(name):
    network, images = Linear(n_classes=2), draw(20)
    answers, expected = measure_boundary(network, images, name)
    start = (images + 0.02 * (draw(20, seed=1) - 0.55)).clamp(0, 1)
    perturbed, sizes = attack(network, images, 1 - answers, NORMS[name], starts=[start])
    ratio = (sizes / expected).numpy()
    assert (ratio > 1 - 1e-4).all()
    # Where the boundary is nearer than the start, the steps may not suffice to come back.
    assert np.median(ratio) < 1 + 3e-3
    measured = np.linalg.norm((perturbed - images).flatten(1).numpy(), ORDER[name], axis=1)
    np.testing.assert_allclose(sizes, measured, rtol=1e-5)


def lying(answer):
    """Return a norm whose attack returns this for whatever it is shown, and calls it a success."""

    class Attack:
        def __init__(self, **settings):
            pass

        def __call__(self, model, images, criterion, **options):
            found = answer(images)
            return found, found, torch.ones(len(images), dtype=bool)

    return Norm(2, Attack)


def bright(images):
    """Answer 1 to images of a mean above 0.9, else 0."""
    high = (images * STANDARD.std + STANDARD.mean).mean((1, 2, 3)) > 0.9
    return nn.functional.one_hot(high.long(), 2).float()


@pytest.mark.parametrize(
    "answer",
    [
        lambda images: images,
        lambda images: torch.full_like(images, torch.nan),
        lambda images: torch.full_like(images, torch.inf).where(images > 0.55, -torch.inf),
        lambda images: images - 3,
    ],
)
def test_attacks_that_lie_have_found_nothing(answer):
    images = draw(3)
    perturbed, sizes = attack(From(bright), images, torch.ones(3, dtype=int), lying(answer))
    assert (sizes == torch.inf).all()
    assert perturbed.equal(images)


def test_what_lies_outside_the_box_counts_as_far_as_it_lies_inside():
    images = draw(3)
    targets = torch.ones(3, dtype=int)
    perturbed, sizes = attack(From(bright), images, targets, lying(lambda images: images + 3))
    assert (perturbed == 1).all()
    np.testing.assert_allclose(sizes, np.linalg.norm((1 - images).flatten(1), axis=1), rtol=1e-5)


def test_only_what_is_whole_inside_and_right_is_verified():
    classifier = PixelClassifier(From(bright), STANDARD)
    image = draw(1)[0]
    outside, broken = torch.ones(SHAPE), torch.ones(SHAPE)
    outside[0, 0, 0], broken[0, 0, 0] = 1 + 1e-6, torch.nan
    shown = torch.stack([torch.ones(SHAPE), outside, broken, image, torch.zeros(SHAPE)])
    sizes = verify(
        classifier, image.expand(5, *SHAPE), shown, torch.ones(5, dtype=int), NORMS["linf"]
    )
    assert sizes[0] == pytest.approx((1 - image).max().item(), rel=1e-6)
    assert (sizes[1:] == torch.inf).all()


@pytest.mark.parametrize("name", ["linf", "l2"])
@pytest.mark.parametrize(
    "classify",
    [
        lambda images: (0 * images[:, 0, 0, :3]).abs().sqrt() + torch.tensor([1.0, 0.0, 0.0]),
        lambda images: 0 * images[:, 0, 0, :3] + torch.tensor([1.0, 0.0, 0.0]),
        lambda images: 0 * images[:, 0, 0, :3],
        lambda images: torch.nan * images[:, 0, 0, :3],
    ],
    ids=["no gradient that is a number", "constant", "undecided", "no score that is a number"],
)
def test_networks_that_cannot_be_attacked_come_to_an_end(name, classify):
    images, targets = draw(2), torch.tensor([1, 2])
    perturbed, sizes = attack(From(classify), images, targets, NORMS[name], steps=10)
    assert (sizes == torch.inf).all()
    assert perturbed.equal(images)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_do_no_harm(steps):
    network, images = Linear(n_classes=2), draw(3)
    with torch.no_grad():
        answers = network.classify((images - STANDARD.mean) / STANDARD.std).argmax(1)
    perturbed, sizes = attack(network, images, 1 - answers, NORMS["l2"], steps=steps)
    still = ~torch.isfinite(sizes)
    assert perturbed[still].equal(images[still])


def test_parameters_learn_again_afterwards_if_they_did_before():
    network = Linear(n_classes=2)
    network.fixed = nn.Parameter(torch.zeros(1), requires_grad=False)
    during = []

    def watch(images):
        during.append(network.weight.requires_grad)
        raise KeyboardInterrupt

    images = draw(2)
    with torch.no_grad():
        answers = network.classify((images - STANDARD.mean) / STANDARD.std).argmax(1)
    attack(network, images, 1 - answers, NORMS["l2"], steps=2)
    assert network.weight.requires_grad
    assert network.weight.grad is None
    with pytest.raises(KeyboardInterrupt):
        attack(network, images, 1 - answers, lying(watch))
    assert during == [False]
    assert network.weight.requires_grad
    assert not network.fixed.requires_grad


@pytest.mark.parametrize("name", ["linf", "l2"])
def test_attacks_project_onto_the_ball(name):
    centre, images = draw(5), draw(5, seed=1)
    radius = torch.tensor([0.0, 0.01, 0.2, 2.0, np.inf])
    found = NORMS[name].attack().project(*map(eagerpy.astensor, (images, centre, radius))).raw
    for image, middle, size, projected in zip(images, centre, radius.numpy(), found, strict=True):
        moved = (image - middle).numpy()
        if name == "linf":
            moved = moved.clip(-size, size)
        else:
            moved = moved * min(1, size / np.linalg.norm(moved.ravel()))
        # The attacks aim 0.3 % farther than the ball's radius reaches.
        np.testing.assert_allclose(projected - middle, moved, rtol=4e-3, atol=1e-6)


def test_scores_that_are_not_numbers_are_no_answer():
    def classify(images):
        scores = torch.tensor([[0.0, 1.0, 0.5], [0.0, torch.nan, 9.0], [3.0, 1.0, torch.inf]])
        return scores + 0 * images[:, 0, 0, :1]

    classifier = PixelClassifier(From(classify), STANDARD)
    assert classifier.answers(draw(3)).tolist() == [1, NO_ANSWER, 2]
