"""Perturb images as little as it takes to make a classifier answer with given classes.

With attacks of foolbox, in turn, of which nothing is believed before a fresh look at what they
return (:mod:`~.search`). Pixels run from 0 to 1.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jaxtyping import Float, Int64
from torch import Tensor, nn

from neurobust.errors import InputError
from neurobust.evaluation.brendel_bethge import attack_brendel_bethge
from neurobust.evaluation.descent import attack_pgd
from neurobust.evaluation.minimum_norm import attack_ddn, attack_fmn
from neurobust.evaluation.pixels import PixelClassifier
from neurobust.evaluation.search import Attack, Norm, Search, Start

ATTACKS: dict[str, Attack] = {
    "fmn": attack_fmn,
    "ddn": attack_ddn,
    "pgd": attack_pgd,
    "brendel-bethge": attack_brendel_bethge,
}
"""What the configuration calls them; results number them in this order, from 0."""


def perturb(
    classifier: PixelClassifier,
    images: Float[Tensor, "image channel row column"],
    targets: Int64[Tensor, " image"],
    norm: Norm,
    *,
    attacks: Sequence[str],
    steps: int,
    starts: Sequence[Start],
) -> Search:
    """Change images as little as it takes to be answered with the targets.

    Parameters
    ----------
    classifier
        Its parameters are frozen meanwhile.
    images
        Pixels in [0, 1].
    targets
        The answer that each image is driven to.
    norm
        One of ``NORMS``.
    attacks
        Of ``ATTACKS``, in turn. Later ones may use what earlier ones found.
    steps
        Gradients per image and start, of those whose steps no paper fixes (fmn, ddn).
    starts
        Where each attack begins, in turn.

    Returns
    -------
    The finished search, with the smallest perturbations that stood up to
    :func:`~neurobust.evaluation.search.verify`.

    Raises
    ------
    InputError
        If pixels are outside [0, 1] or not numbers.
    """
    _require_pixels(images)
    search = Search(classifier, images, targets, norm)
    with _frozen(classifier):
        for name in attacks:
            for start in starts:
                if not len(search.rows):
                    return search
                for rows, candidates in ATTACKS[name](search, start, steps):
                    search.offer(rows, candidates, list(ATTACKS).index(name))
    return search


def _require_pixels(images: Float[Tensor, "image channel row column"]) -> None:
    sound = ((images >= 0) & (images <= 1)).flatten(1).all(1)
    if not sound.all():
        raise InputError(
            "images to be attacked",
            f"{(~sound).sum()} of {len(images)} have pixels outside [0, 1] or that are not numbers",
            expected="pixels from 0 to 1",
            mend="divide grey levels from 0 to 255 by 255; do not standardise the images",
        )


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Spare gradients of the parameters, which nobody needs, inside the block."""
    learnable = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in learnable:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learnable:
            parameter.requires_grad_(True)
