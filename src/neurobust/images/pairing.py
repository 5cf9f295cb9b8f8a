"""Pairs of images of different classes: partners in hybrid images, targets of attacks."""

import numpy as np
from jaxtyping import Int

from neurobust.errors import InputError


def derange_labels(
    labels: Int[np.ndarray, " image"], *, generator: np.random.Generator
) -> Int[np.ndarray, " image"]:
    """Return a random permutation of the images in which none is paired with its own class.

    A permutation is drawn and then repaired: each image that is paired with its own class swaps
    partners with a random other image, one for which the swap gives both a partner of another
    class. (The released code of Li et al. 2023 repairs by drawing anew.)

    Parameters
    ----------
    labels
        The class of each image.
    generator
        Generator that the permutation is drawn from.

    Returns
    -------
    The positions of the partners: ``labels[partner[i]] != labels[i]`` for every image ``i``, and
    each image is the partner of exactly one.

    Raises
    ------
    InputError
        If more than half of the images are of one class, so that no such permutation exists.
    """
    classes, counts = np.unique(labels, return_counts=True)
    if 2 * counts.max(initial=0) > len(labels):
        raise InputError(
            "the test images",
            f"{counts.max()} of the {len(labels)} images have the label {classes[counts.argmax()]}",
            expected="at most half of them of one class, to pair each with one of another class",
            fix="balance the test images, or use an image set with more classes",
        )
    partner = generator.permutation(len(labels))
    for image in np.flatnonzero(labels[partner] == labels):
        own = labels[image]
        if labels[partner[image]] != own:
            continue  # a swap for an earlier image has repaired this one, too
        # Never empty: each class has at most half of the images, and so at most half of the
        # partners; `image` is in both halves.
        fit = np.flatnonzero((labels != own) & (labels[partner] != own))
        other = generator.choice(fit)
        partner[[image, other]] = partner[[other, image]]
    return partner
