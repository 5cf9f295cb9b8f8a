"""Brendel & Bethge's attack equals the closed form, and its solver ends for all input.

To compile the solver takes numba half a minute. Most tests interpret foolbox's code instead; one
compiles it.
"""

from importlib import import_module

import numpy as np
import pytest
import torch
from torch import nn

from neurobust.evaluation.attacks import brendel_bethge
from neurobust.evaluation.attacks.brendel_bethge import GuardedOptimizer
from neurobust.evaluation.attacks.perturb import perturb
from neurobust.evaluation.attacks.search import NORMS, Start
from neurobust.images.batches import Standard
from neurobust.networks.pixels import PixelClassifier

# Imported here, where the warnings of its first import are over.
foolbox = import_module("foolbox.attacks.brendel_bethge")
SHAPE = (1, 5, 6)
DUAL = {"linf": 1, "l2": 2}
COMPILED = {"linf": foolbox.LinfOptimizer, "l2": foolbox.L2Optimizer}


def interpret(compiled):
    """Return an object with the methods of one of numba's classes, as they were before."""
    methods = compiled.class_type.jit_methods
    plain = type("Plain", (), {name: method.py_func for name, method in methods.items()})
    found = object.__new__(plain)
    if "bfgsb" in compiled.class_type.struct:
        found.bfgsb = interpret(foolbox.BFGSB)
    return found


class Interpreted:
    """Foolbox's solver, where it warns of dividing by 0 raising, as the compiled one does."""

    def __init__(self, compiled):
        self.optimizer = interpret(compiled)

    def solve(self, *given):
        with np.errstate(all="ignore"):
            return self.optimizer.solve(*given)


@pytest.fixture
def interpreted(monkeypatch):
    """Let the attacks interpret foolbox's solver."""
    for norm, compiled in COMPILED.items():
        attack = brendel_bethge.BRENDEL_BETHGE[NORMS[norm]]
        solver = GuardedOptimizer(Interpreted(compiled))
        monkeypatch.setattr(attack, "instantiate_optimizer", lambda self, solver=solver: solver)


class Linear(nn.Module):
    """Scores two classes by linear functions of the image."""

    def __init__(self):
        super().__init__()
        random = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.randn((2, *SHAPE), generator=random))

    def classify(self, images):
        return (self.weight * images[:, None]).sum((2, 3, 4))


def draw(n, seed=0):
    """Return images around 0.5, so that small perturbations stay away from 0 and 1."""
    return 0.5 + 0.1 * torch.rand((n, *SHAPE), generator=torch.Generator().manual_seed(seed))


def attack(network, images, targets, norm, examples, *, attacks=("brendel-bethge",), restarts=1):
    return perturb(
        PixelClassifier(network, Standard(0.5, 0.2)),
        images,
        targets,
        NORMS[norm],
        attacks=attacks,
        steps=20,
        starts=[Start(r, torch.zeros_like(images), examples) for r in range(restarts)],
    )


def build_case(n, norm):
    """Return a network, images, targets, an example of each, and how far the boundary is."""
    network, images = Linear(), draw(n)
    with torch.no_grad():
        logits = network.classify((images - 0.5) / 0.2).double()
        normal = (network.weight[0] - network.weight[1]).flatten().double() / 0.2
    margin, targets = (logits[:, 0] - logits[:, 1]).abs(), 1 - logits.argmax(1)
    away = (network.weight[targets] - network.weight[1 - targets]).sign().detach()
    examples = (images + 0.3 * away).clamp(0, 1)
    distance = margin / torch.linalg.vector_norm(normal, ord=DUAL[norm])
    return network, images, targets, examples, distance


def check(found, expected):
    ratio = (found.sizes / expected).numpy()
    assert (ratio > 1 - 1e-4).all()  # nothing is smaller, but for float32
    # It overshoots by 10 % of what is left; the radius of its steps ends at 3e-5.
    assert (ratio < 1.01).all()
    assert ((found.best > 0) & (found.best < 1)).all()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_it_ends_on_the_boundary_between_two_classes(norm, interpreted, monkeypatch):
    monkeypatch.setattr(brendel_bethge, "STEPS", 40)
    *case, expected = build_case(4, norm)
    check(attack(*case[:3], norm, case[3]), expected)


def test_the_compiled_solver_ends_there_too(monkeypatch):
    monkeypatch.setattr(brendel_bethge, "STEPS", 40)
    *case, expected = build_case(4, "l2")
    check(attack(*case[:3], "l2", case[3]), expected)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_images_find_the_same_alone_and_together(norm, interpreted, monkeypatch):
    monkeypatch.setattr(brendel_bethge, "STEPS", 20)
    network, images, targets, examples, _ = build_case(3, norm)
    together = attack(network, images, targets, norm, examples)
    for i in range(3):
        one = slice(i, i + 1)
        alone = attack(network, images[one], targets[one], norm, examples[one])
        # Sums in float32 depend on the batch in their last digits, and steps follow from them.
        torch.testing.assert_close(alone.sizes, together.sizes[one], rtol=1e-3, atol=0)


def test_without_example_it_starts_from_what_is_known_or_not_at_all(interpreted, monkeypatch):
    monkeypatch.setattr(brendel_bethge, "STEPS", 5)
    network, images, targets, examples, _ = build_case(3, "l2")
    examples[1] = torch.nan
    examples[2] = images[2]  # is not answered with the target
    alone = attack(network, images, targets, "l2", examples)
    assert torch.isfinite(alone.sizes).tolist() == [True, False, False]
    assert alone.attack.tolist() == [3, -1, -1]
    after = attack(network, images, targets, "l2", examples, attacks=["fmn", "brendel-bethge"])
    assert torch.isfinite(after.sizes).all()
    nothing = attack(network, images, targets, "l2", torch.full_like(images, torch.nan))
    assert nothing.sizes.isinf().all()
    assert nothing.best.equal(images)


class Broken(nn.Module):
    """Answers 1 to bright images, 0 to others, with gradients that are of no use."""

    def __init__(self, slope):
        super().__init__()
        self.slope = slope

    def classify(self, images):
        bright = (images.mean((1, 2, 3)) > 1).float()
        useless = self.slope(images.flatten(1).mean(1))
        return torch.stack([1 - bright + useless, bright - useless], 1)


@pytest.mark.parametrize(
    "slope",
    [
        lambda mean: 0 * mean,  # none
        lambda mean: (mean - mean.detach()).abs().sqrt(),  # infinite
        lambda mean: 1e-30 * (mean - mean.detach()),  # all but none
        lambda mean: 1e30 * (mean - mean.detach()),
    ],
    ids=["none", "NaN", "tiny", "huge"],
)
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_gradients_of_no_use_bring_it_to_an_end(slope, norm, interpreted, monkeypatch):
    monkeypatch.setattr(brendel_bethge, "STEPS", 5)
    images = draw(2)
    targets = torch.ones(2, dtype=int)
    found = attack(Broken(slope), images, targets, norm, torch.ones_like(images))
    # It knows no way along the boundary, but the straight line to the image.
    assert torch.isfinite(found.sizes).all()
    assert (found.sizes <= NORMS[norm].measure(1 - images)).all()


def test_images_answered_with_no_numbers_have_no_start(interpreted):
    images = draw(2)

    class Mute(nn.Module):
        def classify(self, images):
            return torch.nan * images.flatten(1)[:, :2]

    found = attack(Mute(), images, torch.ones(2, dtype=int), "linf", torch.ones_like(images))
    assert found.sizes.isinf().all()


class Endless:
    """What foolbox's solver is where it never ends or fails."""

    def __init__(self, error=AssertionError):
        self.error = error

    def solve(self, *given):
        raise self.error


IMAGE = np.full(4, 0.5)


@pytest.mark.parametrize(
    ("normal", "distance"),
    [
        ([np.nan, 1, 1, 1], 0.1),
        ([np.inf, 1, 1, 1], 0.1),
        ([0, 0, 0, 0], 0.1),
        ([1, 1, 1, 1], np.nan),
        ([1, 1, 1, 1], np.inf),
        ([1e-320, 0, 0, 0], 1e300),
    ],
)
def test_what_has_no_solution_never_reaches_the_solver(normal, distance):
    guarded = GuardedOptimizer(Endless())
    step = guarded.solve(IMAGE, IMAGE, np.array(normal), 0, 1, distance, 1.0)
    np.testing.assert_array_equal(step, np.zeros(4))


@pytest.mark.parametrize("error", [ZeroDivisionError, np.linalg.LinAlgError])
def test_where_the_solver_fails_there_is_no_step(error):
    step = GuardedOptimizer(Endless(error)).solve(IMAGE, IMAGE, np.ones(4), 0, 1, 0.1, 1.0)
    np.testing.assert_array_equal(step, np.zeros(4))


class Counting:
    """Raises when foolbox's solver has looked at its images more often than it ever needs to."""

    def __init__(self, compiled):
        self.optimizer = interpret(compiled)

    def solve(self, x0, x, *given):
        looks = iter(range(200_000))

        class Watched(np.ndarray):
            def __getitem__(self, at):
                assert next(looks, None) is not None, "it does not end"
                return super().__getitem__(at)

        with np.errstate(all="ignore"):
            return self.optimizer.solve(x0, x.view(Watched), *given)


def make_endless():
    """Return normals, positions and distances of boundaries that foolbox's solver never ends with.

    It searches for a multiplier up to 1e10 that carries it to the boundary to a share of 1e-4,
    give or take 1e-10. Images are half gray.
    """
    pixels = 400
    ramp = np.linspace(0.1, 0.9, pixels)
    level = np.full(pixels, 0.5)
    first = (np.arange(pixels) == 0).astype(float)
    return {
        # Each component would have to be multiplied by more than that.
        "tiny gradient": (np.full(pixels, 1e-11), level, 1e-9),
        # So would all but the first, which is of no help: it is white already.
        "tiny components": (first + 1e-11 * (1 - first), level + 0.5 * first, 1e-9),
        "NaN in the gradient": (np.where(first, np.nan, 1), level, 0.1),
        "NaN distance": (ramp, level, np.nan),
        # What leads to the boundary leads away from it, beyond white.
        "beyond white": (first + 1e-10 * (1 - first), level + (0.5 + 1e-7) * first, 1e-9),
    }


ENDLESS = make_endless()
RADII = (1e-9, 1e-3, 0.5, 100.0)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("case", ENDLESS)
def test_the_guarded_solver_always_ends(norm, case):
    normal, point, distance = ENDLESS[case]
    for radius in RADII:
        for sign in (1, -1):
            step = GuardedOptimizer(Counting(COMPILED[norm])).solve(
                np.full_like(point, 0.5), point, normal, 0, 1, sign * distance, radius
            )
            assert np.isfinite(step).all()


@pytest.mark.parametrize("case", ENDLESS)
def test_without_the_guard_it_does_not(case):
    normal, point, distance = ENDLESS[case]

    def solve():
        for radius in RADII:
            solver = Counting(COMPILED["linf"])
            solver.solve(np.full_like(point, 0.5), point, normal, 0.0, 1.0, distance, radius)

    with pytest.raises(AssertionError, match="it does not end"):
        solve()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_guard_changes_no_solution(norm):
    random = np.random.default_rng(0)
    for _ in range(10):
        x0, x = random.uniform(0.3, 0.7, (2, 30))
        normal, distance = random.normal(size=30), random.normal() / 100
        expected = Interpreted(COMPILED[norm]).solve(x0, x, normal, 0.0, 1.0, distance, 0.3)
        guarded = GuardedOptimizer(Interpreted(COMPILED[norm]))
        step = guarded.solve(x0, x, normal, 0, 1, distance, 0.3)
        # Foolbox stops searching when the boundary is reached to 1e-4 of the distance.
        np.testing.assert_allclose(step, expected, atol=1e-3)
