"""The choice of validation pictures for a source that has only training and test pictures."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int64

from neurobust.errors import InputError
from neurobust.randomness import generator


def hold_out(
    label: Int64[np.ndarray, " image"],
    class_names: Sequence[str],
    *,
    fraction: float,
    seed: int,
    place: object,
) -> Bool[np.ndarray, " image"]:
    """Choose the validation pictures among those for training: the same share of every class.

    Parameters
    ----------
    label
        The class of each training picture, as a position in ``class_names``.
    class_names
        Names of the classes. Each class has a random stream of its name, so that its choice does
        not depend on which other classes there are.
    fraction
        Share of each class, rounded to whole pictures; at least one picture is chosen and at least
        one is left for training.
    seed
        Seed of the choice.
    place
        The image set, for messages.

    Returns
    -------
    chosen
        True for the validation pictures.

    Raises
    ------
    InputError
        If the fraction is not between 0 and 1, or a class has fewer than two pictures.
    """
    if not 0 < fraction < 1:
        raise InputError(
            place,
            f"'validation' is {fraction}",
            expected="a fraction between 0 and 1",
            fix="change the fraction",
        )
    chosen = np.zeros(len(label), dtype=bool)
    for position, name in enumerate(class_names):
        members = np.flatnonzero(label == position)
        if len(members) < 2:
            raise InputError(
                place,
                f"class {name!r} has {len(members)} training pictures",
                expected="two or more: one for training, one for validation",
                fix="add pictures to this class, or choose other classes",
            )
        # ASSUME: stratified, so that the validation score weighs the classes as training does; Li
        # et al. (2023) only state that they validate on a tenth of the training images.
        n_chosen = np.clip(round(fraction * len(members)), 1, len(members) - 1)
        drawn = generator(seed, "images", "validation", name).permutation(members)
        chosen[drawn[:n_chosen]] = True
    return chosen
