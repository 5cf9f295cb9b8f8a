"""Pair every image with one of another class: partners of hybrid images, targets of attacks."""

import numpy as np
from jaxtyping import Int

from neurobust.errors import InputError


def derange_labels(
    labels: Int[np.ndarray, " image"], *, generator: np.random.Generator
) -> Int[np.ndarray, " image"]:
    """Return a random permutation of the images in which none meets its own class.

    A permutation is drawn and then repaired: each image that meets its own class swaps partners
    with one drawn from those for which the swap is right for both (Li et al. 2023, released
    code, repairs by drawing anew).

    Parameters
    ----------
    labels
        The class of each image.
    generator
        Where the permutation comes from.

    Returns
    -------
    ``partner``, with ``labels[partner[i]] != labels[i]`` for every image ``i``; each image is
    the partner of exactly one.

    Raises
    ------
    InputError
        If more than half of the images are of one class: then there is no such permutation.
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
            continue  # a swap for an earlier image has mended this one
        # Never empty: images of the class, and those that meet it, are at most all but `image`.
        fit = np.flatnonzero((labels != own) & (labels[partner] != own))
        other = generator.choice(fit)
        partner[[image, other]] = partner[[other, image]]
    return partner
