"""Perturb images as little as it takes to make a classifier answer with given classes.

With attacks of foolbox, in turn, of which nothing is believed before a fresh look at what they
return (`search`). Pixels run from 0 to 1.
"""

import copy
from collections.abc import Sequence
from itertools import pairwise

from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from neurobust.errors import InputError
from neurobust.evaluation.attacks.brendel_bethge import attack_brendel_bethge
from neurobust.evaluation.attacks.descent import attack_pgd
from neurobust.evaluation.attacks.minimum_norm import attack_ddn, attack_fmn
from neurobust.evaluation.attacks.search import Attack, Norm, Search, Start
from neurobust.networks.pixels import PixelClassifier

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
        Attacks see a copy of it.
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
    `neurobust.evaluation.attacks.search.verify`.

    Raises
    ------
    InputError
        If pixels are outside [0, 1] or not numbers.
    """
    _require_pixels(images)
    search = Search(classifier, _simplify(classifier), images, targets, norm)
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
            fix="divide grey levels from 0 to 255 by 255; do not standardise the images",
        )


def _simplify(classifier: PixelClassifier) -> PixelClassifier:
    """Copy a classifier for its gradients with respect to images, which then cost a fifth less.

    Its parameters are frozen, and batch normalisation goes into the weights of the convolution
    before it where the two are neighbours in a sequence; answers are the same, but for rounding.
    """
    simple = copy.deepcopy(classifier)
    for module in simple.modules():
        if isinstance(module, nn.Sequential):
            for (first, convolution), (second, norm) in pairwise(list(module.named_children())):
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    setattr(module, first, fuse_conv_bn_eval(convolution, norm))
                    setattr(module, second, nn.Identity())
    return simple.requires_grad_(False)
